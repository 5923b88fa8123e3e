"""Regression targets far from unit scale.

## What it looks for
Targets of a linear output under a squared, absolute or Huber loss whose root mean square, in the largest column, is
above 100 or below 0.001. Behind an output of bounded range they are not judged: FL304 speaks of them.

## Why it matters
A fresh network returns numbers around 1. Under Adam a weight moves by about the learning rate a step, so outputs of
50,000 are out of reach for a hundred thousand steps; under SGD the squared error of such targets has gradients that
blow the weights up. Targets of a millionth are smaller than the noise of one step.

## Example
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), (1000 * y).astype("float32")
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
fit_args = {"epochs": 20}
```

## When it is wrong
Raw targets of moderate size train, with patience or a larger rate: the finding is INFO where the rehearsal learns or
does no better with standardised targets, and without a rehearsal it is a WARNING only from 1,000 on.

## How far to trust the fix
Standardising is undone by `prediction * std + mean`; keep both numbers. A `Rescaling` layer at the end of the model
does it inside. The loss is then in units of the variance.

## References
Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp", section 4.3, 1998. Stack Overflow 52800582, 46642627.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import at, fix, standardise_labels
from flatline.errors import CannotTell
from flatline.facts import HeadFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.gates import learns
from flatline.outputs import cell_by_cell, judged, place, ranged
from flatline.registry import check

LARGEST_RMS = 100.0  # 1; Adam at 0.001 needs some 100,000 steps to move an output so far
SMALLEST_RMS = 1e-3  # 1; below, one step of Adam at 0.001 is as large as the targets
MODERATE = 1e3  # 1; largest target that is not alarming by itself
CLEARLY_BETTER = 0.2  # 1; R² that standardised targets must gain
SEEN = 0.5  # 1; share of the planned steps that must have been run to say that nothing is learnt
NOTHING = 0.1  # 1; share of the way to a perfect loss
_BOUNDED = frozenset({"sigmoid", "softmax", "tanh"})
_JUDGED = _BOUNDED | {"linear"}
_SCALED = ("standardised targets", "standardised inputs and targets")
_UNSCALED = frozenset({"mean_squared_error", "mean_absolute_error", "huber", "log_cosh"})


@check(
    "FL318",
    cause=Cause.LABELS,
    severity=Severity.WARNING,
    explains=("FL001", "FL002", "FL207", "FL317", "FL404", "FL405", "FL406", "FL601"),
)
def targets_scale(objective: ObjectiveFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag regression targets that are very large or very small."""
    bounded, found = "", False
    for head in judged(objective, ranged, "outputs of known range"):
        if head.task is not Task.REGRESSION or head.squash not in _JUDGED or head.loss not in _UNSCALED:
            continue
        if not cell_by_cell(head):
            continue
        rms = _rms(head)
        too_large = Evidence(quantity="target_rms", value=rms, bound=("<=", LARGEST_RMS), where=place(head))
        too_small = Evidence(quantity="target_rms", value=rms, bound=(">=", SMALLEST_RMS), where=place(head))
        told = too_large if too_large.broken else too_small
        if not told.broken or head.target is None or head.target.std == 0:
            continue
        if head.squash in _BOUNDED:
            if too_large.broken:
                bounded = f"targets of {at(head)} are of the size {rms:.3g}, and its output is bounded: see FL304"
            continue
        found = True
        peak = max(abs(head.target.minimum), abs(head.target.maximum))
        moderate = too_large.broken and peak < MODERATE
        alarming = not moderate if rehearsal is None else _is_to_blame(rehearsal)
        yield Finding(
            message=f"targets of {at(head)} are of the size {rms:.3g} ({head.target.minimum:.4g} … "
            f"{head.target.maximum:.4g}), and a fresh network's outputs of about 1",
            evidence=(told,),
            where=place(head),
            fixes=(fix("standardise the targets", standardise_labels(objective)),),
            severity=Severity.WARNING if alarming else Severity.INFO,
        )
    if bounded and not found:  # an outcome that cannot be told would take the findings on other outputs with it
        raise CannotTell(bounded)


def _is_to_blame(rehearsal: RehearsalFacts) -> bool:
    """Whether standardised targets do better, by R²; where they were not tried, whether nothing at all is learnt.

    Losses on differently scaled targets cannot be compared, and noisy targets have a low R² however well one learns.
    """
    as_is = rehearsal.arms.get("as is")
    if as_is is None or learns(rehearsal):
        return False
    if as_is.diverged:
        return True
    scaled = [rehearsal.arms[name].score for name in _SCALED if name in rehearsal.arms]
    known = [score for score in scaled if not np.isnan(score)]
    if known and not np.isnan(as_is.score):
        return max(known) >= max(as_is.score, 0.0) + CLEARLY_BETTER
    return as_is.n_steps >= SEEN * as_is.planned and not learns(rehearsal, enough=NOTHING)


def _rms(head: HeadFacts) -> float:
    """Root mean square of the largest column."""
    assert head.target is not None
    columns = np.hypot(head.target.feature_mean, head.target.feature_std)
    return float(np.max(columns)) if np.size(columns) else head.target.rms
