"""Numbers as shades of grey, in few enough of them to be stored."""

import numpy as np

from flatline.facts import Array
from flatline.png import STEP
from flatline.view import Shades

DIGITS = 4  # of the numbers beside pictures: as many as are read


def evenly(n: int, most: int) -> Array:
    """At most so many of `n` places, spread evenly over them, ascending."""
    return np.arange(n) if n <= most else np.arange(most) * n // most


def pooled(values: Array, axis: int, most: int) -> Array:
    """Means of blocks along an axis, so that at most so many are left."""
    n = values.shape[axis]
    if n <= most:
        return values
    starts = evenly(n, most)
    shape = [-1 if i == axis % values.ndim else 1 for i in range(values.ndim)]
    counts = np.diff(np.append(starts, n)).reshape(shape)
    return np.asarray(np.add.reduceat(values, starts, axis=axis, dtype="float32") / counts)


def shaded(values: Array, *, from_zero: bool = False, alike: bool = False, coarse: bool = False) -> Shades:
    """Turn pictures into shades.

    Parameters
    ----------
    values : ndarray of float of shape (n_rows, n_columns, height, width) or (…, 3)
        What is not finite becomes the lowest shade of its column.
    from_zero : bool
        Whether zero is always among the numbers that shades stand for.
    alike : bool
        Whether a shade stands for the same number in every column.
    coarse : bool
        Whether to make do with 16 shades, which take half the room.
    """
    finite = np.isfinite(values)
    others = (0, *range(2, values.ndim))
    low = np.where(finite, values, np.inf).min(others)
    high = np.where(finite, values, -np.inf).max(others)
    if alike:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    low, high = (rounded(np.where(np.isfinite(bound), bound, 0)) for bound in (low, high))
    if from_zero:
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    columns = [1, -1, *[1] * (values.ndim - 2)]
    start, span = low.reshape(columns), np.where(high > low, high - low, 1).reshape(columns)
    share = (np.where(finite, values, start) - start) / span
    step = STEP if coarse else 1
    return Shades(pictures=(step * np.rint(255 / step * np.clip(share, 0, 1))).astype("uint8"), low=low, high=high)


def rounded(values: Array) -> Array:
    """Numbers to so many digits as are read."""
    return np.array([float(f"{value:.{DIGITS}g}") for value in np.ravel(values)]).reshape(np.shape(values))
