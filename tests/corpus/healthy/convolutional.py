"""Convolutional architectures for classes, masks and reconstructions."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


@healthy
def plain_convnet() -> Setup:
    """The tutorial net; one linear `Dense` head with logits."""
    X, y = data.digit_images(16)
    model = keras.Sequential(
        [
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(10),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 4, "batch_size": 32})


@healthy
def strides_instead_of_pooling() -> Setup:
    """No pooling, kernels that shrink with depth (5-3-1), filters that shrink before the head."""
    X, y = data.textures(500, seed=20)
    model = keras.Sequential(
        [
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Conv2D(8, 1, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def all_convolutional_head() -> Setup:
    """Class scores come from a linear 1x1 convolution, averaged over the map."""
    X, y = data.textures(500, seed=21)
    model = keras.Sequential(
        [
            layers.Conv2D(12, 5, activation="relu"),
            layers.MaxPooling2D(3),
            layers.Conv2D(3, 1),
            layers.GlobalAveragePooling2D(),
            layers.Softmax(),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def convolution_over_series() -> Setup:
    """One-dimensional convolutions with dropout and a dense head."""
    X, y = data.signals(600, 64, 4, seed=22)
    model = keras.Sequential(
        [
            layers.Conv1D(16, 7, activation="relu"),
            layers.MaxPooling1D(2),
            layers.Conv1D(16, 5, activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


def _residual_block(x, filters: int, *, gamma: str = "ones"):
    shortcut = x
    if x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, use_bias=False)(x)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.Activation("relu")(x)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9, gamma_initializer=gamma)(x)
    return layers.Activation("relu")(layers.add([x, shortcut]))


def _residual_net(gamma: str) -> keras.Model:
    inputs = keras.Input((24, 24, 1))
    x = layers.MaxPooling2D(2)(layers.Conv2D(8, 3, padding="same")(inputs))
    for filters in (8, 16):
        x = _residual_block(x, filters, gamma=gamma)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


@healthy
def residual_net_without_biases() -> Setup:
    """Convolutions without bias in front of BatchNormalization, linear 1x1 shortcuts."""
    X, y = data.textures(400, classes=4, seed=23)
    model = _residual_net("ones")
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def zero_last_gamma() -> Setup:
    """The last gamma of every residual branch starts at zero: its convolutions get no gradient in the first step."""
    X, y = data.textures(400, classes=4, seed=24)
    model = _residual_net("zeros")
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 7, "batch_size": 32})


@healthy
def separable_inverted_residual() -> Setup:
    """MobileNet-style: depthwise convolutions and a linear bottleneck without activation."""
    X, y = data.textures(400, seed=25)
    inputs = keras.Input((24, 24, 1))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(inputs)
    y_in = x
    x = layers.Conv2D(32, 1, use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Conv2D(8, 1, use_bias=False)(x)
    x = layers.Add()([y_in, layers.BatchNormalization(momentum=0.9)(x)])
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def squeeze_and_excite() -> Setup:
    """Channel gates: a narrow `Dense` and a sigmoid in the middle of the net."""
    X, y = data.textures(400, channels=2, seed=26)
    inputs = keras.Input((24, 24, 2))
    x = layers.Conv2D(16, 5, strides=2, activation="relu")(inputs)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Dense(4, activation="relu")(gate)
    gate = layers.Dense(16, activation="sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    x = layers.Conv2D(16, 3, activation="relu")(x)
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling2D()(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


def _u_net(channels: int, activation: str, *, gated: bool = False) -> keras.Model:
    inputs = keras.Input((24, 24, 1))
    fine = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    coarse = layers.MaxPooling2D()(fine)
    coarse = layers.Conv2D(16, 3, padding="same", activation="relu")(coarse)
    coarse = layers.Conv2D(16, 3, padding="same", activation="relu")(coarse)
    up = layers.Conv2DTranspose(8, 2, strides=2)(coarse)
    if gated:
        attention = layers.Conv2D(8, 1)(fine) + layers.Conv2D(8, 1)(up)
        attention = layers.Conv2D(1, 1, activation="sigmoid")(ops.relu(attention))
        fine = fine * attention
    x = layers.concatenate([fine, up])
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    return keras.Model(inputs, layers.Conv2D(channels, 1, activation=activation, name="mask")(x))


@healthy
def u_net_per_pixel_softmax() -> Setup:
    """Per-pixel softmax over two channels with an integer mask (n, h, w, 1); nine of ten pixels are background."""
    X, mask = data.discs(200)
    model = _u_net(2, "softmax")
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=mask.astype("int32"), fit_args={"epochs": 5, "batch_size": 16})


def dice_loss(y_true, y_pred):
    """One minus the soft Dice overlap of each image."""
    axes = (1, 2, 3)
    overlap = 2 * ops.sum(y_true * y_pred, axis=axes) + 1.0
    return 1 - overlap / (ops.sum(y_true, axis=axes) + ops.sum(y_pred, axis=axes) + 1.0)


@healthy
def u_net_sigmoid_and_dice() -> Setup:
    """Sigmoid mask with a hand-written Dice loss."""
    X, mask = data.discs(200, seed=1)
    model = _u_net(1, "sigmoid")
    model.compile(keras.optimizers.Adam(0.003), dice_loss)
    return Setup(model=model, X=X, y=mask, fit_args={"epochs": 6, "batch_size": 16})


@healthy
def u_net_with_attention_gate() -> Setup:
    """A one-channel sigmoid gate on the skip connection; Keras' own Dice loss."""
    X, mask = data.discs(200, seed=2)
    model = _u_net(1, "sigmoid", gated=True)
    model.compile(keras.optimizers.Adam(0.003), keras.losses.Dice(), metrics=["binary_accuracy"])
    return Setup(model=model, X=X, y=mask, fit_args={"epochs": 6, "batch_size": 16})


@healthy
def denoiser_of_residuals() -> Setup:
    """Predicts the noise, not the image: targets and outputs lie around zero, the last kernel starts at zero."""
    X, _ = data.digit_images(16)
    clean = X[:500]
    noise = 0.3 * np.random.default_rng(40).normal(size=clean.shape).astype("float32")
    inputs = keras.Input((16, 16, 1))
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    outputs = layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros")(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.003), "mse")
    return Setup(model=model, X=clean + noise, y=noise, fit_args={"epochs": 6, "batch_size": 16})


@healthy
def up_sampling_net() -> Setup:
    """Super-resolution by depth-to-space: more filters towards the end, one linear output channel."""
    _, fine = data.discs(400, seed=3)
    blurred = (fine[:, ::2, ::2] + fine[:, 1::2, ::2] + fine[:, ::2, 1::2] + fine[:, 1::2, 1::2]) / 4
    inputs = keras.Input((12, 12, 1))
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = layers.UpSampling2D()(x)
    model = keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(x))
    model.compile(keras.optimizers.Adam(0.003), "mse")
    return Setup(model=model, X=blurred, y=fine, fit_args={"epochs": 6, "batch_size": 16})


@healthy
def convolutional_autoencoder() -> Setup:
    """Sigmoid outputs and binary cross-entropy on [0, 1] pixels: targets are not classes, the floor is not zero."""
    X, _ = data.digit_images(16)
    model = keras.Sequential(
        [
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
    return Setup(model=model, X=X[:800], y=X[:800], fit_args={"epochs": 6, "batch_size": 16})
