"""A few rows of what a layer receives, small enough to be kept: images as thumbnails, other rows as numbers."""

import numpy as np

from flatline.exhibits import ShownRows
from flatline.facts import Array

N_ROWS = 16
SIDE = 64  # pixels of a thumbnail, at most
PLACES = 64  # columns of a table, or steps of a sequence
FEW_FEATURES = 4  # of a sequence, drawn as curves; one of more is a picture of steps by features


def shown_rows(array: Array, *, name: str, room: int, axis: int = -1, tokens: bool = False) -> ShownRows:
    """Make rows small.

    Parameters
    ----------
    array : ndarray of shape (n, ...)
        Numbers, n at most `N_ROWS`.
    name : str
        Of the layer that receives them.
    room : int
        Bytes for thumbnails.
    axis : int
        Of the features, or channels.
    tokens : bool
        Whether these are whole numbers that an embedding looks up.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = array.astype("float32")
    flat = numbers.reshape(len(numbers), -1)
    finite = np.isfinite(flat)
    low = np.where(finite, flat, np.inf).min(axis=1, initial=np.inf).astype("float64")
    high = np.where(finite, flat, -np.inf).max(axis=1, initial=-np.inf).astype("float64")
    low[~finite.any(axis=1)] = high[~finite.any(axis=1)] = np.nan
    kept: Array = np.empty(0, "int32")
    numbers = np.moveaxis(numbers, axis, -1) if numbers.ndim > 2 else flat
    if tokens:
        form, values = "tokens", numbers.reshape(len(numbers), -1)
    elif numbers.ndim == 2:
        form, values = "table", numbers
    elif numbers.ndim == 3 and numbers.shape[-1] <= FEW_FEATURES:
        form, values = "sequence", numbers
    else:
        form, values = "image", _shades(_pictures(numbers), low, high, room)
    if form != "image" and values.shape[1] > PLACES:
        kept = np.linspace(0, values.shape[1] - 1, PLACES).astype("int32")
        values = values[:, kept]
    return ShownRows(
        name=name,
        form=form,
        shape=array.shape[1:],
        values=values,
        low=low,
        high=high,
        n_nonfinite=(~finite).sum(axis=1),
        kept=kept,
    )


def _pictures(numbers: Array) -> Array:
    """Pictures (n, height, width) or (n, height, width, 3) of rows with three axes or more, channels last.

    Of a stack of pictures the one in the middle is taken; of channels that are no colours, their mean.
    """
    if numbers.ndim == 3:
        return numbers
    while numbers.ndim > 4:
        numbers = numbers[:, numbers.shape[1] // 2]
    n_channels = numbers.shape[-1]
    if n_channels in (3, 4):
        return numbers[..., :3]  # a fourth is how opaque they are
    mean: Array = numbers[..., 0] if n_channels == 1 else numbers.mean(axis=-1)
    return mean


def _shades(pictures: Array, low: Array, high: Array, room: int) -> Array:
    """Average over blocks, and scale from the lowest to the highest value of all; what is not finite is left out."""
    height, width, *colours = pictures.shape[1:]
    fits = int(np.sqrt(room / max(1, len(pictures) * (colours or [1])[0])))
    block = -(-max(height, width) // max(1, min(SIDE, fits)))
    finite = np.isfinite(pictures)
    n = _blocks(finite.astype("float64"), block)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = _blocks(np.where(finite, pictures, 0.0).astype("float64"), block) / n
        bottom, top = np.nanmin([np.inf, *low]), np.nanmax([-np.inf, *high])
        shades = np.rint(255 * (means - bottom) / (top - bottom))
    made: Array = np.clip(np.nan_to_num(shades), 0, 255).astype("uint8")
    return made


def _blocks(pictures: Array, block: int) -> Array:
    """Sums over blocks of pixels; those at the far edges may be smaller."""
    rows = np.add.reduceat(pictures, np.arange(0, pictures.shape[1], block), axis=1)
    sums: Array = np.add.reduceat(rows, np.arange(0, pictures.shape[2], block), axis=2)
    return sums
