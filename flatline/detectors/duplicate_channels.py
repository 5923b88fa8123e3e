"""Most channels of a convolution are copies of each other, and nothing is learnt.

## What it looks for
In a run that is no better than guessing: hidden convolutions in which at least half of the channels that vary at all
correlate with another channel by more than 0.99 or less than −0.99, over samples and positions.

## Why it matters
Such a layer has as many channels as it likes and sees as much as one of them. Channels are drawn different from each
other, so something has made them alike: a step so large that it put one and the same direction in the place of all
kernels, a penalty that left nothing but it, or kernels that started equal.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = X[:640], y[:640]
X = (X / 16).reshape(-1, 8, 8, 1).astype("float32")
layers = [
    keras.layers.Conv2D(16, 3),
    keras.layers.ReLU(),
    keras.layers.Conv2D(16, 3),
    keras.layers.ReLU(),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.3), "sparse_categorical_crossentropy")
fit_args = {"epochs": 6}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = X[:640], y[:640]
X = (X / 16).reshape(-1, 8, 8, 1).astype("float32")
layers = [
    keras.layers.Conv2D(16, 3),
    keras.layers.ReLU(),
    keras.layers.Conv2D(16, 3),
    keras.layers.ReLU(),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 6}
```

## When it is wrong
Where few channels are alive, the few may be alike: only those that vary are compared, and only where there are four. A
layer that widens eight channels to a hundred has near copies, as in EfficientNet: a quarter of them in one that was
freshly drawn, two thirds in one that had learnt, so nothing is said of a run that learns.

## How far to trust the fix
Where a sampled step changed the layer by a tenth of its weights or more, the learning rate is named: it took all
kernels to one place. The smaller rate does not bring them apart again, so start anew with it. Else no cause is named:
a penalty that overwhelms the loss, or units that started alike, stand above it in the report where they are found.

## References
I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", section 8.4, 2016 (units with the same weights stay the same).
A. RoyChowdhury, P. Sharma, E. Learned-Miller, "Reducing duplicate filters in deep neural networks", NeurIPS workshop
2017. Trained at rates that are too large, 69 % to 100 % of the channels of a layer were copies; in 36 networks as they
were drawn, 26 % at most (`python -m tests.benchmarks.seeing`).
"""

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.logs import GradientLog, LossLog, RunFacts, SightLog, UpdateLog
from flatline.rates import rate_at, set_rate
from flatline.registry import check
from flatline.sampled import fruitless, largest, require_finite_weights, settled

MAX_DUPLICATES = 0.5  # 1; exclusive; measured, see the references: 0.26 in drawn networks, 0.69 after too large steps
FAST = 0.1  # 1; a hundred times the update ratio of the rule of thumb, 1e-3: ten such steps replace a kernel
USUAL = 1e-2  # 1; update ratio that the lower rate aims at, as where units die of it
SLOWER = 0.1  # 1; least factor for the rate


@check("FL709", cause=None, severity=Severity.WARNING, explains=("FL501", "FL707", "FL708"))
def duplicate_channels(
    run: RunFacts, losses: LossLog, sight: SightLog, updates: UpdateLog | None, gradients: GradientLog | None
) -> Findings:
    """Flag convolutions of which most channels are the same where nothing is learnt."""
    now = settled(run, losses)
    if not fruitless(now):
        return
    require_finite_weights(gradients)
    output = {layer.name for layer in run.layers if layer.is_output}
    hidden = [i for i, name in enumerate(sight.layers) if name not in output]
    shares = sight.duplicate_share[-1, hidden]
    if hidden and not np.isfinite(shares).any():
        raise CannotTell(f"in {len(hidden)} convolutions, fewer than four channels vary")
    steps = (int(sight.step[-1]), int(sight.step[-1]))
    alike = [
        Evidence(
            quantity="duplicate_share",
            value=float(share),
            bound=("<=", MAX_DUPLICATES),
            where=sight.layers[i],
            steps=steps,
        )
        for i, share in zip(hidden, shares, strict=True)
        if share > MAX_DUPLICATES
    ]
    if alike:
        first, *others = alike  # what it feeds has little to tell apart
        cause, how, fixes = _cause(run, first.where, updates)
        yield Finding(
            message=(
                f"{first.value:.0%} of the channels of `{first.where}` that vary at all are copies of another after "
                f"{steps[0] + 1} steps{how}"
                + (f"; so are most of those of {len(others)} other layer{'s' * (len(others) > 1)}" if others else "")
            ),
            evidence=tuple(alike),
            where=first.where,
            fixes=fixes,
            cause=cause,
        )


def _cause(run: RunFacts, name: str, updates: UpdateLog | None) -> tuple[Cause | None, str, tuple[Fix, ...]]:
    """Cause, the words that say it, and the fixes."""
    if updates is None or name not in updates.layers:
        return None, "", ()
    ratios = updates.update_ratio[:, updates.layers.index(name)]
    ratio = largest(ratios)
    if not ratio >= FAST:
        return None, "", ()
    at = int(updates.step[int(np.nanargmax(np.where(np.isfinite(ratios), ratios, np.nan)))])
    rate = rate_at(run, updates, at)
    how = f": step {at} changed it by {ratio:.2g} of its weights"
    how += f", at learning rate {rate:.3g}" if rate > 0 else ""
    return Cause.LEARNING_RATE, how, set_rate(run, rate * min(SLOWER, USUAL / ratio), than=rate)
