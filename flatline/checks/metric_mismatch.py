"""A metric that does not measure what the network is asked for.

## What it looks for
Accuracy for a regression, and accuracy with its threshold of 0.5 on outputs that are scores (`from_logits=True`).

## Why it matters
Accuracy of quantities counts predictions that equal the target to the last digit: it stays at 0 while the network
learns well, and looks like a flat line. Scores are on the positive side from 0 on, not from 0.5: such an accuracy is
too low.

## Example
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["accuracy"])
```

## Use instead
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
```

## When it is wrong
Metrics are known by name only: `BinaryAccuracy(threshold=0.0)` is right for scores, and a metric of your own may be
called accuracy. Training does not depend on metrics: INFO.

## How far to trust the fix
Another metric changes nothing in training.

## References
Keras documentation, "Accuracy metrics". Stack Overflow 50641866, 62566558.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import at
from flatline.facts import HeadFacts, ObjectiveFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetCompile
from flatline.outputs import BINARY, cells, judged, place, ranged
from flatline.registry import check

MOST_CLASSES = 2  # values; the accuracy that Keras picks for a distance compares two classes or exact numbers
SCORES_END = 0.0  # 1; outputs that fall below are no probabilities
_ACCURACIES = frozenset({"accuracy", "acc", "binary_accuracy", "categorical_accuracy"})
_HALVES = frozenset({"accuracy", "acc", "binary_accuracy"})


@check("FL319", cause=Cause.METRIC, severity=Severity.INFO)
def metric_mismatch(objective: ObjectiveFacts) -> Findings:
    """Flag accuracy where it counts nothing."""
    for head in judged(objective, ranged, "outputs of known range"):
        found = _of_quantities(head) or _of_scores(head)
        if found is not None:
            evidence, says, fixes = found
            yield Finding(message=says, evidence=(evidence,), where=place(head), fixes=fixes)


_Found = tuple[Evidence, str, tuple[Fix, ...]]


def _of_quantities(head: HeadFacts) -> _Found | None:
    named = [name for name in head.metrics if name in _ACCURACIES]
    if not named or head.task is not Task.REGRESSION:
        return None
    distinct = Evidence(
        quantity="distinct_targets",
        value=int(np.unique(cells(head)).size),
        bound=("<=", MOST_CLASSES),
        unit="values",
        where=place(head),
    )
    if not distinct.broken:
        return None
    others = [name for name in head.metrics if name not in _ACCURACIES]
    metrics = [*others, "mae"] if "mae" not in others else others
    told = f"{metrics!r}".replace("'", '"')
    mae = Fix(
        title='use `metrics=["mae"]`',
        safety=Safety.SAFE,
        edits=(SetCompile(argument="metrics", value=metrics),),
        snippet=f"model.compile(optimizer=model.optimizer, loss=model.loss, metrics={told})",
    )
    says = f"`{named[0]}` of {at(head)} counts exact hits among {distinct.value} different targets of a regression"
    return distinct, says, (mae,)


def _of_scores(head: HeadFacts) -> _Found | None:
    named = [name for name in head.metrics if name in _HALVES]
    if not named or head.loss not in BINARY or not head.from_logits:
        return None
    low = Evidence(quantity="output_low", value=head.low, bound=(">=", SCORES_END), where=place(head))
    advice = Fix(
        title="use `keras.metrics.BinaryAccuracy(threshold=0.0)`",
        safety=Safety.ADVICE,
        snippet="metrics = [keras.metrics.BinaryAccuracy(threshold=0.0)]",
    )
    says = f"`{named[0]}` of {at(head)} may cut at 0.5, and its outputs are scores, which cut at 0"
    return (low, says, (advice,)) if low.broken else None
