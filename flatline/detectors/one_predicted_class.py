"""One class is predicted for every sample, and the loss is no better than that of guessing.

## What it looks for
In two probes in a row of at least 64 samples, the most likely class is the same for all of them, although there are two
classes or more and the run is no better than the best constant prediction: never was, or no longer is. Where nine
tenths of the targets are of one class it is INFO: a constant is then right for most of them.

## Why it matters
A network that has learnt the class frequencies and nothing else predicts the most frequent class for every sample. Its
accuracy equals the share of that class and can look respectable.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] > 0.5).astype("int64")
zero = keras.initializers.Zeros()
hidden = keras.layers.Dense(16, activation="relu", kernel_initializer=zero)
model = keras.Sequential([hidden, keras.layers.Dense(2, activation="softmax", kernel_initializer=zero)])
model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] > 0.5).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
With unequal classes that overlap, the most frequent class may be the best answer for every sample; the loss then tells
whether the probabilities differ, and this finding is silent as long as they do so for the better. Where the probe holds
samples of one class only, one prediction is right.

## How far to trust the fix
There is none in this finding: it is a symptom. Findings that explain it stand above it in the report.

## References
H. Ben Braiek, F. Khomh, "TheDeepChecker", ACM TOSEM 2023, arXiv 2204.00694 (constant outputs). Rules ClassImbalance and
Confusion of SageMaker Debugger. The same class in two probes called 8 of 14 broken runs and none of 13 healthy ones on
the digits data of scikit-learn.
"""

import numpy as np

from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import GradientLog, LossLog, ProbeLog, RunFacts, RunHead
from flatline.registry import check
from flatline.sampled import SUCCESSIVE, Spell, fruitless, require_finite_weights, settled, spell

LEAST_CLASSES = 2  # classes; for every sample the same, of the classes that there are
LEAST_PROBE = 64  # samples; all of the class that nine tenths are of, by chance: 0.9^64 = 0.1 %
MAJORITY = 0.9  # 1; share of one class from which it is expected that a flat run predicts no other


@check("FL708", cause=None, severity=Severity.WARNING)
def one_predicted_class(run: RunFacts, losses: LossLog, probes: ProbeLog, gradients: GradientLog | None) -> Findings:
    """Flag outputs that predict the same class for every sample."""
    now = settled(run, losses)
    heads = [head for head in run.heads if head.name in probes.heads and (head.n_classes or 0) >= LEAST_CLASSES]
    if not heads or not fruitless(now):
        return
    require_finite_weights(gradients)
    if probes.n_samples < LEAST_PROBE:
        raise CannotTell(f"{probes.n_samples} samples in the probe, {LEAST_PROBE} needed")
    columns = {head: probes.distinct_classes[:, probes.heads.index(head.name)] for head in heads}
    n_known = max(int(np.isfinite(column).sum()) for column in columns.values())
    if n_known < SUCCESSIVE:
        raise CannotTell(f"{n_known} probe of the predicted classes, {SUCCESSIVE} needed")
    for head, column in columns.items():
        predicted = spell(probes.step, column, (">=", LEAST_CLASSES))
        if predicted is not None:
            yield _finding(head, predicted, probes.n_samples)


def _finding(head: RunHead, predicted: Spell, n_samples: int) -> Finding:
    unequal = head.majority_share >= MAJORITY
    return Finding(
        message=(
            f"output `{head.name}` predicts one of {head.n_classes} classes for all {n_samples} samples of the probe, "
            f"since step {predicted.since}"
            + (f": {head.majority_share:.0%} of the targets are of one class" if unequal else "")
        ),
        evidence=(
            Evidence(
                quantity="predicted_classes",
                value=predicted.value,
                bound=(">=", LEAST_CLASSES),
                unit="classes",
                where=head.name,
                steps=(predicted.since, predicted.until),
            ),
        ),
        where=head.name,
        severity=Severity.INFO if unequal else Severity.WARNING,
    )
