"""What outputs, losses and labels are, as far as checks of the objective need to know."""

from collections.abc import Callable, Iterable

import numpy as np

from flatline.errors import CannotTell
from flatline.facts import Array, HeadFacts, ObjectiveFacts, Shape, Task

CATEGORICAL = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy"})
SPARSE = frozenset({"sparse_categorical_crossentropy"})
BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
CROSS_ENTROPIES = CATEGORICAL | SPARSE | BINARY
ONE_HOT_LOSSES = CATEGORICAL | {"categorical_hinge"}
DISTANCES = frozenset(
    {"mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error"}
)
DISTANCES |= {"huber", "log_cosh"}
VALUES = frozenset({Task.REGRESSION, Task.RECONSTRUCTION})

TOLERANCE = 1e-4  # 1; labels are compared with the ends of a range in float32
TRACE_SHARE = 0.01  # 1; of target cells: fewer than one in a hundred may be outliers

Judge = Callable[[HeadFacts], bool]


def judged(
    objective: ObjectiveFacts, known: Judge = lambda _: True, what: str = "a loss and targets"
) -> list[HeadFacts]:
    """Return the outputs that have a loss and targets and of which `known` holds.

    Parameters
    ----------
    objective : ObjectiveFacts
        All outputs.
    known : callable
        Whether what a check needs to know of an output was measured.
    what : str
        What that is, for the reason.

    Raises
    ------
    CannotTell
        Where no output is left.
    """
    scored = [head for head in objective.heads if head.loss != "unknown" and head.target is not None and counts(head)]
    heads = [head for head in scored if known(head)]
    if not heads:
        raise CannotTell(f"0 of {len(objective.heads)} outputs have {what}, 1 needed")
    return heads


def counts(head: HeadFacts) -> bool:
    """Whether the loss of this output has a weight other than 0."""
    return head.weight > 0 or head.weight < 0


def ranged(head: HeadFacts) -> bool:
    """Whether the range of the output is known."""
    return head.squash != "unknown" and bool(np.isfinite(head.low) and np.isfinite(head.high))


def place(head: HeadFacts) -> str:
    """Name of the layer that makes the output, or of the output where the layer is not known."""
    return head.layer or head.name


def shape(head: HeadFacts) -> Shape:
    """Shape of one sample's target."""
    return head.target.shape if head.target is not None else ()


def is_one_unit_softmax(head: HeadFacts) -> bool:
    """Whether the output is 1 whatever the weights are."""
    return (
        head.units == 1
        and head.squash == "constant"
        and abs(head.low - 1) <= TOLERANCE
        and abs(head.high - 1) <= TOLERANCE
        and head.declared in (None, "softmax")
    )


def one_label_each(head: HeadFacts) -> bool:
    """Whether there is one number of target for each row of outputs: (n,) or (n, 1) for outputs (n, k)."""
    rows = head.output_shape[:-1]
    return shape(head) in (rows, (*rows, 1))


def cell_by_cell(head: HeadFacts) -> bool:
    """Whether there is one number of target for each number of output."""
    return shape(head) == head.output_shape or {shape(head), head.output_shape} == {(), (1,)}


def cells(head: HeadFacts) -> Array:
    """Return the finite cells of the sampled targets, flat, in double precision."""
    if head.target is None:
        return np.empty(0)
    found: Array = np.asarray(head.target.sample).astype("float64").ravel()
    finite: Array = found[np.isfinite(found)]
    return finite


def share_outside(head: HeadFacts, low: float, high: float, slack: float = TOLERANCE) -> float:
    """Share of target cells below `low` or above `high` by more than `slack`; NaN without any cell."""
    found = cells(head)
    return float(np.mean(~((found >= low - slack) & (found <= high + slack)))) if found.size else float("nan")


def labels(head: HeadFacts) -> tuple[float, ...]:
    """Return the distinct values of the targets, sorted; () where there are more than 64."""
    return head.target.values if head.target is not None else ()


def is_pair(head: HeadFacts, *pair: float) -> bool:
    """Whether the targets hold these two labels and no other."""
    return labels(head) == pair


def is_multiclass_in_one_unit(head: HeadFacts) -> bool:
    """Whether one unit is asked for three classes or more under a cross-entropy."""
    return (
        head.units == 1
        and head.loss in CROSS_ENTROPIES
        and head.encoding == "integers"
        and head.task is Task.MULTICLASS
        and (head.n_classes or 0) > 2
        and (one_label_each(head) or cell_by_cell(head))
    )


def is_real_valued(head: HeadFacts) -> bool:
    """Whether targets are quantities outside [0, 1], which no cross-entropy is made for."""
    if head.task not in VALUES or head.target is None or head.target.integral or len(labels(head)) in (1, 2):
        return False
    return share_outside(head, 0, 1) >= TRACE_SHARE


def accepts_labels(head: HeadFacts) -> bool:
    """Whether the loss takes all sampled labels as they are (a loss with `ignore_class` takes odd ones too)."""
    return bool(np.isfinite(head.null))


def listed(values: Iterable[float], most: int = 4) -> str:
    """Write a few numbers: "0, 1, 2, …"."""
    numbers = [f"{value:g}" for value in values]
    return ", ".join(numbers[:most]) + (", …" if len(numbers) > most else "")
