"""What repeated inference calls show: randomness and where it comes from, and the influence of a sample's company."""

from typing import Any

import keras
import numpy as np
import pytest

from flatline.facts import ModelFacts
from tests.measure.test_setup import VALUES, D, X, look


class Sampling(keras.layers.Layer):
    """Noise of one's own that does not ask for `training`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.generator = keras.random.SeedGenerator(0)

    def call(self, x: Any) -> Any:
        return x + keras.random.normal(keras.ops.shape(x), seed=self.generator)


class Wrapped(keras.layers.Layer):
    """Holds a layer that is random."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.inner = Sampling(name="inner")

    def call(self, x: Any) -> Any:
        return 2 * self.inner(x)


class Whole(keras.Model):
    """Draws random numbers itself."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.generator = D(1), keras.random.SeedGenerator(0)

    def call(self, x: Any) -> Any:
        return self.last(x) + keras.random.normal((len(x), 1), seed=self.generator)


class Always(keras.Model):
    """Tells a layer that it is always training."""

    def __init__(self, middle: Any) -> None:
        super().__init__()
        self.first, self.middle, self.last = D(6, "relu"), middle, D(1)

    def call(self, x: Any) -> Any:
        return self.last(self.middle(self.first(x), training=True))


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Weights of one drawing: how much samples sway each other depends on them."""
    keras.utils.set_random_seed(0)


def functional(middle: Any) -> Any:
    inputs = keras.Input((5,))
    return keras.Model(inputs, D(1)(middle(D(6, "relu")(inputs))))


def facts(model: Any) -> ModelFacts:
    model.compile("sgd", "mse")
    return look(model, X, VALUES)[ModelFacts]


@pytest.mark.parametrize(
    ("model", "sources"),
    [
        (lambda: Always(keras.layers.Dropout(0.5, name="drop")), ("drop",)),
        (lambda: Always(keras.layers.GaussianNoise(0.5, name="noise")), ("noise",)),
        (lambda: functional(Sampling(name="code")), ("code",)),
        (lambda: functional(Wrapped(name="outer")), ("inner",)),
        (lambda: functional(keras.Sequential([keras.Input((6,)), Sampling(name="deep")], name="model_in")), ("deep",)),
        (Whole, ()),
    ],
)
def test_randomness_is_seen_and_located(model, sources):
    found = facts(model())
    assert found.inference_noise > 0.01
    assert found.noise_sources == sources
    assert np.isnan(found.cross_sample)


@pytest.mark.parametrize(
    "middle",
    [
        keras.layers.Dropout(0.5),
        keras.layers.GaussianNoise(0.5),
        keras.layers.BatchNormalization(),
        keras.layers.LayerNormalization(),
    ],
)
def test_layers_that_are_random_in_training_only_are_not(middle):
    found = facts(functional(middle))
    assert found.inference_noise == 0
    assert found.noise_sources == ()
    assert found.cross_sample < 1e-5


def test_company_shows_where_nothing_is_random():
    found = facts(functional(lambda t: t - keras.ops.mean(t, axis=0, keepdims=True)))
    assert found.inference_noise < 1e-5
    assert found.cross_sample > 0.01


def test_a_stateful_model_is_not_judged():
    model = keras.Sequential([keras.Input(batch_shape=(8, 5, 1)), keras.layers.GRU(3, stateful=True), D(1)])
    model.compile("sgd", "mse")
    found = look(model, X[:, :, None], VALUES)[ModelFacts]
    assert np.isnan(found.inference_noise)
    assert np.isnan(found.cross_sample)
