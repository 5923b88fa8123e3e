"""A loss that is lower for wrong answers than for right ones.

## What it looks for
A loss that gives outputs equal to the targets a higher value than the same outputs dealt to the wrong samples, and
higher than the best constant.

## Why it matters
Training then drives the outputs away from the targets, and the loss falls all the while: the sign is wrong (`-mse`),
or a score to maximise (Dice, correlation, R²) is given as it is.

## Example
```python
import keras
from sklearn.datasets import load_diabetes


def score(y_true, y_pred):
    return -keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")[:, None]
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", score)
```

## Use instead
```python
import keras
from sklearn.datasets import load_diabetes


def error(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")[:, None]
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", error)
```

## When it is wrong
In a contrastive loss the output is a distance and the label says "alike": a distance of 1 is then the wrong answer to
a label of 1. Where it is not certain that the targets are what the output should be, the finding is INFO, unless the
loss is also negative for wrong answers and 0 for right ones.

## How far to trust the fix
Advice: negate the loss, or subtract the score from its best value.

## References
H. Ben Braiek, F. Khomh, "TheDeepChecker", TOSEM 2022, arXiv:2204.00694 (its test case "flipped sign").
"""

from flatline.cause import Cause
from flatline.changes import at
from flatline.facts import HeadFacts, ObjectiveFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.outputs import judged, place
from flatline.registry import check

NO_LOSS = 1e-3  # of the null loss: a flipped loss is 0 for right answers


@check(
    "FL314",
    cause=Cause.LOSS,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def loss_prefers_wrong(objective: ObjectiveFacts) -> Findings:
    """Flag a loss by which right answers cost more than wrong ones."""
    for head in judged(objective, lambda one: one.prefers_wrong is not None, "a known loss of right and wrong answers"):
        right = Evidence(quantity="loss_at_targets", value=head.perfect, bound=("<=", head.null), where=place(head))
        if not head.prefers_wrong or not right.broken:
            continue
        yield Finding(
            message=f"the loss of {at(head)} is {head.perfect:.4g} where the output equals the targets and "
            f"{head.null:.4g} for a constant: it rewards wrong answers",
            evidence=(right,),
            where=place(head),
            fixes=(
                Fix(
                    title="negate the loss, or subtract the score from its best value",
                    safety=Safety.ADVICE,
                    snippet="def loss(y_true, y_pred):\n    return -score(y_true, y_pred)",
                ),
            ),
            severity=None if head.task is not Task.UNKNOWN or _is_negated(head) else Severity.INFO,
        )


def _is_negated(head: HeadFacts) -> bool:
    """Whether it looks like minus a loss: 0 for right answers, negative for all others."""
    return head.null < 0 and head.initial < 0 and abs(head.perfect) <= NO_LOSS * abs(head.null)
