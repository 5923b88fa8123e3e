"""Draw how the targets of a regression are distributed, and what answering their mean is off by."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from flatline.checks.targets_scale import LARGEST_RMS, SMALLEST_RMS
from flatline.errors import CannotTell
from flatline.exhibits import HeadValues, TargetValues
from flatline.plots.frame import COLOURS, GREY, axes, short
from flatline.plots.picture import picture
from flatline.plots.sheet import BOUND, beside, inches
from flatline.plots.spreads import Group, draw_groups, limit_height, odd_ones

NARROW = 4.0  # inches; a legend has one column there


@picture(
    "target distribution",
    look_for="A fresh network answers with about ±1: targets much larger or smaller than that take long to reach. All "
    "of them must lie where the output can reach. The grey line is what a network answers that has learnt nothing.",
    group="data",
    rank=20,
    about=("target_rms", "target_mean", "target_std"),
)
def plot_target_distribution(targets: TargetValues, *, ax: Axes | None = None) -> Axes:
    """Draw the histogram of the targets of one column, or quantiles of several.

    Parameters
    ----------
    targets : TargetValues
    ax : Axes or None
        Where to draw; a new figure is made when None.

    Returns
    -------
    Axes
        With the mean, the standard deviation on both sides, the ends of what the output can reach, and the bounds of
        the check of the targets' scale where they are near.

    Raises
    ------
    CannotTell
        When no target is a finite number.
    """
    heads = [head for head in targets.heads if head.count.sum()]
    if not heads:
        raise CannotTell("none of the targets is a finite number")
    ax = axes(ax)
    if len(heads) == 1 and heads[0].spread.n_features == 1:
        _histogram(ax, heads[0])
    else:
        _columns(ax, heads)
    return ax


def _histogram(ax: Axes, head: HeadValues) -> None:
    ax.stairs(head.count, head.edges, fill=True, color=COLOURS[0], alpha=0.6)
    if np.isfinite(head.linear_width):
        ax.set_xscale("symlog", linthresh=head.linear_width)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=6))
    ax.axvline(head.mean, color=GREY, linewidth=2.0, label=f"mean {head.mean:.4g}")
    label = f"± standard deviation {head.std:.3g}"
    ends = np.clip([head.mean - head.std, head.mean + head.std], head.edges[0], head.edges[-1])
    ax.axvspan(ends[0], ends[1], color=GREY, alpha=0.15, linewidth=0, label=label)
    for end, word in ((head.low, "lowest"), (head.high, "highest")):
        if np.isfinite(end):
            ax.axvline(end, color=COLOURS[3], linestyle="-.", label=f"{word} possible output {end:g}")
    rms = head.spread.rms
    if rms > LARGEST_RMS / 4 or rms < SMALLEST_RMS:
        bound, word = (LARGEST_RMS, "large") if rms > SMALLEST_RMS else (SMALLEST_RMS, "small")
        label = f"rms {bound:g}: too {word} (here {rms:.3g})"
        for sign in (-1, 1):
            if sign * head.edges[0] >= 0 or sign * head.edges[-1] >= 0:  # there are targets on this side
                ax.axvline(sign * bound, color=BOUND, linestyle="--", linewidth=1.5, label=label)
                label = "_"  # the legend has it
    n_nonfinite = head.spread.n_nonfinite
    if n_nonfinite:
        ax.plot([], [], linestyle="none", label=f"{n_nonfinite:,} of {head.spread.n_cells:,} NaN or ∞, not drawn")
    ax.set_xlabel(f"target {short(head.spread.name)}")
    ax.set_ylabel("targets")
    columns = 2 if inches(ax)[0] > NARROW else 1
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize="small", borderaxespad=0.2
    )


def _columns(ax: Axes, heads: Sequence[HeadValues]) -> None:
    groups = []
    for head in heads:
        group = Group(spread=head.spread, title="", colour=COLOURS[0])
        told = [f"rms {head.spread.rms:.3g}", *odd_ones(group.noun, head.spread, LARGEST_RMS)]
        reach = f" (reach {head.low:g} … {head.high:g})" if np.isfinite(head.low) else ""
        title = f"target {short(head.spread.name)}{reach}\n{' · '.join(told)}"
        groups.append(Group(spread=head.spread, title=title, colour=COLOURS[0]))
    draw_groups(ax, groups)
    ax.set_yscale("symlog", linthresh=1.0)
    limit_height(ax, groups)
    for left, head in enumerate(heads):
        for end in (head.low, head.high):
            if np.isfinite(end):
                ax.hlines(end, left, left + 1, color=COLOURS[3], linestyle="-.")
    if ax.get_ylim()[1] > LARGEST_RMS:
        for sign in (-1, 1):
            ax.axhline(sign * LARGEST_RMS, color=BOUND, linestyle="--", linewidth=1.5)
        beside(ax, LARGEST_RMS, f"rms {LARGEST_RMS:g}:\ntoo large", colour=BOUND)
    ax.axhline(0, color=GREY, linewidth=0.5)
    ax.set_ylabel("value")
