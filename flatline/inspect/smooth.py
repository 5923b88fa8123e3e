"""The mean of any map over noisy copies of a row."""

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.class_maps import grad_cam
from flatline.inspect.opened import in_batches, n_rows, opened, pairs, prepared
from flatline.inspect.passes import NotReached, run, scored
from flatline.inspect.saliency import Target, saliency
from flatline.inspect.score import Score
from flatline.inspect.score_cam import score_cam

CLASS_MAPS = (grad_cam, score_cam)  # their `layer` is not that of the score


def smoothgrad(
    model: Any,
    x: Any,
    *,
    target: Target = None,
    output: int | str | None = None,
    method: Callable[..., Any] = saliency,
    noise: float = 0.2,
    n_samples: int = 50,
    seed: int = 0,
    batch_size: int = 32,
    **options: Any,
) -> Any:
    """Return the mean of a map over noisy copies of each row: what is left when the fine grain averages out.

    Parameters
    ----------
    model, x, target, output
        As for `saliency`. The class is the one predicted at `x`, for all copies.
    method : callable
        Whose map is averaged: `saliency`, `guided_backprop`, `integrated_gradients`, `grad_cam`, `visual_backprop`, or
        any function that is called alike.
    noise : float
        Standard deviation, as a share of each row's range (largest less smallest value of an input). Of tokens their
        embeddings are moved.
    n_samples : int
        Copies of each row.
    seed : int
        Of the noise; the random state of the process is not touched.
    batch_size : int
        Copies that are looked at at a time.
    **options
        Passed on to the method, such as ``modifier="absolute"`` or ``layer="conv1"``.

    Returns
    -------
    ndarray or structure of ndarray
        What the method returns, averaged.

    Raises
    ------
    FlatlineError
        As for the method, and if `noise` is negative or `n_samples` is below 1.

    Notes
    -----
    `n_samples` times the cost of the method.

    References
    ----------
    D. Smilkov et al., SmoothGrad: removing noise by adding noise, arXiv 1706.03825, section 3.
    """
    if not noise >= 0:
        raise FlatlineError(f"The `noise` parameter must be a share of the range, at least 0. Got {noise!r}.")
    if not isinstance(n_samples, int) or n_samples < 1:
        raise FlatlineError(f"The `n_samples` parameter must be an integer of at least 1. Got {n_samples!r}.")
    rng = np.random.default_rng(seed)
    with opened(model):
        x = prepared(model, x)
        rows = n_rows(x)
        embedded = _embedded(model, x)
        if "target" in inspect.signature(method).parameters:
            options |= {"target": target, "output": output}
        if target is None and (method in CLASS_MAPS or "layer" not in options):
            score = Score(model, target=None, output=output, layer=None, n_rows=rows)
            target = in_batches(x, batch_size, lambda rows, part: scored(model, part, score, rows)[1])
        one_for_all = target is None or callable(target) or isinstance(target, (int, np.integer))
        total: Any = None
        for row, _ in pairs(rows, n_samples, batch_size):
            leaves = [leaf[row] for leaf in keras.tree.flatten(x)]
            moved = [a if e else _noisy(a, noise, rng) for a, e in zip(leaves, embedded, strict=True)]
            if "target" in options:
                options["target"] = target if one_for_all else np.asarray(target)[row]
            with _noisy_embeddings(len(row), noise, rng) if any(embedded) else contextlib.nullcontext():
                found = method(model, keras.tree.pack_sequence_as(x, moved), batch_size=batch_size, **options)
            if total is None:
                total = keras.tree.map_structure(lambda a: np.zeros((rows, *a.shape[1:])), found)
            for mean, array in zip(keras.tree.flatten(total), keras.tree.flatten(found), strict=True):
                np.add.at(mean, row, array / n_samples)
    return keras.tree.map_structure(lambda mean: np.asarray(mean, "float32"), total)


def _embedded(model: Any, x: Any) -> list[bool]:
    """Which inputs are tokens."""
    one = keras.tree.map_structure(lambda leaf: leaf[:1], x)
    try:
        return run(model, one, Score(model, target=None, output=None, layer=None, n_rows=1), slice(None)).embedded
    except NotReached:
        return [False] * len(keras.tree.flatten(x))


def _noisy(leaf: Array, noise: float, rng: np.random.Generator) -> Array:
    if leaf.dtype.kind != "f" or not noise:
        return leaf
    axes = tuple(range(1, leaf.ndim))
    spread = noise * (leaf.max(axes, keepdims=True) - leaf.min(axes, keepdims=True))
    return np.asarray(leaf + spread * rng.normal(size=leaf.shape), leaf.dtype)


def _noisy_embeddings(rows: int, noise: float, rng: np.random.Generator) -> Any:
    def edit(layer: Any, given: Any, outputs: Any) -> Any:
        if not isinstance(layer, keras.layers.Embedding) or len(outputs) != rows:
            return outputs
        moved = _noisy(np.asarray(keras.ops.convert_to_numpy(outputs), "float32"), noise, rng)
        return backend.with_mask_of(outputs, keras.ops.convert_to_tensor(moved, outputs.dtype))

    return backend.edited(edit)
