"""Programs whose faults mostly show in the graph: after NeuraLint's and defect4ML's sets and a Keras issue."""

from typing import Any

import keras
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


def _lenet(*, conv: str, conv_kernel: Any, dense_kernel: Any, output: str) -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, activation=conv, kernel_initializer=conv_kernel),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation=conv, kernel_initializer=conv_kernel),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, "relu", kernel_initializer=dense_kernel),
            layers.Dense(10, output, kernel_initializer=dense_kernel),
        ]
    )


@program(causes="optimizer", equivalent="epochs learning_rate")
def d4ml_024_optimizer(fixed: bool) -> Setup:
    """Key-point regression under Adadelta with its default rate 0.001."""
    X, y = data.spots(600)
    model = keras.Sequential(
        [
            keras.Input((24, 24, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, "relu"),
            layers.Dense(2),
        ]
    )
    model.compile("adam" if fixed else "adadelta", "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12}, score=data.r2(X, y))


@program(causes="loss output_activation", equivalent="architecture")
def d4ml_033_double_softmax(fixed: bool) -> Setup:
    """Segmentation: softmax, then upsampling, into a loss told from_logits=True."""
    X, y = data.discs()
    model = keras.Sequential(
        [
            keras.Input((24, 24, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(2, 1),
            *([] if fixed else [layers.Activation("softmax")]),
            layers.UpSampling2D(),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.002), loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y.astype("uint8"), fit_args={"epochs": 8, "batch_size": 16})


@program(causes="loss", equivalent="output_activation output_units")
def gh_keras_14729(fixed: bool) -> Setup:
    """One sigmoid unit with categorical cross-entropy: the normalised output is always 1, the loss 0."""
    X, y = data.cancer()
    model = keras.Sequential(
        [
            keras.Input((30,)),
            layers.Dense(16, "relu", kernel_initializer="random_uniform"),
            layers.Dense(16, "relu", kernel_initializer="random_uniform"),
            layers.Dense(1, "sigmoid", kernel_initializer="random_uniform"),
        ]
    )
    loss = "binary_crossentropy" if fixed else "categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 30, "batch_size": 50}, score=data.accuracy(X, y))


@program(causes="loss output_activation")
def nl_gh_6_lenet_no_softmax(fixed: bool) -> Setup:
    """LeNet with ten linear outputs into binary cross-entropy that expects probabilities."""
    X, y = (array[:2500] for array in data.moved_digits())
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5),
            layers.Activation("relu"),
            layers.AveragePooling2D(2),
            layers.Conv2D(8, 5),
            layers.Activation("relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(50),
            layers.Activation("relu"),
            layers.Dense(10, "softmax" if fixed else None),
        ]
    )
    loss = "categorical_crossentropy" if fixed else "binary_crossentropy"
    model.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    return Setup(
        model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 5, "batch_size": 64}, score=data.accuracy(X, y)
    )


@program(causes="activation initialization output_activation", equivalent="loss")
def nl_syn_mix_3(fixed: bool) -> Setup:
    """LeNet without ReLUs, constant weights in the dense part, softmax output into a loss that expects logits."""
    X, y = data.digit_images()
    model = _lenet(
        conv="relu" if fixed else "linear",
        conv_kernel="glorot_uniform",
        dense_kernel="glorot_uniform" if fixed else keras.initializers.Constant(0.1),
        output="linear" if fixed else "softmax",
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.001 if fixed else 0.0003), loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 4})


@program(causes="initialization loss", equivalent="output_activation")
def nl_syn_mix_4(fixed: bool) -> Setup:
    """LeNet with zero-initialised convolutions, binary log-loss on ten linear outputs."""
    X, y = data.digit_images()
    conv_kernel = "glorot_uniform" if fixed else "zeros"
    model = _lenet(conv="relu", conv_kernel=conv_kernel, dense_kernel="glorot_uniform", output="linear")
    loss = keras.losses.CategoricalCrossentropy(from_logits=True) if fixed else "binary_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 4}, score=data.accuracy(X, y))
