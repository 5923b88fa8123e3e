"""Pictures of a shape on a noisy ground, and a network that learns to tell the shapes: where to look is known."""

from typing import Any

import keras
import numpy as np

SIDE = 24
SHAPES = ("square", "disc", "cross", "ring")
L = keras.layers


def pictures(n: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """Pictures (n, SIDE, SIDE, 3) between 0 and 1, which shape each holds, and where it lies (n, SIDE, SIDE)."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(SHAPES), n)
    ground = rng.uniform(0, 0.6, (n, 1, 1, 3)) + rng.normal(0, 0.08, (n, SIDE, SIDE, 3))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    radius = rng.uniform(3.5, 5.0, n)
    centre = rng.uniform(6, SIDE - 6, (n, 2))
    where = np.zeros((n, SIDE, SIDE), bool)
    for i, kind in enumerate(kinds):
        down, right = rows - centre[i, 0], columns - centre[i, 1]
        distance, r = np.hypot(down, right), radius[i]
        where[i] = (
            np.maximum(abs(down), abs(right)) < 0.85 * r,
            distance < r,
            (np.minimum(abs(down), abs(right)) < 0.3 * r) & (np.maximum(abs(down), abs(right)) < 1.1 * r),
            (distance < 1.1 * r) & (distance > 0.6 * r),
        )[kind]
    colour = rng.uniform(0.6, 1.0, (n, 1, 1, 3))
    X = np.where(where[..., None], colour + rng.normal(0, 0.08, (n, SIDE, SIDE, 3)), ground)
    return np.clip(X, 0, 1).astype("float32"), kinds, where


def network(seed: int = 0) -> Any:
    """Three convolutions, untrained."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            L.Conv2D(16, 3, padding="same", activation="relu", name="conv1"),
            L.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv2"),
            L.Conv2D(32, 3, strides=2, padding="same", activation="relu", name="conv3"),
            L.Flatten(),
            L.Dense(32, activation="relu", name="dense"),
            L.Dense(len(SHAPES), activation="softmax", name="head"),
        ]
    )
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(epochs: int = 10, n: int = 4000) -> Any:
    """The network after training."""
    model = network()
    X, y, _ = pictures(n)
    model.fit(X, y, batch_size=64, epochs=epochs, verbose=0)
    return model
