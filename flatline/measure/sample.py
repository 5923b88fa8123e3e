"""What a sample of rows answers by itself: distinct values, whole numbers, zeros."""

from typing import Any

import numpy as np

from flatline.facts import Array
from flatline.measure.sources import Source, fed_dtype

MAX_BYTES = 128 << 20  # of all sampled rows together
MAX_VALUES = 64  # distinct values that are listed
CELLS = 1 << 17  # looked at together


def sampled(source: Source, rows: Array) -> Array:
    """Read the rows; the user's own array, not a copy, when they are all of it."""
    if len(rows) == source.n_rows and source.whole is not None:
        return source.whole
    return source.take(rows)


def fed(raw: Array) -> Array:
    """Cast rows as Keras does when it feeds them; read-only, since it may be the user's array."""
    with np.errstate(over="ignore"):
        view = raw.astype(fed_dtype(raw.dtype), copy=False).view()
    view.flags.writeable = False
    return view


def sample_fields(raw: Array, cast: Array) -> dict[str, Any]:
    """Fields of `ArrayFacts` that a sample answers: before (`raw`) and after (`cast`) Keras' cast of the type."""
    zeros = 1.0 - np.count_nonzero(raw) / raw.size if raw.size else float("nan")
    return {"integral": _integral(raw), "values": _values(raw), "zero_share": float(zeros), "sample": cast}


def _integral(raw: Array) -> bool:
    if raw.dtype.kind in "biu":
        return True
    flat, seen = raw.reshape(-1), False
    for at in range(0, len(flat), CELLS):
        cells = _finite(flat[at : at + CELLS])
        seen = seen or len(cells) > 0
        if not (cells == np.floor(cells)).all():
            return False
    return seen


def _values(raw: Array) -> tuple[float, ...]:
    flat, at, step = raw.reshape(-1), 0, 1 << 12
    found: Array = np.empty(0)
    while at < len(flat):
        found = np.union1d(found, _finite(flat[at : at + step]))
        if len(found) > MAX_VALUES:
            return ()
        at, step = at + step, min(4 * step, CELLS)
    return tuple(found.tolist())


def _finite(cells: Array) -> Array:
    wide = cells.astype(np.float64)
    return wide[np.isfinite(wide)]
