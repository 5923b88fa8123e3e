"""The loss jumped together with the gradient, and stayed up for several steps.

## What it looks for
In a run that was better than the null model: a sampled step whose gradient norm, over all layers, is more than 20 times
the median of the 20 sampled steps before, where the loss of the next ten recorded steps lies above that of the twenty
before: by half of what it was above a perfect fit, by 15 % of the way from the null model to a perfect fit, and by
three times the spread of single steps (medians throughout). A batch of unusual rows raises the gradient for one step
and leaves the loss of the others as it was: it is not meant. A run that has not come back after as many steps as it had
taken, 50 at least, and no longer learns, is a WARNING.

## Why it matters
A single step has undone the work of many. Most runs come back, and then a spike costs time only; where the loss stays
up, the weights are in a place from where the steps find no way back.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(3200, 8)).astype("float32")
y = X[:, :1] + 0.1 * rng.normal(size=(3200, 1)).astype("float32")
X[1920:1952] *= 10.0  # one batch in another unit
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.02))
fit_args = {"epochs": 2, "shuffle": False}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(3200, 8)).astype("float32")
y = X[:, :1] + 0.1 * rng.normal(size=(3200, 1)).astype("float32")
X[1920:1952] *= 10.0  # one batch in another unit
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.02, global_clipnorm=1.0))
fit_args = {"epochs": 2, "shuffle": False}
```

## When it is wrong
When the data change at that very step (another data set, a second call of `fit`), the loss jumps without a bad step.
Spikes between two sampled gradients are not seen.

## How far to trust the fix
Clipping by the global norm bounds the length of such a step and leaves all others as they are, if the bound lies above
the usual norm: the one proposed is five times the median seen here. It hides rows that are wrong; look at them.

## References
Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063 (clipping by the norm). Chowdhery et al. 2022, PaLM, arXiv:2204.02311,
§5.1 (loss spikes). Molybog et al. 2023, A Theory on Adam Instability, arXiv:2304.09871.
"""

import math
from dataclasses import dataclass

import numpy as np

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.logs import GradientLog, LossLog, RunFacts
from flatline.progress import State, progress
from flatline.registry import check
from flatline.statistics import robust_spread, running_median

GRADIENT = 20.0  # 1; of the running median; with the jump below 0 of 13 healthy, 3 of 3 diverging runs
JUMP = 0.5  # 1; of the loss above a perfect fit: 1.5 times the level before
LEAST_JUMP = 0.15  # 1; progress lost; near a perfect fit, half as much again is nothing
SPREADS = 3.0  # 1; of the spread of single steps
BEFORE = 20  # rows that the level before is taken from
AFTER = 10  # rows; shorter jumps are batches of unusual rows, or over before they matter
MIN_SAMPLED = 5  # gradients before, for a median
LONG_AFTER = 50  # steps
CLIP = 5.0  # 1; proposed bound of the norm over its median: above nearly all usual steps


@dataclass(frozen=True, kw_only=True)
class _Spike:
    step: int
    gradient: float  # norm over the running median
    usual: float  # that median
    before: float  # share of the way left to a perfect fit
    after: float
    bound: float  # what `after` was allowed to be


@check("FL506", cause=None, severity=Severity.INFO)
def loss_spikes(run: RunFacts, losses: LossLog, gradients: GradientLog) -> Findings:
    """Tell of jumps of the loss that came with a jump of the gradient."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    sampled, norm = _global_norm(gradients)
    if len(norm) <= MIN_SAMPLED:
        raise CannotTell(f"{len(norm)} gradients sampled, {MIN_SAMPLED + 1} needed")
    spikes = _spikes(run, losses, sampled, norm)
    if not spikes:
        return
    first, last = spikes[0], spikes[-1]
    stays = _stays_up(run, losses, first) and now.state in (State.FLAT, State.PLATEAU, State.DIVERGED)
    several = f"{len(spikes)} times, first" if len(spikes) > 1 else "once,"
    gap = run.null - run.perfect
    clip = float(f"{CLIP * last.usual:.1g}")
    yield Finding(
        message=(
            f"the loss jumped {several} from {run.perfect + first.before * gap:.4g} to "
            f"{run.perfect + first.after * gap:.4g} at step {first.step}, where the gradient is {first.gradient:.3g} "
            f"times its usual norm{', and has not come back' if stays else ''}"
        ),
        evidence=(
            Evidence(
                quantity="gradient_jump",
                value=first.gradient,
                bound=("<=", GRADIENT),
                steps=(first.step, first.step),
            ),
            Evidence(
                quantity="progress", value=1 - first.after, bound=(">=", 1 - first.bound), steps=(first.step, last.step)
            ),
        ),
        severity=Severity.WARNING if stays else Severity.INFO,
        fixes=(
            Fix(
                title=f"clip the gradient at a global norm of {clip:g}",
                safety=Safety.ADVICE,
                snippet=f"optimizer = keras.optimizers.{run.optimizer}(global_clipnorm={clip:g})",
            ),
        ),
    )


def _global_norm(gradients: GradientLog) -> tuple[Array, Array]:
    """Steps where a gradient was measured, and its norm over all layers."""
    norm = np.sqrt(np.nansum(gradients.gradient_norm**2, axis=1)) if gradients.gradient_norm.size else np.empty(0)
    measured = np.isfinite(norm) & (norm > 0)
    return gradients.step[: len(norm)][measured], norm[measured]


def _spikes(run: RunFacts, losses: LossLog, sampled: Array, norm: Array) -> list[_Spike]:
    """Jumps of loss and gradient, each one at its first sampled step."""
    left = (losses.data - run.perfect) / (run.null - run.perfect)
    usual = np.concatenate(([math.inf], running_median(norm, BEFORE)[:-1]))
    found: list[_Spike] = []
    for index in np.flatnonzero(norm > GRADIENT * usual):
        row = int(np.searchsorted(losses.step, sampled[index]))
        before, after = left[max(0, row - BEFORE) : row], left[row : row + AFTER]
        if index < MIN_SAMPLED or len(before) < BEFORE or len(after) < AFTER:
            continue
        if found and sampled[index] <= losses.step[np.searchsorted(losses.step, found[-1].step) + AFTER - 1]:
            continue  # still the same one
        level = float(np.median(before))
        if level >= 1:
            continue  # not better than the null model: nothing was lost
        bound = level + max(JUMP * level, LEAST_JUMP, SPREADS * robust_spread(before))
        if float(np.median(after)) > bound:
            found.append(
                _Spike(
                    step=int(sampled[index]),
                    gradient=float(norm[index] / usual[index]),
                    usual=float(usual[index]),
                    before=level,
                    after=float(np.median(after)),
                    bound=bound,
                )
            )
    return found


def _stays_up(run: RunFacts, losses: LossLog, spike: _Spike) -> bool:
    """Whether the loss is where the spike took it after as many steps as the run had taken until then."""
    left = (losses.data - run.perfect) / (run.null - run.perfect)
    since = int(losses.step[-1]) - spike.step
    last_half = left[losses.step > spike.step + since / 2]
    return since >= max(LONG_AFTER, spike.step) and float(np.median(last_half)) > spike.bound
