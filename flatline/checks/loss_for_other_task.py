"""A loss that is made for another kind of task.

## What it looks for
Absolute and percentage errors on class labels; a Poisson loss on them; binary cross-entropy on quantities outside [0,
1]; a Poisson loss on negative targets; percentage errors on targets near 0. Squared errors on class labels are INFO:
the Brier score trains, if more slowly than cross-entropy.

## Why it matters
A loss decides what its best answer is. The absolute error's is the median, which for labels 0 and 1 is the commoner
class alone, with no gradient that grows with the error. Cross-entropy of a quantity outside [0, 1] has no lower end.
The percentage error divides by the target: a target of 0.001 outweighs a target of 1 a thousand times.

## Example
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
hidden = keras.layers.Dense(16, activation="relu")
model = keras.Sequential([keras.Input((10,)), hidden, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
```

## Use instead
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
```

## When it is wrong
Absolute errors on 0/1 pixels and Poisson losses on 0/1 events do train at times: where the rehearsal learns, the
finding is INFO. Only binary cross-entropy on quantities and a Poisson loss on negative ones are errors in any case.

## How far to trust the fix
The loss named is the common one for such targets; robust or asymmetric losses of the same kind serve as well.

## References
C. M. Bishop, "Pattern Recognition and Machine Learning", section 4.3.4, 2006. R. Hyndman, A. Koehler, "Another look
at measures of forecast accuracy", 2006, doi:10.1016/j.ijforecast.2006.03.001. Stack Overflow 50641866, 62566558,
45442843.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import Change, at, fix, map_labels, set_activation, set_loss
from flatline.facts import DataFacts, HeadFacts, ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.gates import severity_unless_learning
from flatline.outputs import (
    BINARY,
    TRACE_SHARE,
    VALUES,
    cell_by_cell,
    cells,
    is_pair,
    is_real_valued,
    judged,
    place,
    share_outside,
)
from flatline.registry import check

FEWEST_QUANTITIES = 2  # values; targets that take two values are classes
NEAR_ZERO = 1e-3  # of the targets' standard deviation
_MEDIAN = frozenset(
    {"mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error", "poisson"}
)
_BRIER = frozenset({"mean_squared_error", "huber", "log_cosh"})


@check(
    "FL312",
    cause=Cause.LOSS,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def loss_for_other_task(
    objective: ObjectiveFacts, model: ModelFacts | None, data: DataFacts | None, rehearsal: RehearsalFacts | None
) -> Findings:
    """Flag a loss that does not fit the targets."""
    weighted = data is not None and data.has_sample_weight
    for head in judged(objective, lambda one: cells(one).size > 0, "targets with finite cells"):
        found = _on_classes(head, objective, model, rehearsal) or _on_quantities(
            head, objective, model, weighted, rehearsal
        )
        if found is not None:
            yield found


def _on_classes(
    head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None, rehearsal: RehearsalFacts | None
) -> Finding | None:
    """Find a loss for quantities on class labels; −1 and 1 behind a sigmoid are FL308's."""
    if head.loss not in _MEDIAN | _BRIER or not _are_classes(head) or not cell_by_cell(head):
        return None
    if is_pair(head, -1.0, 1.0) and head.squash in ("sigmoid", "relu", "positive"):
        return None
    distinct = np.unique(cells(head)).size
    few = Evidence(
        quantity="distinct_targets", value=distinct, bound=(">", FEWEST_QUANTITIES), unit="values", where=place(head)
    )
    if not few.broken:
        return None
    gated = severity_unless_learning(Severity.WARNING, rehearsal)
    return Finding(
        message=f"targets take {distinct} values and are class labels; `{head.loss}` is for quantities"
        + (": its best answer is one class for all" if head.loss == "mean_absolute_error" else ""),
        evidence=(few,),
        where=place(head),
        fixes=_class_fixes(head, objective, model),
        severity=gated if head.loss in _MEDIAN else Severity.INFO,
    )


def _are_classes(head: HeadFacts) -> bool:
    if head.task in VALUES:
        return False
    return head.task is Task.BINARY or head.encoding in ("one_hot", "multi_hot")


def _class_fixes(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> tuple[Fix, ...]:
    exclusive = head.encoding == "one_hot"
    activation = "softmax" if exclusive else "sigmoid"
    loss = "categorical_crossentropy" if exclusive else "binary_crossentropy"
    changes: list[Change] = [set_loss(objective, head, loss)]
    title = f"compile with `{loss}`"
    if head.squash != activation:
        changes.append(set_activation(head, model, activation))
        title += f' and use `activation="{activation}"` in {at(head)}'
    if is_pair(head, -1.0, 1.0):
        changes.append(map_labels(objective, "zero_one", 'y = (y > 0).astype("float32")'))
        title += ", with labels 0 and 1"
    return (fix(title, *changes),)


def _on_quantities(
    head: HeadFacts,
    objective: ObjectiveFacts,
    model: ModelFacts | None,
    weighted: bool,
    rehearsal: RehearsalFacts | None,
) -> Finding | None:
    """Find a loss for classes, counts or percentages on quantities that are none."""
    assert head.target is not None
    error = Severity.WARNING if weighted else Severity.ERROR
    if head.loss in BINARY and is_real_valued(head):
        share, quantity, severity = share_outside(head, 0, 1), "labels_outside_share", error
        says = "lie outside 0 … 1"
    elif head.loss == "poisson" and head.task in VALUES:
        share, quantity, severity = share_outside(head, 0, np.inf), "negative_share", error
        says = "are negative, which no count is"
    elif head.loss == "mean_absolute_percentage_error" and head.task in VALUES:
        found, std = np.abs(cells(head)), float(np.std(cells(head)))
        share, quantity = float(np.mean(~(found >= NEAR_ZERO * std))), "near_zero_share"
        severity = severity_unless_learning(Severity.WARNING, rehearsal)
        says = f"are nearer to 0 than {NEAR_ZERO * std:.2g}, and the loss divides by them"
    else:
        return None
    told = Evidence(quantity=quantity, value=share, bound=("<=", TRACE_SHARE), where=place(head))
    if not told.broken:
        return None
    low, high = head.target.minimum, head.target.maximum
    return Finding(
        message=f"targets are quantities ({low:.4g} … {high:.4g}) under `{head.loss}`, and {100 * share:.3g} % of "
        f"them {says}",
        evidence=(told,),
        where=place(head),
        fixes=_quantity_fixes(head, objective, model),
        severity=severity,
    )


def _quantity_fixes(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> tuple[Fix, ...]:
    if head.loss == "mean_absolute_percentage_error":
        mae = set_loss(objective, head, "mean_absolute_error")
        return (fix("compile with `mean_absolute_error`, which divides by nothing", mae),)
    changes = [set_loss(objective, head, "mean_squared_error")]
    title = "compile with `mean_squared_error`"
    if head.squash != "linear":
        changes.append(set_activation(head, model, "linear"))
        title += f' and use `activation="linear"` in {at(head)}'
    return (fix(title, *changes),)
