"""How good the suggested learning rate is beside a grid of rates: `python -m tests.benchmarks.rates`."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
from sklearn.datasets import load_digits, make_friedman1

import flatline
from flatline import demo

GRID = tuple(float(rate) for rate in 10.0 ** np.arange(-5.0, 1.5, 0.5))
LEAST = 0.9  # of the best of the grid
N_TRAIN = 1_200  # rows of the digits; the others are scored


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """A model to make anew for every rate, its data (in half a test set), and how many epochs it is given."""

    make: Callable[[], Any]
    data: tuple[Any, Any, Any, Any]  # X, y, and what is scored
    epochs: int
    classes: bool
    batch_size: int = 32


def digits(shape: tuple[int, ...] = (64,)) -> tuple[Any, Any, Any, Any]:
    """Handwritten digits between 0 and 1."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype("float32").reshape(-1, *shape)
    return X[:N_TRAIN], y[:N_TRAIN], X[N_TRAIN:], y[N_TRAIN:]


def compiled(layers: list[Any], optimizer: Any, loss: str) -> Any:
    model = keras.Sequential(layers)
    model.compile(optimizer, loss)
    return model


def mlp(optimizer: Any) -> Any:
    return compiled(
        [keras.Input((64,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(10, "softmax")],
        optimizer, "sparse_categorical_crossentropy",
    )  # fmt: skip


def convnet() -> Any:
    return compiled(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, "softmax"),
        ],
        keras.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy",
    )  # fmt: skip


def friedman(scale: float, offset: float) -> tuple[Any, Any, Any, Any]:
    """A known function of ten columns, with noise; targets times `scale` plus `offset`."""
    X, y = make_friedman1(1500, noise=0.5, random_state=0)
    y = ((y - y.mean()) / y.std() * scale + offset).astype("float32")
    X = X.astype("float32")
    return X[:1000], y[:1000], X[1000:], y[1000:]


def regression(optimizer: Any) -> Any:
    return compiled([keras.Input((10,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)], optimizer, "mse")


def sequences(n: int = 1500, length: int = 20) -> tuple[Any, Any, Any, Any]:
    """Whether the first half of a noisy series holds more than the second."""
    X = np.random.default_rng(0).normal(size=(n, length, 1)).astype("float32")
    y = (X[:, : length // 2].sum((1, 2)) > X[:, length // 2 :].sum((1, 2))).astype("float32")
    return X[:1000], y[:1000], X[1000:], y[1000:]


def lstm() -> Any:
    return compiled(
        [keras.Input((20, 1)), keras.layers.LSTM(16), keras.layers.Dense(1, "sigmoid")],
        keras.optimizers.Adam(1e-3), "binary_crossentropy",
    )  # fmt: skip


def tokens(n: int = 1500) -> tuple[Any, Any, Any, Any]:
    """Which of two tokens comes more often."""
    X = np.random.default_rng(0).integers(0, 20, (n, 16))
    y = ((X < 5).sum(1) > (X >= 15).sum(1)).astype("int64")
    return X[:1000], y[:1000], X[1000:], y[1000:]


def transformer() -> Any:
    inputs = keras.Input((16,), dtype="int32")
    x = keras.layers.Embedding(20, 16)(inputs)
    x = keras.layers.LayerNormalization()(x + keras.layers.MultiHeadAttention(2, 8)(x, x))
    x = keras.layers.LayerNormalization()(x + keras.layers.Dense(16)(keras.layers.Dense(32, "gelu")(x)))
    outputs = keras.layers.Dense(2, "softmax")(keras.layers.GlobalAveragePooling1D()(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.AdamW(1e-3), "sparse_categorical_crossentropy")
    return model


def scores() -> Any:
    """Scores into a loss of probabilities, trained until the loss is flat."""
    model = compiled(
        [keras.Input((64,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(2)],
        keras.optimizers.SGD(0.1), "categorical_crossentropy",
    )  # fmt: skip
    X, y, *_ = two_digits()
    model.fit(X, y, epochs=5, verbose=0)
    return model


def dead() -> Any:
    """Hidden units that are zero for every picture: but for the last bias nothing can be learnt."""
    hidden = keras.layers.Dense(32, "relu", bias_initializer=keras.initializers.Constant(-100.0))
    return compiled(
        [keras.Input((64,)), hidden, keras.layers.Dense(10, "softmax")],
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy",
    )  # fmt: skip


def two_digits() -> tuple[Any, Any, Any, Any]:
    """Zeros and ones of the digits, 0 to 255, one-hot."""
    X, y = load_digits(n_class=2, return_X_y=True)
    X, y = (X / 16 * 255).astype("float32"), np.eye(2, dtype="float32")[y]
    return X[:240], y[:240], X[240:], y[240:]


def photographs() -> tuple[Any, Any, Any, Any]:
    """The pictures of `flatline demo`."""
    X, y = demo.photographs()
    return X, y, X[:0], y[:0]


def frozen() -> Any:
    """The network of `flatline demo` after its loss has frozen."""
    model = demo.network()
    X, y, *_ = photographs()
    model.fit(X, y, epochs=2, verbose=0)
    return model


SET_UPS: dict[str, SetUp] = {
    "digits, dense, Adam": SetUp(make=lambda: mlp(keras.optimizers.Adam(1e-3)), data=digits(), epochs=10, classes=True),
    "digits, dense, SGD": SetUp(make=lambda: mlp(keras.optimizers.SGD(0.01)), data=digits(), epochs=10, classes=True),
    "digits, convnet, momentum": SetUp(make=convnet, data=digits((8, 8, 1)), epochs=6, classes=True),
    "regression, SGD": SetUp(
        make=lambda: regression(keras.optimizers.SGD(0.01)), data=friedman(1, 0), epochs=15, classes=False
    ),
    "regression, Adam, targets × 1000": SetUp(
        make=lambda: regression(keras.optimizers.Adam(1e-3)), data=friedman(1000, 5000), epochs=15, classes=False
    ),
    "regression, SGD, targets × 100": SetUp(
        make=lambda: regression(keras.optimizers.SGD(0.01)), data=friedman(100, 0), epochs=15, classes=False
    ),
    "LSTM, Adam": SetUp(make=lstm, data=sequences(), epochs=10, classes=True),
    "transformer block, AdamW": SetUp(make=transformer, data=tokens(), epochs=8, classes=True),
}
HOPELESS: dict[str, SetUp] = {
    "scores into a loss of probabilities, flat": SetUp(make=scores, data=two_digits(), epochs=1, classes=True),
    "dead hidden units": SetUp(make=dead, data=digits(), epochs=1, classes=True),
    "the network of `flatline demo`, flat": SetUp(make=frozen, data=photographs(), epochs=1, classes=True),
    "the network of `flatline demo`, new": SetUp(make=demo.network, data=photographs(), epochs=1, classes=True),
}
"""Faults that no rate mends. A new network of the demo learns to lower its wrong loss, though nothing else."""


def made(set_up: SetUp, seed: int) -> Any:
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    return set_up.make()


def score(set_up: SetUp, rate: float, seeds: tuple[int, ...] = (0, 1)) -> float:
    """Accuracy or R² on other rows after training at a rate, the mean over seeds."""
    found = []
    X, y, X_test, y_test = set_up.data
    for seed in seeds:
        model = made(set_up, seed)
        model.optimizer.learning_rate = rate
        model.fit(X, y, epochs=set_up.epochs, batch_size=set_up.batch_size, verbose=0)
        predicted = model.predict(X_test, verbose=0)
        if not np.all(np.isfinite(predicted)):
            found.append(0.0)
        elif set_up.classes:
            labels = predicted.argmax(-1) if predicted.shape[-1] > 1 else predicted[:, 0] > 0.5
            found.append(float(np.mean(labels == y_test)))
        else:
            error = np.mean((predicted[:, 0] - y_test) ** 2, dtype="float64")
            found.append(max(0.0, float(1 - error / np.var(y_test))))
    return float(np.mean(found))


def suggested(set_up: SetUp, seed: int = 0) -> flatline.RateCurve:
    return flatline.lr_range(
        made(set_up, seed), *set_up.data[:2], fit_args={"batch_size": set_up.batch_size}, seed=seed, verbose=0
    )


def main() -> None:
    """Print the table of rates, and what the fixture of the pytest plugin costs."""
    print(f"{'set-up':36}{'suggested':>10}{'scores':>8}{'best of grid':>14}{'at':>9}{'share':>7}{'seconds':>9}")
    for name, set_up in SET_UPS.items():
        start = time.perf_counter()
        curve = suggested(set_up)
        seconds = time.perf_counter() - start
        if curve.suggested is None:
            print(f"{name:36}  none: {curve.reason}")
            continue
        found = score(set_up, curve.suggested)
        best, at = max((score(set_up, rate), -rate) for rate in GRID)
        mark = "" if found >= LEAST * best else "  below 90 %"
        beside = f"{best:14.3f}{-at:9.0e}{found / best:7.2f}{seconds:9.1f}{mark}"
        print(f"{name:36}{curve.suggested:10.1e}{found:8.3f}{beside}", flush=True)
    for name, set_up in HOPELESS.items():
        print(f"{name}: {suggested(set_up)}".replace("\n", "; "), flush=True)
    X, y, *_ = digits()
    model = mlp(keras.optimizers.Adam(1e-3))
    for given in ({}, {"fit_args": {"epochs": 10}}, {"overfit": False}):
        start = time.perf_counter()
        flatline.assert_trainable(model, X, y, **given)
        print(f"assert_trainable, digits, dense, {given or 'no arguments'}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
