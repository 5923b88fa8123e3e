from flatline.editable import editable, hidden, is_assembled, listed_layers, reaches, set_layers
from flatline.fix import SetLayer
from tests.checks import make


def names(layers):
    return [layer.name for layer in layers]


def test_editable_layers_are_built_in_and_of_the_model_itself():
    model = make.model(
        make.layer("own", nested_in=("sequential", "sequential"), config={"name": "own", "trainable": True}),
        make.layer("within", nested_in=("model", "inner", "inner")),
        make.layer("mine", builtin=False),
        make.layer("relu", kind="Relu", kernel_shape=(), config={"name": "relu"}),  # of keras.ops
        make.layer("out"),
    )
    assert names(editable(model)) == ["own", "out"]
    assert reaches(model, "own", "out")
    assert not reaches(model, "own", "within")
    assert not reaches(model, "")


def test_hidden_layers_have_a_kernel_behind_them():
    model = make.model(
        make.layer("a"),
        make.layer("norm", kind="BatchNormalization", kernel_shape=()),
        make.layer("b", kind="LSTM"),
        make.layer("out"),
        make.layer("softmax", kind="Softmax", kernel_shape=()),
    )
    assert names(hidden(model)) == ["a", "b"]
    assert names(hidden(model, frozenset({"LSTM"}))) == ["b"]


def test_assembled_models():
    assert is_assembled(make.model()) and is_assembled(make.model(kind="Functional"))
    assert not is_assembled(make.model(kind="subclassed"))


def test_set_layers():
    fix = set_layers("do it", {"dense": {"activation": "relu", "use_bias": False}}, make.model(), note="# so")
    assert fix.edits == (
        SetLayer(layer="dense", argument="activation", value="relu"),
        SetLayer(layer="dense", argument="use_bias", value=False),
    )
    assert fix.snippet == '# so\nkeras.layers.Dense(units=16, activation="relu", use_bias=False)  # dense'


def test_listed_layers():
    layers = tuple(make.layer(name) for name in "abcde")
    assert listed_layers(layers[:3]) == "`a`, `b`, `c`"
    assert listed_layers(layers) == "`a`, `b`, `c` and 2 more"
