"""Steps are so small that no weight gets anywhere, and the loss stays where it was.

## What it looks for
The update ratio ‖ΔW‖/‖W‖ of each kernel in the sampled steps, those left out in which the optimizer meant to leave the
weights alone (gradient accumulation, overflow of a scaled loss). Reported is a run that has never been better than the
best constant prediction in which the median of every kernel is below 1e-5 and none ever moved by 1e-4 in a step; where
that prediction is not known, one in which no kernel ever moved by 1e-6.

## Why it matters
A kernel that changes by a hundred-thousandth in each step needs as many steps to become another one. The usual rate
changes a thousandth a step.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.SGD(1e-6), "binary_crossentropy")
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
model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
A rate that is still rising, as in a warm-up, is not judged, and neither is a run that learns, has converged or stopped
half-way, where small steps are in their place. A loss that was scaled down makes small gradients, to which the rate of
plain SGD has to be scaled up.

## How far to trust the fix
The rate is raised until a step changes about a thousandth of the weights, if updates are proportional to it, as they
are for most optimizers. Where weights do not move because no gradient reaches them, another finding says so.

## References
Stanford CS231n notes, "Neural networks part 3", 2016, Ratio of weights:updates ("roughly 1e-3"). The update that was
applied, rather than rate times gradient, holds for every optimizer. All kernels below 1e-6 called none of 13 healthy
runs on the digits data of scikit-learn; limits on the rate itself (UMLAUT: below 1e-7) or on single kernels at any time
(TheDeepChecker: below 1e-4) called healthy ones.
"""

import math

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import GradientLog, LossLog, RunFacts, UpdateLog
from flatline.progress import State, progress
from flatline.rates import rate_at, set_rate
from flatline.registry import check
from flatline.sampled import applied, kernels, lacks_null_only

SLOW = 1e-5  # 1; median of a kernel that gets nowhere in any usual number of steps, in a run seen to be flat
MOVED = 1e-4  # 1; what a kernel that ever moved has reached in some step: then it is no matter of the rate alone
STILL = 1e-6  # 1; below the rounding of most weights: nothing moves, whatever the loss may be
USUAL = 1e-3  # 1; update ratio of the rule of thumb
LEAST_STEPS = 3  # sampled steps
RISING = 1.01  # 1; latest rate over the median of all: a warm-up goes on


@check("FL805", cause=Cause.LEARNING_RATE, severity=Severity.WARNING, explains=("FL501", "FL808"))
def updates_too_small(run: RunFacts, losses: LossLog, updates: UpdateLog, gradients: GradientLog | None) -> Findings:
    """Flag a run in which no kernel moves to speak of."""
    now = progress(run, losses)
    blind = lacks_null_only(run, now)
    if now.state is not State.FLAT and not blind:
        return
    rows, columns = applied(updates), kernels(run, updates.layers)
    ratio = updates.update_ratio[rows][:, columns]
    ratio = ratio[:, np.isfinite(ratio).all(axis=0)]  # a kernel that starts at zero has no ratio at first
    if not ratio.size or len(ratio) < LEAST_STEPS:
        raise CannotTell(
            f"the updates of {ratio.shape[1]} kernels in {len(ratio)} steps are known, {LEAST_STEPS} needed"
        )
    if _is_rising(updates.learning_rate[rows]):
        raise CannotTell(f"the learning rate is still rising, {updates.learning_rate[rows][-1]:.3g} so far")
    median, peak = np.median(ratio, axis=0).max(), ratio.max()
    if peak == 0:
        raise CannotTell("no kernel moves at all, which FL807 judges")
    if _no_gradient(gradients):
        raise CannotTell("no gradient reaches any kernel, so that the rate is not in question")
    if not (peak < STILL or (not blind and median < SLOW and peak < MOVED)):
        return
    bound = STILL if blind else SLOW
    rate = rate_at(run, updates)
    yield Finding(
        message=(
            f"a step changes no kernel by more than {median:.1e} of its size, median of {len(ratio)} sampled steps"
            + (f", at learning rate {rate:.3g}" if rate > 0 else "")
        ),
        evidence=(
            Evidence(
                quantity="update_ratio",
                value=float(median),
                bound=(">=", bound),
                steps=(int(updates.step[rows][0]), int(updates.step[rows][-1])),
            ),
        ),
        fixes=set_rate(run, rate * USUAL / float(median) if median > 0 else math.nan, than=rate),
    )


def _is_rising(rate: Array) -> bool:
    return bool(rate[-1] >= rate.max() and rate[-1] > RISING * np.median(rate))


def _no_gradient(gradients: GradientLog | None) -> bool:
    """Whether no gradient was seen at all: what still moves is weight decay."""
    return gradients is not None and bool(len(gradients)) and not np.nansum(gradients.gradient_norm)
