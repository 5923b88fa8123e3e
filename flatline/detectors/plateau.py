"""The training loss left the best constant prediction behind, then stopped far from a perfect fit.

## What it looks for
A run that was better than the null model and whose loss no longer falls: no trend over the later half of the run, a
gain over the last third below 1 % of what was gained so far, and less than 0.9 of the way to a perfect fit behind it.
Where the batches differ so much that the mean loss of the later half could as well be the null model's, it says that it
cannot tell.

## Why it matters
More epochs of the same will not help. Whether anything else would is another question: a loss can stand because the
network is stuck (a rate too high or too low, too little capacity, a bottleneck) or because the rest cannot be known
from the inputs. The training loss alone does not tell the two apart, and so this is worth knowing, not an alarm.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 2)).astype("float32")
y = (X[:, 0] * (X[:, 1] + 0.5) > 0).astype("int64")  # no straight line parts these classes
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(1.0))
fit_args = {"epochs": 30}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 2)).astype("float32")
y = (X[:, 0] * (X[:, 1] + 0.5) > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.01))
fit_args = {"epochs": 30}
```

## When it is wrong
Noise that cannot be reduced (mislabelled rows, next words, tomorrow's prices) looks exactly like being stuck: the best
possible network stands there too. Strong dropout and augmentation keep the training loss up while the network is fine.
Between two falls of a stepwise schedule a run stands still and then goes on.

## How far to trust the fix
There is none in this finding: it is a symptom. To tell the two cases apart, fit a few dozen rows alone: a network that
can learn them by heart is not stuck for want of capacity or of a gradient.

## References
Karpathy 2019, A Recipe for Training Neural Networks ("input-independent baseline", "overfit one batch"). Prechelt
1998, Early Stopping – But When?, doi:10.1007/3-540-49430-8_3. Mann 1945, doi:10.2307/1907187.
"""

import math

import numpy as np

from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import LossLog, RunFacts
from flatline.progress import FITTED, NEVER, State, progress
from flatline.registry import check

CERTAIN = 3.0  # standard errors; about one false claim in a thousand of a normal mean


@check("FL502", cause=None, severity=Severity.INFO)
def plateau(run: RunFacts, losses: LossLog) -> Findings:
    """Tell of a run that learnt, then stopped far from a perfect fit."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    if now.state is not State.PLATEAU or not now.share >= NEVER:
        return  # or it has fallen back: another finding
    level, error = _later_half(run, losses)
    if not level - CERTAIN * error >= NEVER:
        raise CannotTell(
            f"batches differ too much: progress over the later half is {level:.2g} ± {error:.2g} (standard error)"
        )
    where = ", ".join(head.name for head in run.heads)
    yield Finding(
        message=(
            f"the loss stands at {now.recent:.4g} since step {now.since}, {now.share:.2g} of the way from the best "
            f"constant prediction ({run.null:.4g}) to a perfect fit ({run.perfect:.4g})"
        ),
        evidence=(
            Evidence(
                quantity="progress",
                value=now.best_share,
                bound=(">=", FITTED),
                where=where,
                steps=(now.since, now.n_steps - 1),
            ),
        ),
        where=where,
    )


def _later_half(run: RunFacts, losses: LossLog) -> tuple[float, float]:
    """Mean progress over the later half of the steps, and its standard error from the spread of the rows."""
    later = losses.data[losses.step >= losses.step[-1] / 2]
    share = (run.null - later) / (run.null - run.perfect)
    spread = float(np.std(share, ddof=1)) if len(share) > 1 else math.inf
    return float(share.mean()), spread / math.sqrt(len(share))
