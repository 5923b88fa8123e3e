"""A first loss far above that of guessing.

## What it looks for
A data loss before the first step of more than three times the loss of the best constant answer, both taken above the
lowest loss there is.

## Why it matters
An untrained network should know nothing and claim nothing: ln k for k balanced classes, the variance of the targets
for squared errors. A first loss far above that says that it is confidently wrong: weights or inputs too large,
targets far from the outputs' scale, an output that does not fit the loss. It is a symptom; other findings name the
cause.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (20 * X).astype("float32")
hidden = keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
```

## When it is wrong
Raw features of a frozen backbone, a bias set to a class prior, and raw targets of moderate size start high and train
well all the same: INFO.

## How far to trust the fix
There is none to apply: look for the cause first.

## References
A. Karpathy, "A Recipe for Training Neural Networks", 2019 ("verify loss @ init"). Keras issue 6259.
"""

import numpy as np

from flatline.changes import at
from flatline.facts import HeadFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.outputs import judged, place
from flatline.registry import check

MOST_INITIAL = 3.0  # 1; TheDeepChecker warns at 2, where healthy networks still start


@check("FL317", cause=None, severity=Severity.INFO)
def initial_loss_off(objective: ObjectiveFacts) -> Findings:
    """Flag an initial loss far above the null model's."""
    for head in judged(objective, _is_known, "a first and a null loss above the lowest"):
        ratio = (head.initial - head.perfect) / (head.null - head.perfect)
        told = Evidence(quantity="initial_loss_ratio", value=ratio, bound=("<=", MOST_INITIAL), where=place(head))
        if told.broken:
            yield Finding(
                message=f"the loss of {at(head)} is {head.initial:.3g} before training, and guessing costs "
                f"{head.null:.3g}: the untrained outputs are far off",
                evidence=(told,),
                where=place(head),
            )


def _is_known(head: HeadFacts) -> bool:
    """Whether the three losses are known, in their natural order, and none is negative."""
    return bool(np.isfinite(head.initial)) and head.null > head.perfect >= 0 and head.null < np.inf
