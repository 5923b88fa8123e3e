"""Activation maximisation: an input, made from noise, that a unit answers to most."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.names import channels_first, find_layer
from flatline.inspect.opened import n_rows, opened, prepared
from flatline.inspect.passes import run
from flatline.inspect.saliency import Target
from flatline.inspect.score import Score

NORM = 6  # power of the norm, as in keras-vis: small values cost next to nothing, extreme ones much
MOMENTUM = 0.9  # of the gradients of successive steps, each of which is seen at another place of the image


def activation_maximization(
    model: Any,
    *,
    target: Target = None,
    output: int | str | None = None,
    layer: Any = None,
    start: Any = None,
    shape: Sequence[int] | None = None,
    value_range: tuple[float, float] | None = (0.0, 1.0),
    steps: int = 200,
    rate: float = 0.02,
    tv_weight: float = 0.5,
    norm_weight: float = 0.2,
    jitter: float = 0.05,
    seed: int = 0,
    max_seconds: float = 60.0,
    on_step: Callable[[int, Array, Array], Any] | None = None,
) -> Any:
    """Return inputs that units answer to most, made step by step from noise or from a given one.

    Parameters
    ----------
    model, output, layer
        As for `saliency`.
    target : int, sequence of int, callable or None
        Unit of the output, or channel of `layer` averaged over positions; a sequence makes one input for each, as a
        batch. None: the mean over all channels of `layer`, or the unit of an output that has only one.
    start : ndarray, structure of ndarray or None
        A batch to begin with, one row or as many as targets; noise around the middle of the range if None.
    shape : sequence of int or None
        Shape of one row, where the model does not tell it (a subclassed one, or sides of any size).
    value_range : (float, float) or None
        Smallest and largest value that the model is meant for: its inputs as they come, before any scaling inside the
        model. None: no bounds, in units of 1.
    steps : int
        How many steps.
    rate : float
        Size of a step, as a share of the range.
    tv_weight : float
        Of the prior for smooth images: how much of each step goes against differences of neighbours (total variation).
    norm_weight : float
        Of the prior against extreme values (an L6 norm).
    jitter : float
        Before each step an image is moved at random by up to this share of its sides, and back after it: patterns then
        do not hang on to the grid of strides.
    seed : int
        Of noise and jitter; the random state of the process is not touched.
    max_seconds : float
        The steps end then; what is there is returned.
    on_step : callable or None
        Called as ``on_step(step, x, score)`` with the batch as it is and the score of each row (n_rows,) before the
        step: to write frames of an animation, or to print.

    Returns
    -------
    ndarray or structure of ndarray
        One row for each target, float32, within `value_range`.

    Raises
    ------
    FlatlineError
        If the layer, output or target does not exist, the shape is not known, or the inputs are tokens.

    See Also
    --------
    filters, flatline.plots.attribution.plot_channels

    Notes
    -----
    One forward and one backward pass a step, in inference mode. Each step follows the gradient of the score, scaled to
    unit size (layers differ by orders of magnitude), with momentum.

    References
    ----------
    D. Erhan et al., Visualizing Higher-Layer Features of a Deep Network, Université de Montréal 1341, 2009.
    A. Mahendran, A. Vedaldi, Visualizing Deep CNNs Using Natural Pre-Images, arXiv 1512.02017, section 3 (priors and
    jitter).
    """
    rng = np.random.default_rng(seed)
    low, high = (-1.0, 1.0) if value_range is None else map(float, value_range)
    if not low < high:
        raise FlatlineError(f"The `value_range` parameter must be (smallest, largest). Got {value_range!r}.")
    half, middle = (high - low) / 2, (high + low) / 2
    count = 1 if target is None or callable(target) or np.ndim(target) == 0 else len(target)  # type: ignore[arg-type]
    with opened(model):
        first = channels_first(model)
        x = _start(model, start, shape, count, middle, half, rng)
        x = prepared(model, x)
        if layer is not None:
            find_layer(model, layer)
        score = Score(model, target=_unit(target, layer), output=output, layer=layer, n_rows=n_rows(x))
        speed = [np.zeros(leaf.shape, "float32") for leaf in keras.tree.flatten(x)]
        until = time.monotonic() + max_seconds
        for step in range(steps):
            if time.monotonic() > until:
                break
            leaves = keras.tree.flatten(x)
            shifts = [_shift(leaf, first, jitter, rng) for leaf in leaves]
            moved = [np.roll(leaf, *shift) for leaf, shift in zip(leaves, shifts, strict=True)]
            found = run(model, keras.tree.pack_sequence_as(x, moved), score, slice(None))
            if any(found.embedded):
                raise FlatlineError("Tokens cannot be made step by step: `activation_maximization` needs numbers.")
            if on_step is not None:
                on_step(step, keras.tree.map_structure(np.copy, x), found.score)
            for i, (leaf, (by, axes)) in enumerate(zip(leaves, shifts, strict=True)):
                if leaf.dtype.kind != "f":
                    continue
                gradient = np.roll(found.gradients[i], [-n for n in by], axes)
                at = (leaf - middle) / half
                uphill = _unit_size(gradient) - tv_weight * _rough(at, axes) - norm_weight * _extreme(at)
                speed[i] = MOMENTUM * speed[i] + (1 - MOMENTUM) * uphill
                leaves[i] = (leaf + rate * 2 * half * speed[i]).astype("float32")
                if value_range is not None:
                    leaves[i] = np.clip(leaves[i], low, high)
            x = keras.tree.pack_sequence_as(x, leaves)
    return x


def _unit(target: Target, layer: Any) -> Target:
    return target if target is not None or layer is not None else 0


def _start(
    model: Any, start: Any, shape: Sequence[int] | None, count: int, middle: float, half: float, rng: Any
) -> Any:
    if start is not None:
        rows = keras.tree.map_structure(np.asarray, start)
        return keras.tree.map_structure(lambda a: np.repeat(a, count, 0) if len(a) == 1 < count else a.copy(), rows)
    inputs = getattr(model, "inputs", None)
    if shape is None and inputs is not None and len(inputs) == 1:
        shape = tuple(inputs[0].shape[1:])
    if shape is None or any(n is None for n in shape):
        raise FlatlineError(
            f"The `shape` parameter must be the shape of one row, which the model does not tell (it says {shape}), or "
            "`start` a batch to begin with."
        )
    noise = rng.normal(size=(count, *shape))
    return (middle + 0.1 * half * noise).astype("float32")


def _shift(leaf: Array, first: bool, jitter: float, rng: Any) -> tuple[list[int], tuple[int, ...]]:
    """By how much an array is rolled, along which axes."""
    axes = () if leaf.ndim < 3 else tuple(range(2, leaf.ndim)) if first else tuple(range(1, leaf.ndim - 1))
    most = [int(jitter * leaf.shape[axis]) for axis in axes]
    return [int(rng.integers(-n, n + 1)) for n in most], axes


def _unit_size(gradient: Array) -> Array:
    axes = tuple(range(1, gradient.ndim))
    size = np.sqrt(np.mean(np.square(gradient), axes, keepdims=True))
    return np.asarray(np.divide(gradient, size, out=np.zeros_like(gradient), where=size > 0))


def _rough(at: Array, axes: tuple[int, ...]) -> Array:
    """Slope of half the squared differences of neighbours."""
    slope = np.zeros_like(at)
    for axis in axes:
        step = np.diff(at, axis=axis)
        ends = [(0, 0)] * at.ndim
        slope -= np.pad(step, [*ends[:axis], (0, 1), *ends[axis + 1 :]])
        slope += np.pad(step, [*ends[:axis], (1, 0), *ends[axis + 1 :]])
    return slope


def _extreme(at: Array) -> Array:
    return np.asarray(np.sign(at) * np.abs(at) ** (NORM - 1))
