"""Stack Overflow programs of NeuraLint's set."""

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


@program(
    causes="input_scale output_activation",
    equivalent="activation capacity data dropout initialization labels learning_rate loss metric optimizer",
)
def nl_so_33969059(fixed: bool) -> Setup:
    """Regression through a one-unit softmax (always 1) on features of 0..10000, targets of thousands."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1e4, (2000, 3)).astype("float32")
    y = (X @ [0.9, 0.4, 0.3] + rng.normal(0, 50, len(X))).astype("float32")
    if fixed:
        X, y = (X - X.mean(0)) / X.std(0), (y - y.mean()) / y.std()
        model = keras.Sequential([keras.Input((3,)), layers.Dense(16, "tanh"), layers.Dense(1)])
    else:
        model = keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(3, "tanh", kernel_initializer="random_uniform"),
                layers.Dropout(0.5),
                layers.Dense(2, "tanh", kernel_initializer="random_uniform"),
                layers.Dropout(0.5),
                layers.Dense(1, "softmax", kernel_initializer="random_uniform"),
            ]
        )
    model.compile(keras.optimizers.SGD(0.02 if fixed else 0.1, momentum=0.9), "mean_squared_error")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32}, score=data.r2(X, y))


@program(
    causes="learning_rate output_activation",
    equivalent="activation capacity data epochs initialization loss optimizer",
)
def nl_so_34311586(fixed: bool) -> Setup:
    """XOR with a one-unit softmax output, MSE, SGD 0.001, 20 epochs."""
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [0, 0], [1, 1]], dtype="float32")
    y = np.array([[0], [1], [1], [0], [0], [0]], dtype="float32")
    if fixed:
        model = keras.Sequential([keras.Input((2,)), layers.Dense(8, "tanh"), layers.Dense(1, "sigmoid")])
        model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
        fit_args = {"epochs": 200, "batch_size": 6}
    else:
        model = keras.Sequential(
            [
                keras.Input((2,)),
                layers.Dense(2, "sigmoid", kernel_initializer="random_uniform"),
                layers.Dense(3, "sigmoid", kernel_initializer="random_uniform"),
                layers.Dense(1, "softmax", kernel_initializer="random_uniform"),
            ]
        )
        model.compile(keras.optimizers.SGD(0.001, momentum=0.9), "mean_squared_error")
        fit_args = {"epochs": 20}
    return Setup(model=model, X=X, y=y, fit_args=fit_args, score=data.accuracy(X, y))


@program(causes="architecture", equivalent="labels loss output_units")
def nl_so_38584268(fixed: bool) -> Setup:
    """Flatten forgotten before the Dense head of a CNN: fit raises on the shapes."""
    X, y = data.digit_images()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 7, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 6, activation="relu"),
            layers.MaxPooling2D((4, 3)),
            *([layers.Flatten()] if fixed else []),
            layers.Dense(50, "relu"),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 4, "batch_size": 32})


@program(causes="epochs", equivalent="capacity data input_scale learning_rate optimizer")
def nl_so_42913869(fixed: bool) -> Setup:
    """A fourth-degree polynomial under default SGD for 20 epochs: the fit stays far too straight."""
    X = np.random.default_rng(1).uniform(-1, 1, (1200, 1)).astype("float32")
    x = X[:, 0]
    y = 0.6 * x + 0.9 * (8 * x**4 - 8 * x**2 + 1)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(200, "relu"), layers.Dense(45, "relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003) if fixed else "sgd", "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 60 if fixed else 20, "batch_size": 50}, score=data.r2(X, y))


@program(causes="output_activation", equivalent="data input_scale labels loss")
def nl_so_50555434(fixed: bool) -> Setup:
    """Six date fields (year, month, day, ...) as regression targets of a sigmoid layer: it saturates at 1."""
    rng = np.random.default_rng(2)
    hidden = rng.uniform(0, 1, (1200, 6))
    X = ((hidden - 0.5) @ rng.normal(0, 1.7, (6, 28)) + 0.05 * rng.normal(size=(1200, 28))).astype("float32")
    y = (hidden * [20, 12, 28, 24, 60, 60] + [2000, 0, 0, 0, 0, 0]).astype("float32")
    widths, start, output = ((32, 32), "he_normal", "linear") if fixed else ((20, 15, 6), "random_normal", "sigmoid")
    if fixed:
        y = (y - y.mean(0)) / y.std(0)
    model = keras.Sequential(
        [
            keras.Input((28,)),
            *(layers.Dense(width, "relu", kernel_initializer=start) for width in widths),
            layers.Dense(6, output),
        ]
    )
    model.compile("adam", "mae")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 25}, score=data.r2(X, y))


@program(causes="architecture", equivalent="labels output_units")
def nl_so_53119432(fixed: bool) -> Setup:
    """Conv1D net without Flatten: outputs (n, t, 1) for one label per sample."""
    X, y = data.signals(600, length=30, classes=2)
    model = keras.Sequential(
        [
            keras.Input((30, 1)),
            layers.Conv1D(32, 3, activation="relu"),
            layers.Conv1D(32, 3, activation="relu"),
            layers.MaxPooling1D(4),
            layers.Conv1D(64, 3, activation="relu"),
            layers.Conv1D(64, 2, activation="relu"),
            layers.Dropout(0.5),
            *([layers.Flatten()] if fixed else []),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y[:, None].astype("float32"), fit_args={"epochs": 10, "batch_size": 24})


@program(causes="data", equivalent="architecture batch_size epochs learning_rate")
def nl_so_55776436(fixed: bool) -> Setup:
    """Six-class signals sorted by class, shuffle=False, the last third held out: two classes are never seen."""
    X, y = data.signals(900, length=96, classes=6)
    if not fixed:
        order = np.argsort(y, kind="stable")
        X, y = X[order], y[order]
    model = keras.Sequential(
        [
            keras.Input((96, 1)),
            layers.Conv1D(24, 12, activation="relu"),
            layers.Conv1D(24, 12),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling1D(4),
            layers.Flatten(),
            layers.Dense(6, "softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    fit_args = {"epochs": 12, "batch_size": 32, "validation_split": 0.33, "shuffle": fixed}
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args=fit_args, score=data.accuracy(X[603:], y[603:]))


@program(causes="data", equivalent="labels metric")
def nl_so_56103207(fixed: bool) -> Setup:
    """Arrays sorted by class with validation_split=0.2: the held-out fifth is a class of its own."""
    X, y = data.moved_digits()
    X, y = X[y < 5], y[y < 5]
    if not fixed:
        order = np.argsort(y, kind="stable")
        X, y = X[order], y[order]
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, "relu"),
            layers.Dense(5, "softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    held_out = len(X) * 4 // 5
    fit_args = {"epochs": 5, "batch_size": 100, "validation_split": 0.2}
    return Setup(
        model=model, X=X, y=data.one_hot(y), fit_args=fit_args, score=data.accuracy(X[held_out:], y[held_out:])
    )


@program(causes="output_activation", equivalent="loss output_units")
def nl_so_58844149(fixed: bool) -> Setup:
    """Image lesions: `Dense(1)` and `Activation("softmax")` with binary cross-entropy."""
    y = np.random.default_rng(3).integers(0, 2, 400)
    X, _ = data.spots(400, size=32, radius=np.where(y == 1, 0.24, 0.16))
    model = keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(12, 11, activation="relu"),
            layers.MaxPooling2D(3),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(48, "relu"),
            layers.Dropout(0.2),
            layers.Dense(1),
            layers.Activation("sigmoid" if fixed else "softmax"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10}, score=data.accuracy(X, y))


@program(causes="dropout", equivalent="architecture epochs regularization")
def nl_so_60566498(fixed: bool) -> Setup:
    """Heavy dropout after each convolution, before its ReLU, and before the output."""
    X, y = data.textures()
    rate = 0.0 if fixed else 0.6
    model = keras.Sequential(
        [
            keras.Input((24, 24, 1)),
            layers.Conv2D(16, 3),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3),
            layers.Dropout(rate),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3),
            layers.Dropout(rate),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32),
            layers.BatchNormalization(momentum=0.9),
            layers.Activation("relu"),
            layers.Dropout(0.1 if fixed else 0.95),
            layers.Dense(3, "softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 15})


@program(causes="architecture", equivalent="labels loss output_units")
def nl_so_61030068(fixed: bool) -> Setup:
    """Many-class Conv1D net without Flatten: fit raises on the shapes."""
    X, y = data.signals(700, length=72, classes=6)
    model = keras.Sequential(
        [
            keras.Input((72, 1)),
            layers.Conv1D(32, 3, activation="relu"),
            layers.MaxPooling1D(2),
            layers.Conv1D(32, 3, activation="relu"),
            layers.MaxPooling1D(2),
            *([layers.Flatten()] if fixed else []),
            layers.Dense(64, "relu"),
            layers.Dense(6, "softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 15, "batch_size": 32})
