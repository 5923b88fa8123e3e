"""A custom loss that compares every output with every target.

## What it looks for
Targets of shape (n,), outputs of shape (n, 1) (or the other way round), and a loss of the user's own that is higher
for outputs equal to the targets than for a constant, by as much as the average over all pairs of targets (squared or
absolute differences).

## Why it matters
`y_true - y_pred` of shapes (n,) and (n, 1) is an (n, n) table of all differences. Its mean is lowest when every
output is the mean of all targets: the network learns to return that. Keras aligns plain loss functions and its own
losses; a subclass of `keras.losses.Loss` gets the arrays as they are.

## Example
```python
import keras
from sklearn.datasets import load_diabetes


class SquaredError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", SquaredError())
```

## Use instead
```python
import keras
from sklearn.datasets import load_diabetes


class SquaredError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")[:, None]
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", SquaredError())
```

## When it is wrong
Only squared and absolute differences, times any factor, are recognised. A loss that does not read the targets at all
could look alike by chance; where the rehearsal learns the finding is INFO.

## How far to trust the fix
Targets of the output's shape make every comparison one to one.

## References
NumPy documentation, "Broadcasting". H. Ben Braiek, F. Khomh, "TheDeepChecker", TOSEM 2022, arXiv:2204.00694. Stack
Overflow 56841451, 38447935.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import at
from flatline.facts import HeadFacts, ObjectiveFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.gates import severity_unless_learning
from flatline.outputs import cells, judged, place, shape
from flatline.registry import check

SAME = 0.05  # 1; relative difference that two samples of the targets may make
MOST_AT_TARGETS = 1.0  # 1; of the null loss: right answers must not cost more than a constant


@check(
    "FL320",
    cause=Cause.LOSS,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def custom_loss_broadcasts(objective: ObjectiveFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a custom loss over (n,) and (n, 1) that right answers do not lower."""
    for head in judged(objective):
        if head.loss != "custom" or {shape(head), head.output_shape} != {(), (1,)} or not _is_known(head):
            continue
        right = Evidence(
            quantity="loss_at_targets", value=head.perfect, bound=("<=", MOST_AT_TARGETS * head.null), where=place(head)
        )
        if right.broken and head.prefers_wrong is False and _is_pairwise(head):
            yield Finding(
                message=f"outputs {_told(head.output_shape)} and targets {_told(shape(head))} of {at(head)}: the loss "
                f"is {head.perfect:.3g} where they are equal and {head.null:.3g} for a constant, so it compares every "
                "output with every target",
                evidence=(right,),
                where=place(head),
                fixes=(
                    Fix(
                        title="give the targets the output's shape, or reshape them in the loss",
                        safety=Safety.ADVICE,
                        snippet="y = y.reshape(-1, 1)" if shape(head) == () else "y = y[:, 0]",
                    ),
                ),
                severity=severity_unless_learning(Severity.ERROR, rehearsal),
            )


def _is_pairwise(head: HeadFacts) -> bool:
    """Whether right answers cost as much more than a constant as all pairs of targets do.

    Over all pairs, squared differences average twice the variance, and absolute ones twice the mean distance that
    the sorted targets tell (Gini's mean difference); the best constant gets the variance, and the mean distance from
    the median.
    """
    y = np.sort(cells(head))
    n = len(y)
    if n < 2 or not head.null > 0:
        return False
    spread = float(np.mean(np.abs(y - np.median(y))))
    gini = 2 * float(np.sum((2 * np.arange(1, n + 1) - n - 1) * y)) / n**2
    expected = [2.0, gini / spread] if spread > 0 else [2.0]
    return any(abs(head.perfect / head.null / ratio - 1) <= SAME for ratio in expected)


def _is_known(head: HeadFacts) -> bool:
    return bool(np.isfinite(head.perfect) and np.isfinite(head.null))


def _told(sizes: tuple[int | None, ...]) -> str:
    return "(n,)" if sizes == () else "(n, 1)"
