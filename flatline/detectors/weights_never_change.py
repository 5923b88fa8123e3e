"""Trainable weights are the same after every step.

## What it looks for
Layers with trainable weights whose update is exactly zero in every sampled step, at least three, those left out in
which the optimizer meant to leave the weights alone (gradient accumulation, overflow of a scaled loss); and a run in
which no layer has a trainable weight. The reason is told where it was sampled: the learning rate is 0, no gradient
reaches the layer, its gradient is exactly 0, or the update is too small for the precision of the weights.

Nothing that moves in the whole network is an ERROR when the run has learnt nothing, a WARNING when it stands half-way,
and INFO else. Some layers that stand still are a WARNING when the run has learnt nothing, and INFO else.

## Why it matters
What does not change does not learn. Between a layer without gradient and the loss there is an operation without one:
rounding, `argmax`, a comparison, `stop_gradient`, a detour through NumPy.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.Adam(0.0), "binary_crossentropy")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
A layer that the loss does not need, such as the pooler of a language model, gets no gradient and needs none. Updates
are read at fixed entries of each kernel: of an embedding, or behind sparse inputs, these may be rows that did not
occur, so that a layer whose gradient is not zero is only reported when nothing else moves either. Where a training step
of one's own has several optimizers, only a network that stands still as a whole is reported.

## How far to trust the fix
A rate of 0 can only be raised; the number proposed is Keras' default. Where no gradient arrives, look for the operation
that has none. A gradient of exactly 0 is a symptom: dead or saturated units
explain it, and a first step that threw the weights away explains those (FL806).

## References
Jiang et al. 2025, "Training with confidence: catching silent errors in deep learning training with automated proactive
checks" (TrainCheck), arXiv 2506.14813: a step of the optimizer changes the parameters. Keras guide "Transfer learning &
fine-tuning". The log tells skipped steps apart, which a comparison of weights alone (rule UnchangedTensor of SageMaker
Debugger) does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetLayer
from flatline.layers import RECURRENT, WEIGHTED
from flatline.logs import GradientLog, LossLog, RunFacts, UpdateLog
from flatline.progress import Progress, State, progress
from flatline.rates import default_rate, set_rate
from flatline.registry import check
from flatline.sampled import GROWN, applied, growth, lacks_null_only

LEAST_STEPS = 3  # sampled steps; in the first, the gradient behind a kernel that starts at zero is 0
LEAST_MOVING = 1  # sampled steps in which a trainable layer changes


@dataclass(frozen=True)
class _Why:
    """Why weights stand still, in words, and what that is due to."""

    words: str
    cause: Cause | None = None
    advice: str = ""


_RATE = _Why("the learning rate is 0", Cause.LEARNING_RATE)
_DETACHED = _Why(
    "no gradient reaches them",
    Cause.TRAINABLE,
    "let the gradient through: no rounding, `argmax`, `stop_gradient` or NumPy on its way to the loss",
)
_ZERO = _Why("their gradient is exactly 0")
_ROUNDED = _Why(
    "their gradient is not 0, and the update may be too small for their precision",
    Cause.LEARNING_RATE,
    "raise the learning rate, or keep the weights in float32",
)
_UNKNOWN = _Why("gradients were not sampled to tell why")


@check("FL807", cause=None, severity=Severity.WARNING, explains=("FL501", "FL602", "FL707", "FL708", "FL808"))
def weights_never_change(
    run: RunFacts, losses: LossLog, updates: UpdateLog | None, gradients: GradientLog | None
) -> Findings:
    """Flag trainable weights that no sampled step has changed."""
    now = progress(run, losses)
    blind = lacks_null_only(run, now)
    if not run.layers:
        raise CannotTell("0 layers of the run are known, 1 needed")
    trainable = [layer.name for layer in run.layers if layer.trainable and layer.n_trainable]
    if not trainable:
        if now.state is not State.FLAT:
            raise CannotTell(f"0 of {len(run.layers)} layers have a trainable weight, which FL201 judges")
        yield _frozen(run)
        return
    rows, names = _sampled(run, trainable, updates)
    if updates is None or not names:
        raise CannotTell(f"the updates of 0 of {len(trainable)} trainable layers were sampled")
    ratio = updates.update_ratio[rows][:, [updates.layers.index(name) for name in names]]
    if len(ratio) < LEAST_STEPS or np.isnan(ratio).all():
        raise CannotTell(f"{len(ratio)} updates sampled in which the weights should change, {LEAST_STEPS} needed")
    still = [name for name, column in zip(names, ratio.T, strict=True) if (column == 0).all()]
    if not still:
        return
    step = updates.step[rows]
    why = {name: _why(name, step, updates.learning_rate[rows], gradients) for name in still}
    if len(still) == len(names):
        yield _all_still(run, now, why, step, blind, gradients)
    elif blind or run.custom_train_step:
        raise CannotTell(f"{len(still)} layers that stand still may be those of another optimizer")
    else:
        yield from _some_still(run, now, why, step)


def _sampled(run: RunFacts, trainable: Sequence[str], updates: UpdateLog | None) -> tuple[Array, list[str]]:
    """Rows in which the weights should change, and the trainable layers of the log."""
    if updates is None or not len(updates):
        return np.zeros(0, bool), []
    if run.accumulation > 1 and not np.isfinite(updates.skipped).any():
        raise CannotTell(f"in which of {run.accumulation} steps the gathered gradients are applied was not sampled")
    return applied(updates), [name for name in trainable if name in updates.layers]


def _why(name: str, step: Array, rate: Array, gradients: GradientLog | None) -> _Why:
    if (rate == 0).all():
        return _RATE
    if gradients is None or name not in gradients.layers:
        return _UNKNOWN
    column, rows = gradients.layers.index(name), np.isin(gradients.step, step)
    norm, broken = gradients.gradient_norm[rows, column], gradients.nonfinite_gradients[rows, column] > 0
    if not len(norm) or broken.any():
        return _UNKNOWN
    if np.isnan(norm).all():
        return _DETACHED
    return _ROUNDED if np.nanmax(norm) > 0 else _ZERO


def _all_still(
    run: RunFacts, now: Progress, why: dict[str, _Why], step: Array, blind: bool, gradients: GradientLog | None
) -> Finding:
    reasons = set(why.values())
    main = next(one for one in (_RATE, _ROUNDED, _UNKNOWN, _ZERO, _DETACHED) if one in reasons)
    times, first = growth(run, gradients)
    if main is _ZERO and times > GROWN:
        words = f"{main.words}, after the steps before step {first} have made the weights {times:.2g} times as large"
        main = replace(main, words=words, cause=Cause.LEARNING_RATE)
    severity = Severity.INFO
    if now.state is State.FLAT or blind:
        may_rise = main is _RATE and run.scheduled
        may_be_sparse = main is _ROUNDED and len(why) == 1
        severity = Severity.WARNING if may_rise or may_be_sparse else Severity.ERROR
    elif now.state is State.PLATEAU:
        severity = Severity.WARNING
    return _finding(run, f"the kernels of all {len(why)} layers that were sampled", list(why), main, step, severity)


def _some_still(run: RunFacts, now: Progress, why: dict[str, _Why], step: Array) -> Findings:
    severity = Severity.WARNING if now.state is State.FLAT else Severity.INFO
    if _UNKNOWN in why.values() and now.state is State.FLAT:
        raise CannotTell(f"the gradients of {len(why)} layers that stand still were not sampled to tell why")
    told_of = [reason for reason in (_DETACHED, _ZERO) if reason in why.values()]
    if not told_of:
        raise CannotTell(f"`{next(iter(why))}` stands still where it is read: may be words that did not occur")
    for reason in told_of:
        names = [name for name, one in why.items() if one is reason]
        if names:
            n_others = len(names) - 1
            told = f"the kernel of `{names[0]}`" + (
                f" and of {n_others} other layer{'s' * (n_others > 1)}" if n_others else ""
            )
            yield _finding(run, told, names, reason, step, severity)


def _finding(run: RunFacts, told: str, names: Sequence[str], why: _Why, step: Array, severity: Severity) -> Finding:
    return Finding(
        message=f"{told} did not change in any of {len(step)} sampled steps: {why.words}",
        evidence=tuple(
            Evidence(
                quantity="moving_steps",
                value=0,
                bound=(">=", LEAST_MOVING),
                unit="steps",
                where=name,
                steps=(int(step[0]), int(step[-1])),
            )
            for name in names
        ),
        where=names[0] if len(names) == 1 else "",
        fixes=_fixes(run, why),
        severity=severity,
        cause=why.cause,
    )


def _fixes(run: RunFacts, why: _Why) -> tuple[Fix, ...]:
    if why is _RATE:
        return set_rate(run, default_rate(run), than=0.0)
    return (Fix(title=why.advice, safety=Safety.ADVICE),) if why.advice else ()


def _frozen(run: RunFacts) -> Finding:
    names = [layer.name for layer in run.layers if layer.kind in WEIGHTED | RECURRENT | {"Embedding"}]
    lines = "\n".join(f'model.get_layer("{name}").trainable = True' for name in names)
    fix = Fix(
        title="make the layers that should learn trainable, and compile again",
        edits=tuple(SetLayer(layer=name, argument="trainable", value=True) for name in names),
        snippet=f"{lines}\nmodel.compile(model.optimizer, model.loss)",
    )
    return Finding(
        message=f"none of the {len(run.layers)} layers has a trainable weight, so training changes nothing",
        evidence=(Evidence(quantity="trainable_weights", value=0, bound=(">=", 1), unit="weights"),),
        fixes=(fix,) if names else (),
        severity=Severity.ERROR,
        cause=Cause.TRAINABLE,
    )
