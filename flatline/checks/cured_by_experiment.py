"""A change was tried on your own data, in paired runs on the same seeds and rows, and the score rose.

## What it looks for
`flatline.diagnose` trains the network for a short while as it is and with single changes, keeps the smallest set of
changes that gets furthest, and repeats both on fresh seeds. What is confirmed there is told, one finding a change. It
is a WARNING where the set-up as it is goes less than half the way from the best constant answer to a perfect one, the
changes get it to 60 % at least and by 30 points further, and the rehearsal does not learn either; else it is an
improvement worth having. `check_setup` trains too little to say any of this, and leaves the check out.

## Why it matters
A change that makes this network learn on these rows answers "which line do I change?"; it rests on no rule of thumb,
and luck is ruled out as far as the p value says.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(
    loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.SGD(1e-6), metrics=["accuracy"]
)
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(
    loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"]
)
fit_args = {"epochs": 10}
```

## When it is wrong
When the planned training is much longer than the runs that were compared and begins to learn late. The runs are short
and on a sample of the rows: what gets ahead sooner need not end higher.

## How far to trust the fix
It carries its verdict: the scores before and after, in how many pairs it helped, and the p value of an exact test,
corrected for the number of changes put to it. Of several changes that are needed together, each carries what is lost
without it. Nothing is said of changes that were not tried.

## References
Fisher 1935, "The Design of Experiments", chapter 3 (paired runs, and the exact test that flips the signs of their
differences). Zeller and Hildebrandt 2002, "Simplifying and Isolating Failure-Inducing Input", doi:10.1109/32.988498
(the smallest set of changes that does it).
"""

import math
from collections.abc import Iterator

from flatline import pairs
from flatline.arms import CURED, FLAT, GAIN, SEEN
from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.experiment import Experiment, Tried
from flatline.facts import RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.gates import severity_unless_learning
from flatline.registry import check
from flatline.verdict import Ruling, Verdict

SPEED = frozenset({Cause.LEARNING_RATE, Cause.OPTIMIZER, Cause.EPOCHS, Cause.BATCH_SIZE})  # more steps would do as well


@check("FL004", cause=None, severity=Severity.WARNING, explains=("FL001", "FL002"))
def cured_by_experiment(experiment: Experiment, rehearsal: RehearsalFacts | None) -> Findings:
    """Report the changes that raise the score in paired runs on fresh seeds."""
    if math.isnan(experiment.before):
        raise CannotTell("the set-up as it is was not scored: 0 runs to compare with")
    if not experiment.confirmed or experiment.verdict is None:
        return
    severity = Severity.INFO
    if _goes_nowhere(experiment):
        severity = severity_unless_learning(Severity.WARNING, rehearsal)
    for tried in experiment.chosen:
        needed = len(experiment.chosen) == 1 or tried.fix.verdict is None or _helps(tried.fix.verdict)
        yield Finding(
            cause=tried.cause,
            message=_message(experiment, experiment.verdict, tried),
            evidence=tuple(_evidence(experiment, experiment.verdict, tried)),
            fixes=(tried.fix,),
            severity=severity if needed and _decides(experiment, tried) else Severity.INFO,
        )


def _decides(experiment: Experiment, tried: Tried) -> bool:
    """Whether the change is a cause: an improvement has none, and "too slow" is not said of what was cut short."""
    seen = experiment.planned_steps is None or experiment.n_steps >= SEEN * experiment.planned_steps
    return tried.cause is not None and (seen or tried.cause not in SPEED)


def _goes_nowhere(experiment: Experiment) -> bool:
    """Whether the set-up as it is goes nowhere and the best one found gets there."""
    before, after = experiment.share(experiment.before), experiment.share(experiment.after)
    return before < FLAT and after >= max(CURED, before + GAIN)


def _helps(verdict: Verdict) -> bool:
    return verdict.ruling is Ruling.CONFIRMED


def _message(experiment: Experiment, verdict: Verdict, tried: Tried) -> str:
    went = f"{pairs.went(experiment.score, *_scores(experiment, verdict))} {pairs.in_pairs(verdict)}"
    change = pairs.change(tried.fix)
    if len(experiment.chosen) == 1:
        return f"{went} if you {change}"
    alone = tried.fix.verdict
    together = f"with {len(experiment.chosen)} changes together, {went}"
    if alone is None or math.isnan(alone.before):
        return f"{together}; one of them: {change}"
    without = pairs.from_to(alone.before, alone.after)[0]
    lost = "the run diverges" if math.isinf(alone.before) else f"it gets to {without} only"
    if not _helps(alone):
        lost = f"it gets to {without}, no sure difference"
    return f"{together}; without one of them ({change}) {lost}"


def _scores(experiment: Experiment, verdict: Verdict) -> tuple[float, float]:
    """On the fresh seeds, or those of the search where the verdict does not hold them any more."""
    known = not math.isnan(verdict.before) and not math.isnan(verdict.after)
    return (verdict.before, verdict.after) if known else (experiment.before, experiment.after)


def _evidence(experiment: Experiment, verdict: Verdict, tried: Tried) -> Iterator[Evidence]:
    before, after = _scores(experiment, verdict)
    yield Evidence(quantity="score_as_is", value=before, bound=(">=", after), where="as is")
    alone = tried.fix.verdict
    if alone is not None and len(experiment.chosen) > 1 and alone.before < alone.after:
        yield Evidence(
            quantity="score_as_is", value=alone.before, bound=(">=", alone.after), where="without this change"
        )
    if verdict.gain > 0:
        yield Evidence(quantity="paired_gain", value=verdict.gain, bound=("<=", 0.0), where="with all changes")
