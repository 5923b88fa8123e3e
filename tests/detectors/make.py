"""Runs and logs made by hand, with the null model's loss at 1 and a perfect fit at 0."""

from typing import Any

import numpy as np

from flatline.logs import LossLog, RunFacts, RunHead, RunLayer

RNG = np.random.default_rng(0)


def layer(name: str = "dense", **given: Any) -> RunLayer:
    """A trainable Dense layer with ReLU."""
    known = {"kind": "Dense", "activation": "relu", "trainable": True, "n_trainable": 100, "has_kernel": True}
    return RunLayer(name=name, **(known | given))


def run(*layers: RunLayer, **given: Any) -> RunFacts:
    """A run of 1,000 planned steps in epochs of 100."""
    known: dict[str, Any] = {
        "model": "sequential",
        "kind": "Sequential",
        "optimizer": "Adam",
        "layers": layers or (layer("dense"), layer("dense_1", activation="softmax", is_output=True)),
        "heads": (RunHead(name="dense_1", task="multi-class classification", loss="crossentropy", units=3),),
        "learning_rate": 1e-3,
        "planned_steps": 1000,
        "steps_per_epoch": 100,
        "batch_size": 32,
        "null": 1.0,
        "perfect": 0.0,
        "n_null": 1000,
    }
    return RunFacts(**(known | given))


def losses(*values: float, n: int = 300, noise: float = 0.02, **given: Any) -> LossLog:
    """A noisy curve of `n` steps through these values at equal distances."""
    curve = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(values)), values) if len(values) > 1 else values[0]
    noisy = curve + noise * np.random.default_rng(0).normal(size=n)
    return LossLog(step=np.arange(n), loss=noisy, **given)


FLAT = losses(1.0, 1.0)
LEARNING = losses(1.0, 0.6, 0.3)
CONVERGED = losses(1.0, 0.02, 0.02, 0.02, noise=0.002)
PLATEAU = losses(1.0, 0.5, 0.5, 0.5)
