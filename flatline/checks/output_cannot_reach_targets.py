"""Targets outside the range that the output can take.

## What it looks for
A regression or reconstruction whose targets lie outside what the last activation can return: sigmoid 0 … 1, tanh −1 …
1, ReLU and softplus 0 … ∞, softmax rows that sum to one. The range is measured with random weights in the last layer.
A target cell counts when it is out of reach by more than 1 % of the targets' standard deviation; one cell in a
hundred may.

## Why it matters
No weights can bring the output there. The activation is driven to its end, where its slope is zero, and the loss
stays at the distance from that end: house prices behind a sigmoid are all predicted as 1.

## Example
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
hidden = keras.layers.Dense(16, activation="relu")
model = keras.Sequential([keras.Input((10,)), hidden, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "mse")
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
A number that marks missing targets (−1 for "not known") lies out of reach and does no harm where the loss leaves it
out. With sample weights, and under a loss of the user's own, the finding is therefore a WARNING at most, and INFO
where the rehearsal learns or was not run. It is a WARNING, too, where fewer than one cell in ten is out of reach.

## How far to trust the fix
A linear output reaches everything. Targets far from unit scale then take long to travel to, or blow the weights up:
they are standardised with it.
Rescaling the targets into the output's range instead keeps the bound, which is right for quantities that have one.

## References
I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", section 6.2.2, 2016. H. Ben Braiek, F. Khomh, "Testing
Feedforward Neural Networks Training Programs" (TheDeepChecker), TOSEM 2022, arXiv:2204.00694. Stack Overflow
48221692, 48976413.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import Change, at, fix, map_input, map_labels, set_activation, standardise_labels
from flatline.errors import CannotTell
from flatline.facts import DataFacts, HeadFacts, ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.gates import severity_unless_learning
from flatline.outputs import DISTANCES, TRACE_SHARE, VALUES, cell_by_cell, is_pair, judged, place, ranged, share_outside
from flatline.registry import check

SLACK = 0.01  # of the targets' standard deviation
HOPELESS_SHARE = 0.1  # 1; of target cells out of reach: from there training cannot succeed as written
FAR_FROM_UNIT = 10.0  # 1; rms of targets above which a linear output alone cures slowly or diverges
_REACH = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "positive": (0.0, np.inf),
}


@check(
    "FL304",
    cause=Cause.OUTPUT_ACTIVATION,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def output_cannot_reach_targets(
    objective: ObjectiveFacts, model: ModelFacts | None, data: DataFacts | None, rehearsal: RehearsalFacts | None
) -> Findings:
    """Flag regression targets that the last activation cannot return."""
    weighted = data is not None and data.has_sample_weight
    for head in judged(objective, ranged, "outputs of known range"):
        if head.squash not in _REACH or not _is_compared(head):
            continue
        low, high = _REACH[head.squash]
        assert head.target is not None
        std = head.target.std
        if not np.isfinite(std):
            raise CannotTell("0 finite target cells were read, 1 needed")
        share = share_outside(head, low, high, max(SLACK * std, 1e-6))
        sums = head.squash == "softmax" and head.units > 1 and head.encoding == "values"
        reach = Evidence(
            quantity="out_of_reach_share", value=1.0 if sums else share, bound=("<=", TRACE_SHARE), where=place(head)
        )
        if not reach.broken:
            continue
        severity = Severity.ERROR if reach.value >= HOPELESS_SHARE else _gated(rehearsal)
        if weighted or head.loss == "custom":
            severity = Severity.INFO if rehearsal is None else _gated(rehearsal)
        yield Finding(
            message=f"{at(head)} returns {_range(low, high)}"
            + (", rows that sum to 1" if head.squash == "softmax" else "")
            + f"; {100 * reach.value:.3g} % of the target cells "
            + f"({head.target.minimum:.4g} … {head.target.maximum:.4g}) "
            + ("are in no such rows" if sums else "lie outside"),
            evidence=(reach,),
            where=place(head),
            fixes=_fixes(head, objective, model),
            severity=severity,
        )


def _gated(rehearsal: RehearsalFacts | None) -> Severity:
    return severity_unless_learning(Severity.WARNING, rehearsal)


def _is_compared(head: HeadFacts) -> bool:
    """Whether the loss compares each output with its target as a quantity."""
    if not cell_by_cell(head):
        return False
    if head.loss == "custom":
        # An output that equals the targets must at least beat the best constant: else y is no target of it.
        return head.task in VALUES and head.perfect < head.null
    if head.loss == "poisson":
        return head.task in VALUES and head.squash not in ("relu", "positive")
    if head.task is Task.BINARY:
        return head.loss in DISTANCES and head.squash in ("relu", "positive") and is_pair(head, -1.0, 1.0)
    return head.loss in DISTANCES and head.task in VALUES


def _range(low: float, high: float) -> str:
    return f"numbers of at least {low:g}" if high == np.inf else f"{low:g} … {high:g}"


def _fixes(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> tuple[Fix, ...]:
    assert head.target is not None
    low, high = head.target.minimum, head.target.maximum
    name = at(head)
    if head.loss == "poisson":
        return (fix(f'use `activation="softplus"` in {name}', set_activation(head, model, "softplus")),)
    linear = set_activation(head, model, "linear")
    size = float(np.hypot(head.target.mean, head.target.std))
    if size > FAR_FROM_UNIT and head.task is Task.REGRESSION:
        title = f'use `activation="linear"` in {name}, and standardise the targets: they are of the size {size:.3g}'
        fixes = [fix(title, linear, standardise_labels(objective))]
    else:
        fixes = [fix(f'use `activation="linear"` in {name}', linear)]
    rescalable = head.squash == "sigmoid" and low >= 0 and high > 1
    if rescalable:
        factor, code = (1 / 255, "255") if head.target.integral and 200 < high <= 255 else (1 / high, f"{high:.6g}")
        changes = _scaled(head, objective, "rescale", f" / {code}", factor)
        fixes.append(fix(f"or divide the targets by {code}, into the range of {name}", *changes))
    return tuple(fixes)


def _scaled(head: HeadFacts, objective: ObjectiveFacts, how: str, code: str, factor: float) -> list[Change]:
    labels = map_labels(objective, how, f"y = y{code}", factor=factor)
    if head.task is not Task.RECONSTRUCTION:
        return [labels]
    return [map_input(objective, how, f"X = X{code}", factor=factor), labels]
