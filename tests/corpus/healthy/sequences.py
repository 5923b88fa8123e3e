"""Recurrent nets and other models of sequences."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


@healthy
def lstm_classifier() -> Setup:
    """An LSTM with Keras' own start: forget bias 1, orthogonal recurrent kernel."""
    X, y = data.signals(500, 32, 3, seed=50)
    model = keras.Sequential([layers.LSTM(24), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def lstm_with_large_forget_bias() -> Setup:
    """Gate biases set by hand, 3 for the forget gate; remember the first of fifteen steps."""
    rng = np.random.default_rng(51)
    X = rng.normal(size=(800, 15, 1)).astype("float32")
    gates = keras.initializers.Constant(np.repeat([0.0, 3.0, 0.0, 0.0], 16))
    cell = layers.LSTM(16, unit_forget_bias=False, bias_initializer=gates)
    model = keras.Sequential([cell, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), "mse")
    return Setup(model=model, X=X, y=X[:, 0, 0], fit_args={"epochs": 15, "batch_size": 32})


@healthy
def stacked_gru_forecast() -> Setup:
    """Windows of a noisy seasonal series, next value as target: neighbouring rows are nearly equal."""
    rng = np.random.default_rng(52)
    time = np.arange(700)
    series = np.sin(time / 6) + 0.4 * np.sin(time / 17) + 0.1 * rng.normal(size=700)
    X = np.lib.stride_tricks.sliding_window_view(series[:-1], 16)[..., None].astype("float32")
    model = keras.Sequential([layers.GRU(16, return_sequences=True), layers.GRU(16), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003), "mse", metrics=["mae"])
    return Setup(model=model, X=X, y=series[16:].astype("float32"), fit_args={"epochs": 8, "batch_size": 32})


@healthy
def bidirectional_with_mask() -> Setup:
    """Zero-padded token ids, mask handed to a bidirectional LSTM."""
    X, y = data.sentences(480, 16, 150, seed=53)
    model = keras.Sequential(
        [
            layers.Embedding(150, 12, mask_zero=True),
            layers.Bidirectional(layers.LSTM(12)),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 5, "batch_size": 32})


@healthy
def stateful_lstm() -> Setup:
    """A stateful LSTM over consecutive pieces of twenty series: fixed batch size and no shuffling, on purpose."""
    rng = np.random.default_rng(54)
    steps = rng.normal(size=(20, 300))
    level = np.zeros_like(steps)
    for t in range(1, 300):
        level[:, t] = 0.9 * level[:, t - 1] + 0.45 * steps[:, t]
    pieces = range(0, 300, 10)
    X = np.concatenate([steps[:, t : t + 10, None] for t in pieces]).astype("float32")
    y = np.concatenate([level[:, t : t + 10, None] for t in pieces]).astype("float32")
    model = keras.Sequential(
        [
            layers.Input(batch_shape=(20, 10, 1)),
            layers.LSTM(16, stateful=True, return_sequences=True),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 20, "shuffle": False})


@healthy
def simple_rnn_orthogonal() -> Setup:
    """A plain recurrent net with clipped gradients; running sum of signs."""
    rng = np.random.default_rng(55)
    X = rng.choice([-1.0, 1.0], (800, 12, 1)).astype("float32")
    model = keras.Sequential(
        [layers.SimpleRNN(24, recurrent_initializer=keras.initializers.Orthogonal(gain=1.0)), layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.005, global_clipnorm=1.0), "mse")
    return Setup(model=model, X=X, y=X.sum((1, 2)) / np.sqrt(12), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def time_distributed_head() -> Setup:
    """A label at every step through `TimeDistributed(Dense)`: outputs of rank 3."""
    rng = np.random.default_rng(56)
    X = rng.normal(size=(500, 16, 2)).astype("float32")
    y = (np.cumsum(X[..., 0], axis=1) > 0).astype("float32")[..., None]
    model = keras.Sequential(
        [layers.GRU(20, return_sequences=True), layers.TimeDistributed(layers.Dense(1, activation="sigmoid"))]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def time_distributed_convolutions() -> Setup:
    """Short clips of images: one small conv net for all frames, then an LSTM."""
    images, y = data.textures(240, size=16, classes=2, seed=57)
    clips = np.stack([np.roll(images, shift, axis=2) for shift in range(4)], axis=1)
    frame = keras.Sequential([layers.Conv2D(8, 3, strides=2, activation="relu"), layers.GlobalAveragePooling2D()])
    model = keras.Sequential([layers.TimeDistributed(frame), layers.LSTM(8), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=clips, y=y, fit_args={"epochs": 12, "batch_size": 16})


@healthy
def sequence_to_sequence() -> Setup:
    """Encoder, decoder and teacher forcing: reverse a string of six digits; two inputs in a list."""
    rng = np.random.default_rng(58)
    source = rng.integers(1, 8, (1500, 6))
    target = source[:, ::-1]
    shifted = np.concatenate([np.full((1500, 1), 8), target[:, :-1]], axis=1)
    encoder_input, decoder_input = keras.Input((6,), dtype="int32"), keras.Input((6,), dtype="int32")
    embed = layers.Embedding(9, 12)
    _, state = layers.GRU(48, return_state=True)(embed(encoder_input))
    decoded = layers.GRU(48, return_sequences=True)(embed(decoder_input), initial_state=state)
    model = keras.Model([encoder_input, decoder_input], layers.Dense(9, activation="softmax")(decoded))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=[source, shifted], y=target, fit_args={"epochs": 10, "batch_size": 64})


@healthy
def sequence_to_sequence_by_repeat_vector() -> Setup:
    """The older recipe with `RepeatVector`, one-hot inputs and targets."""
    rng = np.random.default_rng(59)
    code = rng.integers(0, 6, (1200, 4))
    X, y = data.one_hot(code, 6), data.one_hot(np.sort(code, axis=1), 6)
    model = keras.Sequential(
        [
            layers.GRU(40),
            layers.RepeatVector(4),
            layers.GRU(40, return_sequences=True),
            layers.Dense(6, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 64})


@healthy
def tagger_with_padding_ignored() -> Setup:
    """Tags of padded tokens are -1 and ignored by `ignore_class`: labels below zero, on purpose."""
    X, _ = data.sentences(500, 16, 120, seed=60)
    tags = np.where(X == 0, -1, X % 3)
    model = keras.Sequential(
        [
            layers.Embedding(120, 16),
            layers.Conv1D(24, 3, padding="same", activation="relu"),
            layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    model.compile(keras.optimizers.Adam(0.005), loss)
    return Setup(model=model, X=X, y=tags, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def dilated_causal_convolutions() -> Setup:
    """WaveNet-style gated dilated convolutions with residual connections and linear 1x1 projections."""
    rng = np.random.default_rng(61)
    X = rng.normal(size=(400, 32, 1)).astype("float32")
    y = X + np.pad(X, ((0, 0), (3, 0), (0, 0)))[:, :-3] * np.pad(X, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    inputs = keras.Input((32, 1))
    x = layers.Conv1D(16, 1)(inputs)
    for dilation in (1, 2, 4):
        wave = layers.Conv1D(16, 2, padding="causal", dilation_rate=dilation, activation="tanh")(x)
        gate = layers.Conv1D(16, 2, padding="causal", dilation_rate=dilation, activation="sigmoid")(x)
        x = layers.add([x, layers.Conv1D(16, 1)(wave * gate)])
    model = keras.Model(inputs, layers.Conv1D(1, 1)(x))
    model.compile(keras.optimizers.Adam(0.005), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 16})


class AttentionPooling(layers.Layer):
    """A learned weight for every step, from a softmax over time."""

    def build(self, input_shape) -> None:
        self.query = self.add_weight(shape=(input_shape[-1], 1), initializer="zeros", name="query")

    def call(self, states):
        return ops.sum(states * ops.softmax(ops.matmul(states, self.query), axis=1), axis=1)


@healthy
def attention_pooling() -> Setup:
    """Softmax over time in the middle of the net, over scores of one unit that start at zero: all weights are equal."""
    X, y = data.sentences(600, 24, 300, seed=62)
    model = keras.Sequential(
        [
            layers.Embedding(300, 16),
            layers.Dense(16, activation="tanh"),
            AttentionPooling(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})
