"""Labels written as the loss reads them.

Cross-entropies read classes from 0: labels 1 … k leave a unit without a class and a class without a unit, and −1 under
binary cross-entropy is a probability below zero, whose loss has no lower end. The categorical loss reads a row a
sample, the sparse one a number. Costs one run; nothing but the labels changes.

Source: Keras documentation, "Probabilistic losses" (what `y_true` must be for each); I. Goodfellow, Y. Bengio,
A. Courville, "Deep Learning", 2016, section 6.2.2.
"""

from collections.abc import Iterator

from flatline.canonical import names_units, shift, single
from flatline.cause import Cause
from flatline.changes import fix, map_labels
from flatline.facts import HeadFacts, ObjectiveFacts
from flatline.fix import Fix
from flatline.outputs import (
    BINARY,
    DISTANCES,
    ONE_HOT_LOSSES,
    SPARSE,
    cell_by_cell,
    is_pair,
    labels,
    one_label_each,
    shape,
)
from flatline.registry import remedy

_NO_NEGATIVE = frozenset({"sigmoid", "softmax", "relu", "positive"})  # outputs that −1 is out of reach for


@remedy(cause=Cause.LABELS)
def label_encoding(objective: ObjectiveFacts) -> Iterator[Fix]:
    """Renumber the labels, or turn numbers into rows and rows into numbers."""
    head = single(objective)
    if head is None:
        return
    if _is_other_pair(head):
        middle = sum(labels(head)) / 2
        line = f'y = (y > {middle:g}).astype("float32")'
        yield fix("use labels 0 and 1", map_labels(objective, "zero_one", line))
    elif _begins_late(head):
        first = shift(head)
        change = map_labels(objective, "from_zero", f"y = y - {first}")
        yield fix(f"number the classes from 0 instead of {first}", change)
    elif _are_rows_under_sparse(head):
        change = map_labels(objective, "integers", "y = y.argmax(axis=-1)")
        yield fix(f"turn the one-hot rows into class numbers, which `{head.loss}` reads", change)
    elif _are_numbers_beside_rows(head):
        line = f"y = keras.utils.to_categorical(y, {head.units})"
        change = map_labels(objective, "one_hot", line, classes=head.units)
        yield fix(f"turn the class numbers into one-hot rows of {head.units}, which `{head.loss}` reads", change)


def _is_other_pair(head: HeadFacts) -> bool:
    """Two values other than 0 and 1 for a probability."""
    if len(labels(head)) != 2 or is_pair(head, 0.0, 1.0) or not cell_by_cell(head):
        return False
    return head.loss in BINARY or (is_pair(head, -1.0, 1.0) and head.loss in DISTANCES and head.squash in _NO_NEGATIVE)


def _begins_late(head: HeadFacts) -> bool:
    """Class numbers that all name a unit once the first is 0, and do not now."""
    if head.loss not in SPARSE or head.encoding != "integers" or head.target is None or not one_label_each(head):
        return False
    return shift(head) > 0 and int(head.target.maximum) - shift(head) < head.units


def _are_rows_under_sparse(head: HeadFacts) -> bool:
    return head.loss in SPARSE and head.encoding == "one_hot" and shape(head) == head.output_shape


def _are_numbers_beside_rows(head: HeadFacts) -> bool:
    if head.units < 2 or head.encoding != "integers" or head.target is None or not one_label_each(head):
        return False
    if not (head.target.minimum >= 0 and head.target.maximum < head.units):
        return False
    silent = head.loss in DISTANCES and names_units(head)
    return head.loss in ONE_HOT_LOSSES | BINARY or silent
