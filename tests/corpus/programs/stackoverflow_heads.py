"""Programs from Stack Overflow whose last layer, loss and labels do not belong together: tables and sequences."""

from typing import Any

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


@program(causes="loss output_activation output_units", equivalent="epochs initialization labels learning_rate")
def stackoverflow_41596619(fixed: bool) -> Setup:
    """Classes 0..3 as one sigmoid output with binary cross-entropy, SGD 0.001."""
    X = np.array(
        [
            [0.9, 0.1, 7], [1, 0, 4], [0.8, 0.1, 7], [0.5, 0.4, 2], [0.6, 0.5, 1], [0.5, 0.5, 2],
            [0.1, 0.9, 4], [0.3, 0.8, 7], [0, 1, 4], [0.1, 0.8, 1], [0.3, 1, 1],
        ],
        dtype="float32",
    )  # fmt: skip
    y = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3])
    if fixed:
        model = keras.Sequential([keras.Input((3,)), layers.Dense(16, "relu"), layers.Dense(4, "softmax")])
        model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    else:
        model = keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(3, "relu", kernel_initializer="random_uniform"),
                layers.Dense(1, "sigmoid", kernel_initializer="random_uniform"),
            ]
        )
        model.compile(keras.optimizers.SGD(0.001), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 150}, score=data.accuracy(X, y))


@program(causes="input_scale output_activation", equivalent="activation data initialization loss")
def stackoverflow_44066044(fixed: bool) -> Setup:
    """Network packets: IP addresses around 3.2e9 next to small counters; ReLU output with binary cross-entropy."""
    rng = np.random.default_rng(44066044)
    n = 200
    y = rng.integers(0, 2, n)
    address, port = 3.2323e9 + rng.integers(0, 750000, (n, 2)), rng.integers(1024, 65536, (n, 2))
    length, lifetime, flags = rng.integers(40, 700, n) + 800 * y, rng.integers(50, 70, n) - 8 * y, rng.integers(0, 2, n)
    constant = np.tile([4.0, 5.0, 0.0, 6.0], (n, 1))
    X = np.column_stack([constant, address, port, length, lifetime, flags]).astype("float32")
    if fixed:
        X = data.zscored(X)
    kernel = {"kernel_initializer": "random_normal"}
    model = keras.Sequential(
        [
            keras.Input((11,)),
            layers.Dense(12, "relu", **kernel),
            layers.Dense(12, "relu", **kernel),
            layers.Dense(1, "sigmoid" if fixed else "relu", **kernel),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 30, "batch_size": 5}, score=data.accuracy(X, y))


@program(
    causes="batch_size epochs loss optimizer output_activation",
    equivalent="activation capacity input_scale learning_rate output_units",
)
def stackoverflow_45442843(fixed: bool) -> Setup:
    """One raw feature around 2e4, one-unit softmax, mean absolute error."""
    X = np.random.default_rng(45442843).uniform(15000, 25000, (800, 1)).astype("float32")
    y = (X[:, 0] > 20500).astype("int64")
    if fixed:
        X = data.zscored(X)
    output = layers.Dense(1, "sigmoid" if fixed else "softmax", kernel_initializer="random_normal")
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, "sigmoid"), output])
    if fixed:
        model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    else:
        model.compile("rmsprop", "mean_absolute_error", metrics=["accuracy"])
    fit_args = {"epochs": 100, "batch_size": 16 if fixed else 200}
    return Setup(model=model, X=X, y=y, fit_args=fit_args, score=data.accuracy(X, y))


@program(causes="loss output_activation", equivalent="epochs learning_rate")
def stackoverflow_50338865(fixed: bool) -> Setup:
    """XOR by LSTM, one-hot targets, linear outputs with mean absolute error."""
    X = np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]], dtype="float32")
    y = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], dtype="float32")
    model = keras.Sequential(
        [
            keras.Input((1, 2)),
            layers.LSTM(10, return_sequences=True),
            layers.LSTM(10),
            layers.Dense(2, "softmax" if fixed else "linear"),
        ]
    )
    if fixed:
        model.compile(keras.optimizers.Adam(0.02), "categorical_crossentropy", metrics=["accuracy"])
    else:
        model.compile("adam", "mae", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 150 if fixed else 50}, score=data.accuracy(X, y))


@program(causes="output_activation", equivalent="activation architecture input_scale")
def stackoverflow_51185079(fixed: bool) -> Setup:
    """ReLU output with binary cross-entropy on unscaled columns: a dead output, the accuracy is stuck."""
    X, y = data.table(1200, 34)
    if not fixed:
        X = 41 + 21 * X
    model = keras.Sequential(
        [
            keras.Input((34,)),
            layers.Dense(512, "relu"),
            layers.Dense(200, "relu"),
            layers.Dense(200, "relu"),
            layers.Dense(200, "relu"),
            layers.Dense(128, "relu"),
            layers.Dense(1, "sigmoid" if fixed else "relu"),
        ]
    )
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 100}, score=data.accuracy(X, y))


@program(causes="loss output_activation", equivalent="labels output_units")
def stackoverflow_56218256(fixed: bool) -> Setup:
    """1990 columns, one-unit softmax with categorical cross-entropy: the loss is exactly 0."""
    X, y = data.table(600, 1990)
    return _one_unit(fixed, X, y, widths=(200, 64, 32), fit_args={"epochs": 10, "batch_size": 100})


@program(causes="loss output_activation", equivalent="labels output_units")
def stackoverflow_68751439(fixed: bool) -> Setup:
    """14 columns, one-unit softmax with categorical cross-entropy."""
    X, y = data.table(500, 14)
    return _one_unit(fixed, X, y, widths=(64, 128, 64), fit_args={"epochs": 20, "batch_size": 32})


def _one_unit(fixed: bool, X: Any, y: Any, *, widths: tuple[int, ...], fit_args: dict[str, int]) -> Setup:
    hidden = [layers.Dense(width, "relu") for width in widths]
    output = layers.Dense(1, "sigmoid" if fixed else "softmax")
    model = keras.Sequential([keras.Input(X.shape[1:]), *hidden, output])
    loss = "binary_crossentropy" if fixed else "categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args=fit_args, score=data.accuracy(X, y))


@program(causes="labels output_activation", equivalent="capacity dropout loss")
def stackoverflow_56317174(fixed: bool) -> Setup:
    """Rain tomorrow scaled to -1/+1 for a sigmoid output with MSE, three four-unit layers with dropout 0.5."""
    rng = np.random.default_rng(56317174)
    weather = rng.normal(size=(3000, 4))
    rain = weather @ [1.4, -1.0, 0.8, 0.4] + 0.5 * weather[:, 0] * weather[:, 1] + 0.4 * rng.normal(size=3000) > 0
    X = (weather / np.abs(weather).max(0)).astype("float32")
    y = (rain if fixed else 2 * rain - 1).astype("float32")
    rate = 0.1 if fixed else 0.5
    model = keras.Sequential([keras.Input((4,))])
    for _ in range(3):
        model.add(layers.BatchNormalization())
        model.add(layers.Dense(4, "relu"))
        model.add(layers.Dropout(rate))
    model.add(layers.Dense(1, "sigmoid"))
    model.compile("rmsprop", "mse", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 30, "batch_size": 128}, score=data.r2(X, y))


@program(causes="output_activation", equivalent="input_scale output_units")
def stackoverflow_57397440(fixed: bool) -> Setup:
    """Raw breast-cancer columns with batch normalisation, one-unit softmax: the loss does not decrease."""
    X, y = data.cancer(scaled=False)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            layers.Dense(30, "relu"),
            layers.BatchNormalization(),
            layers.Dense(60, "relu"),
            layers.BatchNormalization(),
            layers.Dense(1, "sigmoid" if fixed else "softmax"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 32}, score=data.accuracy(X, y))


@program(causes="output_activation", equivalent="learning_rate output_units")
def stackoverflow_58055105(fixed: bool) -> Setup:
    """Adam 1e-4 with batches of five, one-unit softmax: the same output for every row."""
    X, y = data.table(600, 22)
    output = layers.Dense(1, "sigmoid" if fixed else "softmax")
    model = keras.Sequential([keras.Input((22,)), layers.Dense(48, "relu"), layers.Dropout(0.5), output])
    model.compile(keras.optimizers.Adam(0.0001), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 5}, score=data.accuracy(X, y))


@program(causes="epochs output_activation", equivalent="activation capacity learning_rate loss")
def stackoverflow_58572274(fixed: bool) -> Setup:
    """XNOR, ReLU 2-2-1 with a ReLU output and binary cross-entropy, ten epochs."""
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
    y = np.array([[1], [0], [0], [1]], dtype="float32")
    if fixed:
        hidden, output = [layers.Dense(8, "tanh")], layers.Dense(1, "sigmoid")
    else:
        hidden, output = [layers.Dense(2, "relu"), layers.Dense(2, "relu")], layers.Dense(1, "relu")
    model = keras.Sequential([keras.Input((2,)), *hidden, output])
    model.compile(keras.optimizers.Adam(0.05 if fixed else 0.001), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 200 if fixed else 10}, score=data.accuracy(X, y))


@program(causes="output_activation", equivalent="output_units")
def stackoverflow_66407123(fixed: bool) -> Setup:
    """Five columns, ReLU 32-32, SGD, one-unit softmax: the accuracy is constant."""
    X, y = data.table(1000, 5)
    output = layers.Dense(1, "sigmoid" if fixed else "softmax")
    model = keras.Sequential([keras.Input((5,)), layers.Dense(32, "relu"), layers.Dense(32, "relu"), output])
    model.compile(keras.optimizers.SGD(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 30, "batch_size": 64}, score=data.accuracy(X, y))


@program(causes="loss output_activation output_units", equivalent="capacity dropout labels")
def stackoverflow_66602662(fixed: bool) -> Setup:
    """Five classes into one sigmoid unit with CategoricalCrossentropy(from_logits=True): the loss is 0."""
    X, y = data.table(1000, 5, classes=5)
    X, y = 2 * X, y.astype("float32")
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(32, "relu"),
            layers.Dense(16, "relu"),
            layers.Dropout(0.2),
            layers.Dense(8, "relu"),
            layers.Dropout(0.2),
            layers.Dense(5, "softmax") if fixed else layers.Dense(1, "sigmoid"),
        ]
    )
    loss = "sparse_categorical_crossentropy" if fixed else keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 24}, score=data.accuracy(X, y))


@program(causes="output_activation", equivalent="activation capacity epochs learning_rate")
def stackoverflow_69787272(fixed: bool) -> Setup:
    """A binary task, ReLU 31-1-1 with a ReLU output and binary cross-entropy."""
    X, y = data.table(1000, 31)
    model = keras.Sequential(
        [
            keras.Input((31,)),
            layers.Dense(31, "relu"),
            layers.Dense(16 if fixed else 1, "relu"),
            layers.Dense(1, "sigmoid" if fixed else "relu"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1 if fixed else 0.01), "binary_crossentropy", metrics=["accuracy"])
    fit_args = {"epochs": 30, "batch_size": 64} if fixed else {"epochs": 10, "batch_size": 500}
    return Setup(model=model, X=X, y=y, fit_args=fit_args, score=data.accuracy(X, y))
