"""Data that reaches `fit` by other roads than arrays: tf.data, PyDataset, generators, pandas, dicts and lists."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _classifier(classes: int, rate: float = 0.005, width: int = 32) -> keras.Model:
    model = keras.Sequential([layers.Dense(width, activation="relu"), layers.Dense(classes, activation="softmax")])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@healthy
def tf_data_shuffled_and_batched() -> Setup:
    """The pipeline of the tutorials: shuffle, batch, prefetch."""
    X, y = data.digits()
    pipeline = tf.data.Dataset.from_tensor_slices((X, y)).shuffle(2000).batch(32).prefetch(tf.data.AUTOTUNE)
    return Setup(model=_classifier(10), X=pipeline, fit_args={"epochs": 6})


@healthy
def tf_data_repeated_with_steps_per_epoch() -> Setup:
    """An endless pipeline: whoever reads it to the end never returns."""
    X, y = data.digits()
    pipeline = tf.data.Dataset.from_tensor_slices((X, y)).repeat().shuffle(500, seed=1).batch(32)
    return Setup(model=_classifier(10), X=pipeline, fit_args={"epochs": 6, "steps_per_epoch": 50})


@healthy
def tf_data_repeated_a_few_times() -> Setup:
    """`repeat(3)` inside one epoch, the last batch dropped."""
    X, y = data.wine()
    pipeline = tf.data.Dataset.from_tensor_slices((X, y)).shuffle(178).repeat(3).batch(16, drop_remainder=True)
    return Setup(model=_classifier(3), X=pipeline, fit_args={"epochs": 6})


@healthy
def tf_data_scaling_in_a_map() -> Setup:
    """uint8 images scaled in a `map`; the arrays behind the pipeline are raw, what the model sees is not."""
    images, y = data.textures(480, seed=150)
    raw = (255 * images).astype("uint8")

    def scaled(image, label):
        return tf.cast(image, tf.float32) / 255.0, label

    pipeline = tf.data.Dataset.from_tensor_slices((raw, y)).shuffle(480).map(scaled).batch(32)
    model = keras.Sequential(
        [
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(12, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=pipeline, fit_args={"epochs": 8})


@healthy
def tf_data_augmented_and_cached() -> Setup:
    """Cache first, then random flips: no two epochs see the same rows."""
    images, mask = data.discs(400, seed=151)
    large = (mask.sum((1, 2, 3)) > np.median(mask.sum((1, 2, 3)))).astype("float32")

    def flipped(image, label):
        return tf.image.random_flip_left_right(tf.image.random_flip_up_down(image)), label

    pipeline = tf.data.Dataset.from_tensor_slices((images, large[:, None])).cache().shuffle(400).map(flipped).batch(20)
    model = keras.Sequential(
        [
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=pipeline, fit_args={"epochs": 10})


@healthy
def tf_data_with_sample_weights() -> Setup:
    """Triples of inputs, targets and weights."""
    X, y = data.imbalanced(2000, seed=152)
    weights = np.where(y == 1, 10.0, 0.5).astype("float32")
    pipeline = tf.data.Dataset.from_tensor_slices((X, y, weights)).shuffle(2000).batch(50)
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy", weighted_metrics=["accuracy"])
    return Setup(model=model, X=pipeline.map(lambda x, y, w: (x, y[:, None], w)), fit_args={"epochs": 8})


@healthy
def tf_data_of_dicts() -> Setup:
    """Dicts of named features and named targets."""
    X, y = data.curve(1000, 4, seed=153)
    features = {"near": X[:, :2], "far": X}
    targets = {"height": y[:, None], "sign": (y > 0).astype("float32")[:, None]}
    pipeline = tf.data.Dataset.from_tensor_slices((features, targets)).batch(40)
    near, far = keras.Input((2,), name="near"), keras.Input((4,), name="far")
    x = layers.Dense(32, activation="relu")(layers.Concatenate()([near, far]))
    outputs = {"height": layers.Dense(1)(x), "sign": layers.Dense(1, activation="sigmoid")(x)}
    model = keras.Model({"near": near, "far": far}, outputs)
    model.compile(keras.optimizers.Adam(0.01), {"height": "mse", "sign": "binary_crossentropy"})
    return Setup(model=model, X=pipeline, fit_args={"epochs": 12})


@healthy
def tf_data_windows_of_a_series() -> Setup:
    """`timeseries_dataset_from_array`: windows in time order, unshuffled."""
    rng = np.random.default_rng(154)
    series = np.sin(np.arange(900) / 5) + 0.1 * rng.normal(size=900)
    windows = keras.utils.timeseries_dataset_from_array(
        series[:-1, None].astype("float32"), series[20:].astype("float32"), sequence_length=20, batch_size=32
    )
    model = keras.Sequential([layers.Reshape((20,)), layers.Dense(24, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003), "mse")
    return Setup(model=model, X=windows, fit_args={"epochs": 8})


@healthy
def tf_data_from_a_generator() -> Setup:
    """Batches of unequal size from a Python generator: the pipeline knows no length."""
    X, y = data.digits()

    def batches():
        start = 0
        for number in range(60):
            size = 20 + number % 20
            if start + size > len(y):
                return
            yield X[start : start + size], y[start : start + size]
            start += size

    signature = (tf.TensorSpec((None, 64), tf.float32), tf.TensorSpec((None,), tf.int64))
    pipeline = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return Setup(model=_classifier(10), X=pipeline, fit_args={"epochs": 8})


@healthy
def ragged_texts_padded_by_batch() -> Setup:
    """Token lists of unequal length, padded per batch: every batch has its own shape."""
    tokens, y = data.sentences(600, 30, 200, seed=155)
    rows = [row[row > 0] for row in tokens]
    pipeline = tf.data.Dataset.from_generator(
        lambda: zip(rows, y, strict=True),
        output_signature=(tf.TensorSpec((None,), tf.int32), tf.TensorSpec((), tf.int64)),
    )
    model = keras.Sequential(
        [layers.Embedding(200, 16, mask_zero=True), layers.GlobalAveragePooling1D(), layers.Dense(2, "softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=pipeline.padded_batch(32), fit_args={"epochs": 8})


class Shards(keras.utils.PyDataset):
    """Batches of digits by number, reordered after each epoch."""

    def __init__(self, batch_size: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.X, self.y = data.digits()
        self.batch_size = batch_size
        self.rng = np.random.default_rng(156)
        self.order = np.arange(len(self.y))

    def __len__(self) -> int:
        return math.ceil(len(self.y) / self.batch_size)

    def __getitem__(self, index: int):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.X[rows], self.y[rows]

    def on_epoch_end(self) -> None:
        self.rng.shuffle(self.order)


@healthy
def py_dataset() -> Setup:
    """A `PyDataset` with its own order of rows."""
    return Setup(model=_classifier(10), X=Shards(32), fit_args={"epochs": 6})


class Balanced(keras.utils.PyDataset):
    """Random batches with as many rare rows as common ones, drawn anew at every request."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        X, y = data.imbalanced(2000, seed=157)
        self.common, self.rare = X[y == 0], X[y == 1]
        self.rng = np.random.default_rng(157)

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: int):
        picked = [part[self.rng.integers(0, len(part), 16)] for part in (self.common, self.rare)]
        labels = np.repeat([0.0, 1.0], 16).astype("float32")[:, None]
        return np.concatenate(picked), labels


@healthy
def py_dataset_balanced_by_sampling() -> Setup:
    """The same index gives other rows each time; every batch is sorted by class."""
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=Balanced(), fit_args={"epochs": 8})


@healthy
def endless_generator() -> Setup:
    """A plain Python generator of fresh synthetic batches: what is read before `fit` is no loss."""

    def batches():
        rng = np.random.default_rng(158)
        while True:
            X = rng.normal(size=(32, 4)).astype("float32")
            yield X, (X[:, :1] * X[:, 1:2] + X[:, 2:3]).astype("float32")

    model = keras.Sequential([layers.Input((4,)), layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return Setup(model=model, X=batches(), fit_args={"epochs": 8, "steps_per_epoch": 50})
