"""Programs from Stack Overflow that fit a function."""

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


@program(
    causes="output_activation",
    equivalent="activation dropout input_scale labels learning_rate output_units",
)
def stackoverflow_33969059(fixed: bool) -> Setup:
    """A linear function of inputs up to 1e4 through tanh and dropout into a one-unit softmax."""
    X = np.random.default_rng(33969059).uniform(0, 1e4, (4000, 3)).astype("float32")
    y = X @ np.array([1, 2, 0.5], dtype="float32")
    if fixed:
        # A linear output alone gets no further than the mean: tanh saturates on the raw columns.
        X, y = data.zscored(X), data.zscored(y)
    kernel = {"kernel_initializer": "random_uniform"}
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(3, "tanh", **kernel),
            layers.Dropout(0.5),
            layers.Dense(2, "tanh", **kernel),
            layers.Dropout(0.5),
            layers.Dense(1, "linear" if fixed else "softmax", **kernel),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01 if fixed else 0.1, momentum=0.9), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 32}, score=data.r2(X, y))


@program(causes="activation output_activation", equivalent="architecture initialization input_scale loss")
def stackoverflow_42514960(fixed: bool) -> Setup:
    """Bottleneck autoencoder on columns in -1..1: ReLU everywhere and a sigmoid output can not give negatives."""
    rng = np.random.default_rng(42514960)
    X = np.tanh(0.2 * rng.normal(size=(1500, 4)) @ rng.normal(size=(4, 16)))
    X = (X / np.abs(X).max(0)).astype("float32")
    hidden = "tanh" if fixed else "relu"
    model = keras.Sequential(
        [
            keras.Input((16,)),
            *(layers.Dense(units, hidden) for units in (32, 32, 4, 32, 32)),
            layers.Dense(16, "tanh" if fixed else "sigmoid"),
        ]
    )
    model.compile("adam", "mse")
    return Setup(model=model, X=X, y=X, fit_args={"epochs": 30, "batch_size": 32})


@program(causes="epochs learning_rate", equivalent="input_scale optimizer")
def stackoverflow_44998910(fixed: bool) -> Setup:
    """A polynomial of degree four fitted with SGD 0.01 for 20 epochs: the predictions are a straight line."""
    X = np.random.default_rng(44998910).uniform(-1, 1, (3000, 1)).astype("float32")
    y = 3 * X**4 + X**3 - 2.6 * X**2 - 0.4 * X + 0.2
    model = keras.Sequential([keras.Input((1,)), layers.Dense(200, "relu"), layers.Dense(45, "relu"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1 if fixed else 0.01), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 40 if fixed else 20, "batch_size": 50})


@program(causes="activation", equivalent="capacity epochs loss")
def stackoverflow_48486598(fixed: bool) -> Setup:
    """A polynomial of degree five fitted with a purely linear 1-5-1 network."""
    X = np.linspace(0, 9.95, 200, dtype="float32")[:, None]
    y = 0.6 - 0.6 * (1 - X / 10) ** 3 * (1 - X / 2.5) * (1 - X / 5)
    if fixed:
        hidden = [layers.Dense(32, "tanh"), layers.Dense(32, "tanh")]
    else:
        hidden = [layers.Dense(1), layers.Dense(5)]
    model = keras.Sequential([keras.Input((1,)), *hidden, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01 if fixed else 0.001), "mean_absolute_error")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 150, "batch_size": 10}, score=data.r2(X, y))


@program(causes="output_activation", equivalent="data labels")
def stackoverflow_48976413(fixed: bool) -> Setup:
    """Car prices in the ten-thousands from a sigmoid output; the targets need scaling."""
    rng = np.random.default_rng(48976413)
    cars = rng.normal(size=(600, 5))
    price = 41000 + cars @ [5500, -4500, 4000, 2500, 2000] + 800 * cars[:, 0] * cars[:, 1] + 300 * rng.normal(size=600)
    X, y = _unit_range(cars), price.astype("float32")[:, None]
    if fixed:
        y = _unit_range(y)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(12, "relu", kernel_initializer="random_normal"),
            layers.Dense(8, "relu"),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", "mse")
    fit_args = {"epochs": 60, "batch_size": 10 if fixed else 50}
    return Setup(model=model, X=X, y=y, fit_args=fit_args, score=data.r2(X, y))


def _unit_range(columns: np.ndarray) -> np.ndarray:
    low, high = columns.min(0), columns.max(0)
    return ((columns - low) / (high - low)).astype("float32")


@program(causes="epochs learning_rate loss", equivalent="labels optimizer")
def stackoverflow_49867234(fixed: bool) -> Setup:
    """Constant target 42 with MAE and RMSprop: the output moves by 0.001 a step and stays near 1."""
    X, y = np.array([[0]], dtype="float32"), np.array([[42]], dtype="float32")
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    if fixed:
        model.compile(keras.optimizers.RMSprop(0.5), "mse")
    else:
        model.compile("rmsprop", "mean_absolute_error")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 300})


@program(causes="learning_rate", equivalent="epochs input_scale labels optimizer")
def stackoverflow_51181393(fixed: bool) -> Setup:
    """One linear unit, RMSprop 0.001 for 200 epochs: it can not travel to slope 3 and offset 8."""
    rng = np.random.default_rng(51181393)
    X = rng.uniform(0, 10, (100, 1)).astype("float32")
    y = (3 * X + 8 + 0.35 * rng.normal(size=X.shape)).astype("float32")
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.compile(keras.optimizers.RMSprop(0.1 if fixed else 0.001), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 200, "batch_size": 32})


@program(causes="loss output_activation", equivalent="labels")
def stackoverflow_56774954(fixed: bool) -> Setup:
    """A three-dimensional function through softmax outputs with Poisson loss."""
    X = np.random.default_rng(56774954).uniform(size=(1000, 10)).astype("float32")
    first = 8 * X[:, 0] + 3 * X[:, 1] * X[:, 2] + 2 * X[:, 3]
    second = 5 * X[:, 4] + 4 * X[:, 5] ** 2 + 0.1
    third = 1 + 3 * np.sin(2 * X[:, 6]) + 2 * X[:, 7] * X[:, 8] + X[:, 9]
    y = np.column_stack([first, second, third]).astype("float32")
    output = layers.Dense(3, "linear" if fixed else "softmax")
    model = keras.Sequential([keras.Input((10,)), layers.Dense(100, "sigmoid"), layers.Dense(80, "sigmoid"), output])
    model.compile(keras.optimizers.Adam(0.005 if fixed else 0.001), "mse" if fixed else "poisson")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 30, "batch_size": 32}, score=data.r2(X, y))


@program(causes="activation output_activation", equivalent="capacity labels")
def stackoverflow_62313327(fixed: bool) -> Setup:
    """The identity of one input in -1..1 through a one-unit ReLU and a sigmoid output."""
    X = np.random.default_rng(62313327).uniform(-1, 1, (4000, 30)).astype("float32")
    y = X[:, 0]
    hidden, output = ("linear", "linear") if fixed else ("relu", "sigmoid")
    model = keras.Sequential([keras.Input((30,)), layers.Dense(1, hidden), layers.Dense(1, output)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@program(causes="output_activation", equivalent="capacity epochs labels learning_rate")
def stackoverflow_68458462(fixed: bool) -> Setup:
    """Integer targets 0..4 through sigmoid outputs, five samples."""
    X = (np.array([[1], [2], [3], [4], [6]]) + np.arange(5)).astype("float32")
    y = np.array([[0, 1, 3, 4], [0, 1, 3, 4], [1, 1, 1, 3], [3, 1, 1, 4], [3, 1, 0, 4]], dtype="float32")
    widths, output = ((16, 16), "linear") if fixed else ((2, 2), "sigmoid")
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(widths[0], "relu"), layers.Dense(widths[1], "relu"), layers.Dense(4, output)]
    )
    model.compile(keras.optimizers.Adam(0.01 if fixed else 0.001), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 100, "batch_size": 16})


@program(causes="output_activation", equivalent="activation input_scale labels")
def stackoverflow_77588498(fixed: bool) -> Setup:
    """y = 10 x on -20..20 with tanh everywhere, the output included."""
    X = np.linspace(-20, 20, 1000, dtype="float32")[:, None]
    y = 10 * X
    model = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(16, "tanh"),
            layers.Dense(8, "tanh"),
            layers.Dense(4, "tanh"),
            layers.Dense(1, "linear" if fixed else "tanh"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01 if fixed else 0.001), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 120 if fixed else 20, "batch_size": 32})


@program(causes="epochs learning_rate", equivalent="input_scale optimizer")
def stackoverflow_78199673(fixed: bool) -> Setup:
    """y = 10 x with RMSprop 0.005 for 100 epochs: stopped long before it converges."""
    X = np.arange(1, 11, dtype="float32")[:, None]
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.compile(keras.optimizers.RMSprop(0.1 if fixed else 0.005), "mse")
    return Setup(model=model, X=X, y=10 * X, fit_args={"epochs": 250 if fixed else 100})
