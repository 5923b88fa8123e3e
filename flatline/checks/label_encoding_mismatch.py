"""Labels written in one way and a loss that reads another.

## What it looks for
Class numbers under a loss that reads one-hot rows, one-hot rows under the loss that reads class numbers, class
numbers beside several units under binary cross-entropy or a distance, one-hot rows beside a single unit, and a
categorical loss on a single unit.

## Why it matters
Mostly Keras stops with a message about ranks, which this finding translates. The quiet cases are worse. With one unit
a categorical loss divides the output by itself: the loss is exactly 0 from the first step, and nothing is ever
learnt. A distance between class numbers (n, 1) and k softmax units compares every unit with the number of the class.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
```

## When it is wrong
Nothing is known. Whether rows are one-hot is judged on a sample; rows with several ones are taken for one-hot rows
here only where the loss reads class numbers.

## How far to trust the fix
The loss that fits the labels computes the same function; labels and network stay as they are.

## References
Keras documentation, "CategoricalCrossentropy" and "SparseCategoricalCrossentropy". Stack Overflow 58609115, 56218256,
68751439; keras-team/keras issue 14729.
"""

from flatline.cause import Cause
from flatline.changes import at, fix, map_labels, set_activation, set_loss, set_units
from flatline.facts import HeadFacts, ModelFacts, ObjectiveFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.outputs import (
    BINARY,
    CATEGORICAL,
    DISTANCES,
    ONE_HOT_LOSSES,
    SPARSE,
    is_multiclass_in_one_unit,
    is_one_unit_softmax,
    judged,
    labels,
    one_label_each,
    place,
    shape,
)
from flatline.registry import check

_ROWS = ("one_hot", "multi_hot", "soft")


@check(
    "FL306",
    cause=Cause.LOSS,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def label_encoding_mismatch(objective: ObjectiveFacts, model: ModelFacts | None) -> Findings:
    """Flag labels that are not written as the loss reads them."""
    for head in judged(objective):
        found = (
            _one_unit(head, objective, model)
            or _rows_beside_one_unit(head, objective, model)
            or _numbers(head, objective, model)
            or _rows_under_sparse(head, objective, model)
        )
        if found is not None:
            yield found


def _finding(
    head: HeadFacts,
    says: str,
    quantity: str,
    value: int,
    bound: tuple[str, float],
    *fixes: Fix,
    cause: Cause | None = None,
) -> Finding:
    unit = "units" if quantity == "output_units" else "numbers"
    evidence = Evidence(quantity=quantity, value=value, bound=bound, unit=unit, where=place(head))
    return Finding(message=says, evidence=(evidence,), where=place(head), fixes=fixes, cause=cause)


def _one_unit(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> Finding | None:
    """Find a categorical loss on one unit, 0 whatever the labels; three classes or more are FL305's."""
    if head.units != 1 or head.loss not in CATEGORICAL or not one_label_each(head) or is_multiclass_in_one_unit(head):
        return None
    says = f"`{head.loss}` over the 1 unit of {at(head)} is 0 for every answer: it has nothing to compare the unit with"
    if head.encoding == "integers":
        loss, activation, quantity = "binary_crossentropy", "sigmoid", "`binary_crossentropy`"
    else:
        loss, activation, quantity = "mean_squared_error", "linear", "a loss for quantities, `mean_squared_error`"
    changes = [set_loss(objective, head, loss)]
    title = f"compile with {quantity}"
    if head.squash != activation:
        changes.append(set_activation(head, model, activation))
        title += f' and use `activation="{activation}"` in {at(head)}'
    if head.encoding == "integers" and labels(head) not in ((0.0, 1.0), (0.0,), (1.0,)):
        changes.append(map_labels(objective, "zero_one", 'y = (y > y.min()).astype("float32")'))
        title += ", with labels 0 and 1"
    return _finding(head, says, "output_units", 1, (">=", 2), fix(title, *changes))


def _rows_beside_one_unit(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> Finding | None:
    """Find one-hot rows beside a single unit: a wrong number of units rather than a wrong loss."""
    target = shape(head)
    if head.units != 1 or head.encoding != "one_hot" or head.loss not in ONE_HOT_LOSSES | BINARY:
        return None
    if not target or target[:-1] != head.output_shape[:-1]:
        return None
    width = int(target[-1] or 0)
    says = f"one-hot rows of {width} columns are compared with the 1 unit of {at(head)}"
    fixes = [
        fix(
            f"use {width} `softmax` units in {at(head)} and `categorical_crossentropy`",
            set_units(head, model, width, "softmax"),
            set_loss(objective, head, "categorical_crossentropy"),
        )
    ]
    if width == 2 and not is_one_unit_softmax(head):
        numbers = map_labels(objective, "integers", "y = y.argmax(axis=-1)")
        changes = [numbers] if head.loss in BINARY else [numbers, set_loss(objective, head, "binary_crossentropy")]
        fixes.append(fix("or turn the labels into class numbers and use `binary_crossentropy`", *changes))
    return _finding(head, says, "label_width", width, ("==", 1), *fixes, cause=Cause.OUTPUT_UNITS)


def _numbers(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> Finding | None:
    """Find class numbers where a row a sample is read."""
    if head.units < 2 or head.encoding != "integers" or not one_label_each(head):
        return None
    silent = head.loss in DISTANCES and head.squash == "softmax" and _names_units(head)
    if not (head.loss in ONE_HOT_LOSSES | BINARY or silent):
        return None
    says = (
        f"labels are class numbers, one a sample, and `{head.loss}` reads {head.units} numbers a sample from {at(head)}"
    )
    sparse = "sparse_categorical_crossentropy"
    changes = [set_loss(objective, head, sparse, from_logits=bool(head.from_logits))]
    title = f"compile with `{sparse}`" + (" and `from_logits=True`" if head.from_logits else "")
    if head.squash != "softmax" and not head.from_logits:
        changes.append(set_activation(head, model, "softmax"))
        title += f' and use `activation="softmax"` in {at(head)}'
    return _finding(head, says, "label_width", 1, ("==", head.units), fix(title, *changes))


def _names_units(head: HeadFacts) -> bool:
    known = labels(head)
    return bool(known) and known == tuple(float(i) for i in range(head.units)) and head.task is not Task.RECONSTRUCTION


def _rows_under_sparse(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> Finding | None:
    """Find a row a sample where a class number is read."""
    target = shape(head)
    if head.loss not in SPARSE or head.encoding not in _ROWS or len(target) != len(head.output_shape) or head.units < 2:
        return None
    if target[:-1] != head.output_shape[:-1] or target[-1] == 1:
        return None
    width = int(target[-1] or 0)
    says = f"labels are rows of {width} numbers, and `{head.loss}` reads 1 class number a sample"
    several = head.encoding == "multi_hot"
    loss = "binary_crossentropy" if several else "categorical_crossentropy"
    changes = [set_loss(objective, head, loss, from_logits=bool(head.from_logits))]
    title = f"compile with `{loss}`" + (" and `from_logits=True`" if head.from_logits else "")
    if several and head.squash != "sigmoid" and not head.from_logits:
        changes.append(set_activation(head, model, "sigmoid"))
        title += f' and use `activation="sigmoid"` in {at(head)}'
    return _finding(head, says, "label_width", width, ("==", 1), fix(title, *changes))
