"""The checks of a set-up where a run has gone on already."""

import keras
import numpy as np

from flatline import preflight
from flatline.finding import Finding, NotEvaluated
from flatline.registry import select

X = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def looked(*, begun: bool) -> dict:
    large = keras.layers.Dense(8, "relu", kernel_initializer=keras.initializers.RandomNormal(stddev=50.0))
    model = keras.Sequential(
        [keras.Input((4,)), large, keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile("sgd", "mse")
    return {o.code: o for o in preflight.look(model, X, Y, {}, select(("FL802", "FL301")), begun=begun).outcomes}


def test_how_weights_began_is_not_said_of_weights_that_training_has_moved():
    assert isinstance(looked(begun=False)["FL802"], Finding)
    late = looked(begun=True)
    assert isinstance(late["FL802"], NotEvaluated)
    assert "training has moved the weights" in late["FL802"].reason
    assert not isinstance(late["FL301"], NotEvaluated)
