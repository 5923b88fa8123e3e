"""Image inputs: every range of pixel values together with the model that expects it."""

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _convnet(*front: layers.Layer, classes: int = 3) -> keras.Model:
    model = keras.Sequential(
        [
            *front,
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@healthy
def images_between_zero_and_one() -> Setup:
    """Pixels in [0, 1]: all positive, mean far from 0, deviation far below 1."""
    X, y = data.digit_images(16)
    return Setup(model=_convnet(classes=10), X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def images_between_minus_one_and_one() -> Setup:
    """Pixels in [-1, 1]."""
    X, y = data.textures()
    return Setup(model=_convnet(), X=2 * X - 1, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def raw_bytes_with_rescaling() -> Setup:
    """uint8 pixels 0..255, divided by `Rescaling` inside the model."""
    X, y = data.textures(seed=1)
    model = _convnet(layers.Input((24, 24, 1)), layers.Rescaling(1 / 127.5, offset=-1))
    return Setup(model=model, X=(255 * X).astype("uint8"), y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def raw_pixels_with_normalization() -> Setup:
    """Pixels 0..255 as float32, scaled by a `Normalization` layer adapted to them."""
    X, y = data.textures(500, channels=3, seed=2)
    X = np.round(255 * X)
    scale = layers.Normalization(axis=-1)
    scale.adapt(X)
    return Setup(model=_convnet(scale), X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def non_square_images() -> Setup:
    """Spectrogram-like images of 16 x 40 pixels: UMLAUT wants square ones."""
    X, y = data.textures(500, size=40, seed=3)
    return Setup(model=_convnet(), X=X[:, :16], y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def images_into_a_dense_net() -> Setup:
    """Images flattened by the model itself, black borders constant."""
    X, y = data.digit_images(20)
    model = keras.Sequential([layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


def _with_head(backbone: keras.Model, classes: int = 3) -> keras.Model:
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            # The library's 0.999 averages over thousands of steps; a short run needs statistics that follow it.
            layer.momentum = 0.8
    model = keras.Sequential([backbone, layers.Dense(classes, activation="softmax")])
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@healthy
def raw_pixels_into_a_rescaling_backbone() -> Setup:
    """Pixels 0..255 into early MobileNetV3 blocks, which rescale by themselves: dividing by 255 would be the bug."""
    X, y = data.textures(160, size=48, channels=3, seed=4)
    whole = keras.applications.MobileNetV3Small(
        input_shape=(48, 48, 3), alpha=0.75, minimalistic=True, include_top=False, weights=None
    )
    features = layers.GlobalAveragePooling2D()(whole.get_layer("expanded_conv_2_add").output)
    backbone = keras.Model(whole.input, features, name="early_blocks")
    return Setup(model=_with_head(backbone), X=np.round(255 * X), y=y, fit_args={"epochs": 8, "batch_size": 16})


@healthy
def raw_pixels_into_early_efficientnet_blocks() -> Setup:
    """The first blocks of EfficientNet with its own `Rescaling` and `Normalization`; pixels stay 0..255."""
    X, y = data.textures(200, size=32, channels=3, seed=8)
    whole = keras.applications.EfficientNetB0(input_shape=(32, 32, 3), include_top=False, weights=None)
    features = layers.GlobalAveragePooling2D()(whole.get_layer("block2a_project_bn").output)
    backbone = keras.Model(whole.input, features, name="early_blocks")
    return Setup(model=_with_head(backbone), X=np.round(255 * X), y=y, fit_args={"epochs": 8, "batch_size": 16})


@healthy
def preprocessed_pixels_into_mobilenet() -> Setup:
    """Pixels through `preprocess_input`, into (the first blocks of) a backbone that does not rescale."""
    X, y = data.textures(192, size=64, channels=3, seed=5)
    X = keras.applications.mobilenet_v2.preprocess_input(255 * X)
    whole = keras.applications.MobileNetV2(input_shape=(64, 64, 3), alpha=0.35, include_top=False, weights=None)
    features = layers.GlobalAveragePooling2D()(whole.get_layer("block_1_project_BN").output)
    backbone = keras.Model(whole.input, features, name="early_blocks")
    return Setup(model=_with_head(backbone), X=X, y=y, fit_args={"epochs": 8, "batch_size": 16})


@healthy
def preprocessing_called_in_the_graph() -> Setup:
    """Raw pixels; `preprocess_input` is applied to the symbolic input, so the graph rescales without a layer for it."""
    X, y = data.textures(400, size=32, channels=3, seed=6)
    inputs = keras.Input((32, 32, 3))
    x = keras.applications.mobilenet_v2.preprocess_input(inputs)
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, strides=2, activation="relu")(x)
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=np.round(255 * X), y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def caffe_style_preprocessing() -> Setup:
    """BGR pixels less the channel means, -124..151, as VGG and ResNet expect: unscaled, and right behind a BN net."""
    X, y = data.textures(400, size=32, channels=3, seed=7)
    X = keras.applications.resnet.preprocess_input(255 * X)
    model = keras.Sequential()
    for filters in (8, 16):
        model.add(layers.Conv2D(filters, 3, strides=2, use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})
