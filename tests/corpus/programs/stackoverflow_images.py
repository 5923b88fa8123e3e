"""Programs from Stack Overflow on images and volumes."""

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


@program(causes="output_activation", equivalent="dropout output_units regularization")
def stackoverflow_47704695(fixed: bool) -> Setup:
    """Deep Conv2D stack with L2 0.01, dropout 0.5 and a one-unit softmax."""
    X, y = data.textures(300, size=32, channels=3, classes=2)
    penalty = keras.regularizers.L2(0.0001 if fixed else 0.01)
    rate = 0.2 if fixed else 0.5
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(16, 5, activation="relu", kernel_regularizer=penalty),
            layers.MaxPooling2D(2),
            layers.Dropout(rate),
            layers.Conv2D(32, 3, activation="relu", kernel_regularizer=penalty),
            layers.MaxPooling2D(2),
            layers.Dropout(rate),
            layers.Conv2D(64, 3, activation="relu", kernel_regularizer=penalty),
            layers.Conv2D(64, 3, activation="relu", kernel_regularizer=penalty),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(1, "sigmoid" if fixed else "softmax"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32}, score=data.accuracy(X, y))


@program(causes="output_activation", equivalent="learning_rate loss")
def stackoverflow_51901386(fixed: bool) -> Setup:
    """Nine image classes with ReLU outputs and categorical cross-entropy, Adam 1e-4."""
    X, y = data.textures(450, size=40, channels=3, classes=9)
    X, y = X[:, :24], keras.utils.to_categorical(y)
    model = keras.Sequential(
        [
            keras.Input((24, 40, 3)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu", padding="same"),
            layers.Conv2D(32, 3, activation="relu", padding="same"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(256, "relu"),
            layers.Dropout(0.5),
            layers.Dense(9, "softmax" if fixed else "relu"),
        ]
    )
    optimizer = keras.optimizers.Adam(0.001 if fixed else 0.0001)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 24}, score=data.accuracy(X, y))


@program(causes="loss output_activation output_units", equivalent="labels learning_rate")
def stackoverflow_55731589(fixed: bool) -> Setup:
    """Five image classes as integers for one sigmoid unit with binary cross-entropy, SGD with momentum."""
    X, y = data.textures(600, size=32, channels=3, classes=5)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, "relu"),
            layers.Dense(5, "softmax") if fixed else layers.Dense(1, "sigmoid"),
        ]
    )
    loss = "sparse_categorical_crossentropy" if fixed else "binary_crossentropy"
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32}, score=data.accuracy(X, y))


@program(causes="normalization_layer", equivalent="dropout learning_rate loss output_activation")
def stackoverflow_57943425(fixed: bool) -> Setup:
    """Batch normalisation over image rows instead of channels, sigmoid outputs, sparse cross-entropy, SGD 0.001."""
    X, y = data.textures(300, size=16, classes=2)
    axis = -1 if fixed else 1
    model = keras.Sequential([keras.Input((16, 16, 1))])
    for filters in (16, 32, 32):
        model.add(layers.Conv2D(filters, 3, activation="relu", padding="same"))
        model.add(layers.BatchNormalization(axis=axis))
        model.add(layers.MaxPooling2D(2))
        model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(128, "relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(2, "softmax" if fixed else "sigmoid"))
    optimizer = keras.optimizers.SGD(0.01 if fixed else 0.001)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 30, "batch_size": 32}, score=data.accuracy(X, y))


@program(causes="output_activation", equivalent="output_units")
def stackoverflow_58844149(fixed: bool) -> Setup:
    """Greyscale images, three convolutions, one-unit softmax."""
    X, y = data.textures(400, size=30, classes=2)
    model = keras.Sequential(
        [
            keras.Input((30, 30, 1)),
            layers.Conv2D(24, 11, activation="relu", padding="same"),
            layers.MaxPooling2D(3),
            layers.Conv2D(32, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(300, "relu"),
            layers.Dropout(0.2),
            layers.Dense(1, "sigmoid" if fixed else "softmax"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 5, "batch_size": 32}, score=data.accuracy(X, y))


@program(causes="labels", equivalent="activation batch_size data loss")
def stackoverflow_59325381(fixed: bool) -> Setup:
    """Labels divided by 255 together with the pixels: every sparse label is cut to class 0."""
    X, digit = data.digit_images()
    y = digit if fixed else digit / 255
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, "relu"),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 2, "batch_size": 32}, score=data.accuracy(X, digit))


@program(causes="learning_rate loss output_activation", equivalent="activation output_units regularization")
def stackoverflow_63212385(fixed: bool) -> Setup:
    """Conv3D on volumes, Poisson loss, SGD 1e-6, L2 everywhere and a one-unit softmax."""
    rng = np.random.default_rng(63212385)
    y = rng.integers(0, 2, 120)
    X = rng.normal(size=(120, 12, 12, 8, 4))
    X[:, 3:9, 3:9, 2:6, :2] += (2 * y - 1)[:, None, None, None, None]
    weak, strong = keras.regularizers.L2(0.005), keras.regularizers.L2(0.01)
    model = keras.Sequential(
        [
            keras.Input((12, 12, 8, 4)),
            layers.Conv3D(16, 3, activation="relu", padding="same", kernel_regularizer=weak),
            layers.MaxPooling3D(2),
            layers.BatchNormalization(),
            layers.Conv3D(16, 3, activation="relu", padding="same", kernel_regularizer=weak),
            layers.MaxPooling3D(2),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(64, "relu", kernel_regularizer=strong),
            layers.Dropout(0.5),
            layers.Dense(64, "relu" if fixed else "sigmoid", kernel_regularizer=strong),
            layers.Dense(1, "sigmoid" if fixed else "softmax", kernel_regularizer=strong),
        ]
    )
    if fixed:
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    else:
        model.compile(keras.optimizers.SGD(1e-6), "poisson", metrics=["accuracy"])
    X = X.astype("float32")
    fit_args = {"epochs": 30 if fixed else 12, "batch_size": 32}
    return Setup(model=model, X=X, y=y, fit_args=fit_args, score=data.accuracy(X, y))


@program(causes="activation", equivalent="architecture capacity initialization normalization_layer")
def stackoverflow_65777704(fixed: bool) -> Setup:
    """Sigmoid 8-16-32-64-128 on images of unit norm: the gradients vanish."""
    X, y = data.moved_digits()
    X = X / np.linalg.norm(X, axis=(1, 2), keepdims=True)
    hidden = "relu" if fixed else "sigmoid"
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            *(layers.Dense(units, hidden) for units in (8, 16, 32, 64, 128)),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    fit_args = {"epochs": 20, "batch_size": 100}
    return Setup(model=model, X=X, y=keras.utils.to_categorical(y), fit_args=fit_args, score=data.accuracy(X, y))


@program(causes="loss output_activation output_units", equivalent="activation labels")
def stackoverflow_66235657(fixed: bool) -> Setup:
    """Seven classes of skin lesions into one sigmoid unit with binary cross-entropy; a linear Dense(64) before it."""
    X, y = data.textures(700, size=28, channels=3, classes=7)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64),
            layers.Dense(7, "softmax") if fixed else layers.Dense(1, "sigmoid"),
        ]
    )
    loss = "sparse_categorical_crossentropy" if fixed else "binary_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32}, score=data.accuracy(X, y))


@program(causes="output_activation", equivalent="loss")
def stackoverflow_68101077(fixed: bool) -> Setup:
    """Ten classes, no softmax, sparse cross-entropy by name: from_logits stays False."""
    X, y = data.digit_images()
    output = layers.Dense(10, "softmax") if fixed else layers.Dense(10)
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(128, "relu"), output])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32}, score=data.accuracy(X, y))
