"""The validation loss rises while the training loss falls.

## What it looks for
Three epochs in a row whose validation loss lies above its best so far, by 5 % of the way from the null model's loss to
that best and by twice the uncertainty of a validation loss, while the training loss has fallen since. The uncertainty
is the standard error over the validation batches; where that is not known, how much the validation loss changes from
epoch to epoch.

## Why it matters
From the best epoch on the network learns what holds for the training rows only. A healthy run does this too, sooner or
later: it is worth knowing when, and to keep the weights of that epoch.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(160, 40)).astype("float32")
y = (X[:, 0] + rng.normal(size=160) > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(256, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.001))
validation_data = (X[80:], y[80:])
X, y = X[:80], y[:80]
fit_args = {"epochs": 40}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(160, 40)).astype("float32")
y = (X[:, 0] + rng.normal(size=160) > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(256, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.001))
validation_data = (X[80:], y[80:])
X, y = X[:80], y[:80]
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
fit_args = {"epochs": 40, "callbacks": [stop]}
```

## When it is wrong
A validation loss can rise while the accuracy still does too: the network grows too sure of its errors. Whether that
matters depends on what the probabilities are for. Large networks may pass through a rise and come down again (double
descent). Validation rows of another kind than the training rows give the same picture.

## How far to trust the fix
Stopping at the best epoch is advice: its validation loss has been chosen as the lowest of many and is a little too
good. More data, augmentation, dropout or a penalty move the turn further out.

## References
Prechelt 1998, Early Stopping – But When?, doi:10.1007/3-540-49430-8_3. Guo et al. 2017, On Calibration of Modern Neural
Networks, arXiv:1706.04599. Nakkiran et al. 2020, Deep Double Descent, arXiv:1912.02292.
"""

import math

import numpy as np

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.logs import EpochLog, LossLog, RunFacts
from flatline.registry import check
from flatline.statistics import robust_spread

RISE = 0.05  # 1; of the way from the null model's loss to the best validation loss; set by reasoning
NOISE = 2.0  # standard errors of a validation loss; one in forty by chance, and three in a row far less
EPOCHS = 3  # in a row; one bad epoch is chance


@check("FL901", cause=None, severity=Severity.INFO)
def over_fitting(run: RunFacts, losses: LossLog, epochs: EpochLog) -> Findings:
    """Tell of a validation loss that rises while the training loss falls."""
    if not run.null - run.perfect > 0:
        raise CannotTell("the null model's loss is not known")
    number, training, validation = _both_known(epochs)
    if len(number) <= EPOCHS:
        raise CannotTell(f"{len(number)} epochs with a validation loss recorded, {EPOCHS + 1} needed")
    best = int(validation.argmin())
    since = validation[best + 1 :]
    if len(since) < EPOCHS:
        return
    lowest = float(validation[best])
    closed = run.null - (lowest - float(losses.penalty_at(epochs.step[number])[best]))
    if closed <= 0:  # never better than the null model: then the whole way is the scale
        closed = run.null - run.perfect
    noise = epochs.validation_noise
    if not math.isfinite(noise):
        noise = robust_spread(np.diff(validation)) / math.sqrt(2)  # three changes or more
    rise = Evidence(
        quantity="validation_rise",
        value=float(since[-EPOCHS:].min() - lowest) / closed,
        bound=("<=", max(RISE, NOISE * noise / closed)),
        steps=(int(epochs.step[number[best]]), int(epochs.step[number[-1]])),
    )
    falls = float(training[-EPOCHS:].mean()) < float(training[best])
    if rise.broken and falls:
        epoch = int(number[best]) + 1  # `fit` prints them from 1
        yield Finding(
            message=(
                f"the validation loss was lowest in epoch {epoch} with {lowest:.4g} and is {validation[-1]:.4g} in "
                f"epoch {number[-1] + 1}, while the training loss fell from {training[best]:.4g} to {training[-1]:.4g}"
            ),
            evidence=(rise,),
            fixes=(
                Fix(
                    title=f"keep the weights of epoch {epoch} with `EarlyStopping(restore_best_weights=True)`",
                    safety=Safety.ADVICE,
                    snippet=(
                        'stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, '
                        "restore_best_weights=True)\n"
                        "model.fit(X, y, validation_data=validation_data, callbacks=[stop])"
                    ),
                ),
            ),
        )


def _both_known(epochs: EpochLog) -> tuple[Array, Array, Array]:
    """Rows of the epochs that have both losses, and these losses: validation may be run every few epochs only."""
    missing = np.full(len(epochs), math.nan)
    training, validation = epochs.values.get("loss", missing), epochs.values.get("val_loss", missing)
    number = np.flatnonzero(np.isfinite(training) & np.isfinite(validation))
    return number, training[number], validation[number]
