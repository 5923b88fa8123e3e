"""Runs and logs made by hand, with the null model's loss at 1 and a perfect fit at 0."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flatline.facts import Array
from flatline.logs import (
    ActivationLog,
    GradientLog,
    LossLog,
    ProbeLog,
    RunFacts,
    RunHead,
    RunLayer,
    SightLog,
    UpdateLog,
)

Rows = Mapping[str, float | Sequence[float]]  # column → its number in all rows, or one for each row

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


def losses(*values: float, n: int = 300, noise: float = 0.02, penalty: Any = 0.0) -> LossLog:
    """A noisy curve of `n` steps through these values at equal distances; `penalty` in all rows, or one for each."""
    curve = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(values)), values) if len(values) > 1 else values[0]
    noisy = curve + noise * np.random.default_rng(0).normal(size=n)
    return LossLog(step=np.arange(n), loss=noisy, penalty=np.broadcast_to(np.asarray(penalty, float), n).copy())


def penalised(log: LossLog, first: float, last: float, *, every: int = 10) -> LossLog:
    """The same data loss below a penalty that changes by a share a step, from one value to another."""
    penalty = np.geomspace(first, last, len(log))
    known = np.arange(len(log)) % every == 1
    return LossLog(step=log.step, loss=log.loss + penalty, penalty=np.where(known, penalty, np.nan))


FLAT = losses(1.0, 1.0)
LEARNING = losses(1.0, 0.6, 0.3)
CONVERGED = losses(1.0, 0.02, 0.02, 0.02, noise=0.002)
PLATEAU = losses(1.0, 0.5, 0.5, 0.5)


def _table(columns: Rows, n: int) -> Array:
    """Columns side by side: (n, n_columns)."""
    return np.stack([np.broadcast_to(np.asarray(rows, float), n) for rows in columns.values()], axis=1).copy()


def gradients(relative: Rows, n: int = 20, *, every: int = 15, weight: Rows | None = None, **given: Any) -> GradientLog:
    """Gradients of which ‖g‖/‖W‖ is known by layer, sampled `n` times; ‖W‖ is 1 unless told."""
    norms = _table(dict.fromkeys(relative, 1.0) | dict(weight or {}), n)
    known = {
        "step": every * np.arange(n),
        "layers": tuple(relative),
        "loss": np.full(n, np.nan),
        "gradient_norm": _table(relative, n) * np.where(norms > 0, norms, 1.0),
        "weight_norm": norms,
        "nonfinite_gradients": np.zeros_like(norms),
        "nonfinite_weights": np.zeros_like(norms),
    }
    return GradientLog(**(known | given))


def updates(
    ratio: Rows, n: int = 20, *, every: int = 15, rate: float | Sequence[float] = 1e-3, skipped: Any = 0
) -> UpdateLog:
    """Updates of which ‖ΔW‖/‖W‖ is known by layer, sampled `n` times."""
    return UpdateLog(
        step=every * np.arange(n),
        layers=tuple(ratio),
        update_ratio=_table(ratio, n),
        learning_rate=np.broadcast_to(np.asarray(rate, float), n).copy(),
        skipped=np.broadcast_to(np.asarray(skipped, float), n).copy(),
    )


def activations(saturated: Rows, n: int = 20, *, every: int = 15, **given: Any) -> ActivationLog:
    """Outputs of layers of which the saturated share is known, sampled `n` times."""
    table = _table(saturated, n)
    known = {
        "step": every * np.arange(n),
        "layers": tuple(saturated),
        "mean": np.zeros_like(table),
        "spread": np.ones_like(table),
        "saturated_share": table,
        "nonfinite": np.zeros_like(table),
    }
    return ActivationLog(**(known | given))


def probes(
    dead: Rows | None = None,
    n: int = 4,
    *,
    every: int = 75,
    classes: Rows | None = None,
    spread: Rows | None = None,
    dependence: float | Sequence[float] = 0.5,
    n_samples: int = 256,
) -> ProbeLog:
    """Probes of a network, `n` of them: dead share by layer, classes predicted and spread by output."""
    dead = {"dense": 0.0} if dead is None else dead
    heads = tuple((classes or spread or {"dense_1": 0.0}).keys())
    unknown = dict.fromkeys(heads, np.nan)
    return ProbeLog(
        step=every * np.arange(n),
        layers=tuple(dead),
        dead_share=_table(dead, n),
        heads=heads,
        distinct_classes=_table(classes or unknown, n),
        output_spread=_table(spread or unknown, n),
        input_dependence=np.broadcast_to(np.asarray(dependence, float), n).copy(),
        n_samples=n_samples,
    )


def sight(
    kernels: Rows | None = None,
    *,
    chance: float = 0.05,
    duplicates: Rows | None = None,
    blind: Rows | None = None,
    smooth: float = 0.8,
    border: tuple[Any, Any] = (0.1, 0.2),
    aligned: Rows | None = None,
    n: int = 1,
) -> SightLog:
    """A look inside at the last step of a run of 300, or `n` of them: what is told of layers, inputs and outputs."""
    layers = {"conv2d": 0.5} if kernels is None else kernels
    twins = dict.fromkeys(layers, 0.0) | dict(duplicates or {})
    inputs = {"images": 0.0} if blind is None else blind
    heads = {"dense_1": 0.5} if aligned is None else aligned
    return SightLog(
        step=299 - 75 * np.arange(n)[::-1],
        layers=tuple(layers),
        kernel_correlation=_table(layers, n),
        kernel_chance=_table(dict.fromkeys(layers, chance), n),
        duplicate_share=_table(twins, n),
        inputs=tuple(inputs),
        blind_share=_table(inputs, n),
        smoothness=_table(dict.fromkeys(inputs, smooth), n),
        border_saliency=_table(dict.fromkeys(inputs, border[0]), n),
        border_variation=_table(dict.fromkeys(inputs, border[1]), n),
        heads=tuple(heads),
        class_alignment=_table(heads, n),
        n_samples=32,
    )
