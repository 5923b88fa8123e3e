"""The training loss and the accuracy beside it cannot both be right.

## What it looks for
Five epochs or more in which the loss gains more than half of the way from the null model to a perfect fit, while
accuracy or AUC moves by less than a thousandth. That alone can be honest: with one class at 99 %, accuracy may stay at
99 % while probabilities get better. But each wrong answer costs a cross-entropy of ln 2 at least, so a loss limits the
share of wrong answers; where the accuracy lies below that limit by 5 % or more it is a WARNING, since the two then see
different outputs or targets. A constant accuracy for a regression, or at the share of a dominant class, is worth
knowing, and so is the reverse: an accuracy well above the share of the largest class, and still rising, in a run whose
loss is flat.

## Why it matters
One of the two is not about what `predict` returns. With one softmax unit the output is 1 for every input, while the
loss, computed from the scores behind it, falls as in a healthy run.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, :1] > 0).astype("float32")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="softmax")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, :1] > 0).astype("float32")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])
fit_args = {"epochs": 10}
```

## When it is wrong
Metrics are known by name: a metric of your own that is called accuracy may measure something else. Sample weights that
weigh the metric and the loss differently can set the two apart.

## How far to trust the fix
Looking at predictions beside targets is advice, and decides the matter in a minute. Another metric changes nothing in
training.

## References
Bartlett, Jordan, McAuliffe 2006, Convexity, Classification, and Risk Bounds, doi:10.1198/016214505000000907 (losses
that bound the share of errors; here −ln p ≥ ln 2 where the true class has p ≤ ½, as it has whenever it is not the
answer). Keras documentation, "Accuracy metrics". Stack Overflow 50641866, 62566558.
"""

import math
import re

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.logs import EpochLog, LossLog, RunFacts, RunHead
from flatline.progress import NEVER, Progress, State, progress
from flatline.registry import check

EPOCHS = 5  # that a metric has to stand still for
STILL = 1e-3  # 1; range of the metric over all epochs; less than one answer in a thousand changes
GAINED = 0.5  # 1; of the way from the null model to a perfect fit, both gained and reached
MARGIN = 0.05  # 1; accuracy below what the loss allows; the null model's loss is known from some rows only
DOMINANT = 0.8  # 1; share of the largest class from where accuracy says little; 4:1
CLEAR = 0.2  # 1; accuracy above the share of the largest class, and gained, that shows learning

_ACCURACY = re.compile(r"(\w+_)?acc(uracy)?(_\d+)?")
_AUC = re.compile(r"auc(_\d+)?")
_CLASSES = frozenset({Task.BINARY.value, Task.MULTICLASS.value})


@check("FL509", cause=None, severity=Severity.INFO)
def loss_and_metric_disagree(run: RunFacts, losses: LossLog, epochs: EpochLog) -> Findings:
    """Flag a loss and an accuracy that cannot both be right."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    if len(run.heads) != 1:
        raise CannotTell(f"{len(run.heads)} outputs, and the null model of each is not known")
    (head,) = run.heads
    loss, metrics = _known(losses, epochs)
    if not metrics or len(loss) < EPOCHS:
        raise CannotTell(f"{len(metrics)} accuracies over {len(loss)} epochs recorded, 1 over {EPOCHS} needed")
    gap = run.null - run.perfect
    gained, reached = float(loss[0] - loss[-1]) / gap, (run.null - float(loss[-1])) / gap
    for name, values in metrics.items():
        moved = Evidence(quantity="metric_range", value=float(np.ptp(values)), bound=(">", STILL), where=name)
        if moved.broken and gained > GAINED and reached > GAINED and now.state in _LEARNT:
            yield from _stands(run, head, name, float(values[-1]), reached, (moved,))
        elif now.state is State.FLAT and _shows_learning(head, values):
            yield _reverse(now, name, values)


_LEARNT = frozenset({State.LEARNING, State.PLATEAU, State.CONVERGED})


def _known(losses: LossLog, epochs: EpochLog) -> tuple[Array, dict[str, Array]]:
    """Data loss of the epochs where it and all accuracies are known, and these."""
    named = {name: epochs.values[name] for name in epochs.values if _is_accuracy(name) or _AUC.fullmatch(name)}
    loss = epochs.values.get("loss", np.empty(0))
    loss = loss - losses.penalty_at(epochs.step[: len(loss)])
    whole = np.isfinite([loss, *named.values()]).all(axis=0)
    return loss[whole], {name: values[whole] for name, values in named.items()}


def _is_accuracy(name: str) -> bool:
    """Whether this is the share of right answers on training rows; the best of several answers is another thing."""
    return bool(_ACCURACY.fullmatch(name)) and not name.startswith("val_") and "top_k" not in name


def _stands(
    run: RunFacts, head: RunHead, name: str, value: float, reached: float, evidence: tuple[Evidence, ...]
) -> Findings:
    says = f"`{name}` stands at {value:.4g} while the loss went {reached:.2g} of the way to a perfect fit"
    if head.task == Task.REGRESSION.value:
        advice = Fix(title='use `metrics=["mae"]`', safety=Safety.ADVICE, snippet='metrics = ["mae"]')
        yield Finding(message=f"{says}, and counts exact hits", evidence=evidence, cause=Cause.METRIC, fixes=(advice,))
        return
    least = _least(run, head, name, reached)
    lacking = Evidence(quantity="accuracy", value=value, bound=(">=", least - MARGIN), where=name)
    if lacking.broken and not math.isnan(least):
        softmax = head.units == 1 and any(one.is_output and one.activation == "softmax" for one in run.layers)
        yield Finding(
            message=f"{says}, which takes {least:.2g} at least",
            evidence=(*evidence, lacking),
            severity=Severity.INFO if run.custom_train_step else Severity.WARNING,
            cause=Cause.OUTPUT_ACTIVATION if softmax else None,
            fixes=(
                Fix(
                    title="compare what `predict` returns with the targets, row by row",
                    safety=Safety.ADVICE,
                    snippet="print(np.c_[model.predict(X[:10]), y[:10]])",
                ),
            ),
        )
    elif head.majority_share >= DOMINANT and _is_accuracy(name) and value <= head.majority_share + STILL:
        yield Finding(
            message=f"{says}: the share of the largest class, which accuracy cannot tell from knowing nothing",
            evidence=evidence,
            cause=Cause.METRIC,
            fixes=(
                Fix(
                    title="use a metric that counts the classes evenly, such as `AUC`",
                    safety=Safety.ADVICE,
                    snippet='metrics = [keras.metrics.AUC(name="auc")]',
                ),
            ),
        )


def _least(run: RunFacts, head: RunHead, name: str, reached: float) -> float:
    """Lowest value of the metric that goes with this progress; NaN where nothing is known.

    Of n samples, each wrong one costs ln 2 at least: accuracy ≥ 1 − L/ln 2, with L = (1 − progress) · L_null. The null
    model's loss in nats is at most that of equal classes beside the largest one, however the loss is scaled.
    """
    clean = "crossentropy" in head.loss and "focal" not in head.loss
    if head.task not in _CLASSES or not clean or not abs(run.perfect) < 0.01 * (run.null - run.perfect):
        return math.nan
    if not _is_accuracy(name):
        return 0.5 + 2 * MARGIN  # AUC: half a way to a perfect fit is not gained by ranking at random
    classes = max(head.n_classes or head.units, 2)
    most = head.majority_share
    if not 0 < most < 1:
        null = math.log(classes)
    else:
        null = -most * math.log(most) - (1 - most) * math.log((1 - most) / (classes - 1))
    return 1 - (1 - reached) * null / math.log(2)


def _shows_learning(head: RunHead, values: Array) -> bool:
    return float(values[-1]) > head.majority_share + CLEAR and float(values[-1] - values[0]) > CLEAR


def _reverse(now: Progress, name: str, values: Array) -> Finding:
    return Finding(
        message=(
            f"`{name}` rose from {values[0]:.3g} to {values[-1]:.3g} while the loss, {now.recent:.4g}, was never "
            f"better than the best constant prediction"
        ),
        evidence=(
            Evidence(quantity="progress", value=now.best_share, bound=(">=", NEVER), steps=(0, now.n_steps - 1)),
        ),
    )
