"""Models made anew: the same network, new objects; and the user's own edited in place."""

import keras
import numpy as np
import pytest
from keras import layers

from flatline.errors import FlatlineError
from flatline.fix import Fix, InsertLayer, Reinitialize, RemoveLayer, SetCompile, SetLayer
from flatline.measure.preserve import preserved
from flatline.rebuild import edited, rebuilt

RNG = np.random.default_rng(0)
X = RNG.normal(1, 2, size=(16, 6)).astype("float32")
Y = RNG.normal(size=(16, 3)).astype("float32")
AS_IS = Fix(title="as is")


def fix(*edits) -> Fix:
    return Fix(title="do it", edits=edits)


def compiled(model, **given):
    model.compile(**({"optimizer": keras.optimizers.SGD(0.01, momentum=0.9), "loss": "mse"} | given))
    model.fit(X, Y, verbose=0)  # so that weights and statistics are not what a new model would have
    return model


def sequential() -> keras.Model:
    inside = [layers.Dense(8, "relu", name="a"), layers.BatchNormalization(name="norm"), layers.Dropout(0.5)]
    return keras.Sequential([keras.Input((6,)), *inside, layers.Dense(3, name="out")])


def functional() -> keras.Model:
    inputs = keras.Input((6,))
    hidden = layers.Dense(6, name="a")(inputs)
    tensor = keras.ops.relu(hidden) + keras.ops.sin(inputs)
    return keras.Model(inputs, layers.Dense(3, name="out")(tensor))


def nested() -> keras.Model:
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(5, name="low"), layers.Dense(4, name="high")], name="in")
    inner.get_layer("low").trainable = False
    return keras.Sequential([keras.Input((6,)), inner, layers.Dense(3, name="out")])


def with_lambda() -> keras.Model:
    function = layers.Lambda(lambda x: x * 2 + 1, name="double")
    return keras.Sequential([keras.Input((6,)), function, layers.Dense(3, name="out")])


class Plain(keras.Model):
    def __init__(self, units, penalty=None):
        super().__init__()
        self.a = layers.Dense(units, "relu", kernel_regularizer=penalty, name="a")
        self.out = layers.Dense(3, name="out")

    def call(self, x):
        return self.out(self.a(x))


class Told(Plain):
    def __init__(self, units, penalty=None):
        super().__init__(units, penalty)
        self.given = {"units": units, "penalty": penalty}

    def get_config(self):
        return self.given

    @classmethod
    def from_config(cls, config):
        return cls(**config)


MAKERS = [sequential, functional, nested, with_lambda, lambda: Told(8)]
NAMES = ["sequential", "functional", "nested", "lambda", "told"]


def values(model) -> list:
    return [keras.ops.convert_to_numpy(variable).copy() for variable in model.weights]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", MAKERS, ids=NAMES)
def test_the_copy_is_the_same_network_and_shares_nothing(make):
    model = compiled(make())
    before = values(model)
    copy = rebuilt(model, AS_IS, X)
    assert_same(values(copy), before)
    np.testing.assert_allclose(copy(X), model(X), rtol=1e-6)
    assert [w.trainable for w in copy.weights] == [w.trainable for w in model.weights]
    assert len(copy.trainable_weights) == len(model.trainable_weights)
    assert not {id(w) for w in copy.weights} & {id(w) for w in model.weights}
    copy.fit(X, Y, verbose=0)
    assert_same(values(model), before)


@pytest.mark.parametrize("make", MAKERS, ids=NAMES)
def test_an_activation_is_set_in_the_copy(make):
    model = compiled(make())
    copy = rebuilt(model, fix(SetLayer(layer="out", argument="activation", value="softmax")), X)
    np.testing.assert_allclose(copy(X), keras.ops.softmax(model(X)), rtol=1e-5, atol=1e-6)
    assert model.get_layer("out").activation is keras.activations.linear


def test_statistics_of_batch_normalization_are_kept():
    model = compiled(sequential())
    copy = rebuilt(model, fix(RemoveLayer(layer=model.layers[2].name)), X)
    norm = copy.get_layer("norm")
    np.testing.assert_array_equal(norm.moving_mean, model.get_layer("norm").moving_mean)
    assert np.abs(norm.moving_mean).max() > 0


def test_parts_of_a_nested_model_stay_frozen():
    inner = rebuilt(compiled(nested()), AS_IS, X).get_layer("in")
    assert [layer.trainable for layer in inner.layers] == [False, True]


def test_a_nested_model_is_frozen_and_unfrozen_as_a_whole():
    model = compiled(nested())
    frozen = rebuilt(model, fix(SetLayer(layer="in", argument="trainable", value=False)), X)
    assert len(frozen.trainable_weights) == 2
    assert len(model.trainable_weights) == 4
    free = rebuilt(frozen, fix(SetLayer(layer="in", argument="trainable", value=True)), X)
    assert len(free.trainable_weights) == 6


@pytest.mark.parametrize("make", [sequential, lambda: Told(8)], ids=["sequential", "told"])
def test_a_layer_is_unfrozen(make):
    model = make()
    model(X)
    model.get_layer("a").trainable = False
    compiled(model)
    copy = rebuilt(model, fix(SetLayer(layer="a", argument="trainable", value=True)), X)
    assert not rebuilt(model, AS_IS, X).get_layer("a").trainable
    assert copy.get_layer("a").trainable and not model.get_layer("a").trainable
    assert len(copy.trainable_weights) == len(model.trainable_weights) + 2


@pytest.mark.parametrize("make", [sequential, functional, lambda: Told(8)], ids=["sequential", "functional", "told"])
@pytest.mark.parametrize(
    "edit",
    [Reinitialize(layers=("a",)), SetLayer(layer="a", argument="kernel_initializer", value="he_normal")],
    ids=["anew", "initialiser"],
)
def test_layers_start_from_other_weights(make, edit):
    model = compiled(make())
    copy = rebuilt(model, fix(edit), X)
    one, other = model.get_layer("a").get_weights(), copy.get_layer("a").get_weights()
    assert not np.array_equal(one[0], other[0])
    assert not other[1].any()  # a bias starts at zero
    np.testing.assert_array_equal(copy.get_layer("out").kernel, model.get_layer("out").kernel)


@pytest.mark.parametrize("make", [sequential, lambda: Told(8)], ids=["sequential", "told"])
def test_another_initialiser_is_the_one_that_draws(make):
    edit = SetLayer(layer="a", argument="kernel_initializer", value="ones")
    copy = rebuilt(compiled(make()), fix(edit), X)
    np.testing.assert_array_equal(copy.get_layer("a").kernel, np.ones((6, 8)))


def test_a_layer_of_another_width_starts_anew_and_the_others_do_not():
    model = compiled(sequential())
    copy = rebuilt(model, fix(SetLayer(layer="out", argument="units", value=20)), X)
    assert copy.get_layer("out").kernel.shape == (8, 20)
    assert_same(values(copy)[:6], values(model)[:6])
    assert not values(copy)[-1].any()


def test_a_weight_of_the_model_itself_is_kept():
    class Scaled(Told):
        def __init__(self, units, penalty=None):
            super().__init__(units, penalty)
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

        def call(self, x):
            return super().call(x) * self.scale

    model = compiled(Scaled(8))
    model.scale.assign(3.0)
    assert float(rebuilt(model, AS_IS, X).scale) == 3.0


def test_penalties_go_from_a_subclassed_model_as_well():
    model = compiled(Told(8, "l2"))
    copy = rebuilt(model, fix(SetLayer(layer="a", argument="kernel_regularizer", value=None)), X)
    assert len(model.losses) == 1 and copy.losses == []


def test_a_subclassed_model_without_a_configuration_is_refused_in_one_line():
    with pytest.raises(FlatlineError, match=r"without a configuration .*edit Plain as the fix shows") as refused:
        rebuilt(compiled(Plain(8)), AS_IS, X)
    assert "\n" not in str(refused.value)


def test_a_configuration_that_makes_another_network_is_refused():
    class Liar(Told):
        def get_config(self):
            return {"units": 5}

    with pytest.raises(FlatlineError, match=r"Liar.from_config makes another network"):
        rebuilt(compiled(Liar(8)), AS_IS, X)


def test_layers_of_a_subclassed_model_are_not_put_in():
    edit = InsertLayer(before="out", kind="ReLU", config={})
    with pytest.raises(FlatlineError, match="cannot be put in or taken out mechanically; edit Told"):
        rebuilt(compiled(Told(8)), fix(edit), X)


def test_a_layer_without_a_configuration_is_named():
    class Own(layers.Layer):
        def __init__(self, n, **kwargs):
            super().__init__(**kwargs)

        def call(self, x):
            return x

        def get_config(self):
            return {"name": self.name}

    model = keras.Sequential([keras.Input((6,)), Own(3, name="own"), layers.Dense(3)])
    with pytest.raises(FlatlineError, match=r"layer 'own' cannot be made anew.* give the class a get_config"):
        rebuilt(compiled(model), AS_IS, X)


def test_metrics_and_optimizer_are_not_shared():
    own = keras.metrics.MeanAbsoluteError()
    model = compiled(sequential(), metrics=[own, "mse"])
    own.reset_state()
    copy = rebuilt(model, AS_IS, X)
    copy.evaluate(X, Y, verbose=0)
    assert float(own.result()) == 0.0
    assert copy.optimizer is not model.optimizer
    assert copy.optimizer.momentum == 0.9
    assert int(copy.optimizer.iterations) == 0 and int(model.optimizer.iterations) == 1


def test_a_rate_that_was_set_after_compile_holds():
    model = compiled(sequential(), optimizer="adam")
    model.optimizer.learning_rate = 1e-6
    copy = rebuilt(model, fix(SetCompile(argument="loss", value="mae")), X)
    assert float(copy.optimizer.learning_rate) == pytest.approx(1e-6)
    assert copy.loss == "mae"


def test_scaling_of_the_loss_is_not_put_on_twice():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = compiled(sequential(), optimizer="adam")
        copy = rebuilt(model, fix(SetCompile(argument="optimizer.learning_rate", value=0.125)), X)
        assert type(copy.optimizer) is type(model.optimizer) is keras.optimizers.LossScaleOptimizer
        assert type(copy.optimizer.inner_optimizer) is keras.optimizers.Adam
        assert float(copy.optimizer.learning_rate) == 0.125
    finally:
        keras.config.set_dtype_policy("float32")


def test_edited_in_place_and_put_back():
    model = compiled(Plain(8))
    before, outputs = values(model), np.array(keras.ops.convert_to_numpy(model(X)))
    optimizer, loss = model.optimizer, model.loss
    edits = fix(SetLayer(layer="out", argument="activation", value="softmax"), SetCompile(argument="loss", value="mae"))
    with preserved(model), edited(model, edits) as found:
        assert found is model
        np.testing.assert_allclose(model(X).numpy().sum(1), 1, rtol=1e-5)
        assert model.loss == "mae" and model.optimizer is not optimizer
        model.fit(X, Y, verbose=0)
    assert model.optimizer is optimizer and model.loss == loss
    assert_same(values(model), before)
    np.testing.assert_array_equal(model(X), outputs)


def test_what_only_a_constructor_can_do_is_refused_in_place():
    model = compiled(Plain(8))
    edits = fix(SetLayer(layer="a", argument="units", value=9))
    message = "`units` of layer 'a' cannot be set on a layer that exists already"
    with pytest.raises(FlatlineError, match=message), edited(model, edits):
        pass
