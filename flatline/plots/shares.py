"""Draw which share of each layer something is true of: a bar for each against the whole, and the bound of its check."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from flatline.facts import Array
from flatline.plots import frame
from flatline.plots.depth import Bound
from flatline.plots.frame import COLOURS, GREY
from flatline.plots.legend import legend_above
from flatline.plots.sheet import BOUND, beside

OUTLINED = 40  # bars up to which each stands apart
BROKEN: dict[str, Any] = {"facecolor": "white", "edgecolor": BOUND, "hatch": "////"}  # colour never tells alone


def plot_shares(
    share: Array,
    names: Sequence[str],
    *,
    quantity: str,
    broken: Array,
    told: Sequence[str],
    rest: str,
    bound: Bound | None = None,
    ax: Axes | None = None,
    **bar_kw: Any,
) -> Axes:
    """Draw a bar for each layer, the first on top, in a frame that is the whole.

    Parameters
    ----------
    share : ndarray of shape (n_layers,)
        From 0 to 1.
    names : sequence of str
    quantity : str
        What is drawn.
    broken : ndarray of bool of shape (n_layers,)
        Which are beyond the bound: hatched, and named in any case.
    told : sequence of str
        What the bar says in a few characters, for layers that are named.
    rest : str
        What is true of the rest of the whole, for the legend.
    bound : Bound or None
        An upright line.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Of the bars.

    Returns
    -------
    Axes
        With three collections of bars: the whole, what is within the bound and what is beyond it. One artist for all
        bars: hundreds of them take long to lay out.
    """
    ax = frame.axes(ax)
    few = len(share) <= OUTLINED
    frames: dict[str, Any] = {"edgecolor": GREY, "linewidth": 0.6 if few else 0.0}
    ax.add_collection(_bars(np.ones(len(share)), few, facecolor="#eeeeee", label=rest, **frames))
    ax.add_collection(_bars(np.where(broken, 0.0, share), few, **{"facecolor": COLOURS[0], **bar_kw}))
    ax.add_collection(_bars(np.where(broken, share, 0.0), few, **{**BROKEN, **bar_kw}))
    if bound is not None:
        ax.axvline(bound.value, color="#000000", linestyle=":", linewidth=1.8, label=bound.label)
    frame.name_rows(ax, names, always=[name for name, each in zip(names, broken, strict=True) if each])
    for row in map(int, ax.get_yticks()):
        beside(ax, row, told[row], colour=BOUND if broken[row] else GREY)
    ax.set_xlim(0, 1.03)
    ax.set_xlabel(quantity)
    legend_above(ax)
    return ax


def _bars(share: Array, apart: bool, **style: Any) -> PolyCollection:
    rows = np.flatnonzero(share > 0)
    half = 0.3 if apart else 0.5
    left, right, low, high = np.zeros(len(rows)), share[rows], rows - half, rows + half
    corners = np.stack([[left, low], [right, low], [right, high], [left, high]]).transpose(2, 0, 1)
    return PolyCollection(list(corners), **style)
