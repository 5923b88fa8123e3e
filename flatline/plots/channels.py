"""Draw the channels of a layer's output and the filters of its kernel, each as a tile of one grid."""

import math
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.plots.attribution import full
from flatline.plots.frame import COLOURS, axes, literal

MOST = 64  # tiles of a grid, by default: more cannot be told apart in a figure of 7 inches
TILE = 12  # cells of a tile's shorter side, at least: small ones are enlarged, so that the gaps between them stay small
BORDER = "#A6A6A6"
BORDER_GREY = 0.65  # the same, as a number


def plot_channels(
    output: Array,
    *,
    dead: Array | None = None,
    scale: Literal["layer", "channel"] = "layer",
    most: int = MOST,
    title: str = "",
    ax: Axes | None = None,
    **image_kw: Any,
) -> Axes:
    """Draw what a layer makes of one sample, channel by channel; those that are dead are crossed out.

    What to look for: channels that are crossed out are 0 everywhere and learn nothing under a rectifier. Several that
    look alike say the same thing. All grey and flat: the layer does not tell places apart. Only noise in a trained
    network: nothing of the image has come through.

    Parameters
    ----------
    output : ndarray of shape (height, width, n_channels), (n_steps, n_channels) or (n_units,)
        One row of an output of `flatline.inspect.layer_outputs`, its channels last.
    dead : ndarray of bool, shape (n_channels,), or None
        Which are crossed out; those that are 0 everywhere in `output` if None. A channel that is 0 for one sample may
        live for others: give ``~outputs.any(axis=(0, 1, 2))`` of a batch to be sure.
    scale : {"layer", "channel"}
        Whether all tiles share one scale, so that weak channels are dark, or each has its own.
    most : int
        Tiles that are drawn; the title says how many there are.
    title : str
        Above the picture, such as the layer's name.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **image_kw
        Passed on to `Axes.imshow`.

    Returns
    -------
    Axes
        With one image of all tiles, and two lines for each that is crossed out.

    Raises
    ------
    FlatlineError
        If the shape is that of a batch, or `dead` does not fit the channels.
    """
    output = np.asarray(output, float)
    if output.ndim not in (1, 2, 3):
        raise FlatlineError(f"The `output` parameter must be that of one sample, channels last. Got {output.shape}.")
    if scale not in ("layer", "channel"):
        raise FlatlineError(f"The `scale` parameter must be 'layer' or 'channel'. Got {scale!r}.")
    tiles = np.moveaxis(output.reshape((1,) * (3 - output.ndim) + output.shape), -1, 0)  # (n_channels, height, width)
    crossed = ~tiles.any(axis=(1, 2)) if dead is None else np.asarray(dead, bool)
    if crossed.shape != (len(tiles),):
        raise FlatlineError(f"The `dead` parameter must hold {len(tiles)} truth values. Got shape {crossed.shape}.")
    if output.ndim == 2:  # steps run to the right, one strip a channel
        tiles = tiles.reshape(len(tiles), 1, -1)
    signed = bool((tiles < 0).any())
    if scale == "channel":
        tiles = np.stack([tile / full(tile, 100) for tile in tiles])
    top = full(tiles, 99 if scale == "layer" else 100)
    style = {"cmap": "PuOr", "vmin": -top, "vmax": top} if signed else {"cmap": "gray", "vmin": 0, "vmax": top}
    ax, places = _grid(ax, tiles[:most], strips=output.ndim == 2, **{**style, **image_kw})
    for (left, right, upper, lower), cross in zip(places, crossed, strict=False):
        if cross:
            for ends in ((upper, lower), (lower, upper)):
                ax.plot((left, right), ends, color=COLOURS[1], linewidth=1.2)
    counted = f"{len(tiles)} channels" if len(tiles) <= most else f"{most} of {len(tiles)} channels"
    told = [part for part in (title, counted, f"{crossed.sum()} dead (crossed out)" if crossed.any() else "") if part]
    ax.set_title(literal(": ".join([told[0], ", ".join(told[1:])]) if title else ", ".join(told)), fontsize="medium")
    return ax


def plot_filters(filters: Array, *, most: int = MOST, title: str = "", ax: Axes | None = None, **image_kw: Any) -> Axes:
    """Draw the filters of a layer.

    What to look for: the first filters of a trained network are edges, colours and smooth patterns. Salt and pepper
    means that they still are what the initialiser drew: not trained, or trained at far too small a rate. Filters that
    look alike are wasted; a filter of one colour passes its input on.

    Parameters
    ----------
    filters : ndarray of shape (n_filters, height, width, n_channels), (n_filters, n_steps, n_channels) or (n_units, n)
        From `flatline.inspect.filters`. With three channels each filter is a colour image, grey where it is 0; with
        more, a row of tiles, one a channel, of which as many are drawn as fit. Those of a dense layer are the rows of
        one image.
    most : int
        Tiles that are drawn.
    title : str
        Above the picture, such as the layer's name.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **image_kw
        Passed on to `Axes.imshow`.

    Returns
    -------
    Axes
        With one image of all tiles; orange below 0, purple above, where they are no colours.

    Raises
    ------
    FlatlineError
        If the shape is none of these.
    """
    filters = np.asarray(filters, float)
    if filters.ndim not in (2, 3, 4):
        raise FlatlineError(f"The `filters` parameter must be as from `flatline.inspect.filters`. Got {filters.shape}.")
    top = full(filters, 100)
    style = {"cmap": "PuOr", "vmin": -top, "vmax": top}
    n = len(filters)
    columns = None
    if filters.ndim == 2:
        shown, counted = filters[None, :most], min(n, most)
    elif filters.ndim == 4 and filters.shape[-1] == 3:
        shown, counted, style = (filters[:most] / top + 1) / 2, min(n, most), {}
    else:
        tiles = np.moveaxis(filters if filters.ndim == 4 else filters[:, None], -1, 1)  # (n, n_channels, h, w)
        columns = min(tiles.shape[1], math.isqrt(most)) if tiles.shape[1] > 1 else None
        counted = min(n, most // (columns or 1))
        shown = tiles[:counted, : columns or 1].reshape(-1, *tiles.shape[2:])
    ax, _ = _grid(ax, shown, columns=columns, strips=filters.ndim == 2, **{**style, **image_kw})
    told = f"{n} filters" if counted == n else f"{counted} of {n} filters"
    if columns is not None:
        told += f" (rows), {columns} of {filters.shape[-1]} channels"
    ax.set_title(literal(f"{title}: {told}" if title else told), fontsize="medium")
    return ax


def _grid(
    ax: Axes | None, tiles: Array, *, columns: int | None = None, strips: bool = False, **image_kw: Any
) -> tuple[Axes, list[tuple[float, float, float, float]]]:
    """Draw tiles (n, height, width) or (n, height, width, 3) as one image; return the sides of each."""
    ax = axes(ax)
    times = max(1, TILE // (tiles.shape[1] if strips else min(tiles.shape[1:3])))
    tiles = tiles.repeat(times, axis=1) if strips else tiles.repeat(times, axis=1).repeat(times, axis=2)
    height, width = tiles.shape[1:3]
    columns = 1 if strips else columns or math.ceil(math.sqrt(len(tiles) * height / width))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, *tiles.shape[3:]), np.nan)
    corners = [(i // columns * (height + 1), i % columns * (width + 1)) for i in range(len(tiles))]
    for tile, (down, right) in zip(tiles, corners, strict=True):
        sheet[down : down + height, right : right + width] = tile
    ax.set_facecolor(BORDER)
    shown = np.where(np.isnan(sheet), BORDER_GREY, sheet) if tiles.ndim == 4 else sheet
    ax.imshow(shown, aspect="auto" if strips else "equal", interpolation="nearest", **image_kw)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax, [(r - 0.5, r - 0.5 + width, d - 0.5, d - 0.5 + height) for d, r in corners]
