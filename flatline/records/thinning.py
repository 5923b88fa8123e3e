"""Which rows of a log to keep when it has grown too long, so that no curve loses its shape."""

import numpy as np

from flatline.facts import Array

ROWS_PER_BUCKET = 4  # the highest, the lowest, the first that is not finite, and the last


def rows_to_keep(step: Array, cells: Array) -> Array:
    """Choose the rows that stay: all of the newer half, and of the older half what its curves are drawn by.

    The older half is cut into buckets of equal length in steps, at most one for eight rows. Each bucket keeps the rows
    with its highest and its lowest cell, its first row that is not finite, and its last row. The first row of all is
    kept, and so is every row that is not finite while these are few (an eighth of the half). At most ⅝ of the older
    half and one row are left.

    The length of a bucket is a power of two and its bounds are multiples of it: when buckets become longer, they are
    joined, never cut. So the past is resolved evenly after any number of thinnings, and what a bucket keeps are the
    extremes of all rows that were ever in it.

    With one column, highest and lowest are those of the curve. With several, each column is first scaled by its own
    range in the older half, so that a spike in a small column is not outshone by a large column; what a bucket then
    keeps are the extremes of all columns together, not of every single one.

    Parameters
    ----------
    step : ndarray of shape (n,)
        Increasing.
    cells : ndarray of shape (n, width)
        All numbers of the rows. A row is not finite when it has NaN or infinity in a column that has a number
        anywhere in the older half: a column that is never measured says nothing.

    Returns
    -------
    ndarray of shape (n_kept,)
        Indices of rows, increasing.
    """
    half = len(step) // 2
    return np.concatenate([_shape(step[:half], cells[:half]), np.arange(half, len(step))])


def _shape(step: Array, cells: Array) -> Array:
    n = len(step)
    if n <= 2 * ROWS_PER_BUCKET:
        return np.arange(n)
    shift = 0
    while (int(step[-1]) >> shift) - (int(step[0]) >> shift) >= n // (2 * ROWS_PER_BUCKET):
        shift += 1
    bucket = step >> shift
    finite = np.isfinite(cells)
    highest, lowest = _extremes(cells, finite)
    odd = np.flatnonzero((~finite & finite.any(axis=0)).any(axis=1))
    if len(odd) > n // (2 * ROWS_PER_BUCKET):
        odd = odd[_first(bucket[odd])]
    start = _first(bucket)
    size = np.diff(start, append=n)
    peak = np.flatnonzero(highest == np.repeat(np.maximum.reduceat(highest, start), size))
    trough = np.flatnonzero(lowest == np.repeat(np.minimum.reduceat(lowest, start), size))
    keep = np.zeros(n, bool)
    keep[0] = True
    keep[start + size - 1] = True
    keep[peak[_first(bucket[peak])]] = keep[trough[_first(bucket[trough])]] = keep[odd] = True
    return np.flatnonzero(keep)


def _first(bucket: Array) -> Array:
    """Index of the first row of every bucket that has rows."""
    return np.flatnonzero(np.diff(bucket, prepend=-1))


def _extremes(cells: Array, finite: Array) -> tuple[Array, Array]:
    """Highest and lowest cell of each row, −∞ and +∞ in a row without numbers."""
    high, low = np.where(finite, cells, -np.inf), np.where(finite, cells, np.inf)
    if cells.shape[1] != 1:
        top, bottom = high.max(axis=0), low.min(axis=0)
        varied = top > bottom
        if not varied.any():
            return np.zeros(len(cells)), np.zeros(len(cells))
        # Halves, since the range of finite numbers need not be finite.
        origin, extent = bottom[varied] / 2, top[varied] / 2 - bottom[varied] / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            high, low = (high[:, varied] / 2 - origin) / extent, (low[:, varied] / 2 - origin) / extent
    return high.max(axis=1), low.min(axis=1)
