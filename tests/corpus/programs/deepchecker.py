"""Programs with the faults of TheDeepChecker's synthetic cases."""

from typing import Any

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


def _regressor(output: str = "linear") -> keras.Sequential:
    return keras.Sequential(
        [keras.Input((5,)), layers.Dense(32, "relu"), layers.Dense(32, "relu"), layers.Dense(1, output)]
    )


@program(causes="labels", equivalent="data")
def tdc_features_shuffled_alone(fixed: bool) -> Setup:
    """The features are shuffled, the labels are not."""
    X, y = data.digits()
    order = np.random.default_rng(2).permutation(len(X))
    X = X[order]
    if fixed:
        y = y[order]
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(32, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@program(causes="loss")
def tdc_flipped_sign(fixed: bool) -> Setup:
    """A custom loss with the wrong sign: training maximises the error."""
    X, y = data.curve()
    y = y[:, None]
    sign = 1.0 if fixed else -1.0

    def error(y_true: Any, y_pred: Any) -> Any:
        return sign * keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

    model = _regressor()
    model.compile("adam", error)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20}, score=data.r2(X, y))


@program(causes="output_activation", equivalent="activation initialization")
def tdc_ips11_relu_logits(fixed: bool) -> Setup:
    """ReLU on the logits: whole classes lose their gradient and stay at zero."""
    X, y = data.digits()
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(10, "linear" if fixed else "relu")]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15})


@program(causes="output_activation", equivalent="data labels")
def tdc_sigmoid_for_signed_targets(fixed: bool) -> Setup:
    """Targets in [-1, 1], sigmoid output."""
    X, y = data.curve()
    model = _regressor("tanh" if fixed else "sigmoid")
    model.compile(keras.optimizers.Adam(0.003), "mse")
    return Setup(model=model, X=X, y=np.tanh(y - 0.9), fit_args={"epochs": 25})


@program(causes="loss", equivalent="learning_rate optimizer")
def tdc_sum_reduction(fixed: bool) -> Setup:
    """A loss summed over the batch instead of averaged: steps 256 times too long."""
    X, y = data.curve()
    loss = keras.losses.MeanSquaredError(reduction="sum_over_batch_size" if fixed else "sum")
    model = _regressor()
    model.compile(keras.optimizers.SGD(0.02), loss)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 30, "batch_size": 32 if fixed else 256})
