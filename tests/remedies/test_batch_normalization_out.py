from flatline.fix import RemoveLayer
from flatline.remedies.batch_normalization_out import batch_normalization_out
from tests.checks import make
from tests.remedies.try_out import fixes


def norm(name, **given):
    return make.layer(name, kind="BatchNormalization", kernel_shape=(), n_weights=64, **given)


def test_table():
    both = make.model(make.layer("a"), norm("n"), make.layer("b"), norm("m"), make.layer("out"))
    assert [fix.edits for fix in fixes(batch_normalization_out, both)] == [
        (RemoveLayer(layer="n"), RemoveLayer(layer="m"))
    ]
    for model in (
        make.model(),
        make.model(norm("n", trainable=False), make.layer("out")),  # holds what another training has seen
        make.model(norm("n", nested_in=("model", "inner")), make.layer("out")),
        make.model(norm("n"), make.layer("out"), kind="subclassed"),
        make.model(make.layer("n", kind="LayerNormalization", kernel_shape=()), make.layer("out")),
    ):
        assert not fixes(batch_normalization_out, model)
