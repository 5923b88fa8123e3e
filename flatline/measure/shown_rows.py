"""A few rows of what a layer receives, small enough to be kept: images as thumbnails, other rows as numbers."""

import numpy as np

from flatline.exhibits import ShownRows
from flatline.facts import Array

N_ROWS = 16
SIDE = 64  # pixels of a thumbnail, at most
PLACES = 64  # columns of a table, or steps of a sequence
ODD = 4.0  # 1; times the range of the usual row: a row far outside would leave the others one shade
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
        numbers = array.astype("float32", copy=False)
    flat = numbers.reshape(len(numbers), -1)
    finite = np.isfinite(flat)
    whole = bool(finite.all())
    low = (flat if whole else np.where(finite, flat, np.inf)).min(axis=1, initial=np.inf).astype("float64")
    high = (flat if whole else np.where(finite, flat, -np.inf)).max(axis=1, initial=-np.inf).astype("float64")
    low[~finite.any(axis=1)] = high[~finite.any(axis=1)] = np.nan
    kept: Array = np.empty(0, "int32")
    black = white = float("nan")
    numbers = np.moveaxis(numbers, axis, -1) if numbers.ndim > 2 else flat
    if tokens:
        form, values = "tokens", numbers.reshape(len(numbers), -1)
    elif numbers.ndim == 2:
        form, values = "table", numbers
    elif numbers.ndim == 3 and numbers.shape[-1] <= FEW_FEATURES:
        form, values = "sequence", numbers
    else:
        black, white = _range(low, high)
        form, values = "image", _shades(_pictures(numbers), black, white, room)
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
        black=black,
        white=white,
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


def _range(low: Array, high: Array) -> tuple[float, float]:
    """What is black and what is white: the ends of all rows, or of the usual row where a few lie far outside it."""
    known = np.isfinite(low)
    if not known.any():
        return 0.0, 0.0
    usual = float(np.median(low[known])), float(np.median(high[known]))
    ends = float(low[known].min()), float(high[known].max())
    return usual if ends[1] - ends[0] > ODD * (usual[1] - usual[0]) > 0 else ends


def _shades(pictures: Array, black: float, white: float, room: int) -> Array:
    """Average over blocks, and scale; what is not finite is left out."""
    height, width, *colours = pictures.shape[1:]
    fits = int(np.sqrt(room / max(1, len(pictures) * (colours or [1])[0])))
    block = -(-max(height, width) // max(1, min(SIDE, fits)))
    finite = np.isfinite(pictures)
    cells = pictures if finite.all() else np.where(finite, pictures, np.float32(0))
    with np.errstate(invalid="ignore", divide="ignore"):
        means = _blocks(cells, block) / _blocks(finite[:1] if cells is pictures else finite, block)
        shades = np.rint(255 * (means - black) / (white - black))
    made: Array = np.clip(np.nan_to_num(shades), 0, 255).astype("uint8")
    return made


def _blocks(pictures: Array, block: int) -> Array:
    """Sums over blocks of pixels; those at the far edges may be smaller."""
    rows = np.add.reduceat(pictures, np.arange(0, pictures.shape[1], block), axis=1, dtype="float64")
    sums: Array = np.add.reduceat(rows, np.arange(0, pictures.shape[2], block), axis=2)
    return sums
