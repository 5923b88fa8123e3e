"""Draw what the outputs of a network can be against what they are asked to be."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from flatline.errors import CannotTell
from flatline.facts import HeadFacts, ObjectiveFacts, Task
from flatline.plots.picture import picture
from flatline.plots.ranges import Range, draw_ranges

MOST = 3  # outputs
NOTHING = 1e-6  # 1; of a range: as good as 0
_CLASSES = (Task.BINARY, Task.MULTICLASS, Task.MULTILABEL)


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
    return draw_ranges(ax, bars, "value", **bar_kw)


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
    return draw_ranges(ax, bars, "number of the class", **bar_kw)


def _range(head: HeadFacts, *, alone: bool) -> Iterator[Range]:
    if not np.isfinite([head.low, head.high]).all():
        return
    whose, tiny = "" if alone else f"{head.name}: ", NOTHING * (head.high - head.low)
    yield Range(f"{whose}output", 0.0 if abs(head.low) < tiny else head.low, head.high)
    probability = head.task in _CLASSES and head.encoding != "values" and "crossentropy" in head.loss
    if probability and not head.from_logits:
        yield Range("asked: probability", 0.0, 1.0, striped=True)
    elif not probability and not _are_numbers(head) and head.target is not None and np.isfinite(head.target.minimum):
        yield Range("asked: targets", head.target.minimum, head.target.maximum, striped=True)


def _numbers(head: HeadFacts, *, alone: bool) -> Iterator[Range]:
    if _are_numbers(head) and head.target is not None and np.isfinite(head.target.minimum):
        whose = "" if alone else f"{head.name}: "
        yield Range(f"{whose}units", 0.0, float(head.units - 1))
        yield Range("labels", head.target.minimum, head.target.maximum, striped=True)


def _are_numbers(head: HeadFacts) -> bool:
    """Whether the labels number the units."""
    return head.encoding == "integers" and head.loss == "sparse_categorical_crossentropy"
