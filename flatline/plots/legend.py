"""A legend that covers nothing."""

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes

FEW = 8  # entries in two columns; more need three, which names of two words allow


def legend_above(ax: Axes, handles: Sequence[Artist] | None = None) -> None:
    """Put the legend, of all that has a label or of these, above the axes, where it covers nothing."""
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    if handles:
        ax.legend(
            handles=handles, ncols=2 if len(handles) <= FEW else 3, loc="lower left", bbox_to_anchor=(0.0, 1.0),
            frameon=False, fontsize="small", borderaxespad=0.2, columnspacing=1.5, handlelength=2.2,
        )  # fmt: skip
