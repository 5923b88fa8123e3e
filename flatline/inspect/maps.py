"""What is done with a map before it is drawn: channels to one number, a scale, colours over an image."""

from typing import Literal

import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.resize import resized

# Of viridis, which is read in grey and with any colour vision (S. van der Walt, N. Smith, matplotlib, CC0).
RAMP = np.array(
    [(68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121),
     (109, 205, 89), (180, 222, 44), (253, 231, 37)], "float32",
)  # fmt: skip


def reduce_channels(
    values: Array, how: Literal["max_abs", "norm", "sum", "mean_abs"] = "max_abs", *, axis: int = -1
) -> Array:
    """Return one number a position, from those of all channels (features of a step, dimensions of an embedding).

    Parameters
    ----------
    values : ndarray of shape (n_rows, ..., n_channels)
        From `saliency` and its kind.
    how : {"max_abs", "norm", "sum", "mean_abs"}
        Largest magnitude (Simonyan et al., arXiv 1312.6034), Euclidean length (for embeddings), signed sum (for
        attributions that add up, such as integrated gradients), mean magnitude.
    axis : int
        Of the channels; 1 where they come first.

    Returns
    -------
    ndarray
        Without that axis.

    Raises
    ------
    FlatlineError
        If `how` is none of these.
    """
    ways = {
        "max_abs": lambda a: np.abs(a).max(axis),
        "norm": lambda a: np.linalg.norm(a, axis=axis),
        "sum": lambda a: a.sum(axis),
        "mean_abs": lambda a: np.abs(a).mean(axis),
    }
    if how not in ways:
        raise FlatlineError(f"The `how` parameter must be one of {', '.join(map(repr, ways))}. Got {how!r}.")
    return np.asarray(ways[how](np.asarray(values)), "float32")


def normalized(maps: Array, *, percentile: float = 99.0) -> Array:
    """Return each row between 0 and 1: 0 stays 0, or is the middle where there are negative values.

    Parameters
    ----------
    maps : ndarray of shape (n_rows, ...)
    percentile : float
        Of the magnitudes of a row, which becomes 1; what lies above is cut. 99 keeps single pixels from darkening all
        others (as in deep-viz-keras and PAIR's saliency).

    Returns
    -------
    ndarray
        float32, of the same shape. Rows of zeros stay what they are.

    Notes
    -----
    Says nothing about how large a map is: an untrained network's looks as bright as any other. Compare numbers before.
    """
    maps = np.asarray(maps, "float32")
    if not 0 < percentile <= 100:
        raise FlatlineError(f"The `percentile` parameter must be in (0, 100]. Got {percentile!r}.")
    flat = np.abs(maps).reshape(len(maps), -1)
    top = np.percentile(flat, percentile, axis=1)
    top = np.where(top > 0, top, flat.max(axis=1, initial=0)).reshape(-1, *[1] * (maps.ndim - 1))
    scaled = np.clip(np.divide(maps, top, out=np.zeros_like(maps), where=top > 0), -1, 1)
    signed = (maps < 0).any(axis=tuple(range(1, maps.ndim)), keepdims=True)
    return np.asarray(np.where(signed, (scaled + 1) / 2, scaled), "float32")


def overlay(image: Array, heat: Array, *, alpha: float = 0.5) -> Array:
    """Return an image with a map laid over it in colours, or two images blended.

    Parameters
    ----------
    image : ndarray of shape (height, width), (height, width, 1) or (height, width, 3), or a batch of these
        Values in any range; each image is scaled by its smallest and largest.
    heat : ndarray of shape (height, width), or (n_rows, height, width) for a batch
        A map, of any size, scaled by `normalized` and coloured from dark blue (0) to yellow (1). An array with three
        channels is taken for colours and blended as it is.
    alpha : float
        Share of the map, between 0 and 1.

    Returns
    -------
    ndarray of shape (height, width, 3), or (n_rows, height, width, 3)
        uint8.

    Raises
    ------
    FlatlineError
        If the shapes do not belong together or `alpha` is not between 0 and 1.
    """
    image, heat = np.asarray(image), np.asarray(heat)
    single = image.ndim == 2 or (image.ndim == 3 and image.shape[-1] in (1, 3))
    images, heats = (image[None], heat[None]) if single else (image, heat)
    images = images if images.ndim == 4 else images[..., None]
    colours = heats.ndim == 4 and heats.shape[-1] == 3
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or len(heats) != len(images) or heats.ndim != 3 + colours:
        raise FlatlineError(
            "The `image` parameter must be of shape (height, width), (height, width, 1 or 3) or a batch of these, and "
            f"the map (height, width) for each. Got {image.shape} and {heat.shape}."
        )
    if not 0 <= alpha <= 1:
        raise FlatlineError(f"The `alpha` parameter must be between 0 and 1. Got {alpha!r}.")
    size = images.shape[1:3]
    if not colours:
        at = resized(normalized(heats), size) * (len(RAMP) - 1)
        low = np.floor(at).astype(int)
        share = (at - low)[..., None]
        over = RAMP[low] * (1 - share) + RAMP[np.minimum(low + 1, len(RAMP) - 1)] * share
    else:
        over = _bytes(heats)
    blended = (1 - alpha) * _bytes(images) + alpha * over
    found = np.clip(np.rint(blended), 0, 255).astype("uint8")
    return np.asarray(found[0] if single else found)


def _bytes(images: Array) -> Array:
    """Each between 0 and 255; one of uint8 is that already."""
    if images.dtype == np.uint8:
        return np.asarray(images, "float32")
    low = images.min((1, 2, 3), keepdims=True)
    reach = images.max((1, 2, 3), keepdims=True) - low
    scaled = np.divide(images - low, reach, out=np.zeros(images.shape, "float32"), where=reach > 0)
    return np.asarray(255 * scaled)
