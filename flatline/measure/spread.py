"""Quantiles of each feature of an array, over a bounded sample of its cells."""

import math
from typing import Any

import numpy as np

from flatline.exhibits import QUANTILES, Spread
from flatline.facts import Array

MAX_CELLS = 1 << 17  # sorted; some 5 ms
PER_FEATURE = 1 << 12  # of these; an end of 5 % of the cells is then known to 5 % ± 0.7 %, 19 times in 20
MAX_FEATURES = 1 << 13  # looked at; of more, evenly spaced ones
ENDS = 8  # of the smallest and of the largest features are kept in any case


def spread(array: Array, *, name: str, room: int, axis: int = -1, **more: Any) -> Spread:
    """Describe the features of an array.

    Parameters
    ----------
    array : ndarray of shape (n_rows, ...)
        Numbers.
    name : str
    room : int
        Features that are kept, at most.
    axis : int
        Of the features: the last, or 1.
    **more
        Further fields of `Spread`.

    Notes
    -----
    At most 4,096 cells of a feature are sorted, and 2¹⁷ of all, evenly spaced over rows and places within them.
    Quantiles between two cells lie on the straight line between them, as by default in `numpy.quantile`.
    """
    shape = array.shape[1:]
    cells = _sampled(array[:, None] if array.ndim == 1 else array, axis)
    n_features = array.shape[axis] if shape else 1
    looked_at = np.linspace(0, n_features - 1, len(cells)).astype(int)
    finite = np.isfinite(cells)
    if not finite.all():
        cells = np.where(finite, cells, np.float32("nan"))
    n_finite = finite.sum(axis=1)
    squares = np.where(finite, np.square(cells, dtype="float64"), 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(squares / n_finite)
        rms = float(np.sqrt(squares.sum() / n_finite.sum()))
    cells.sort(axis=1)  # what is not finite comes last
    quantiles = _quantiles(cells, n_finite)
    order = np.argsort(np.where(np.isnan(scale), np.inf, scale), kind="stable")
    rank = np.empty(len(order), "int64")
    rank[order] = np.arange(len(order))
    kept = np.sort(order[_places(len(order), room)])
    return Spread(
        name=name,
        shape=shape,
        n_rows=len(array),
        n_cells=cells.size,
        n_nonfinite=int(cells.size - n_finite.sum()),
        n_features=n_features,
        n_constant=int(np.sum((quantiles[:, 0] == quantiles[:, -1]) & (n_finite > 1))),
        rms=rms,
        feature=looked_at[kept].astype("int32"),
        rank=(rank[kept] * (n_features / len(order))).astype("int32"),
        scale=scale[kept].astype("float32"),
        quantiles=quantiles[kept].astype("float32"),
        **more,
    )


def _sampled(array: Array, axis: int) -> Array:
    """Cells by feature (n_features, n_cells), a copy."""
    n, first = len(array), array.ndim > 2 and axis == 1
    table = array.reshape((n, array.shape[1], -1) if first else (n, -1, array.shape[-1]))
    if first:
        table = table.transpose(0, 2, 1)
    n_places, n_features = table.shape[1:]
    features = np.linspace(0, n_features - 1, min(n_features, MAX_FEATURES)).astype(int)
    most = min(PER_FEATURE, MAX_CELLS // max(1, len(features)))
    step = max(1, -(-n * n_places // max(1, most)))
    while math.gcd(step, n_places) > 1:  # else every row would be looked at in the same places
        step += 1
    cells = np.arange(0, n * n_places, step)
    found = table[cells // n_places, cells % n_places]
    with np.errstate(over="ignore", invalid="ignore"):
        looked_at: Array = np.array(found[:, features].T, "float32", order="C")
    return looked_at


def _quantiles(ordered: Array, n_finite: Array) -> Array:
    """Quantiles (n_features, n_quantiles) of rows that are ordered, of which only the first cells are finite."""
    places = np.asarray(QUANTILES) * np.maximum(n_finite - 1, 0)[:, None]
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, np.maximum(n_finite - 1, 0)[:, None])
    if not ordered.shape[1]:
        return np.full(places.shape, np.nan)
    low = np.take_along_axis(ordered, below, axis=1).astype("float64")
    high = np.take_along_axis(ordered, above, axis=1)
    found: Array = low + (places - below) * (high - low)
    return found


def _places(n: int, room: int) -> Array:
    """Which of n features in the order of scale are kept: both ends, and others evenly between."""
    if n <= room:
        return np.arange(n)
    ends = min(ENDS, room // 3)
    between = np.linspace(ends, n - ends - 1, room - 2 * ends).astype(int)
    return np.concatenate([np.arange(ends), between, np.arange(n - ends, n)])
