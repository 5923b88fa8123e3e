"""Labels that no probability can equal.

## What it looks for
Labels below 0 or above 1 under binary cross-entropy (−1 and 1, 1 and 2, masks of 0 and 255), and labels −1 and 1 for
a sigmoid output under a distance such as `mse`. Three classes and more for one unit are FL305, real-valued targets
FL312.

## Why it matters
Binary cross-entropy is −y·ln p − (1−y)·ln(1−p). With y = −1 its lowest point is −∞ at p = 0; with y = 255 at p = 1:
the loss falls without end and says nothing of the answers. A sigmoid under `mse` cannot go below 0: the loss of every
sample labelled −1 stays at 1 or above.

## Example
```python
import keras
from sklearn.datasets import load_breast_cancer

X, y = load_breast_cancer(return_X_y=True)
X, y = ((X - X.mean(0)) / X.std(0)).astype("float32"), 2 * y - 1
hidden = keras.layers.Dense(16, activation="relu")
model = keras.Sequential([keras.Input((30,)), hidden, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
```

## Use instead
```python
import keras
from sklearn.datasets import load_breast_cancer

X, y = load_breast_cancer(return_X_y=True)
X = ((X - X.mean(0)) / X.std(0)).astype("float32")
hidden = keras.layers.Dense(16, activation="relu")
model = keras.Sequential([keras.Input((30,)), hidden, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
```

## When it is wrong
Labels of −1 may mark rows whose sample weight is 0; with sample weights the finding is a WARNING. The hinge losses
want −1 and 1 and are not meant.

## How far to trust the fix
Renumbering labels changes nothing but their names; mind that `predict` and other code may still expect the old ones.

## References
Keras documentation, "BinaryCrossentropy" and "Hinge". Stack Overflow 56317174.
"""

from flatline.cause import Cause
from flatline.changes import at, fix, map_input, map_labels, set_activation
from flatline.facts import DataFacts, HeadFacts, ModelFacts, ObjectiveFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.outputs import (
    BINARY,
    DISTANCES,
    cells,
    is_multiclass_in_one_unit,
    is_pair,
    is_real_valued,
    judged,
    labels,
    listed,
    place,
    share_outside,
)
from flatline.registry import check

MOST_OUTSIDE = 0.0  # 1; of label cells: one label that is no probability has a loss without lower end


@check(
    "FL308",
    cause=Cause.LABELS,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def labels_outside_output_range(
    objective: ObjectiveFacts, model: ModelFacts | None, data: DataFacts | None
) -> Findings:
    """Flag labels outside [0, 1] where the output is a probability."""
    weighted = data is not None and data.has_sample_weight
    for head in judged(objective, lambda one: cells(one).size > 0, "targets with finite cells"):
        if not _reads_probabilities(head):
            continue
        outside = Evidence(
            quantity="labels_outside_share",
            value=share_outside(head, 0, 1),
            bound=("<=", MOST_OUTSIDE),
            where=place(head),
        )
        if outside.broken and head.target is not None:
            known = labels(head)
            told = listed(known) if known else f"{head.target.minimum:g} … {head.target.maximum:g}"
            yield Finding(
                message=f"labels are {told}; {100 * outside.value:.3g} % of them lie outside 0 … 1, which "
                + (f"`{head.loss}` reads as probabilities" if head.loss in BINARY else f"{at(head)} cannot leave"),
                evidence=(outside,),
                where=place(head),
                fixes=_fixes(head, objective, model),
                severity=Severity.WARNING if weighted else None,
            )


def _reads_probabilities(head: HeadFacts) -> bool:
    if head.loss in DISTANCES:
        return head.squash == "sigmoid" and is_pair(head, -1.0, 1.0)
    return head.loss in BINARY and not is_real_valued(head) and not is_multiclass_in_one_unit(head)


def _fixes(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> tuple[Fix, ...]:
    assert head.target is not None
    known, top = labels(head), head.target.maximum
    if len(known) == 2:
        zero_one = map_labels(objective, "zero_one", f'y = (y == {known[1]:g}).astype("float32")')
        if head.loss in DISTANCES:
            return (
                fix("turn the labels into 0 and 1", zero_one),
                fix(f'or use `activation="tanh"` in {at(head)}', set_activation(head, model, "tanh")),
            )
        if head.squash == "tanh":
            sigmoid = set_activation(head, model, "sigmoid")
            return (
                fix(f'turn the labels into 0 and 1, and use `activation="sigmoid"` in {at(head)}', zero_one, sigmoid),
            )
        return (fix("turn the labels into 0 and 1", zero_one),)
    if head.target.minimum >= 0 and (head.task is Task.RECONSTRUCTION or not known or len(known) > 2):
        divisor = 255.0 if 200 < top <= 255 else top
        scaled = [map_labels(objective, "rescale", f"y = y / {divisor:g}", factor=1 / divisor)]
        if head.task is Task.RECONSTRUCTION:
            scaled.append(map_input(objective, "rescale", f"X = X / {divisor:g}", factor=1 / divisor))
        return (fix(f"divide the targets by {divisor:g}", *scaled),)
    return ()
