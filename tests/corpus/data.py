"""Data of the shapes, scales and encodings that the corpus needs; bundled where real, seeded where synthetic."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import datasets

Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


@functools.cache
def digits() -> Arrays:
    """scikit-learn's digits: (1797, 64) float32 in [0, 1], int64 labels 0..9, rows in random order."""
    X, y = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return (X[order] / 16).astype("float32"), y[order].astype("int64")


def digit_images(size: int = 28) -> Arrays:
    """Digits as (1797, size, size, 1) float32 images in [0, 1]: each pixel repeated, the border black."""
    X, y = digits()
    factor = size // 8
    images = X.reshape(-1, 8, 8, 1).repeat(factor, axis=1).repeat(factor, axis=2)
    border = size - 8 * factor
    pad = (border // 2, border - border // 2)
    return np.pad(images, ((0, 0), pad, pad, (0, 0))), y


def one_hot(y: np.ndarray[Any, Any], classes: int | None = None) -> np.ndarray[Any, Any]:
    """Integer labels (n,) as float32 (n, classes)."""
    return np.eye(classes or int(y.max()) + 1, dtype="float32")[y]


def cancer(*, scaled: bool = True) -> Arrays:
    """scikit-learn's breast-cancer table: (569, 30), int64 labels 0/1; raw columns reach from 1e-3 to 4e3."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    if scaled:
        X = (X - X.mean(0)) / X.std(0)
    order = np.random.default_rng(1).permutation(len(y))
    return X[order].astype("float32"), y[order].astype("int64")


def table(n: int = 1000, columns: int = 5, classes: int = 2, seed: int = 0) -> Arrays:
    """A z-scored synthetic classification table whose classes a small ReLU net separates."""
    X, y = datasets.make_classification(
        n, columns, n_informative=min(columns, 8), n_redundant=0, n_classes=classes,
        n_clusters_per_class=1, class_sep=1.6, random_state=seed,
    )  # fmt: skip
    return ((X - X.mean(0)) / X.std(0)).astype("float32"), y.astype("int64")


def curve(n: int = 1500, columns: int = 5, seed: int = 0) -> Arrays:
    """A smooth non-linear regression: z-scored inputs (n, columns), standardised float32 targets (n,)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns)).astype("float32")
    y = X[:, 0] * np.tanh(X[:, 1 % columns]) + np.sin(1.5 * X[:, 2 % columns]) + 0.5 * X[:, -1]
    y = y + 0.1 * rng.normal(size=n)
    return X, ((y - y.mean()) / y.std()).astype("float32")


def textures(n: int = 600, size: int = 24, channels: int = 1, classes: int = 3, seed: int = 0) -> Arrays:
    """Noisy stripe images (n, size, size, channels) in [0, 1]; the class is the direction of the stripes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    rows, columns = np.mgrid[:size, :size]
    angle = (np.pi * y / classes)[:, None, None]
    phase = rng.uniform(0, 2 * np.pi, n)[:, None, None]
    waves = np.sin(0.9 * (np.cos(angle) * rows + np.sin(angle) * columns) + phase)
    images = 0.4 + 0.25 * waves[..., None] + 0.12 * rng.normal(size=(n, size, size, channels))
    return np.clip(images, 0, 1).astype("float32"), y.astype("int64")


def signals(n: int = 600, length: int = 64, classes: int = 3, seed: int = 0) -> Arrays:
    """Noisy sine waves (n, length, 1); the class is the frequency."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    time = np.arange(length) / length
    waves = np.sin(2 * np.pi * (2 + 3 * y)[:, None] * time + rng.uniform(0, 2 * np.pi, n)[:, None])
    return (waves + 0.3 * rng.normal(size=(n, length)))[..., None].astype("float32"), y.astype("int64")


def spots(n: int = 500, size: int = 24, radius: Any = 0.2, seed: int = 0) -> Arrays:
    """Noisy images (n, size, size, 1) in [0, 1] of one bright disc each, and the discs' centres (n, 2).

    Centres and radius, one for all or an array (n,), are fractions of the size.
    """
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0.3, 0.7, size=(n, 2)).astype("float32")
    rows, columns = (np.mgrid[:size, :size] + 0.5) / size
    away = np.hypot(rows - centre[:, 0, None, None], columns - centre[:, 1, None, None])
    inside = away < np.broadcast_to(radius, n)[:, None, None]
    images = 0.25 + 0.5 * inside + 0.15 * rng.normal(size=inside.shape)
    return np.clip(images, 0, 1)[..., None].astype("float32"), centre


@functools.cache
def wine() -> Arrays:
    """scikit-learn's wine table: z-scored (178, 13) float32, int64 labels 0..2, rows in random order."""
    X, y = datasets.load_wine(return_X_y=True)
    order = np.random.default_rng(2).permutation(len(y))
    return ((X - X.mean(0)) / X.std(0))[order].astype("float32"), y[order].astype("int64")


@functools.cache
def diabetes() -> Arrays:
    """scikit-learn's diabetes table: z-scored (442, 10) float32 inputs, targets in their own unit (25 to 346)."""
    X, y = datasets.load_diabetes(return_X_y=True)
    return ((X - X.mean(0)) / X.std(0)).astype("float32"), y.astype("float32")


def imbalanced(n: int = 2100, columns: int = 6, seed: int = 0) -> Arrays:
    """A z-scored binary table (n, columns) in which one row in twenty is positive; int64 labels."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 20 == 0).astype("int64")
    rng.shuffle(y)
    X = rng.normal(size=(n, columns)) + 1.5 * y[:, None] * (np.arange(columns) < 3)
    return ((X - X.mean(0)) / X.std(0)).astype("float32"), y


def sentences(n: int = 800, length: int = 30, vocabulary: int = 500, classes: int = 2, seed: int = 0) -> Arrays:
    """Token ids (n, length) int32, padded with 0 at the end; the class is the topic that a third of the words have."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    words = rng.integers(1 + 20 * classes, vocabulary, (n, length))
    topical = 1 + 20 * y[:, None] + rng.integers(0, 20, (n, length))
    words = np.where(rng.uniform(size=(n, length)) < 0.3, topical, words)
    ends = rng.integers(length // 3, length + 1, n)
    return np.where(np.arange(length) < ends[:, None], words, 0).astype("int32"), y.astype("int64")


def counts(n: int = 1500, columns: int = 4, seed: int = 0) -> Arrays:
    """Poisson counts (n,) float32 whose log-rate is linear in z-scored inputs (n, columns), with one interaction."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns))
    rate = np.exp(0.8 + 0.6 * X[:, 0] - 0.4 * X[:, 1] + 0.3 * X[:, 2] * X[:, 3])
    return X.astype("float32"), rng.poisson(rate).astype("float32")


def discs(n: int = 300, size: int = 24, seed: int = 0) -> Arrays:
    """Noisy images (n, size, size, 1) with one bright disc each, and its mask (n, size, size, 1) float32 of 0 and 1."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    centre = rng.uniform(size * 0.25, size * 0.75, (2, n, 1, 1))
    radius = rng.uniform(size * 0.12, size * 0.25, (n, 1, 1))
    mask = ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2)[..., None].astype("float32")
    images = 0.2 + 0.5 * mask + 0.15 * rng.normal(size=mask.shape)
    return np.clip(images, 0, 1).astype("float32"), mask


def zscored(X: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Columns shifted and scaled to mean 0, standard deviation 1; constant columns become 0."""
    X = X.astype("float64")
    spread = X.std(0)
    return ((X - X.mean(0)) / np.where(spread > 0, spread, 1)).astype("float32")


def moved_digits(copies: int = 2) -> Arrays:
    """Digits as (copies * 1797, 28, 28, 1) images in random order, each copy moved by another one or two pixels."""
    images, y = digit_images()
    offsets = [(0, 0), (1, -2), (-2, 1), (2, 2)][:copies]
    moved = np.concatenate([np.roll(images, offset, axis=(1, 2)) for offset in offsets])
    order = np.random.default_rng(3).permutation(len(moved))
    return moved[order], np.tile(y, copies)[order]


def accuracy(X: Any, y: np.ndarray[Any, Any]) -> Callable[[Any], float]:
    """A score: the share of rows of X that a model gives their integer (or one-hot) class."""
    labels = y.argmax(1) if y.ndim > 1 and y.shape[1] > 1 else y.reshape(-1)

    def score(model: Any) -> float:
        out = model.predict(X, verbose=0)
        classes = out.argmax(1) if out.shape[1] > 1 else out[:, 0] > 0.5
        return float(np.mean(classes == labels))

    return score


def r2(X: Any, y: np.ndarray[Any, Any]) -> Callable[[Any], float]:
    """A score: the share of the variance of y that a model's predictions explain."""

    def score(model: Any) -> float:
        error = y - model.predict(X, verbose=0).reshape(y.shape)
        return 1 - float(np.sum(error**2) / np.sum((y - y.mean(0)) ** 2))

    return score
