"""How a score falls when a part of the input is covered."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import keras
import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.names import channels_first
from flatline.inspect.opened import in_batches, n_rows, opened, pairs, prepared
from flatline.inspect.passes import scored
from flatline.inspect.saliency import Target
from flatline.inspect.score import Score

PER_SIDE = 8  # patches along each side of an image, by default: 64 passes; the paper's squares are of about that share


def occlusion(
    model: Any,
    x: Any,
    *,
    target: Target = None,
    output: int | str | None = None,
    layer: Any = None,
    patch: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    value: Any = 0.0,
    batch_size: int = 32,
) -> Any:
    """Return how far a score falls when a patch of the input is covered: no gradient is needed.

    Parameters
    ----------
    model, x, target, output, layer
        As for `saliency`.
    patch : int, sequence of int or None
        Size of what is covered, in pixels (height, width), steps or features. None: an eighth of each side of an image,
        a single step, token or feature. Channels of an image and features of a step are covered together.
    stride : int, sequence of int or None
        Distance from one patch to the next; that of their size if None.
    value : float, ndarray or structure of ndarray
        What is put there: a number, or a row in the structure of `x` (the mean of each feature, a blurred image).
    batch_size : int
        Covered copies that are looked at at a time.

    Returns
    -------
    ndarray or structure of ndarray
        For each input, in the structure of `x`: float32 of shape (n_rows, height, width), (n_rows, n_steps) or
        (n_rows, n_features). Score as it is less score when covered, the mean over all patches that cover a place;
        positive where the input speaks for the target.

    Raises
    ------
    FlatlineError
        As for `saliency`, and if a patch, stride or value does not fit.

    Notes
    -----
    One forward pass for each patch. The score is the one before a softmax or sigmoid; Zeiler and Fergus show the
    probability. A covered row may be unlike all that the network has seen: see that a fall does not come from the
    covering itself by a second `value`.

    References
    ----------
    M. D. Zeiler, R. Fergus, Visualizing and Understanding Convolutional Networks, arXiv 1311.2901, section 4.2.
    """
    with opened(model):
        x = prepared(model, x)
        score = Score(model, target=target, output=output, layer=layer, n_rows=n_rows(x))
        leaves = keras.tree.flatten(x)
        values = [value] * len(leaves) if isinstance(value, (int, float)) else keras.tree.flatten(value)
        if len(values) != len(leaves):
            raise FlatlineError(f"The `value` parameter must have the structure of `x`, {len(leaves)} arrays.")
        first = channels_first(model)

        def measure(rows: slice, part: Any) -> list[Array]:
            whole, targets = scored(model, part, score, rows)

            def covered(some: list[Array], row: Array) -> Array:
                fixed = score.at(None if targets is None else targets[row])
                return whole[row] - scored(model, keras.tree.pack_sequence_as(part, some), fixed, slice(None))[0]

            falls = []
            for number, leaf in enumerate(keras.tree.flatten(part)):
                places, cover = _places(leaf, first, patch, stride), _cover(values[number], leaf)
                falls.append(_mean_fall(part, number, cover, first, places, covered, batch_size))
            return falls

        found = in_batches(x, batch_size, measure)
    return keras.tree.pack_sequence_as(x, found)


def _mean_fall(
    x: Any,
    number: int,
    cover: Array,
    first: bool,
    places: Sequence[tuple[slice, ...]],
    covered: Callable[[list[Array], Array], Array],
    batch_size: int,
) -> Array:
    """Mean fall of the score at each position of one input; a place is a part of the positions that is covered."""
    leaves = keras.tree.flatten(x)
    size = [leaves[number].shape[axis] for axis in _positions(leaves[number], first)]
    channels = (slice(None),) if first and leaves[number].ndim > 2 else ()
    total, seen = np.zeros((len(leaves[number]), *size)), np.zeros(size)
    for place in places:
        seen[place] += 1
    for row, which in pairs(len(total), len(places), batch_size):
        some = [leaf[row].copy() for leaf in leaves]
        for one, w in zip(some[number], which, strict=True):
            one[(*channels, *places[w])] = cover[(*channels, *places[w])]
        for r, w, fall in zip(row, which, covered(some, row), strict=True):
            total[r][places[w]] += fall
    return np.asarray(np.divide(total, seen, out=np.zeros_like(total), where=seen > 0), "float32")


def _places(leaf: Array, first: bool, patch: Any, stride: Any) -> list[tuple[slice, ...]]:
    """Parts of a row that are covered one after the other: all channels at some positions."""
    size = [leaf.shape[axis] for axis in _positions(leaf, first)]
    patches = _sizes("patch", patch, [max(1, -(-n // PER_SIDE)) if len(size) > 1 else 1 for n in size])
    strides = _sizes("stride", stride, patches)
    starts = [range(0, max(1, n - p + s), s) for n, p, s in zip(size, patches, strides, strict=True)]
    return [
        tuple(slice(min(a, n - 1), a + p) for a, p, n in zip(at, patches, size, strict=True)) for at in product(*starts)
    ]


def _positions(leaf: Array, first: bool) -> tuple[int, ...]:
    """Axes along which patches lie: all but rows and channels; features or tokens where there are no others."""
    if leaf.ndim <= 2:
        return (1,)
    return tuple(range(2, leaf.ndim)) if first else tuple(range(1, leaf.ndim - 1))


def _sizes(name: str, given: Any, usual: list[int]) -> list[int]:
    sizes = list(usual) if given is None else [given] * len(usual) if isinstance(given, int) else list(given)
    if len(sizes) != len(usual) or not all(isinstance(n, (int, np.integer)) and n >= 1 for n in sizes):
        raise FlatlineError(
            f"The `{name}` parameter must be an integer of at least 1, or {len(usual)} of them. Got {given!r}."
        )
    return sizes


def _cover(value: Any, leaf: Array) -> Array:
    try:
        return np.array(np.broadcast_to(value, leaf.shape[1:]), leaf.dtype)
    except ValueError:
        raise FlatlineError(
            f"The `value` parameter must be a number or fit rows of shape {leaf.shape[1:]}. Got {np.shape(value)}."
        ) from None
