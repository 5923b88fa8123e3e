"""Class numbers that are not the numbers of output units.

## What it looks for
Labels of the sparse categorical loss that are no whole numbers (labels divided by 255 together with the pixels), that
are negative, that run from 1 instead of 0, or that leave gaps and so exceed the number of units.

## Why it matters
The loss takes unit number y of each row. Fractions are cut off without a word: labels 0/255 … 9/255 all become class
0, the loss falls to 0 and the accuracy never moves. Numbers that no unit has stop the training with an obscure error
on a CPU and give NaN on a GPU.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = (X / 16).astype("float32"), y / 255.0
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
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
A label that the loss is told to leave out (`ignore_class=-1`) is no fault: nothing is said of odd whole numbers where
the loss takes the labels as they are.

## How far to trust the fix
Renumbering is safe as long as what reads the predictions knows of it.

## References
Keras documentation, "SparseCategoricalCrossentropy", argument `ignore_class`. Stack Overflow 59325381.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import fix, map_labels
from flatline.facts import Array, HeadFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.outputs import SPARSE, accepts_labels, cells, judged, labels, listed, one_label_each, place
from flatline.registry import check

MOST_MISNUMBERED = 0.0  # 1; of labels: each must be the number of a unit
ROUNDING = 1e-3  # 1; distance from a whole number that float16 labels may have
_FACTORS = (255.0, 256.0, 100.0, 10.0)


@check(
    "FL309",
    cause=Cause.LABELS,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def class_index_out_of_range(objective: ObjectiveFacts) -> Findings:
    """Flag labels of the sparse loss that are not 0 … units − 1."""
    for head in judged(objective, lambda one: cells(one).size > 0, "targets with finite cells"):
        if head.loss not in SPARSE or not one_label_each(head):
            continue
        found = cells(head)
        fraction = np.abs(found - np.round(found)) > ROUNDING
        if fraction.any():
            yield _finding(head, float(np.mean(fraction)), _said_of_fractions(head, found), _rescaled(objective, found))
        elif not accepts_labels(head) and _is_misnumbered(head):
            assert head.target is not None
            low, high = head.target.minimum, head.target.maximum
            outside = float(np.mean((found < 0) | (found >= head.units)))
            says = f"labels run from {low:g} to {high:g}, and the units of `{place(head)}` from 0 to {head.units - 1}"
            yield _finding(head, max(outside, 1 / max(found.size, 1)), says, _renumbered(head, objective))


def _finding(head: HeadFacts, share: float, says: str, fixes: tuple[Fix, ...]) -> Finding:
    misnumbered = Evidence(quantity="misnumbered_share", value=share, bound=("<=", MOST_MISNUMBERED), where=place(head))
    return Finding(message=says, evidence=(misnumbered,), where=place(head), fixes=fixes)


def _said_of_fractions(head: HeadFacts, found: Array) -> str:
    whole = np.unique(np.trunc(found)).size
    return (
        f"labels are no whole numbers ({listed(np.unique(found).tolist(), 3)}), and `{head.loss}` cuts their fractions "
        f"off: {np.unique(found).size} different labels become {whole}"
    )


def _is_misnumbered(head: HeadFacts) -> bool:
    """Negative, from 1, or with gaps; contiguous numbers from 0 that exceed the units are FL305's."""
    assert head.target is not None
    low, high, known = head.target.minimum, head.target.maximum, labels(head)
    if low < 0 or (low >= 1 and high >= head.units and head.units > 1):
        return True
    return high >= head.units > 1 and 0 < len(known) <= head.units


def _rescaled(objective: ObjectiveFacts, found: Array) -> tuple[Fix, ...]:
    whole = [factor for factor in _FACTORS if np.all(np.abs(found * factor - np.round(found * factor)) < 0.01)]
    if not whole:
        return (
            Fix(title="pass class numbers 0, 1, 2, … as labels, or use a loss for quantities", safety=Safety.ADVICE),
        )
    code = f'y = np.round(y * {whole[0]:g}).astype("int64")'
    scaled = map_labels(objective, "rescale", code, factor=whole[0])
    return (fix(f"multiply the labels by {whole[0]:g}: they are class numbers that were divided", scaled),)


def _renumbered(head: HeadFacts, objective: ObjectiveFacts) -> tuple[Fix, ...]:
    assert head.target is not None
    low, high, known = head.target.minimum, head.target.maximum, labels(head)
    if high - low < head.units:
        code = f"y = y - {low:g}" if low > 0 else f"y = y + {-low:g}"
        return (fix(f"number the classes from 0: subtract {low:g}", map_labels(objective, "from_zero", code)),)
    if len(known) == 2:
        zero_one = map_labels(objective, "zero_one", f'y = (y == {known[1]:g}).astype("int64")')
        return (fix("number the two classes 0 and 1", zero_one),)
    code = "classes, y = np.unique(y, return_inverse=True)"
    return (Fix(title="number the classes that occur from 0 on", safety=Safety.ADVICE, snippet=code),)
