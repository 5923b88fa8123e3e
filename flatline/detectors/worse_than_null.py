"""The network had learnt something, and is now worse than the best constant prediction.

## What it looks for
A run whose loss was better than the null model's once, and over the whole later half of its steps is clearly worse, by
more than a tenth of the way from the null model to a perfect fit, without falling. Clearly: the mean lies beyond the
bound by four times its standard error, so that the chance of single batches does not count. Where the null model's
loss is known from few rows only, the bound is wider. Under a schedule it waits for half of the planned steps: what is
lost at the peak of the rate may come back on its slope.

Two neighbours stand apart. A run that was *never* better than the null model is `flat-loss` (FL501), however far above
it lies. A loss that rose far above the null model's, in three of four steps by more than a whole way, is
`diverging-loss` (FL505). This check takes what lies between: learnt, lost again, and staying there.

## Why it matters
A network that ignored its inputs would do better. What it had learnt is gone, and as the loss does not fall, waiting
does not bring it back.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] + 0.5 * rng.normal(size=640) > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(0.1))


def jump(epoch, rate):
    return 30.0 if epoch >= 3 else 0.1


fit_args = {"epochs": 20, "callbacks": [keras.callbacks.LearningRateScheduler(jump)]}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] + 0.5 * rng.normal(size=640) > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(0.1))
fit_args = {"epochs": 20}
```

## When it is wrong
When the data changed on the way: a second call of `fit` on other rows, a curriculum, labels that are mixed or smoothed
from some epoch on. The null model is that of the rows seen first. A loss far above the null model's that still falls is
merely slow, and not flagged.

## How far to trust the fix
There is none in this finding: it is a symptom. Going back to the best weights (`keras.callbacks.ModelCheckpoint`,
`BackupAndRestore`) undoes the loss, not its reason.

## References
Karpathy 2019, A Recipe for Training Neural Networks ("input-independent baseline"). The standard error of a variance
from n rows, √(2/n): Kendall, Stuart 1977, The Advanced Theory of Statistics 1, §10.
"""

import math

import numpy as np

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import LossLog, RunFacts
from flatline.progress import NEVER, State, progress
from flatline.registry import check

WORSE = 0.1  # 1; progress below zero that counts: three times the 0.03 that separate flat from learning
CERTAIN = 4.0  # standard errors; a run is judged often, and rows of small batches are far from normal
MOST_FALL = 1.0  # standard errors; what the last quarter may lie below the one before and still not be falling
DIVERGED_ROWS = 0.75  # 1; share of rows a whole way above the null model from where it is `diverging-loss`
SCHEDULED_SHARE = 0.5  # 1; of the planned steps; warm-ups and most cycles have had their peak by then
MIN_ROWS = 8  # of a quarter; below, a standard error is a guess


@check("FL507", cause=None, severity=Severity.WARNING)
def worse_than_null(run: RunFacts, losses: LossLog) -> Findings:
    """Flag a run that fell back behind the best constant prediction and stays there."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    if not now.best_share >= NEVER:
        if now.state is State.LEARNING:
            return  # on its way
        raise CannotTell("never better than guessing, which FL501 and FL505 judge")
    if run.scheduled and now.n_steps < SCHEDULED_SHARE * (run.planned_steps or 0):
        raise CannotTell(f"{now.n_steps} of {run.planned_steps} steps planned under a schedule recorded, half needed")
    share = (run.null - losses.data) / (run.null - run.perfect)
    quarter = np.minimum(4 * losses.step // (losses.step[-1] + 1), 3)
    third, last = share[quarter == 2], share[quarter == 3]
    if any(len(part) < MIN_ROWS for part in (third, last)):
        raise CannotTell(f"{len(share)} rows recorded, {MIN_ROWS} in each of the last two quarters of the run needed")
    if now.state is State.DIVERGED and np.quantile(last, DIVERGED_ROWS) < -1:
        raise CannotTell("the loss is far above that of guessing, which FL505 judges")
    gain = float(last.mean() - third.mean())
    if not gain <= MOST_FALL * math.hypot(_error(third), _error(last)):
        return
    later = share[quarter >= 2]
    level = float(later.mean())
    bound = -_bound(run.n_null) - CERTAIN * _error(later)
    progressed = Evidence(
        quantity="progress", value=level, bound=(">=", bound), steps=(int(losses.step[-1] // 2), now.n_steps - 1)
    )
    if progressed.broken:
        yield Finding(
            message=(
                f"the loss averages {run.null - level * (run.null - run.perfect):.4g} over the later half of "
                f"{now.n_steps} steps, worse than the best constant prediction ({run.null:.4g}), and was {now.best:.4g}"
            ),
            evidence=(progressed,),
        )


def _bound(n_null: int) -> float:
    """How far below zero progress may be: what matters, or three standard errors of a null model from few rows."""
    return max(WORSE, 3 * math.sqrt(2 / n_null)) if n_null else WORSE


def _error(values: Array) -> float:
    return float(np.std(values, ddof=1)) / math.sqrt(len(values))
