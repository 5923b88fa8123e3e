"""Softmax over a single unit, which is 1 whatever the network computes.

## What it looks for
An output of one unit that is 1 for every sample and for any weights of the last layer, as softmax over one unit is.

## Why it matters
exp(z)/exp(z) = 1: every sample gets the same answer. On TensorFlow the loss may fall all the same, because Keras
computes binary cross-entropy from the score behind the softmax; `predict` and every metric see the constant 1, and
the accuracy stays at the share of one class. With other losses no weight gets any gradient.

## Example
```python
import keras
from sklearn.datasets import load_breast_cancer

X, y = load_breast_cancer(return_X_y=True)
X = ((X - X.mean(0)) / X.std(0)).astype("float32")
hidden = keras.layers.Dense(16, activation="relu")
model = keras.Sequential([keras.Input((30,)), hidden, keras.layers.Dense(1, activation="softmax")])
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
Never known to be: an output that is always 1 tells nothing.

## How far to trust the fix
For two classes one sigmoid unit with binary cross-entropy, or two softmax units; for more, a unit a class; for
quantities no activation. Which of them is meant is taken from the labels.

## References
A. Nikanjam, H. Ben Braiek, M. M. Morovati, F. Khomh, "Automatic Fault Detection for Deep Learning Programs Using
Graph Transformations" (NeuraLint), TOSEM 2021, arXiv:2105.08095. Stack Overflow 59129802, 34886605, 53971451.
"""

from flatline.cause import Cause
from flatline.changes import at, fix, map_labels, set_activation, set_loss, set_units
from flatline.facts import HeadFacts, ModelFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.outputs import BINARY, VALUES, is_one_unit_softmax, is_pair, judged, labels, place, ranged
from flatline.registry import check

LEAST_RANGE = 1e-4  # 1; an output must be able to take more than one value, rounding apart


@check(
    "FL302",
    cause=Cause.OUTPUT_ACTIVATION,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def softmax_over_one_unit(objective: ObjectiveFacts, model: ModelFacts | None) -> Findings:
    """Flag a one-unit output that is 1 whatever the weights are."""
    for head in judged(objective, ranged, "outputs of known range"):
        if is_one_unit_softmax(head):
            yield Finding(
                message=f"{at(head)} applies softmax to 1 unit: its output is 1 for every sample, whatever the "
                "network learns",
                evidence=(
                    Evidence(
                        quantity="output_range",
                        value=head.high - head.low,
                        bound=(">", LEAST_RANGE),
                        where=place(head),
                    ),
                ),
                where=place(head),
                fixes=_fixes(head, objective, model),
            )


def _fixes(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> tuple[Fix, ...]:
    if head.task in VALUES:
        return (fix(f'use `activation="linear"` in {at(head)}', set_activation(head, model, "linear")),)
    classes = head.n_classes or 2
    if classes > 2:
        return (
            fix(
                f"use {classes} softmax units in {at(head)}, one a class, and `sparse_categorical_crossentropy`",
                set_units(head, model, classes, "softmax"),
                set_loss(objective, head, "sparse_categorical_crossentropy"),
            ),
        )
    sigmoid = set_activation(head, model, "sigmoid")
    changes = [sigmoid] if head.loss in BINARY else [sigmoid, set_loss(objective, head, "binary_crossentropy")]
    title = f'use `activation="sigmoid"` in {at(head)}' + ("" if head.loss in BINARY else " and `binary_crossentropy`")
    if len(labels(head)) == 2 and not is_pair(head, 0.0, 1.0):
        changes.append(map_labels(objective, "zero_one", 'y = (y > y.min()).astype("float32")'))
        title += ", with labels 0 and 1"
    return (fix(title, *changes),)
