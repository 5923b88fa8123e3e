"""What pictures of data have in common: the colour of bounds, words beside the axes, when decades matter."""

import numpy as np
from matplotlib.axes import Axes

from flatline.facts import Array
from flatline.plots.frame import GREY

BOUND = "#D55E00"  # of lines that a check judges by
DECADES_APART = 50.0  # 1; the largest number over the one in the middle


def inches(ax: Axes) -> tuple[float, float]:
    """Width and height of axes, about: before room is made for labels."""
    place, figure = ax.get_position(), ax.figure
    return place.width * figure.bbox.width / figure.dpi, place.height * figure.bbox.height / figure.dpi


def beside(ax: Axes, y: float, text: str, *, colour: str = GREY) -> None:
    """Write at the right edge, outside, at a height in data."""
    ax.annotate(
        text, (1.0, y), (4, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points", va="center",
        color=colour, fontsize="small", annotation_clip=False,
    )  # fmt: skip


def linear_width(values: Array) -> float | None:
    """How far from zero an axis should be linear, and logarithmic beyond; None where nothing lies decades apart."""
    size = np.abs(values[np.isfinite(values) & (values != 0)]).astype("float64")
    apart = len(size) > 0 and size.max() > DECADES_APART * np.median(size)
    return float(np.median(size)) if apart else None
