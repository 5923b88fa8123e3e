"""Draw what the outputs of a network can be against what they are asked to be."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.facts import HeadFacts, ObjectiveFacts, Task
from flatline.plots import frame
from flatline.plots.picture import literal, picture
from flatline.plots.trainability import COLOURS

MOST = 6  # outputs
_CLASSES = (Task.BINARY, Task.MULTICLASS, Task.MULTILABEL)


@picture(
    "what the output can be, and what it is asked to be",
    look_for="The solid bar must cover the striped one: what lies outside of it the network cannot say, whatever its "
    "weights are. A bar that reaches far beyond probabilities holds scores.",
    group="data",
    rank=30,
    about=(
        "output_low", "output_high", "output_range", "out_of_reach_share", "labels_outside_share", "target_rms",
        "target_mean", "target_std", "output_units", "rows_sum_to_one", "near_zero_share", "negative_share",
    ),
)  # fmt: skip
def plot_output_range(objective: ObjectiveFacts, *, ax: Axes | None = None, **bar_kw: Any) -> Axes:
    """Draw the range of each output over random weights above the range of its targets.

    Parameters
    ----------
    objective : ObjectiveFacts
        Class numbers and one-hot rows ask for probabilities, 0 to 1, unless the loss reads scores.
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Passed on to `Axes.barh`.

    Returns
    -------
    Axes
        With two bars for each output, the upper one of the output; a point where a range is a single value.

    Raises
    ------
    CannotTell
        When no range is known.
    """
    rows = [(f"{head.name}: output", head.low, head.high, "", COLOURS[0], _asked(head)) for head in objective.heads]
    bars = []
    for label, low, high, hatch, colour, asked in rows[:MOST]:
        bars.append((label, low, high, hatch, colour))
        if asked is not None:
            bars.append((asked[0], asked[1], asked[2], "///", COLOURS[1]))
    bars = [bar for bar in bars if np.isfinite(bar[1:3]).all()]
    if not bars:
        raise CannotTell("neither what the output can be nor what it is asked to be is known")
    ax = frame.axes(ax)
    for row, (_, low, high, hatch, colour) in enumerate(bars):
        style = {"facecolor": colour if not hatch else "white", "edgecolor": colour, "hatch": hatch, "height": 0.55}
        ax.barh(row, high - low, left=low, **{**style, **bar_kw})
        ax.plot([low, high], [row, row], color=colour, marker="|" if high > low else "D", linestyle="none")
        ax.annotate(
            f"{low:.3g} … {high:.3g}" if high > low else f"always {low:.3g}", ((low + high) / 2, row - 0.3),
            ha="center", va="bottom", fontsize="small",
        )  # fmt: skip
    ends = np.array([end for bar in bars for end in bar[1:3]])
    largest, widths = np.abs(ends).max(), [bar[2] - bar[1] for bar in bars if bar[2] > bar[1]]
    if widths and largest > 100 * min(widths):
        ax.set_xscale("symlog", linthresh=min(widths))
    ax.set_yticks(range(len(bars)), [literal(bar[0]) for bar in bars])
    ax.set_ylim(len(bars) - 0.5, -0.8)
    ax.margins(x=0.12)
    ax.grid(axis="x", alpha=0.3)
    ax.set_xlabel("value")
    return ax


def _asked(head: HeadFacts) -> tuple[str, float, float] | None:
    """What the loss asks of an output: a label, and the range; None where it is not known."""
    if head.task in _CLASSES and head.encoding != "values" and "crossentropy" in head.loss:
        return None if head.from_logits else ("asked: probability", 0.0, 1.0)
    if head.encoding == "integers" and head.task is Task.MULTICLASS:
        return None
    if head.target is None or not np.isfinite([head.target.minimum, head.target.maximum]).all():
        return None
    return "asked: targets", head.target.minimum, head.target.maximum
