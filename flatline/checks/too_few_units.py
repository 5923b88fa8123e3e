"""An output with fewer units than the labels have classes.

## What it looks for
Class numbers 0 … k−1 with k above the number of output units: under the sparse loss, where a label must be the number
of a unit; or three classes and more for a single unit under any cross-entropy, however common `Dense(1)` with
`binary_crossentropy` is. One-hot rows that are wider or narrower than the output count as well.

## Why it matters
Binary cross-entropy takes a label of 3 for "3 times as true as true": the loss has no lower end and runs off to −∞,
and the output can only ever say one class against all others. Under the sparse loss the missing unit makes Keras stop
with an obscure error, on a GPU with a NaN.

## Example
```python
import keras
from sklearn.datasets import load_iris

X, y = load_iris(return_X_y=True)
X = ((X - X.mean(0)) / X.std(0)).astype("float32")
hidden = keras.layers.Dense(16, activation="relu")
model = keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
```

## Use instead
```python
import keras
from sklearn.datasets import load_iris

X, y = load_iris(return_X_y=True)
X = ((X - X.mean(0)) / X.std(0)).astype("float32")
hidden = keras.layers.Dense(16, activation="relu")
model = keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
```

## When it is wrong
A label that the loss is told to leave out (`ignore_class=255`) may exceed the units: nothing is said where the loss
takes the labels as they are. Grades on a scale may be meant as one number: then the loss should be a regression's.

## How far to trust the fix
One softmax unit a class with the sparse loss is the standard head; the labels stay as they are.

## References
Keras documentation, "SparseCategoricalCrossentropy" and "BinaryCrossentropy". J. Cao et al., "DeepFD: Automated Fault
Diagnosis and Localization for Deep Learning Programs", ICSE 2022, arXiv:2205.01938. Stack Overflow 41596619,
55731589.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import at, fix, set_loss, set_units
from flatline.errors import CannotTell
from flatline.facts import HeadFacts, ModelFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.outputs import (
    BINARY,
    ONE_HOT_LOSSES,
    SPARSE,
    accepts_labels,
    is_multiclass_in_one_unit,
    judged,
    labels,
    one_label_each,
    place,
    shape,
)
from flatline.registry import check


@check(
    "FL305",
    cause=Cause.OUTPUT_UNITS,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def too_few_units(objective: ObjectiveFacts, model: ModelFacts | None) -> Findings:
    """Flag an output whose units are fewer than the classes of its labels."""
    for head in judged(objective):
        if is_multiclass_in_one_unit(head):
            needed = max(head.n_classes or 0, _top(head) + 1)
            says = f"is asked for {head.n_classes} classes under `{head.loss}`"
        elif _exceeds_sparse(head):
            needed = _top(head) + 1
            says = f"cannot name labels up to {needed - 1} under `{head.loss}`"
        elif _is_off_width(head):
            needed = int(shape(head)[-1] or 0)
            says = f"is compared with one-hot rows of {needed} columns"
        else:
            continue
        units = Evidence(
            quantity="output_units",
            value=head.units,
            bound=("==", needed) if _is_off_width(head) else (">=", needed),
            unit="units",
            where=place(head),
        )
        yield Finding(
            message=f"{at(head)} has {head.units} unit{'s' * (head.units != 1)} and {says}",
            evidence=(units,),
            where=place(head),
            fixes=_fixes(head, objective, model, needed),
        )


def _top(head: HeadFacts) -> int:
    top = head.target.maximum if head.target is not None else float("nan")
    if not np.isfinite(top):
        raise CannotTell("0 finite labels were read, 1 needed")
    return int(top)


def _exceeds_sparse(head: HeadFacts) -> bool:
    """Class numbers from 0 that name more units than there are; other misnumbered labels are FL309's."""
    if head.loss not in SPARSE or head.target is None or not head.target.integral or not one_label_each(head):
        return False
    if head.encoding != "integers" or _top(head) < head.units or accepts_labels(head):
        return False
    known = labels(head)
    from_zero = head.target.minimum == 0 or (head.units == 1 and head.target.minimum >= 0)
    return from_zero and (not known or len(known) > head.units or head.units == 1)


def _is_off_width(head: HeadFacts) -> bool:
    """One-hot rows beside an output of another width, of the same rank; a single unit is FL306's."""
    if head.loss not in ONE_HOT_LOSSES | BINARY or head.encoding != "one_hot" or head.units == 1:
        return False
    target = shape(head)
    return len(target) == len(head.output_shape) and target[:-1] == head.output_shape[:-1] and target[-1] != head.units


def _fixes(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None, needed: int) -> tuple[Fix, ...]:
    sparse = "sparse_categorical_crossentropy"
    if _is_off_width(head):
        activation = "sigmoid" if head.loss in BINARY and head.squash == "sigmoid" else "softmax"
        activation = "linear" if head.from_logits or head.loss == "categorical_hinge" else activation
        return (fix(f"use {needed} units in {at(head)}", set_units(head, model, needed, activation)),)
    activation = "linear" if head.from_logits and head.loss in SPARSE else "softmax"
    widened = set_units(head, model, needed, activation)
    if head.loss in SPARSE:
        return (fix(f"use {needed} `{activation}` units in {at(head)}, one a class", widened),)
    title = f"use {needed} `softmax` units in {at(head)}, one a class, and `{sparse}`"
    return (fix(title, widened, set_loss(objective, head, sparse)),)
