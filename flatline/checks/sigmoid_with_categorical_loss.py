"""Sigmoid outputs under a loss for exclusive classes.

## What it looks for
Several units in [0, 1] whose rows do not sum to one, under a categorical or sparse categorical cross-entropy.

## Why it matters
The loss is for one distribution over all classes. Where sigmoid is the last thing that happens, Keras on TensorFlow
takes the scores behind it and applies softmax to them, so training is as with softmax and only what `predict` returns
is no distribution: INFO. Where something stands between, the loss works on the sigmoids: raising the right unit does
not lower the others, saturated units lose their gradient, and training is slow at best.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, activation="relu")])
model.add(keras.layers.Dense(10, activation="sigmoid"))
model.add(keras.layers.Reshape((10,)))
model.compile(keras.optimizers.SGD(0.0001), "sparse_categorical_crossentropy", metrics=["accuracy"])
fit_args = {"epochs": 2}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, activation="relu")])
model.add(keras.layers.Dense(10, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
fit_args = {"epochs": 2}
```

## When it is wrong
It trains in many cases; where the rehearsal learns the finding is INFO.

## How far to trust the fix
Softmax is what the loss is made for. If several classes may hold at once, the labels want binary cross-entropy
instead.

## References
C. M. Bishop, "Pattern Recognition and Machine Learning", section 4.3.4, 2006. Keras documentation, "Probabilistic
losses".
"""

from flatline.cause import Cause
from flatline.changes import at, fix, set_activation
from flatline.facts import ModelFacts, ObjectiveFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.gates import severity_unless_learning
from flatline.outputs import CATEGORICAL, SPARSE, judged, place, ranged
from flatline.registry import check

ROWS_SUM_TO_ONE = 1.0  # 1; yes


@check("FL310", cause=Cause.OUTPUT_ACTIVATION, severity=Severity.WARNING, explains=("FL001", "FL002", "FL317"))
def sigmoid_with_categorical_loss(
    objective: ObjectiveFacts, model: ModelFacts | None, rehearsal: RehearsalFacts | None
) -> Findings:
    """Flag independent outputs under a loss for exclusive classes."""
    for head in judged(objective, ranged, "outputs of known range"):
        if head.squash != "sigmoid" or head.units < 2 or head.from_logits or head.loss not in CATEGORICAL | SPARSE:
            continue
        sums = Evidence(
            quantity="rows_sum_to_one", value=float(head.sums_to_one), bound=("==", ROWS_SUM_TO_ONE), where=place(head)
        )
        if sums.broken:
            recovered = head.logits_recovered
            yield Finding(
                message=f"the {head.units} units of {at(head)} are independent (0 … 1, rows do not sum to 1), and "
                f"`{head.loss}` is for exclusive classes"
                + (
                    "; Keras computes it from the scores behind, `predict` returns no distribution" if recovered else ""
                ),
                evidence=(sums,),
                where=place(head),
                fixes=(fix(f'use `activation="softmax"` in {at(head)}', set_activation(head, model, "softmax")),),
                severity=Severity.INFO if recovered else severity_unless_learning(Severity.WARNING, rehearsal),
            )
