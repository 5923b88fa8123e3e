"""Programs after questions that come up again and again, each around one fault."""

import keras
import numpy as np
from keras import layers
from sklearn import datasets

from tests.corpus import data
from tests.corpus.case import Setup, program


def _digits_net() -> keras.Sequential:
    return keras.Sequential(
        [keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(32, "relu"), layers.Dense(10, "softmax")]
    )


@program(causes="activation input_scale", equivalent="capacity data epochs labels learning_rate")
def so_52800582_x4(fixed: bool) -> Setup:
    """y = x**4 for x in [-100, 100]: saturated sigmoid hidden units, targets up to 1e8."""
    X = np.linspace(-100, 100, 1000, dtype="float32")[:, None]
    y = X[:, 0] ** 4
    if fixed:
        X, y = X / 100, y / 1e8
    hidden = "tanh" if fixed else "sigmoid"
    model = keras.Sequential([keras.Input((1,)), layers.Dense(20, hidden), layers.Dense(20, hidden), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 40}, score=data.r2(X, y))


@program(causes="optimizer", equivalent="epochs learning_rate")
def so_adam_epsilon(fixed: bool) -> Setup:
    """Adam with epsilon=1e3: the steps are far too short."""
    X, y = data.digits()
    model = _digits_net()
    optimizer = keras.optimizers.Adam(epsilon=1e-7 if fixed else 1e3)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@program(causes="batch_size normalization_layer", equivalent="architecture")
def so_bn_batch_of_one(fixed: bool) -> Setup:
    """Batch normalisation after dense layers with batch_size=1: the normalised value is always 0."""
    X, y = data.curve(800)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(32),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dense(32),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "mse")
    fit_args = {"epochs": 30, "batch_size": 32} if fixed else {"epochs": 3, "batch_size": 1}
    return Setup(model=model, X=X, y=y, fit_args=fit_args)


@program(causes="normalization_layer", equivalent="architecture labels output_activation")
def so_bn_on_output(fixed: bool) -> Setup:
    """Batch normalisation as last layer of a regression on unscaled targets: outputs stay near zero."""
    X, y = data.curve()
    stack = [keras.Input((5,)), layers.Dense(32, "relu"), layers.Dense(32, "relu"), layers.Dense(1)]
    model = keras.Sequential(stack if fixed else [*stack, layers.BatchNormalization()])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    return Setup(model=model, X=X, y=100 + 30 * y, fit_args={"epochs": 40})


@program(causes="capacity", equivalent="activation architecture")
def so_bottleneck_one_unit(fixed: bool) -> Setup:
    """A hidden layer of a single ReLU unit between wide ones."""
    X, y = data.digits()
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(64, "relu"),
            layers.Dense(16 if fixed else 1, "relu"),
            layers.Dense(32, "relu"),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@program(causes="labels", equivalent="loss output_units")
def so_labels_one_based(fixed: bool) -> Setup:
    """Classes numbered 1..10 for a ten-unit sparse softmax: class 10 has no unit."""
    X, y = data.digits()
    model = keras.Sequential([keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y if fixed else y + 1, fit_args={"epochs": 15})


@program(causes="data", equivalent="input_scale")
def so_nan_in_features(fixed: bool) -> Setup:
    """A few missing values (NaN) left in the features."""
    X, y = data.cancer()
    X = np.where(np.random.default_rng(4).random(X.shape) < 0.012, np.float32("nan"), X)
    if fixed:
        X = np.nan_to_num(X)
    model = keras.Sequential([keras.Input((30,)), layers.Dense(16, "relu"), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20})


@program(causes="loss", equivalent="labels")
def so_onehot_sparse_mixup(fixed: bool) -> Setup:
    """One-hot labels with a sparse loss: fit raises on the shapes."""
    X, y = data.digits()
    model = _digits_net()
    loss = "categorical_crossentropy" if fixed else "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 15, "batch_size": 32})


@program(causes="output_units", equivalent="loss output_activation")
def so_single_unit_sparse(fixed: bool) -> Setup:
    """Two classes, one softmax unit, sparse categorical cross-entropy: class 1 has no unit."""
    X, y = datasets.make_moons(1000, noise=0.15, random_state=0)
    units = 2 if fixed else 1
    model = keras.Sequential([keras.Input((2,)), layers.Dense(32, "relu"), layers.Dense(units, "softmax")])
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X.astype("float32"), y=y, fit_args={"epochs": 25})


@program(causes="input_scale output_activation", equivalent="activation capacity learning_rate")
def so_threshold_50000(fixed: bool) -> Setup:
    """Is a number above 50000?  Raw inputs, tiny ReLU layers, ReLU output with binary cross-entropy."""
    X = np.random.default_rng(7).uniform(0, 1e5, (2000, 1)).astype("float32")
    y = (X[:, 0] > 50000).astype("int64")
    if fixed:
        X = (X - 50000) / 50000
    widths, output, rate = ((8, 8), "sigmoid", 0.005) if fixed else ((3, 5), "relu", 0.001)
    model = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(widths[0], "relu"),
            layers.Dense(widths[1], "relu"),
            layers.Dense(1, output),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 8})
