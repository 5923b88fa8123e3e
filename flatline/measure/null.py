"""The null model: the loss of the best constant prediction, computed from the targets and the compiled loss alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from flatline import backend
from flatline.facts import Array

Loss = Callable[[Any, Any], Any]
MAX_ROWS = 1024
_REFINE_STEPS = 60
_CLIP = 1e-7  # Keras' epsilon: probabilities are clipped to [1e-7, 1 − 1e-7] inside the losses
_TINY = 1e-7  # keeps logits within ±16: certainty in float32
_DOUBTS = (0.0, 0.01, 0.03, 0.05, 0.1, 0.2)  # usual label smoothing is 0.1 (Szegedy et al. 2016, arXiv 1512.00567)


def _log(p: Array) -> Array:
    logs: Array = np.log(np.clip(p, _CLIP, 1 - _CLIP))
    return logs


def one_hot_targets(y: Array, units: int) -> Array | None:
    """Targets as rows over the units of the output, where they can be."""
    if y.shape[-1:] == (units,) and y.ndim > 1 and units > 1:
        return y.astype("float32")
    labels = y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y
    if np.all(labels == np.floor(labels)) and labels.min() >= 0 and labels.max() < units:
        rows: Array = np.eye(units, dtype="float32")[labels.astype(int)]
        return rows
    return None


def _candidates(y: Array, units: int, from_logits: bool) -> list[Array]:
    """Constants per unit that are best for the usual losses: mean, median, prior, log-prior, log-odds."""
    rows = y.reshape(-1, units) if y.size % units == 0 and y.shape[-1:] == (units,) else y.reshape(-1, 1)
    mean, median = rows.mean(0, dtype="float64"), np.median(rows, axis=0)
    found = [np.zeros(units), np.resize(mean, units), np.resize(median, units)]
    priors = one_hot_targets(y, units) if units > 1 else None
    if priors is not None:
        prior = priors.reshape(-1, units).mean(0, dtype="float64")
        found += [prior, _log(prior)]
    if np.all((mean >= 0) & (mean <= 1)):
        found.append(np.resize(_log(mean) - _log(1 - mean), units))
    found.append(np.full(units, 1.0 / units))
    return found if not from_logits else found[::-1]


def null_loss(loss: Loss, y: Array, output_shape: tuple[int, ...], *, from_logits: bool, known: bool) -> float:
    """Return the smallest mean loss that a constant output reaches.

    Parameters
    ----------
    loss : callable
        (y, output) → loss, as the framework computes it.
    y : ndarray of shape (n_samples, ...)
        Targets.
    output_shape : tuple of int
        Of one sample; the constant varies over its last axis only.
    from_logits : bool
        Whether the loss takes scores rather than probabilities.
    known : bool
        Whether the loss is one whose best constant is among the closed forms; otherwise it is refined by gradient
        steps from the best of them.
    """
    y = y[:MAX_ROWS]
    shape = (len(y), *output_shape) if output_shape else (len(y),)
    units = output_shape[-1] if output_shape else 1

    def value(constant: Array) -> float:
        output = np.broadcast_to(constant.astype("float32"), shape) if output_shape else np.full(shape, constant[0])
        return backend.value(loss, y, np.ascontiguousarray(output, dtype="float32"))

    tried = [(value(constant), index) for index, constant in enumerate(_candidates(y, units, from_logits))]
    finite = [pair for pair in tried if np.isfinite(pair[0])]
    if not finite:
        return float("nan")
    best, index = min(finite)
    if known:
        return best
    start = _candidates(y, units, from_logits)[index]
    return min(best, backend.minimise_constant(loss, y, shape, start, steps=_REFINE_STEPS))


def perfect_output(y: Array, output_shape: tuple[int, ...], *, classes: bool) -> Array | None:
    """Return the output (for classes: probabilities) that answers every target rightly; None where shapes forbid."""
    units = output_shape[-1] if output_shape else 1
    if classes and units > 1:
        rows = one_hot_targets(y, units)
        return rows if rows is not None and rows.shape[1:] == tuple(output_shape) else None
    if y.size == len(y) * _size(output_shape):
        return y.reshape(len(y), *output_shape).astype("float32")
    return None


def perfect_loss(loss: Loss, y: Array, right: Array, *, from_logits: bool, classes: bool) -> float:
    """Return the lowest loss of outputs that answer every target rightly.

    Classes are answered with several degrees of certainty: label smoothing and focal losses are lowest short of it.
    """
    y, right = y[:MAX_ROWS], right[:MAX_ROWS]
    if not classes:
        return backend.value(loss, y, right)
    units = right.shape[-1] if right.ndim > 1 else 1
    found = []
    for doubt in _DOUBTS:
        p = np.clip(right * (1 - doubt) + doubt / max(units, 2), _TINY, 1 - _TINY)
        output = (np.log(p) if units > 1 else np.log(p / (1 - p))) if from_logits else p
        found.append(backend.value(loss, y, output.astype("float32")))
    return min(found)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape)) if shape else 1
