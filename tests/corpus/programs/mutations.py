"""Programs spoilt by one mutation operator each, as in DeepCrime's set."""

from typing import Any

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


def _digits_net(kernel: Any = "glorot_uniform") -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(64, "relu", kernel_initializer=kernel),
            layers.Dense(32, "relu", kernel_initializer=kernel),
            layers.Dense(10, "softmax", kernel_initializer=kernel),
        ]
    )


def _classifier(model: keras.Sequential, optimizer: Any = "adam") -> keras.Sequential:
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@program(causes="data", equivalent="input_scale")
def dc_add_noise(fixed: bool) -> Setup:
    """Strong noise added to the training inputs only."""
    X, y = data.digits()
    if not fixed:
        X = X + np.random.default_rng(3).normal(0, 4, X.shape).astype("float32")
    return Setup(model=_classifier(_digits_net()), X=X, y=y, fit_args={"epochs": 25, "batch_size": 32})


@program(causes="activation", equivalent="architecture")
def dc_change_activation(fixed: bool) -> Setup:
    """Softmax in the hidden layers."""
    X, y = data.digits()
    hidden = "relu" if fixed else "softmax"
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(64, hidden),
            layers.Dense(32, hidden),
            layers.Dense(32, hidden),
            layers.Dense(10, "softmax"),
        ]
    )
    return Setup(model=_classifier(model), X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@program(causes="dropout", equivalent="epochs regularization")
def dc_change_dropout_rate(fixed: bool) -> Setup:
    """Dropout rate 0.97 instead of 0.2."""
    X, y = data.digits()
    rate = 0.2 if fixed else 0.97
    model = keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(64, "relu"),
            layers.Dropout(rate),
            layers.Dense(32, "relu"),
            layers.Dropout(rate),
            layers.Dense(10, "softmax"),
        ]
    )
    return Setup(model=_classifier(model), X=X, y=y, fit_args={"epochs": 20})


@program(causes="optimizer", equivalent="epochs learning_rate")
def dc_change_optimizer(fixed: bool) -> Setup:
    """Adam replaced by Adagrad with its default rate."""
    X, y = data.digits()
    model = _classifier(_digits_net(), "adam" if fixed else "adagrad")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@program(causes="data labels")
def dc_classes_overlap(fixed: bool) -> Setup:
    """Samples repeated under the next class's label: the same input asks for two answers."""
    X, y = data.digits()
    if not fixed:
        X, y = np.concatenate([X, X]), np.concatenate([y, (y + 1) % 10])
    return Setup(model=_classifier(_digits_net()), X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@program(causes="batch_size", equivalent="epochs learning_rate optimizer")
def dc_disable_batching(fixed: bool) -> Setup:
    """The batch is the whole training set."""
    X, y = data.digits()
    model = _classifier(_digits_net(), keras.optimizers.SGD(0.1))
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 16 if fixed else len(X)})


@program(causes="learning_rate", equivalent="activation optimizer")
def dc_learning_rate_high(fixed: bool) -> Setup:
    """Adam with learning rate 1."""
    X, y = data.digits()
    model = _classifier(_digits_net(), keras.optimizers.Adam(0.001 if fixed else 1.0))
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@program(causes="learning_rate", equivalent="data input_scale optimizer")
def dc_learning_rate_high_sgd(fixed: bool) -> Setup:
    """SGD so fast that a regression diverges to NaN."""
    X, y = data.curve()
    model = keras.Sequential([keras.Input((5,)), layers.Dense(32, "relu"), layers.Dense(32, "relu"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.02 if fixed else 2.0), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20})


@program(causes="architecture", equivalent="activation capacity initialization")
def dc_remove_bias(fixed: bool) -> Setup:
    """No layer has a bias: a ReLU net can not tell small |x| from large."""
    X = np.random.default_rng(5).uniform(-2, 2, (1000, 1)).astype("float32")
    y = (np.abs(X[:, 0]) > 1.1).astype("int64")
    model = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(32, "relu", use_bias=fixed),
            layers.Dense(32, "relu", use_bias=fixed),
            layers.Dense(1, "sigmoid", use_bias=fixed),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20})


@program(causes="data", equivalent="labels loss")
def dc_unbalance_data(fixed: bool) -> Setup:
    """All classes but two nearly emptied."""
    X_all, y_all = data.digits()
    X, y = X_all[:1400], y_all[:1400]
    if not fixed:
        kept = np.isin(y, [4, 6]) | (np.random.default_rng(6).random(len(y)) < 0.02)
        X, y = X[kept], y[kept]
    fit_args = {"epochs": 15, "batch_size": 32}
    return Setup(
        model=_classifier(_digits_net()), X=X, y=y, fit_args=fit_args, score=data.accuracy(X_all[1400:], y_all[1400:])
    )


@program(causes="initialization")
def dc_weights_constant(fixed: bool) -> Setup:
    """All weights start at 0.05."""
    X, y = data.digits()
    kernel = "glorot_uniform" if fixed else keras.initializers.Constant(0.05)
    return Setup(model=_classifier(_digits_net(kernel)), X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})
