"""Programs from Stack Overflow with a wrong rate, batch size, number of epochs, input scale or hidden activation."""

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


@program(
    causes="loss normalization_layer output_activation",
    equivalent="data input_scale learning_rate optimizer",
)
def stackoverflow_34673164(fixed: bool) -> Setup:
    """16 unscaled columns up to 1e6 into tanh layers; the repair normalises the inputs by batch."""
    X, label = data.table(400, 16)
    spread = 10 ** np.linspace(-1, 5.5, 16)
    X, y = (spread * (X + 0.5)).astype("float32"), keras.utils.to_categorical(label)
    kernel = {"kernel_initializer": "random_uniform"}
    model = keras.Sequential(
        [
            keras.Input((16,)),
            *([layers.BatchNormalization()] if fixed else []),
            layers.Dense(64, "tanh", **kernel),
            layers.Dropout(0.5),
            layers.Dense(64, "tanh", **kernel),
            layers.Dropout(0.5),
            layers.Dense(2, "sigmoid" if fixed else "softmax", **kernel),
        ]
    )
    loss = "binary_crossentropy" if fixed else "mse"
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 16}, score=data.accuracy(X, y))


@program(
    causes="activation batch_size",
    equivalent="capacity epochs initialization learning_rate loss optimizer",
)
def stackoverflow_39217567(fixed: bool) -> Setup:
    """An arbitrary bijection on 8-bit words, small normal weights, all sigmoid, plain SGD: the loss stays at 0.25."""
    words = (np.arange(256)[:, None] >> np.arange(8) & 1).astype("float32")
    y = words[np.random.default_rng(39217567).permutation(256)]
    if fixed:
        stack = [layers.Dense(128, "relu"), layers.Dense(128, "relu"), layers.Dense(8, "sigmoid")]
    else:
        stack = [layers.Dense(8, "sigmoid", kernel_initializer="random_normal") for _ in range(3)]
    model = keras.Sequential([keras.Input((8,)), *stack])
    model.compile(keras.optimizers.Adam(0.005) if fixed else keras.optimizers.SGD(0.01), "mse")
    fit_args = {"epochs": 60, "batch_size": 8} if fixed else {"epochs": 300, "batch_size": 50}
    return Setup(model=model, X=words, y=y, fit_args=fit_args)


@program(
    causes="activation input_scale learning_rate",
    equivalent="capacity data epochs initialization",
)
def stackoverflow_39525358(fixed: bool) -> Setup:
    """Words of three letters, their character codes 65..70 as raw inputs, small uniform weights."""
    rng = np.random.default_rng(39525358)
    letters = rng.permutation(np.arange(21))[:, None] >> np.arange(3) & 1
    X = (letters + np.array([65, 67, 69])).astype("float32")
    y = (letters[:, 0] & letters[:, 1]).astype("float32")
    if fixed:
        X = data.zscored(X)
    kernel = {"kernel_initializer": "random_uniform"}
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(12, "relu", **kernel),
            layers.Dense(3, "relu", **kernel),
            layers.Dense(1, "sigmoid", **kernel),
        ]
    )
    model.compile(keras.optimizers.Adam(0.1 if fixed else 0.001), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 150, "batch_size": 10 if fixed else 1})


@program(
    causes="batch_size epochs optimizer",
    equivalent="architecture capacity input_scale learning_rate loss",
)
def stackoverflow_41600519(fixed: bool) -> Setup:
    """A binary table of raw columns, one pass with batches of one and RMSprop."""
    X, y = data.table(800, 10)
    if not fixed:
        X = 60 + 30 * X
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(800, "relu"),
            layers.Dense(400, "relu"),
            layers.Dense(100, "relu"),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam" if fixed else "rmsprop", "binary_crossentropy", metrics=["accuracy"])
    fit_args = {"epochs": 20, "batch_size": 64} if fixed else {"epochs": 1, "batch_size": 1}
    return Setup(model=model, X=X, y=y, fit_args=fit_args)


@program(causes="epochs learning_rate loss output_activation", equivalent="batch_size optimizer")
def stackoverflow_44164749(fixed: bool) -> Setup:
    """Digits, SGD 0.01 and few large batches: slow rather than stuck."""
    X, y = data.moved_digits()
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(1000, "relu"),
            layers.Dropout(0.1),
            layers.Dense(600, "relu"),
            layers.Dropout(0.1),
            layers.Dense(10, "softmax"),
        ]
    )
    optimizer = keras.optimizers.SGD(0.05 if fixed else 0.01, momentum=0.9)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    fit_args = {"epochs": 10 if fixed else 5, "batch_size": 1000}
    return Setup(model=model, X=X.reshape(-1, 784), y=keras.utils.to_categorical(y), fit_args=fit_args)


@program(causes="epochs learning_rate", equivalent="capacity data input_scale optimizer")
def stackoverflow_46359741(fixed: bool) -> Setup:
    """Two training points, two single sigmoid units, SGD 0.009 for 20 epochs."""
    X, y = np.array([[1], [2]], dtype="float32"), np.array([[0], [1]], dtype="float32")
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, "sigmoid"), layers.Dense(1, "sigmoid")])
    optimizer = keras.optimizers.SGD(0.3 if fixed else 0.009, momentum=0.9)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 300 if fixed else 20, "batch_size": 32})


@program(causes="epochs input_scale learning_rate optimizer", equivalent="capacity data loss")
def stackoverflow_47724077(fixed: bool) -> Setup:
    """A census table with a weight of 1e5 and a capital gain left unscaled: loss in the tens, accuracy poor."""
    X, label = data.table(2000, 14)
    if not fixed:
        middle = np.array([39, 4, 190000, 10, 10, 2.6, 6.6, 1.4, 3.7, 0.7, 1100, 87, 40, 37])
        spread = np.array([14, 1.5, 100000, 4, 2.6, 1.5, 4.2, 1.6, 0.8, 0.5, 7400, 400, 12, 8])
        X = (middle + spread * X).astype("float32")
    y = keras.utils.to_categorical(label)
    model = keras.Sequential([keras.Input((14,)), layers.Dense(21, "relu"), layers.Dense(2, "softmax")])
    model.compile(keras.optimizers.Adam(0.01 if fixed else 0.001), "categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 100})


@program(
    causes="activation output_activation",
    equivalent="architecture dropout initialization loss",
)
def stackoverflow_57407973(fixed: bool) -> Setup:
    """Five sigmoid layers with small normal weights and dropout 0.5, a linear output with binary cross-entropy."""
    X, y = data.table(800, 28)
    hidden, output, kernel = ("relu", "sigmoid", "glorot_uniform") if fixed else ("sigmoid", "linear", "random_normal")
    model = keras.Sequential(
        [
            keras.Input((28,)),
            layers.Dense(28, hidden, kernel_initializer=kernel),
            layers.Dense(200, hidden, kernel_initializer=kernel),
            layers.Dropout(0.5),
            layers.Dense(300, hidden, kernel_initializer=kernel),
            layers.Dropout(0.5),
            layers.Dense(300, hidden, kernel_initializer=kernel),
            layers.Dropout(0.5),
            layers.Dense(150, hidden, kernel_initializer=kernel),
            layers.Dropout(0.4),
            layers.Dense(1, output, kernel_initializer=kernel),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@program(causes="activation", equivalent="dropout initialization learning_rate")
def stackoverflow_57516678(fixed: bool) -> Setup:
    """Long LSTM with ReLU cells and recurrent dropout: the state overflows to NaN."""
    rng = np.random.default_rng(57516678)
    y = rng.integers(0, 2, 160)
    drift = 0.3 * (y - 0.5)[:, None, None] * (np.arange(16) < 8)
    X = (rng.normal(size=(160, 300, 16)) + drift).astype("float32")
    cell = layers.LSTM(64, activation="tanh" if fixed else "relu", recurrent_dropout=0.2)
    model = keras.Sequential([keras.Input((300, 16)), cell, layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Nadam(0.004, clipnorm=1.0), "binary_crossentropy", metrics=["accuracy"])
    fit_args = {"epochs": 5, "batch_size": 32}
    return Setup(model=model, X=X, y=y, fit_args=fit_args, score=data.accuracy(X, y))
