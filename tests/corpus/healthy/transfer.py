"""Pre-trained-style backbones: frozen with a new head, fine-tuned, and augmentation in front of a net."""

import keras
import numpy as np
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _trained_backbone(*, normalised: bool) -> keras.Model:
    """A small conv net without its head, trained on stripes of six directions."""
    X, y = data.textures(400, classes=6, seed=30)
    body = keras.Sequential(name="backbone")
    for filters in (12, 16):
        body.add(layers.Conv2D(filters, 5, strides=2, use_bias=not normalised))
        if normalised:
            body.add(layers.BatchNormalization(momentum=0.8))
        body.add(layers.ReLU())
    body.add(layers.GlobalMaxPooling2D())
    classifier = keras.Sequential([body, layers.Dense(6, activation="softmax")])
    classifier.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    classifier.fit(X, y, epochs=6, batch_size=32, verbose=0)
    return body


@healthy
def frozen_backbone_new_head() -> Setup:
    """Most weights do not change, on purpose: only the head is trainable."""
    X, y = data.textures(300, classes=3, seed=31)
    backbone = _trained_backbone(normalised=False)
    backbone.trainable = False
    model = keras.Sequential([backbone, layers.Dropout(0.2), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 16})


@healthy
def frozen_backbone_in_inference_mode() -> Setup:
    """Frozen backbone called with `training=False`, so that its BatchNormalization keeps its statistics."""
    X, y = data.textures(300, classes=3, seed=32)
    backbone = _trained_backbone(normalised=True)
    backbone.trainable = False
    inputs = keras.Input((24, 24, 1))
    outputs = layers.Dense(3)(backbone(inputs, training=False))
    model = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 16})


@healthy
def fine_tuning_with_frozen_normalization() -> Setup:
    """The last convolution is tuned at a small rate, every BatchNormalization stays frozen."""
    X, y = data.textures(300, classes=8, seed=33)
    backbone = _trained_backbone(normalised=True)
    for layer in backbone.layers[:-4]:
        layer.trainable = False
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    head = layers.Dense(8, activation="softmax")
    warm_up = keras.Sequential([backbone, head])
    warm_up.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    warm_up.fit(X, y, epochs=1, verbose=0)
    model = keras.Sequential([backbone, head])
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 16})


@healthy
def frozen_random_features() -> Setup:
    """An extreme learning machine: a wide random tanh layer that is never trained, and a linear head."""
    X, y = data.digits()
    spread = keras.initializers.RandomNormal(stddev=0.4)
    features = layers.Dense(400, activation="tanh", kernel_initializer=spread, bias_initializer=spread, trainable=False)
    model = keras.Sequential([layers.Input((64,)), features, layers.Dense(10, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def frozen_word_vectors() -> Setup:
    """A given embedding matrix as `Constant` initialiser, not trainable."""
    X, y = data.sentences(800, 24, 300, seed=34)
    vectors = np.random.default_rng(34).normal(size=(300, 24))
    vectors[1:21, 0] += 2
    vectors[21:41, 0] -= 2
    model = keras.Sequential(
        [
            layers.Embedding(300, 24, embeddings_initializer=keras.initializers.Constant(vectors), trainable=False),
            layers.GlobalAveragePooling1D(),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def augmentation_in_the_model() -> Setup:
    """Random flips, shifts and zooms inside the model: training loss stays above the loss without them."""
    X, mask = data.discs(500, seed=35)
    large = (mask.sum((1, 2, 3)) > np.median(mask.sum((1, 2, 3)))).astype("int64")
    model = keras.Sequential(
        [
            layers.Input((24, 24, 1)),
            layers.RandomFlip("horizontal_and_vertical"),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomContrast(0.1),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=large, fit_args={"epochs": 16, "batch_size": 32})


@healthy
def noise_augmentation_for_tables() -> Setup:
    """Gaussian noise on the inputs as augmentation for a table."""
    X, y = data.wine()
    model = keras.Sequential(
        [layers.GaussianNoise(0.3), layers.Dense(32, activation="relu"), layers.Dense(3, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 16})
