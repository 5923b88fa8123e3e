"""A loss of the user's own that hands no gradient to the output.

## What it looks for
A custom loss whose gradient by the output is missing, or exactly zero on the whole probe batch although the loss is
neither zero nor the lowest it can be.

## Why it matters
`argmax`, `round`, comparisons, casts to integers and NumPy cut the chain of derivatives. Keras raises only if no
weight at all gets a gradient; a regulariser is enough to keep it quiet, and then the penalty is all that is trained.

## Example
```python
import keras
import numpy as np


def share_wrong(y_true, y_pred):
    return keras.ops.mean(keras.ops.cast(keras.ops.sign(y_pred) != y_true, "float32"), axis=-1)


X = np.random.default_rng(0).normal(size=(300, 4)).astype("float32")
y = np.sign(X[:, :1])
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="tanh", kernel_regularizer="l2")])
model.compile("adam", share_wrong)
```

## Use instead
```python
import keras
import numpy as np

X = np.random.default_rng(0).normal(size=(300, 4)).astype("float32")
y = np.sign(X[:, :1])
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="tanh", kernel_regularizer="l2")])
model.compile("adam", "hinge")
```

## When it is wrong
A margin loss is flat where every margin is kept; its value is 0 there, and nothing is said. Losses of Keras itself
are not judged: where their gradient vanishes the output is the fault.

## How far to trust the fix
Advice: which smooth loss stands in for yours (cross-entropy for accuracy, soft Dice for an overlap) depends on what
you want. Keep the old one as a metric.

## References
Keras issues 11157, 16663 and 17682. A. Baydin, B. Pearlmutter, A. Radul, J. Siskind, "Automatic Differentiation in
Machine Learning: a Survey", 2018, arXiv:1502.05767.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import at
from flatline.facts import HeadFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.outputs import judged, place
from flatline.registry import check

LEAST_GRADIENT = 0.0  # 1; norm over the probe batch


@check(
    "FL313",
    cause=Cause.LOSS,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def loss_not_differentiable(objective: ObjectiveFacts) -> Findings:
    """Flag a custom loss without a gradient."""
    for head in judged(objective, lambda one: bool(np.isfinite(one.initial)), "a finite loss at initialisation"):
        if head.loss != "custom" or head.squash == "constant" or _is_at_its_best(head):
            continue
        gradient = head.loss_gradient or 0.0
        told = Evidence(quantity="loss_gradient_norm", value=gradient, bound=(">", LEAST_GRADIENT), where=place(head))
        if told.broken and np.isfinite(gradient):
            yield Finding(
                message=f"the loss of {at(head)} is {head.initial:.4g}, and its gradient by the output is "
                + ("missing: the loss is not differentiable" if head.loss_gradient is None else "exactly 0 everywhere")
                + ", so no weight learns from it",
                evidence=(told,),
                where=place(head),
                fixes=(
                    Fix(
                        title="write the loss without `argmax`, `round`, comparisons, integer casts and NumPy, or use "
                        "the smooth loss that stands in for it, and keep this one as a metric",
                        safety=Safety.ADVICE,
                    ),
                ),
            )


def _is_at_its_best(head: HeadFacts) -> bool:
    """Whether there is nothing left to gain: a gradient of zero is right then."""
    if head.initial == 0:
        return True
    return bool(np.isfinite(head.perfect)) and abs(head.initial - head.perfect) <= 1e-6 * max(1.0, abs(head.perfect))
