"""The user's world is bit by bit the same after `check_setup`, and so is the training that follows."""

import random
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state

import flatline

RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 6)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int64")


def sequential() -> Any:
    """Without an Input layer: unbuilt until it is first called."""
    model = keras.Sequential(
        [
            keras.layers.Dense(8, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def functional() -> Any:
    """Nested, with a frozen part and a regulariser."""
    inner = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, activation="tanh")])
    inner.trainable = False
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(4, kernel_regularizer="l2")(inner(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(hidden))
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    return model


class Subclassed(keras.Model):
    """Layers made in the constructor, random noise of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.noise, self.head = (
            keras.layers.Dense(7),
            keras.layers.GaussianNoise(0.1),
            keras.layers.Dense(2),
        )
        self.calls = 0

    def call(self, x: Any, training: bool = False) -> Any:
        self.calls += 1
        return self.head(keras.ops.relu(self.noise(self.first(x), training=training)))


def subclassed() -> Any:
    model = Subclassed()
    model.compile("rmsprop", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def trained(make: Callable[[], Any]) -> Any:
    """A model that has been fitted before: compiled functions, optimizer and metric state exist."""
    model = make()
    model.fit(X, Y, epochs=1, verbose=0)
    return model


MAKERS: dict[str, Callable[[], Any]] = {
    "sequential": sequential,
    "functional": functional,
    "subclassed": subclassed,
    "trained": lambda: trained(sequential),
}


def world(model: Any) -> dict[str, Any]:
    """Everything that must not change."""
    tracker = vars(global_state.GLOBAL_STATE_TRACKER)
    return {
        "weights": [v.numpy().tobytes() for v in model.variables],
        "optimizer": [v.numpy().tobytes() for v in model.optimizer.variables],
        "metrics": [v.numpy().tobytes() for v in model.metrics_variables],
        "trainable": [layer.trainable for layer in model._flatten_layers()],
        "built": [layer.built for layer in model._flatten_layers()],
        "functions": [id(f) for f in (model.train_function, model.test_function, model.predict_function)],
        "attributes": sorted(vars(model)),
        "counter": getattr(model, "calls", None),
        "losses": len(model.losses),
        "data": (X.tobytes(), Y.tobytes()),
        "python": random.getstate(),
        "numpy": [np.asarray(part).tobytes() for part in np.random.get_state()[1:]],
        "names": dict(tracker.get("object_name_uids", {})),
        "keras seed": [s.state.numpy().tobytes() for s in [tracker.get("global_seed_generator")] if s is not None],
        "policy": keras.config.dtype_policy().name,
    }


def check(model: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flatline.check_setup(model, X, Y, fit_args={"epochs": 2}, verbose=0)


@pytest.mark.parametrize("name", MAKERS)
def test_check_setup_leaves_no_trace(name: str) -> None:
    keras.utils.set_random_seed(3)
    model = MAKERS[name]()
    before = world(model)
    check(model)
    after = world(model)
    assert {key for key in before if before[key] != after[key]} == set()


@pytest.mark.parametrize("name", MAKERS)
def test_training_afterwards_is_the_same_to_the_bit(name: str) -> None:
    def run(*, checked: bool) -> list[bytes]:
        keras.utils.clear_session()
        keras.utils.set_random_seed(4)
        model = MAKERS[name]()
        if checked:
            check(model)
        model.fit(X, Y, epochs=2, verbose=0)
        return [v.numpy().tobytes() for v in model.variables]

    assert run(checked=True) == run(checked=False)


def test_an_error_inside_leaves_no_trace_either() -> None:
    keras.utils.set_random_seed(5)
    model = sequential()
    before = world(model)
    with pytest.raises(flatline.FlatlineError):
        flatline.check_setup(model, X.reshape(160, 2, 3)[:, :, :, None, None], Y, verbose=0, select=("FL999",))
    assert world(model) == before
