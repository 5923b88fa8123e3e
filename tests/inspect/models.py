"""Small models of every kind that is promised to work, with rows for them."""

import functools
from typing import Any

import keras
import numpy as np
import pytest

L = keras.layers
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(3, 12, 12, 3)).astype("float32")
TABLE = RNG.normal(size=(5, 4)).astype("float32")
SERIES = RNG.normal(size=(4, 10, 3)).astype("float32")
TOKENS = RNG.integers(1, 20, size=(4, 6))


def conv(**given: Any) -> Any:
    """Functional; BatchNormalization and Dropout as in life."""
    inputs = keras.Input((12, 12, 3))
    x = L.Conv2D(6, 3, activation="relu", name="conv1", **given)(inputs)
    x = L.MaxPooling2D(name="pool", **given)(x)
    x = L.Conv2D(5, 3, name="conv2", **given)(x)
    x = L.BatchNormalization(name="norm")(x)
    x = L.ReLU(name="act")(x)
    x = L.GlobalAveragePooling2D(name="gap", **given)(x)
    x = L.Dropout(0.5, name="drop")(x)
    return seasoned(keras.Model(inputs, L.Dense(4, activation="softmax", name="head")(x)))


def seasoned(model: Any) -> Any:
    """With statistics of BatchNormalization that are not those of the beginning."""
    for layer in model._flatten_layers():
        if isinstance(layer, L.BatchNormalization):
            layer.moving_mean.assign(np.linspace(-0.1, 0.2, layer.moving_mean.shape[0]))
            layer.moving_variance.assign(np.linspace(0.5, 1.5, layer.moving_mean.shape[0]))
    return model


def sequential() -> Any:
    return keras.Sequential([keras.Input((12, 12, 3)), *_stack()])


def lazy() -> Any:
    """Without an Input layer, called once."""
    model = keras.Sequential(_stack())
    model(IMAGES)
    return model


def unbuilt() -> Any:
    return keras.Sequential(_stack())


def _stack() -> list[Any]:
    return [L.Conv2D(5, 3, activation="relu", name="conv"), L.Flatten(), L.Dense(3, activation="softmax", name="head")]


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.flat, self.head = L.Conv2D(4, 3, name="conv"), L.Flatten(), L.Dense(3, name="head")
        self.calls = 0

    def call(self, x: Any, training: bool = False) -> Any:
        self.calls += 1
        return self.head(self.flat(keras.ops.relu(self.conv(x))))


def subclassed() -> Any:
    model = Subclassed()
    model(IMAGES)
    return model


def backbone() -> Any:
    """A model nested in another, called with training=False, as for transfer learning."""
    base = keras.Sequential(
        [keras.Input((12, 12, 3)), L.Conv2D(4, 3, activation="relu", name="conv1"), L.Conv2D(5, 3, name="conv2")],
        name="base",
    )
    inputs = keras.Input((12, 12, 3))
    x = L.Rescaling(2.0, offset=-1.0)(inputs)
    x = L.GlobalAveragePooling2D()(base(x, training=False))
    return keras.Model(inputs, L.Dense(3, activation="softmax")(x))


def two_inputs() -> Any:
    image, table = keras.Input((12, 12, 3), name="image"), keras.Input((4,), name="table")
    x = L.Flatten()(L.Conv2D(3, 3, activation="relu", name="conv")(image))
    x = L.Concatenate()([x, L.Dense(3, activation="tanh")(table)])
    return keras.Model({"image": image, "table": table}, L.Dense(3, activation="softmax")(x))


def two_outputs() -> Any:
    inputs = keras.Input((12, 12, 3))
    x = L.Flatten()(L.Conv2D(3, 3, activation="relu", name="conv")(inputs))
    return keras.Model(inputs, {"kind": L.Dense(3, activation="softmax")(x), "size": L.Dense(1)(x)})


def half(compute: str = "mixed_float16") -> Any:
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(compute)
    try:
        return keras.Sequential(
            [
                keras.Input((12, 12, 3)),
                L.Conv2D(5, 3, activation="relu", name="conv"),
                L.Flatten(),
                L.Dense(3, name="head"),
                L.Activation("softmax", dtype="float32"),
            ]
        )
    finally:
        keras.config.set_dtype_policy(policy)


@functools.cache
def has_channels_first() -> bool:
    """Whether there is a convolution for them: TensorFlow's own has none on a CPU, oneDNN's is not on every one."""
    try:
        L.Conv2D(1, 1, data_format="channels_first")(np.zeros((1, 1, 2, 2), "float32"))
    except Exception:
        return False
    return True


def channels_first() -> Any:
    if not has_channels_first():
        pytest.skip("there is no convolution with channels first on this processor")
    return keras.Sequential(
        [
            keras.Input((3, 12, 12)),
            L.Conv2D(5, 3, activation="relu", data_format="channels_first", name="conv"),
            L.ReLU(name="act"),
            L.GlobalAveragePooling2D(data_format="channels_first"),
            L.Dense(3, activation="softmax"),
        ]
    )


def augmented() -> Any:
    """Preprocessing and augmentation inside, fed with whole numbers."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            L.Rescaling(1 / 255),
            L.RandomFlip(seed=1),
            L.RandomRotation(0.1, seed=2),
            L.Conv2D(5, 3, activation="relu", name="conv"),
            L.Dropout(0.5),
            L.GlobalMaxPooling2D(),
            L.Dense(3, activation="softmax"),
        ]
    )


def tabular() -> Any:
    return keras.Sequential([keras.Input((4,)), L.Dense(6, activation="tanh"), L.Dense(1)])


def binary() -> Any:
    return keras.Sequential([keras.Input((4,)), L.Dense(6, activation="tanh"), L.Dense(1, activation="sigmoid")])


def recurrent() -> Any:
    steps = L.LSTM(4, return_sequences=True, name="steps")
    return keras.Sequential([keras.Input((10, 3)), steps, L.LSTM(3), L.Dense(2, activation="softmax")])


def tokens(**given: Any) -> Any:
    return keras.Sequential(
        [keras.Input((6,), **given), L.Embedding(20, 5, mask_zero=True), L.GRU(4), L.Dense(2, activation="softmax")]
    )


class Positions(keras.layers.Layer):
    """Tokens and their places, each with an embedding; the layer of every transformer tutorial."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.place = L.Embedding(20, 4, name="token"), L.Embedding(6, 4, name="place")

    def call(self, x: Any) -> Any:
        return self.place(keras.ops.arange(x.shape[-1])) + self.token(x)


def transformer() -> Any:
    inputs = keras.Input((6,), dtype="int32")
    x = Positions()(inputs)
    x = L.LayerNormalization()(x + L.MultiHeadAttention(2, 3)(x, x))
    return keras.Model(inputs, L.Dense(2, activation="softmax")(L.GlobalAveragePooling1D()(x)))


WHOLE = (IMAGES * 255).astype("uint8")
KINDS: dict[str, tuple[Any, Any]] = {
    "functional": (conv, IMAGES),
    "sequential": (sequential, IMAGES),
    "without an Input layer": (lazy, IMAGES),
    "unbuilt": (unbuilt, IMAGES),
    "subclassed": (subclassed, IMAGES),
    "nested backbone": (backbone, IMAGES),
    "two inputs": (two_inputs, {"image": IMAGES, "table": TABLE[:3]}),
    "two outputs": (two_outputs, IMAGES),
    "mixed_float16": (half, IMAGES),
    "channels_first": (channels_first, np.moveaxis(IMAGES, -1, 1)),
    "augmented": (augmented, WHOLE),
    "tabular": (tabular, TABLE),
    "binary": (binary, TABLE),
    "recurrent": (recurrent, SERIES),
    "tokens": (tokens, TOKENS),
    "tokens as int32": (lambda: tokens(dtype="int32"), TOKENS),
    "transformer": (transformer, TOKENS),
}
