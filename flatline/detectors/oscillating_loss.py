"""The training loss swings up and down, more than the choice of the batches can explain, and gets nowhere.

## What it looks for
Means of the loss over windows: over up to twelve epochs where there are more than six, and over windows of some steps
in the later half of the run, from four rows upwards. Oscillating means that for one length of window all of this holds:

- the typical change from one window to the next is above 15 % of the way from the null model to a perfect fit,
- more than half of the changes reverse the one before,
- the loss is still above 30 % of the null model's,
- the changes are 2.5 times what the spread of the steps within the windows would give by chance.

It is a WARNING where the run is flat, stands still or diverges, and either whole epochs swing or the updates are so
long (a tenth of the weights at each step) that the steps and not the order of the data must be at work. Where the rate
goes up and down by itself, or is going to be lowered in a run that has learnt something, it is worth knowing only.

## Why it matters
A step that is too long jumps over the valley: the loss falls and rises by turns, and the mean goes nowhere. Batch noise
looks much the same to the eye, but averages out over an epoch, and this does not.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X[:, :1] - X[:, 1:2] + 0.5 * rng.normal(size=(640, 1)).astype("float32")
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.02, momentum=0.999))  # each step counts for 1,000
fit_args = {"epochs": 60, "batch_size": 128}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X[:, :1] - X[:, 1:2] + 0.5 * rng.normal(size=(640, 1)).astype("float32")
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.02, momentum=0.9))  # each step counts for 10
fit_args = {"epochs": 60, "batch_size": 128}
```

## When it is wrong
Where the data change from epoch to epoch, the loss follows them: a generator whose epochs hold different parts of a
sorted data set, several data sets by turns, targets that depend on the network (reinforcement learning). Swings that
last less than some steps look like batch noise, and are not seen.

## How far to trust the fix
Advice, not mechanical: too long a step is the usual reason, not the only one. The direct test is one step with a tenth
of the rate from the same weights and batch: if it lowers the loss where the full step raises it, the rate is the cause.

## References
Schneider, Dangel, Hennig 2021, Cockpit, arXiv:2102.06604 (α, the normalised step length). Von Neumann 1941,
Distribution of the Ratio of the Mean Square Successive Difference to the Variance, doi:10.1214/aoms/1177731677. LeCun,
Bottou, Orr, Müller 1998, Efficient BackProp, §5.1. The bounds 15 %, a half and 30 % were set by reasoning.
"""

import itertools
import math

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.logs import LossLog, RunFacts, UpdateLog
from flatline.progress import State, progress
from flatline.registry import check

SWING = 0.15  # 1; of the way from the null model to a perfect fit; set by reasoning, as are the next two
REVERSALS = 0.5  # 1; share of changes that reverse the one before; chance gives 2/3, a trend near 0
FAR = 0.7  # 1; progress from where swings are of little account: the loss is below 30 % of the null model's
OVER_NOISE = 2.5  # 1; of what batches give by chance; none of 104 simulated sound runs at a fixed rate reached it
FAST = 0.1  # 1; update ratio, 100 times the rule of thumb of 1e-3: then it is the steps that swing, not the data
TO_STD = 1.4826  # of a median of magnitudes, normal distribution
MIN_ROWS = 4  # of a window; below, the chance of its batches cannot be told from the rows within
MOST_EPOCHS = 12  # as many windows as `progress` looks at
LEAST_EPOCHS = 6  # five changes; with fewer, more than half of them turn by chance too often
LEAST_WINDOWS = 12  # of steps
MOST_WINDOWS = 200  # more tell no more

_NOWHERE = frozenset({State.FLAT, State.PLATEAU, State.DIVERGED})


@check(
    "FL504",
    cause=Cause.LEARNING_RATE,
    severity=Severity.INFO,
    explains=("FL501", "FL502", "FL506", "FL507"),
)
def oscillating_loss(run: RunFacts, losses: LossLog, updates: UpdateLog | None) -> Findings:
    """Flag a loss that swings by more than batches can explain."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    scales = _scales(run, losses)
    if not scales:
        raise CannotTell(f"{len(losses)} rows recorded, {LEAST_WINDOWS} windows of {MIN_ROWS} rows needed")
    found = [(_swing(windows), whole) for whole, windows in scales]
    swing, whole = next(((one, whole) for one, whole in found if one is not None), (None, False))
    if swing is None:
        return
    # A rate that is still to be lowered may well swing until then, as long as something has been learnt.
    meant = _cycles(run, updates) or (run.scheduled and now.state is State.PLATEAU)
    alarming = now.state in _NOWHERE and not meant and (whole or _fast(updates))
    swings, chance, bound = swing
    yield Finding(
        message=(
            f"the loss swings by {swings:.2g} of the way from the best constant prediction to a perfect fit "
            f"between {'epochs' if whole else 'windows of some steps'}; batches explain {chance:.2g}"
        ),
        evidence=(
            Evidence(
                quantity="loss_swing",
                value=swings,
                bound=("<=", bound),
                steps=(int(losses.step[-1]) // 2, now.n_steps - 1),
            ),
        ),
        severity=Severity.WARNING if alarming else Severity.INFO,
        fixes=(
            Fix(
                title="lower the learning rate ten-fold"
                + (f", to {run.learning_rate / 10:.2g}" if run.learning_rate > 0 else ""),
                safety=Safety.ADVICE,
            ),
        ),
    )


def _swing(windows: list[Array]) -> tuple[float, float, float] | None:
    """Typical change from window to window, what batches give by chance, and the bound; None if it does not swing."""
    means = np.array([window.mean() for window in windows])
    changes = np.diff(means)
    if means.mean() >= FAR or not np.mean(changes[1:] * changes[:-1] < 0) > REVERSALS:
        return None
    # Two means differ by chance √2 times as much as one of them from its expectation.
    chance = math.sqrt(2 * float(np.mean([window.var(ddof=1) / len(window) for window in windows])))
    swings = TO_STD * float(np.median(np.abs(changes)))
    bound = max(SWING, OVER_NOISE * chance)
    return (swings, chance, bound) if swings > bound else None


def _scales(run: RunFacts, losses: LossLog) -> list[tuple[bool, list[Array]]]:
    """Progress of the rows of recent windows: of epochs first, which hold all samples, then of ever more steps."""
    share = (run.null - losses.data) / (run.null - run.perfect)
    n_steps = int(losses.step[-1]) + 1
    later = losses.step[losses.step >= n_steps // 2]
    length = MIN_ROWS * int(np.median(np.diff(later))) if len(later) > 1 else n_steps
    found: list[tuple[bool, list[Array]]] = []
    epoch = run.steps_per_epoch or n_steps
    epochs = epoch * math.ceil(length / epoch)  # as many as have enough rows
    end = n_steps // epoch * epoch
    n_windows = min(MOST_EPOCHS, (end - epoch) // epochs)  # in the first epoch the loss falls
    windows = _windows(losses.step, share, epochs, end - n_windows * epochs, end)
    if len(windows) >= LEAST_EPOCHS:
        found.append((True, windows))
    while n_steps // 2 >= LEAST_WINDOWS * length:
        windows = _windows(losses.step, share, length, max(n_steps // 2, n_steps - MOST_WINDOWS * length), n_steps)
        if len(windows) >= LEAST_WINDOWS:
            found.append((False, windows))
        length *= 2
    return found


def _windows(step: Array, share: Array, length: int, start: int, end: int) -> list[Array]:
    """Rows of each window of `length` steps from `start` on that has enough of them and ends before `end`."""
    edges = np.searchsorted(step, np.arange(start, end + 1, length))
    return [share[i:j] for i, j in itertools.pairwise(edges) if j - i >= MIN_ROWS]


def _fast(updates: UpdateLog | None) -> bool:
    """Whether the steps are so long that they replace a layer's weights within some of them."""
    if updates is None:
        return False
    known = [column[np.isfinite(column)] for column in updates.update_ratio.T]
    return any(len(column) > 0 and float(np.median(column)) > FAST for column in known)


def _cycles(run: RunFacts, updates: UpdateLog | None) -> bool:
    """Whether the rate goes up and down by itself; taken for true where it changes and was not recorded."""
    if not run.scheduled:
        return False
    rate = updates.learning_rate[np.isfinite(updates.learning_rate)] if updates is not None else np.empty(0)
    if not len(rate):
        return True
    turns = np.sign(np.diff(rate))
    turns = turns[turns != 0]
    return int(np.sum((turns[1:] > 0) & (turns[:-1] < 0))) > 0
