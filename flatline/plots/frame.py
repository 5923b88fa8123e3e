"""What drawings have in common: axes where none are given, steps, scales, names of layers."""

import math
from collections.abc import Collection, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flatline.facts import Array

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart with any colour vision: M. Okabe and K. Ito, Color Universal Design, 2008,
https://jfly.uni-koeln.de/color/."""

DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))  # colour never tells alone

DECADES = 1.5  # log scale when the largest loss is more than 10**1.5 times the smallest
GREY = "#767676"
OUTERMOST = 0.01  # 1; share of a curve's values on each side that may leave the picture
HEADROOM = 0.08  # 1; of the height, left below; twice as much above, for the numbers of marks
DEEPEST = 30.0  # 1; how far a log scale goes below what must be seen
MAX_LABELS = 12  # names along an axis; more cannot be read in a panel of two inches
MAX_NAME = 20  # characters


def axes(ax: Axes | None) -> Axes:
    """Return the axes that were given, or those of a new figure."""
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.subplots(layout="constrained")[1]
    return ax


def literal(name: str) -> str:
    """Keep a name from being read as mathematics, or (leading underscore) left out of the legend."""
    text = name.encode("utf-8", "replace").decode().replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def over_steps(ax: Axes) -> None:
    """Write whole steps along the x axis, from the first of the run on, with all their digits."""
    right = ax.get_xlim()[1]
    ax.set_xlim(-0.02 * right, right)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    ax.set_xlabel("step")


def fit_height(ax: Axes, main: Array, all_of_it: Array | None = None) -> None:
    """Choose scale and limits of the y axis: logarithmic where decades matter, and not for the sake of a few spikes.

    Parameters
    ----------
    ax : Axes
    main : ndarray of shape (n,)
        What must be seen, which decides: medians of a curve, and lines that it is compared with.
    all_of_it : ndarray of shape (m,) or None
        Every value drawn; of these the outermost hundredths may leave the picture.
    """
    main = main[np.isfinite(main)]
    if not len(main):
        return
    rest = main if all_of_it is None else all_of_it[np.isfinite(all_of_it)]
    low = min(float(main.min()), float(np.quantile(rest, OUTERMOST)))
    high = max(float(main.max()), float(np.quantile(rest, 1 - OUTERMOST)))
    size = np.abs(main[main != 0])
    if main.min() > 0 and math.log10(main.max() / main.min()) > DECADES:
        low = max(low, float(main.min()) / DEEPEST)  # batches with next to no loss
        ax.set_yscale("log")
        room = (high / low) ** HEADROOM
        ax.set_ylim(low / room, high * room**2)
    elif main.min() < 0 and math.log10(size.max() / np.median(size)) > DECADES:
        ax.set_yscale("symlog", linthresh=float(np.median(size)))
    elif high > low:
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))  # a power of ten above is no place
        ax.set_ylim(low - HEADROOM * (high - low), high + 2 * HEADROOM * (high - low))


def short(name: str) -> str:
    """Shorten a name in its middle, where names of layers differ least."""
    name = " ".join(name.split())
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
        Named in any case, with a sign: what findings speak of; of neighbours among many the first.
    """
    n = len(names)
    apart = n / (1.5 * MAX_LABELS)  # rows that two labels need between them
    marked: list[int] = []
    for row, name in enumerate(names):
        if name in always and (not marked or row - marked[-1] >= apart):
            marked.append(row)
    marked = marked[:MAX_LABELS]
    rows = list(range(n)) if n <= MAX_LABELS else [round(row) for row in np.linspace(0, n - 1, MAX_LABELS)]
    rows = sorted({*marked, *(row for row in rows if all(abs(row - one) >= apart for one in marked))})
    ax.set_yticks(rows, [f"▸ {short(names[row])}" if row in marked else short(names[row]) for row in rows])
    ax.tick_params(axis="y", labelsize="small")
    ax.set_ylim(n - 0.5, -0.5)
