"""What drawings have in common: axes where none are given, a legend that covers nothing, scales, names of layers."""

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flatline.facts import Array
from flatline.plots.picture import literal
from flatline.plots.trainability import DECADES

GREY = "#767676"
MAX_LABELS = 12  # names along an axis; more cannot be read in a panel of two inches
MAX_NAME = 20  # characters


def axes(ax: Axes | None) -> Axes:
    """Return the axes that were given, or those of a new figure."""
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.subplots(layout="constrained")[1]
    return ax


def legend(ax: Axes, handles: Sequence[Artist] | None = None) -> None:
    """Put the legend, of all that has a label or of these, above the axes, where it covers nothing."""
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    if handles:
        ax.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False, fontsize="small",
            borderaxespad=0.2, columnspacing=1.5, handlelength=2.2,
        )  # fmt: skip


def over_steps(ax: Axes) -> None:
    """Write whole steps along the x axis, with all their digits."""
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    ax.set_xlabel("step")


def spans_decades(values: Iterable[float]) -> bool:
    """Whether positive values differ so much that only a log scale shows them all."""
    finite = np.asarray([value for value in values if math.isfinite(value)])
    return len(finite) > 0 and finite.min() > 0 and math.log10(finite.max() / finite.min()) > DECADES


def fit_height(ax: Axes, values: Array) -> None:
    """Choose the y scale: logarithmic where decades matter, also of values that fall below zero."""
    finite = np.abs(values[np.isfinite(values)])
    if spans_decades(values):
        ax.set_yscale("log")
    elif len(finite) and finite.max() > 0 and values[np.isfinite(values)].min() < 0:
        usual = max(float(np.quantile(finite, 0.1)), 1e-6 * float(finite.max()))
        if math.log10(finite.max() / usual) > DECADES:
            ax.set_yscale("symlog", linthresh=usual)


def short(name: str) -> str:
    """Shorten a name in its middle, where names of layers differ least."""
    if len(name) > MAX_NAME:
        name = f"{name[: MAX_NAME // 2]}…{name[1 - MAX_NAME // 2 :]}"
    return literal(name)


def name_rows(ax: Axes, names: Sequence[str], *, always: Collection[str] = ()) -> None:
    """Write names of layers along the y axis, the first on top: all of a few, some of many.

    Parameters
    ----------
    ax : Axes
        Row i is drawn at y = i.
    names : sequence of str
    always : collection of str
        Named in any case, with a sign: what findings speak of.
    """
    n = len(names)
    marked = [row for row, name in enumerate(names) if name in always][:MAX_LABELS]
    rows = list(range(n)) if n <= MAX_LABELS else [round(row) for row in np.linspace(0, n - 1, MAX_LABELS)]
    apart = n / (1.5 * MAX_LABELS)  # rows that two labels need between them
    rows = sorted({*marked, *(row for row in rows if all(abs(row - one) >= apart for one in marked))})
    ax.set_yticks(rows, [f"▸ {short(names[row])}" if row in marked else short(names[row]) for row in rows])
    ax.tick_params(axis="y", labelsize="small")
    ax.set_ylim(n - 0.5, -0.5)
