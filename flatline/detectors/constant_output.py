"""The output is the same for every sample, and the loss is that of a constant.

## What it looks for
In two probes in a row, in a run that has never been better than the best constant prediction: the largest standard
deviation of an output over samples is below a thousandth of that of the targets (regression), or below 0.001 (classes;
a tenth of an even share where there are more than a hundred of them); or the outputs change by less than a millionth of
their size when the samples are exchanged.

## Why it matters
It tells two kinds of flat loss apart: this network does not even try to tell the samples apart. Either no signal gets
from the input to the output (dead or saturated layers, weights at zero), or the targets have taught it that no input
matters.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X[:, :1] - X[:, 1:2]
dead = keras.initializers.Constant(-20.0)
layers = [keras.layers.Dense(16, activation="relu", bias_initializer=dead), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X[:, :1] - X[:, 1:2]
layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 10}
```

## When it is wrong
Where the inputs do not tell anything about the targets, the constant is the right answer. An output that starts at zero
on purpose leaves it with the first steps.

## How far to trust the fix
There is none in this finding: it is a symptom. Findings that explain it stand above it in the report.

## References
H. Ben Braiek, F. Khomh, "TheDeepChecker", ACM TOSEM 2023, arXiv 2204.00694 (data dependency, constant outputs). A.
Karpathy, "A recipe for training neural networks", 2019 (input-independent baseline). The bounds called none of 13
healthy runs on the digits data of scikit-learn.
"""

import math
from collections.abc import Iterator

import numpy as np

from flatline.errors import CannotTell
from flatline.facts import Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import GradientLog, LossLog, ProbeLog, RunFacts, RunHead
from flatline.progress import State
from flatline.registry import check
from flatline.sampled import SUCCESSIVE, require_finite_weights, settled, spell

CONSTANT = 1e-3  # 1; of the targets' deviation, or as a probability: below it all predictions are one
OF_EVEN_SHARE = 0.1  # 1; of 1 / classes: with thousands of classes every probability is below 1e-3
BLIND = 1e-6  # 1; ten times the rounding of float32: below it the inputs do not show in the output
_CLASSES = (Task.BINARY.value, Task.MULTICLASS.value, Task.MULTILABEL.value)


@check("FL707", cause=None, severity=Severity.WARNING)
def constant_output(run: RunFacts, losses: LossLog, probes: ProbeLog, gradients: GradientLog | None) -> Findings:
    """Flag outputs that are the same for every sample."""
    now = settled(run, losses)
    if now.state is not State.FLAT:
        return
    require_finite_weights(gradients)
    n_known = np.isfinite(np.column_stack([probes.output_spread, probes.input_dependence])).sum(axis=0).max()
    if n_known < SUCCESSIVE:
        raise CannotTell(f"{n_known} probe of the outputs, {SUCCESSIVE} needed")
    constant = tuple(_constant_heads(run, probes))
    yield from constant
    dependence = spell(probes.step, probes.input_dependence, (">=", BLIND))
    if constant or dependence is None:
        return
    yield Finding(
        message=(
            f"the outputs change by {dependence.value:.1g} of their size when the {probes.n_samples} samples of the "
            f"probe are exchanged, since step {dependence.since}: they do not depend on the input"
        ),
        evidence=(
            Evidence(
                quantity="input_dependence",
                value=dependence.value,
                bound=(">=", BLIND),
                steps=(dependence.since, dependence.until),
            ),
        ),
    )


def _constant_heads(run: RunFacts, probes: ProbeLog) -> Iterator[Finding]:
    for head in run.heads:
        unit, smallest = _scale(head)
        if head.name not in probes.heads or math.isnan(unit):
            continue
        column = probes.heads.index(head.name)
        spread = spell(probes.step, probes.output_spread[:, column] / unit, (">=", smallest))
        if spread is None:
            continue
        regression = head.task not in _CLASSES
        of_what = f"{spread.value:.1g} of the deviation of its targets" if regression else f"{spread.value:.1g}"
        yield Finding(
            message=(
                f"output `{head.name}` varies by {of_what} between the {probes.n_samples} samples of the probe, "
                f"since step {spread.since}: it is a constant"
            ),
            evidence=(
                Evidence(
                    quantity="relative_output_spread" if regression else "probability_spread",
                    value=spread.value,
                    bound=(">=", smallest),
                    where=head.name,
                    steps=(spread.since, spread.until),
                ),
            ),
            where=head.name,
        )


def _scale(head: RunHead) -> tuple[float, float]:
    """Unit in which the spread of an output is measured, NaN where there is none, and the smallest that is no constant.

    Logits have no unit of their own, but as probabilities they vary less than half as much: they are judged as such.
    """
    if head.task in _CLASSES:
        return 1.0, min(CONSTANT, OF_EVEN_SHARE / head.n_classes) if head.n_classes else CONSTANT
    return (head.target_std if head.target_std > 0 else math.nan), CONSTANT
