"""The output that is usual for a task: how many units, which activation, which loss, and labels written for it."""

from dataclasses import dataclass

import numpy as np

from flatline.changes import Change, map_labels
from flatline.facts import HeadFacts, ObjectiveFacts, Task
from flatline.outputs import (
    BINARY,
    CATEGORICAL,
    CROSS_ENTROPIES,
    SPARSE,
    cell_by_cell,
    counts,
    labels,
    one_label_each,
    shape,
    share_outside,
)

QUANTITIES = frozenset({"mean_squared_error", "mean_absolute_error", "huber", "log_cosh"})
HINGES = frozenset({"hinge", "squared_hinge", "categorical_hinge"})
MOST_CLASSES = 1000  # classes; as ImageNet; whole numbers beyond are quantities or identifiers
_SAME = {"categorical_crossentropy": CATEGORICAL, "sparse_categorical_crossentropy": SPARSE}
_SAME |= {"binary_crossentropy": BINARY, "mean_squared_error": QUANTITIES}


@dataclass(frozen=True, kw_only=True)
class Canon:
    """What is usual for a task and for labels written as they are."""

    units: int
    activation: str
    loss: str

    @property
    def is_classifier(self) -> bool:
        """Whether the loss is a cross-entropy, which may take logits instead."""
        return self.loss in CROSS_ENTROPIES


def single(objective: ObjectiveFacts) -> HeadFacts | None:
    """Return the only output, if it has a loss and targets; several are not told apart by an edit."""
    if len(objective.heads) != 1:
        return None
    (head,) = objective.heads
    return head if head.loss != "unknown" and head.target is not None and counts(head) else None


def canon(head: HeadFacts) -> Canon | None:
    """Return what is usual for the output's task; None where the task or the targets leave doubt."""
    width = int(shape(head)[-1] or 0) if shape(head) and len(shape(head)) == len(head.output_shape) else 0
    if head.task is Task.MULTICLASS and head.encoding in ("one_hot", "soft"):
        return Canon(units=width, activation="softmax", loss="categorical_crossentropy") if width > 1 else None
    if head.task is Task.BINARY and (one_label_each(head) or cell_by_cell(head)) and head.units != 2:
        return Canon(units=1, activation="sigmoid", loss="binary_crossentropy")
    if (_are_numbers(head) and (head.task in (Task.MULTICLASS, Task.BINARY))) or names_units(head):
        needed = _top(head) - shift(head) + 1
        known = 2 <= needed <= MOST_CLASSES
        return Canon(units=needed, activation="softmax", loss="sparse_categorical_crossentropy") if known else None
    if head.task is Task.MULTILABEL and width:
        return Canon(units=width, activation="sigmoid", loss="binary_crossentropy")
    if head.task in (Task.REGRESSION, Task.RECONSTRUCTION):
        units = width or (1 if one_label_each(head) else 0)
        return Canon(units=units, activation="linear", loss="mean_squared_error") if units else None
    return None


def names_units(head: HeadFacts) -> bool:
    """Whether whole numbers name the units one by one, whatever the loss takes them for."""
    return _are_numbers(head) and head.units > 1 and labels(head) == tuple(float(i) for i in range(head.units))


def _are_numbers(head: HeadFacts) -> bool:
    """Whether there is one class number for each row of outputs."""
    known = head.target is not None and head.target.integral and np.isfinite(head.target.maximum)
    return bool(known) and head.encoding == "integers" and one_label_each(head) and _least(head) >= 0


def _least(head: HeadFacts) -> int:
    return int(head.target.minimum) if head.target is not None else 0


def _top(head: HeadFacts) -> int:
    return int(head.target.maximum) if head.target is not None else 0


def shift(head: HeadFacts) -> int:
    """Return what class numbers have to be lowered by: nothing where each names a unit as it is."""
    return max(_least(head), 0) if head.units <= _top(head) else 0


def has_activation(head: HeadFacts, activation: str) -> bool:
    """Whether the output behaves like this activation, or declares it where its behaviour is not known."""
    if head.squash == "unknown":
        return (head.declared or "linear") == activation
    bounded = activation == "linear" and head.squash == "sigmoid" and head.task is Task.RECONSTRUCTION
    return head.squash == activation or (bounded and share_outside(head, 0, 1) == 0)


def has_loss(head: HeadFacts, usual: Canon) -> bool:
    """Whether the loss is the usual one or of its kind, logits or not."""
    pixels = head.task is Task.RECONSTRUCTION and head.loss in BINARY and share_outside(head, 0, 1) == 0
    return head.loss in _SAME[usual.loss] or pixels


def relabelled(objective: ObjectiveFacts, head: HeadFacts, loss: str) -> tuple[Change, ...]:
    """Return the change that writes the labels as the loss reads them; none where they are so."""
    known = labels(head)
    if loss in BINARY and len(known) == 2 and known != (0.0, 1.0):
        middle = sum(known) / 2
        return (map_labels(objective, "zero_one", f'y = (y > {middle:g}).astype("float32")'),)
    if loss in SPARSE and shift(head):
        return (map_labels(objective, "from_zero", f"y = y - {shift(head)}"),)
    return ()
