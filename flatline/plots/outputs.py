"""Draw what the outputs of a network can be against what they are asked to be."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import SymmetricalLogLocator

from flatline.errors import CannotTell
from flatline.facts import HeadFacts, ObjectiveFacts, Task
from flatline.plots import frame
from flatline.plots.frame import COLOURS, literal
from flatline.plots.picture import picture

MOST = 3  # outputs
WIDE = 100.0  # 1; largest end over the narrowest range, from where no linear scale shows both
NOTHING = 1e-6  # 1; of a range: as good as 0
_CLASSES = (Task.BINARY, Task.MULTICLASS, Task.MULTILABEL)


class _Bar(NamedTuple):
    label: str
    low: float
    high: float
    asked: bool = False

    @property
    def told(self) -> str:
        return f"always {self.low:.3g}" if self.low == self.high else f"{self.low:.3g} … {self.high:.3g}"


@picture(
    "output against what is asked of it",
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
    bars = [bar for head in objective.heads[:MOST] for bar in _range(head, alone=len(objective.heads) == 1)]
    if not bars:
        raise CannotTell("what the output can be is not known")
    return _draw(ax, bars, "value", **bar_kw)


@picture(
    "class numbers against units",
    look_for="The striped bar, the numbers that the labels hold, must lie within the solid one, the numbers of the "
    "units: a class without a unit can never be predicted.",
    group="data",
    rank=35,
    about=("misnumbered_share", "output_units", "label_width", "distinct_targets"),
)
def plot_class_numbers(objective: ObjectiveFacts, *, ax: Axes | None = None, **bar_kw: Any) -> Axes:
    """Draw the numbers of the units of each output above those of the classes in its labels.

    Parameters
    ----------
    objective : ObjectiveFacts
    ax : Axes or None
        Where to draw; a new figure is made when None.
    **bar_kw
        Passed on to `Axes.barh`.

    Returns
    -------
    Axes
        With two bars for each output whose labels are class numbers, the upper one of the units.

    Raises
    ------
    CannotTell
        When no labels are class numbers.
    """
    bars = [bar for head in objective.heads[:MOST] for bar in _numbers(head, alone=len(objective.heads) == 1)]
    if not bars:
        raise CannotTell("no labels are class numbers")
    return _draw(ax, bars, "number of the class", **bar_kw)


def _draw(ax: Axes | None, bars: list[_Bar], quantity: str, **bar_kw: Any) -> Axes:
    ax = frame.axes(ax)
    for row, bar in enumerate(bars):
        colour = COLOURS[1] if bar.asked else COLOURS[0]
        style = {"facecolor": "white", "hatch": "///"} if bar.asked else {"facecolor": colour}
        ax.barh(row, bar.high - bar.low, left=bar.low, **{"edgecolor": colour, "height": 0.55, **style, **bar_kw})
        if bar.low == bar.high:
            ax.plot([bar.low], [row], color=colour, marker="D", linestyle="none")
    ends, widths = [end for bar in bars for end in (bar.low, bar.high)], [bar.high - bar.low for bar in bars]
    least = min((width for width in widths if width > 0), default=0.0)
    if 0 < WIDE * least < max(map(abs, ends)):
        ax.set_xscale("symlog", linthresh=least)
        ax.xaxis.set_major_locator(SymmetricalLogLocator(base=10.0, linthresh=10.0 * least))  # ticks beside 0 collide
    ax.use_sticky_edges = False
    ax.margins(x=0.05)
    ax.set_yticks(range(len(bars)), [f"{literal(bar.label)}\n{bar.told}" for bar in bars])
    ax.set_ylim(len(bars) - 0.5, -0.5)
    ax.grid(axis="x", alpha=0.3)
    ax.set_xlabel(quantity)
    return ax


def _range(head: HeadFacts, *, alone: bool) -> Iterator[_Bar]:
    if not np.isfinite([head.low, head.high]).all():
        return
    whose, tiny = "" if alone else f"{head.name}: ", NOTHING * (head.high - head.low)
    yield _Bar(f"{whose}output", 0.0 if abs(head.low) < tiny else head.low, head.high)
    probability = head.task in _CLASSES and head.encoding != "values" and "crossentropy" in head.loss
    if probability and not head.from_logits:
        yield _Bar("asked: probability", 0.0, 1.0, asked=True)
    elif not probability and not _are_numbers(head) and head.target is not None and np.isfinite(head.target.minimum):
        yield _Bar("asked: targets", head.target.minimum, head.target.maximum, asked=True)


def _numbers(head: HeadFacts, *, alone: bool) -> Iterator[_Bar]:
    if _are_numbers(head) and head.target is not None and np.isfinite(head.target.minimum):
        whose = "" if alone else f"{head.name}: "
        yield _Bar(f"{whose}units", 0.0, float(head.units - 1))
        yield _Bar("labels", head.target.minimum, head.target.maximum, asked=True)


def _are_numbers(head: HeadFacts) -> bool:
    """Whether the labels number the units."""
    return head.encoding == "integers" and head.loss == "sparse_categorical_crossentropy"
