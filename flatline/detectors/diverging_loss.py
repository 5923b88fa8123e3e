"""The training loss rises far above the best constant prediction's and above where it was.

## What it looks for
A loss that is still a number, and in three of four steps of the last quarter of the run either

- lies more than a whole way (from a perfect fit to the null model) above the null model, and as much above three of
  four steps of its own best earlier quarter, or
- is more than ten times the null model's, and ten times what it was on the first batches, both above a perfect fit,

and is not coming down. Counting steps, not averaging them, keeps single expensive rows from deciding. A loss that began
far above the null model, as with targets in thousands, and stays or falls, is not meant: it did not rise.

## Why it matters
Each step undoes more than it gains. Such a run ends in a loss that is no number (`non-finite-values`), or keeps walking
about where nothing is learnt.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X[:, :1] - X[:, 1:2]
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(2.0, clipnorm=10.0))
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X[:, :1] - X[:, 1:2]
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.05, clipnorm=10.0))
fit_args = {"epochs": 10}
```

## When it is wrong
When the data changed on the way, so that the loss rose for another reason than the steps taken. A loss that is
maximised by mistake (a sign in a custom loss) rises too: a smaller rate then only makes it rise more slowly. With a
warm-up the rate may be right at first and too high at its peak: a longer warm-up or a lower peak is then the remedy.

## How far to trust the fix
A tenth of the rate is a guess, which `flatline.diagnose` puts to the test; a run this far off is lost and has to begin
anew from fresh weights.

## References
Pascanu, Mikolov, Bengio 2013, On the difficulty of training recurrent neural networks, arXiv:1211.5063. Goodfellow,
Bengio, Courville 2016, Deep Learning, §8.2.4 (cliffs) and §11.4.1 (the learning rate).
"""

import math

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetCompile
from flatline.logs import LossLog, RunFacts
from flatline.progress import State, progress
from flatline.registry import check
from flatline.statistics import robust_spread

RISE = 1.0  # 1; progress below zero, and below the best earlier quarter; as for `State.DIVERGED`
BLATANT = 10.0  # 1; of the null model's loss, which no healthy run of 13 reached, and of the first batches'
MOST = 0.75  # 1; share of the rows of a quarter; means and standard errors say little of a loss that grows by powers
MIN_ROWS = 6  # of a quarter; below, three of four is a guess
FALL = 0.05  # 1; of the level, from one quarter to the next; less would take longer than the run has taken
MEDIAN = 1.25  # 1; standard error of a median over that of a mean, normal distribution: √(π/2)
FIRST_ROWS = 32  # samples that the loss at the start is averaged over; single samples can be lucky


@check(
    "FL505",
    cause=Cause.LEARNING_RATE,
    severity=Severity.WARNING,
    explains=("FL501", "FL502", "FL506", "FL507"),
)
def diverging_loss(run: RunFacts, losses: LossLog) -> Findings:
    """Flag a loss that rose far above the null model's and its own earlier level."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    if now.state not in (State.DIVERGED, State.FLAT):
        return
    # 1 is the null model, 0 a perfect fit, 10 is ten times the null model's loss.
    excess = (losses.data - run.perfect) / (run.null - run.perfect)
    quarters = np.minimum(4 * losses.step // (losses.step[-1] + 1), 3)
    parts = [excess[quarters == quarter] for quarter in range(4)]
    if any(len(part) < MIN_ROWS for part in parts):
        raise CannotTell(f"{len(excess)} rows recorded, {MIN_ROWS} in each quarter of the run needed")
    *earlier, last = parts
    best = min(earlier, key=lambda part: float(np.median(part)))
    # From ten times the null model's on, it has to be ten times the start; below, one way above the best quarter.
    first = float(excess[: _n_first(run)].mean())
    rise = max(1 + RISE, float(np.quantile(best, MOST)) + RISE)
    bound = min(rise, BLATANT * max(first, 1))
    level = float(np.quantile(last, 1 - MOST))
    halves = np.array_split(last, 2)  # after a single bad step a loss comes down within the quarter
    if level > bound and not _falls(earlier[-1], last) and not _falls(*halves):
        typical, lowest = float(np.median(last)), min(first, float(np.median(best)))
        yield Finding(
            message=(
                f"the loss is about {_loss(run, typical):.4g} over the last quarter of {now.n_steps} steps, was "
                f"{_loss(run, lowest):.4g} and is {run.null:.4g} for the best constant prediction"
            ),
            evidence=(
                Evidence(
                    quantity="progress",
                    value=1 - level,
                    bound=(">=", 1 - bound),
                    steps=(int(3 * losses.step[-1] // 4), now.n_steps - 1),
                ),
            ),
            fixes=(_slower(run),),
        )


def _n_first(run: RunFacts) -> int:
    return max(1, math.ceil(FIRST_ROWS / (run.batch_size or FIRST_ROWS)))


def _falls(before: Array, last: Array) -> bool:
    """Whether rows may lie below those before: then the loss is coming down, merely slowly."""
    error = math.hypot(*(MEDIAN * robust_spread(part) / math.sqrt(len(part)) for part in (before, last)))
    return float(np.median(before) - np.median(last)) > max(error, FALL * float(np.median(last)))


def _loss(run: RunFacts, excess: float) -> float:
    return run.perfect + excess * (run.null - run.perfect)


def _slower(run: RunFacts) -> Fix:
    if not run.learning_rate > 0:
        return Fix(title="lower the learning rate ten-fold and start from fresh weights", safety=Safety.ADVICE)
    rate = float(f"{run.learning_rate / 10:.2g}")
    title = f"lower the learning rate from {run.learning_rate:g} to {rate:g} and start from fresh weights"
    if run.scheduled or run.custom_train_step:  # no one number to set
        return Fix(title=title, safety=Safety.ADVICE)
    edit = SetCompile(argument="optimizer.learning_rate", value=rate)  # an experiment draws fresh weights by itself
    return Fix(title=title, edits=(edit,), snippet=f"model.optimizer.learning_rate = {rate:g}")
