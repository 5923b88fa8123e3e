"""Siamese, triplet and contrastive training: losses over pairs, triples and whole batches."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _embedder(units: int = 8, *, unit_length: bool = False) -> keras.Model:
    stack = [layers.Input((64,)), layers.Dense(48, activation="relu"), layers.Dense(units)]
    if unit_length:
        stack.append(layers.UnitNormalization())
    return keras.Sequential(stack, name="embedder")


def _pairs(seed: int, n: int = 2000) -> tuple[list[np.ndarray], np.ndarray]:
    """Pairs of digits, half of them of one class, and whether they are."""
    X, y = data.digits()
    rng = np.random.default_rng(seed)
    left = rng.integers(0, len(y), n)
    right = np.array([rng.choice(np.flatnonzero((y == y[i]) == (k % 2 == 0))) for k, i in enumerate(left)])
    return [X[left], X[right]], (y[left] == y[right]).astype("float32")


@healthy
def siamese_with_sigmoid() -> Setup:
    """One embedder for both inputs, absolute difference, sigmoid."""
    X, same = _pairs(100)
    left, right = keras.Input((64,)), keras.Input((64,))
    embed = _embedder(16)
    distance = ops.absolute(embed(left) - embed(right))
    model = keras.Model([left, right], layers.Dense(1, activation="sigmoid")(distance))
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=same, fit_args={"epochs": 10, "batch_size": 32})


def contrastive_loss(same, distance):
    """Pull equal pairs together, push others apart up to the margin 1."""
    return ops.mean(same * distance**2 + (1 - same) * ops.maximum(1.0 - distance, 0.0) ** 2, axis=-1)


@healthy
def siamese_with_contrastive_loss() -> Setup:
    """The output is a distance, not a probability, against labels 0 and 1; the embedding is linear."""
    X, same = _pairs(101)
    left, right = keras.Input((64,)), keras.Input((64,))
    embed = _embedder()
    squared = ops.sum((embed(left) - embed(right)) ** 2, axis=1, keepdims=True)
    model = keras.Model([left, right], ops.sqrt(squared + 1e-6))
    model.compile(keras.optimizers.Adam(0.003), contrastive_loss)
    return Setup(model=model, X=X, y=same[:, None], fit_args={"epochs": 8, "batch_size": 32})


def triplet_loss(_, embedded):
    """Margin loss on anchor, positive and negative, side by side on axis 1; the targets are placeholders."""
    anchor, positive, negative = embedded[:, 0], embedded[:, 1], embedded[:, 2]
    near, far = ops.sum((anchor - positive) ** 2, axis=-1), ops.sum((anchor - negative) ** 2, axis=-1)
    return ops.maximum(near - far + 0.5, 0.0)


@healthy
def triplet_with_placeholder_targets() -> Setup:
    """All targets are zero because the loss needs none; three inputs share one embedder."""
    X, y = data.digits()
    rng = np.random.default_rng(102)
    anchor = rng.integers(0, len(y), 1500)
    positive = np.array([rng.choice(np.flatnonzero(y == y[i])) for i in anchor])
    negative = np.array([rng.choice(np.flatnonzero(y != y[i])) for i in anchor])
    inputs = [keras.Input((64,), name=name) for name in ("anchor", "positive", "negative")]
    embed = _embedder(unit_length=True)
    model = keras.Model(inputs, ops.stack([embed(x) for x in inputs], axis=1))
    model.compile(keras.optimizers.Adam(0.003), triplet_loss)
    X = [X[anchor], X[positive], X[negative]]
    return Setup(model=model, X=X, y=np.zeros(1500, "float32"), fit_args={"epochs": 8, "batch_size": 32})


def supervised_contrastive(labels, embedded):
    """Every row of the batch against all the others: the loss of a row depends on its batch."""
    labels = ops.reshape(labels, (-1, 1))
    same = ops.cast(ops.equal(labels, ops.transpose(labels)), "float32") - ops.eye(ops.shape(labels)[0])
    scores = ops.matmul(embedded, ops.transpose(embedded)) / 0.2 - 1e9 * ops.eye(ops.shape(labels)[0])
    log_share = scores - ops.logsumexp(scores, axis=1, keepdims=True)
    return -ops.sum(same * log_share, axis=1) / ops.maximum(ops.sum(same, axis=1), 1.0)


@healthy
def supervised_contrastive_batches() -> Setup:
    """In-batch loss on unit vectors; the label is an integer, the output an embedding without activation."""
    X, y = data.digits()
    model = _embedder(16, unit_length=True)
    model.compile(keras.optimizers.Adam(0.003), supervised_contrastive)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 64})


class ContrastiveHead(layers.Layer):
    """Two views of a batch in, matching scores out, the in-batch cross-entropy as `add_loss`."""

    def call(self, views):
        first, second = views
        scores = ops.matmul(first, ops.transpose(second)) / 0.2
        matches = ops.arange(ops.shape(scores)[0])
        self.add_loss(ops.mean(keras.losses.sparse_categorical_crossentropy(matches, scores, from_logits=True)))
        return scores


@healthy
def two_views_without_targets() -> Setup:
    """SimCLR-like: no targets and no compiled loss at all, everything comes from `add_loss`."""
    X, _ = data.digits()
    inputs = keras.Input((64,))
    embed = _embedder(16, unit_length=True)
    views = [embed(layers.GaussianNoise(0.3, seed=seed)(inputs)) for seed in (1, 2)]
    model = keras.Model(inputs, ContrastiveHead()(views))
    model.compile(keras.optimizers.Adam(0.003))
    return Setup(model=model, X=X[:1792], fit_args={"epochs": 8, "batch_size": 64})
