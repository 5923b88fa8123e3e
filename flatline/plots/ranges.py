"""Draw ranges of values as bars below each other: solid what is, striped what it is compared with."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import SymmetricalLogLocator

from flatline.plots import frame
from flatline.plots.frame import COLOURS, literal

WIDE = 100.0  # 1; largest end over the narrowest range, from where no linear scale shows both


class Range(NamedTuple):
    """A bar, with what is written beside it."""

    label: str
    low: float
    high: float
    striped: bool = False
    says: str = ""

    @property
    def told(self) -> str:
        """The range in a few characters."""
        return self.says or (f"always {self.low:.3g}" if self.low == self.high else f"{self.low:.3g} … {self.high:.3g}")


def draw_ranges(ax: Axes | None, ranges: Sequence[Range], quantity: str, **bar_kw: Any) -> Axes:
    """Draw bars, the first on top; a point where a range is a single value.

    Parameters
    ----------
    ax : Axes or None
        Where to draw; a new figure is made when None.
    ranges : sequence of Range
    quantity : str
        What the x axis is.
    **bar_kw
        Passed on to `Axes.barh`.
    """
    ax = frame.axes(ax)
    for row, bar in enumerate(ranges):
        colour = COLOURS[1] if bar.striped else COLOURS[0]
        style = {"facecolor": "white", "hatch": "///"} if bar.striped else {"facecolor": colour}
        ax.barh(row, bar.high - bar.low, left=bar.low, **{"edgecolor": colour, "height": 0.55, **style, **bar_kw})
        if bar.low == bar.high:
            ax.plot([bar.low], [row], color=colour, marker="D", linestyle="none")
    ends, widths = [end for bar in ranges for end in (bar.low, bar.high)], [bar.high - bar.low for bar in ranges]
    least = min((width for width in widths if width > 0), default=0.0)
    if 0 < WIDE * least < max(map(abs, ends)):
        ax.set_xscale("symlog", linthresh=least)
        ax.xaxis.set_major_locator(SymmetricalLogLocator(base=10.0, linthresh=10.0 * least))  # ticks beside 0 collide
    ax.use_sticky_edges = False
    ax.margins(x=0.05)
    ax.set_yticks(range(len(ranges)), [f"{literal(bar.label)}\n{bar.told}" for bar in ranges])
    ax.set_ylim(len(ranges) - 0.5, -0.5)
    ax.grid(axis="x", alpha=0.3)
    ax.set_xlabel(quantity)
    return ax
