"""Draw what an answer depends on: a map over an image, or a bar for each feature, step or token."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.plots.frame import COLOURS, GREY, axes, literal

PERCENTILE = 99.0  # of the magnitudes, drawn brightest: single pixels do not darken all others
POSITIVE = {"color": COLOURS[0]}
NEGATIVE = {"color": COLOURS[1], "hatch": "///", "edgecolor": "white", "linewidth": 0.0}


def plot_attribution(
    image: Array | None,
    heat: Array,
    *,
    how: Literal["grey", "overlay", "signed"] = "grey",
    percentile: float = PERCENTILE,
    alpha: float = 0.5,
    title: str = "",
    ax: Axes | None = None,
    **image_kw: Any,
) -> Axes:
    """Draw a map of one image: its magnitudes in grey, its colours over the image, or its signs.

    What to look for: bright places should lie on what the label names. A map that is brightest at the border, that is
    the same for images of all classes, or that is grey all over belongs to a network that does not look at the object;
    so does one that looks the same with another `target`.

    Parameters
    ----------
    image : ndarray of shape (height, width), (height, width, 1) or (height, width, 3), or None
        In any range; needed for "overlay", not drawn otherwise.
    heat : ndarray of shape (height, width) or (height, width, n_channels)
        One row of what `flatline.inspect` returns. Of several channels the largest magnitude is drawn, or
        ("signed") the sum. Drawn in the size of the image.
    how : {"grey", "overlay", "signed"}
        Dark is 0, or ("signed") orange below 0, white at 0, purple above.
    percentile : float
        Of the magnitudes, which is drawn in full.
    alpha : float
        Share of the map over the image.
    title : str
        Above the picture.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **image_kw
        Passed on to `Axes.imshow` of the map.

    Returns
    -------
    Axes
        With the image, if it is drawn, and the map.

    Raises
    ------
    FlatlineError
        If there is no such way, the shapes are no images, or an overlay has no image.
    """
    ways = ("grey", "overlay", "signed")
    heat = np.asarray(heat, float)
    if how not in ways:
        raise FlatlineError(f"The `how` parameter must be one of {', '.join(map(repr, ways))}. Got {how!r}.")
    if heat.ndim not in (2, 3):
        raise FlatlineError(
            f"The `heat` parameter must be the map of one image, (height, width). Got {heat.shape}: draw row by row."
        )
    if how == "overlay" and image is None:
        raise FlatlineError("The `image` parameter must be an image to lay the map over. Got None.")
    ax = axes(ax)
    if how == "signed":
        shown = heat if heat.ndim == 2 else heat.sum(-1)
    else:
        shown = np.abs(heat) if heat.ndim == 2 else np.abs(heat).max(-1)
    top = full(shown, percentile)
    style: dict[str, Any] = {"vmin": -top, "vmax": top, "cmap": "PuOr"} if how == "signed" else {"vmin": 0, "vmax": top}
    if how == "grey":
        style["cmap"] = "gray"
    if how == "overlay":
        drawn = displayable(np.asarray(image))
        ax.imshow(drawn, cmap="gray", vmin=0, vmax=1)
        height, width = drawn.shape[:2]
        style |= {
            "cmap": "viridis", "alpha": alpha, "extent": (-0.5, width - 0.5, height - 0.5, -0.5),
            "interpolation": "bilinear",
        }  # fmt: skip
    ax.imshow(shown, **{**style, **image_kw})
    ax.set_axis_off()
    ax.set_title(literal(title), fontsize="medium")
    return ax


def plot_feature_attribution(
    values: Array,
    names: Sequence[str] | None = None,
    *,
    most: int = 20,
    xlabel: str = "attribution",
    ax: Axes | None = None,
    **bar_kw: Any,
) -> Axes:
    """Draw a bar for each column of a table, the largest magnitude on top.

    What to look for: a column that should say nothing (an identifier, a row number) on top is a leak; a column that
    should matter with no bar at all is constant, badly scaled, or not looked at.

    Parameters
    ----------
    values : ndarray of shape (n_features,) or (n_rows, n_features)
        Signed; the mean magnitude of several rows is drawn.
    names : sequence of str or None
        Of the columns; their numbers if None.
    most : int
        Of how many columns; the rest is summed up in a last line.
    xlabel : str
        What the values are, with their unit.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Passed on to `Axes.barh`.

    Returns
    -------
    Axes
        With one bar a column; negative ones go to the left and are hatched.

    Raises
    ------
    FlatlineError
        If there are not as many names as columns.
    """
    values = np.asarray(values, float)
    values = values if values.ndim == 1 else np.abs(values).reshape(-1, values.shape[-1]).mean(0)
    labels = [str(i) for i in range(len(values))] if names is None else [literal(str(name)) for name in names]
    if len(labels) != len(values):
        raise FlatlineError(f"The `names` parameter must name {len(values)} columns. Got {len(labels)}.")
    ax = axes(ax)
    order = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable")
    top, rest = order[:most], order[most:]
    for place, i in enumerate(top):
        ax.barh(place, values[i], **{**(POSITIVE if values[i] >= 0 else NEGATIVE), **bar_kw})
    ticks = [labels[i] for i in top]
    if len(rest):
        ticks.append(f"{len(rest)} more, up to {np.abs(values[rest]).max():.2g}")
    ax.set_yticks(range(len(ticks)), ticks)
    ax.set_ylim(len(ticks) - 0.5, -0.5)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_xlabel(xlabel)
    return ax


def plot_step_attribution(
    values: Array,
    labels: Sequence[str] | None = None,
    *,
    ylabel: str = "attribution",
    ax: Axes | None = None,
    **bar_kw: Any,
) -> Axes:
    """Draw a bar for each step of a sequence or each token of a text, in their order.

    What to look for: bars only at the last steps mean that a recurrent network has forgotten the rest; bars at padding
    mean that the mask is missing; bars of one height everywhere that the answer does not depend on the order.

    Parameters
    ----------
    values : ndarray of shape (n_steps,) or (n_steps, n_features)
        Signed; of several features (or dimensions of an embedding) the sum is drawn.
    labels : sequence of str or None
        Tokens, written below their bars; the numbers of the steps if None.
    ylabel : str
        What the values are, with their unit.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Passed on to `Axes.bar`.

    Returns
    -------
    Axes
        With one bar a step; negative ones go down and are hatched.

    Raises
    ------
    FlatlineError
        If there are not as many labels as steps.
    """
    values = np.asarray(values, float)
    values = values if values.ndim == 1 else values.sum(-1)
    if labels is not None and len(labels) != len(values):
        raise FlatlineError(f"The `labels` parameter must hold {len(values)} labels. Got {len(labels)}.")
    ax = axes(ax)
    steps = np.arange(len(values))
    for above, style in ((values >= 0, POSITIVE), (~(values >= 0), NEGATIVE)):
        if above.any():
            ax.bar(steps[above], values[above], **{**style, **bar_kw})
    ax.axhline(0, color=GREY, linewidth=0.8)
    if labels is None:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("step")
    else:
        ax.set_xticks(steps, [literal(str(label)) for label in labels], rotation=60, ha="right", rotation_mode="anchor")
    ax.set_ylabel(ylabel)
    return ax


def displayable(image: Array) -> Array:
    """An image between 0 and 1, of one or three channels, from any range."""
    image = image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[-1] != 3):
        raise FlatlineError(f"The `image` parameter must be of shape (height, width, 1 or 3). Got {image.shape}.")
    if image.dtype == np.uint8:
        return np.asarray(image / 255)
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    return np.asarray((image - low) / (high - low) if high > low else np.zeros(image.shape), float)


def full(values: Array, percentile: float) -> float:
    """Magnitude that is drawn in full: a percentile, or the largest where that is 0; 1 where all are."""
    finite = np.abs(values[np.isfinite(values)])
    if not finite.size:
        return 1.0
    return float(np.percentile(finite, percentile) or finite.max() or 1.0)
