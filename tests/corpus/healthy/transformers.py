"""Attention: encoder and decoder blocks, vision transformer, mixture of experts."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _block(x, *, heads: int = 2, causal: bool = False):
    """A pre-norm transformer block; the projections in it are linear."""
    width = x.shape[-1]
    normal = layers.LayerNormalization()(x)
    attended = layers.MultiHeadAttention(heads, width // heads)(normal, normal, use_causal_mask=causal)
    x = layers.Add()([x, attended])
    hidden = layers.Dense(2 * width, activation="gelu")(layers.LayerNormalization()(x))
    return layers.Add()([x, layers.Dense(width)(hidden)])


class Positions(layers.Layer):
    """Add a learned vector for every position."""

    def build(self, input_shape) -> None:
        self.table = self.add_weight(shape=input_shape[1:], initializer="random_normal", name="table")

    def call(self, tokens):
        return tokens + self.table


@healthy
def transformer_encoder() -> Setup:
    """Sentences through one encoder block, averaged over time."""
    X, y = data.sentences(600, 20, 200, seed=70)
    inputs = keras.Input((20,), dtype="int32")
    x = Positions()(layers.Embedding(200, 16)(inputs))
    x = layers.GlobalAveragePooling1D()(_block(x))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax")(x))
    model.compile(keras.optimizers.AdamW(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def transformer_decoder_language_model() -> Setup:
    """A causal language model: targets are the inputs shifted by one, the floor is the entropy of the text."""
    rng = np.random.default_rng(71)
    following = rng.integers(0, 20, (20, 2))
    text = np.zeros((500, 17), "int64")
    text[:, 0] = rng.integers(0, 20, 500)
    for t in range(16):
        text[:, t + 1] = following[text[:, t], (rng.uniform(size=500) < 0.3).astype(int)]
    inputs = keras.Input((16,), dtype="int32")
    x = Positions()(layers.Embedding(20, 16)(inputs))
    x = layers.LayerNormalization()(_block(x, causal=True))
    model = keras.Model(inputs, layers.Dense(20)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.005), loss, metrics=["accuracy"])
    return Setup(model=model, X=text[:, :-1], y=text[:, 1:], fit_args={"epochs": 8, "batch_size": 32})


class TiedWords(keras.Model):
    """Predicts a word by comparing a hidden vector with all word vectors."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.embed = layers.Embedding(vocabulary, width)
        self.hidden = [layers.Dense(64, activation="gelu"), layers.Dense(width)]

    def call(self, words):
        x = self.embed(words)
        for layer in self.hidden:
            x = layer(x)
        return ops.matmul(x, ops.transpose(self.embed.embeddings))


@healthy
def tied_output_embedding() -> Setup:
    """The output layer is the embedding, transposed: no last `Dense` at all, one-dimensional input."""
    rng = np.random.default_rng(72)
    chain = rng.permutation(40)
    start = rng.integers(0, 40, 1200)
    model = TiedWords(40, 32)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return Setup(model=model, X=start, y=chain[start], fit_args={"epochs": 12, "batch_size": 64})


@healthy
def vision_transformer() -> Setup:
    """Patches of images through a linear strided convolution (the patch embedding) and one block."""
    X, y = data.digit_images(16)
    inputs = keras.Input((16, 16, 1))
    x = layers.Conv2D(24, 4, strides=4)(inputs)
    x = Positions()(layers.Reshape((16, 24))(x))
    x = _block(x, heads=3)
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X[:1200], y=y[:1200], fit_args={"epochs": 7, "batch_size": 32})


class Encoder(keras.Model):
    """A subclassed encoder with its pieces in lists and dropout that only training sees."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.embed = layers.Embedding(200, width)
        self.attention = layers.MultiHeadAttention(2, width // 2, dropout=0.1)
        self.feed_forward = [layers.Dense(2 * width, activation="relu"), layers.Dense(width), layers.Dropout(0.1)]
        self.normals = [layers.LayerNormalization(), layers.LayerNormalization()]
        self.head = layers.Dense(3, activation="softmax")

    def call(self, tokens, training=None):
        x = self.embed(tokens)
        mask = ops.not_equal(tokens, 0)[:, None, :]
        x = self.normals[0](x + self.attention(x, x, attention_mask=mask, training=training))
        hidden = x
        for layer in self.feed_forward:
            hidden = layer(hidden)
        return self.head(ops.mean(self.normals[1](x + hidden), axis=1))


@healthy
def subclassed_transformer_with_padding_mask() -> Setup:
    """Post-norm, subclassed, padding masked by hand."""
    X, y = data.sentences(600, 20, 200, classes=3, seed=73)
    model = Encoder()
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


class Experts(layers.Layer):
    """Four experts mixed by a softmax gate, with a loss that asks for an even load."""

    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.gate = layers.Dense(4, activation="softmax")
        self.experts = [layers.Dense(units, activation="relu") for _ in range(4)]

    def call(self, inputs):
        share = self.gate(inputs)
        load = ops.mean(share, axis=0)
        self.add_loss(0.01 * 4 * ops.sum(load * load))
        outputs = ops.stack([expert(inputs) for expert in self.experts], axis=1)
        return ops.sum(share[..., None] * outputs, axis=1)


@healthy
def mixture_of_experts() -> Setup:
    """An auxiliary loss through `add_loss`: the total never falls below 0.01."""
    X, y = data.curve(1200, 6, seed=74)
    model = keras.Sequential([Experts(16), Experts(16), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def highway_network() -> Setup:
    """Sigmoid transform gates with biases of -2 in five layers."""
    X, y = data.digits()
    inputs = keras.Input((64,))
    x = layers.Dense(32, activation="relu")(inputs)
    for _ in range(5):
        candidate = layers.Dense(32, activation="relu")(x)
        gate = layers.Dense(32, activation="sigmoid", bias_initializer=keras.initializers.Constant(-2.0))(x)
        x = gate * candidate + (1.0 - gate) * x
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})
