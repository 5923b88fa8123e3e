"""The training loss has never been better than the best constant prediction, and no trend would take it there.

## What it looks for
The training loss, averaged over windows of steps, against the loss of the null model: the best prediction that does
not look at the input, such as the class frequencies or the mean of the targets. Flat is a run that has taken enough
steps (three epochs, a fifth of what is planned, or 400 steps, whichever comes first, and at least 8), was never better
than 0.97 of the null model's loss on the way to a perfect fit, and whose trend, followed three times as far as the run
has come or is planned to go, would not lead away from there. It covers every run that was never better, however far
above the null model it lies; one that was better and fell back is `worse-than-null` (FL507), and one whose loss rose
far above it is `diverging-loss` (FL505), which may stand beside this finding and then explains it.

Some networks, recurrent ones above all, start late. So it is worth knowing at first, and an alarm from 2.5 times as
many steps on: half of what is planned, and at least 40 steps, because in fewer noise hides a slow fall. A finding that
names a cause is an alarm before that.

## Why it matters
A network at the null model's loss predicts the class frequencies for every input: it has learnt nothing about the
inputs yet. More epochs of the same rarely change that.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(1e-6))
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
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(0.1))
fit_args = {"epochs": 10}
```

## When it is wrong
Some tasks are learnt after a long plateau at chance level: addition modulo a number, copying over long sequences, very
deep networks under a slow warm-up of the rate. And where targets cannot be told from the inputs at all, the null model
is the best there is.

## How far to trust the fix
There is none in this finding: it is a symptom. Findings that explain it stand above it in the report.

## References
Karpathy 2019, A Recipe for Training Neural Networks ("input-independent baseline"). The bound 0.97 called 14 of 14
broken and 0 of 13 healthy runs on the digits data of scikit-learn.
"""

from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import LossLog, RunFacts
from flatline.progress import NEVER, State, progress, settled_steps
from flatline.registry import check


@check("FL501", cause=None, severity=Severity.WARNING)
def flat_loss(run: RunFacts, losses: LossLog) -> Findings:
    """Flag a run that has never been better than guessing."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    if now.state is not State.FLAT:
        return
    where = ", ".join(head.name for head in run.heads)
    yield Finding(
        message=(
            f"the loss is {now.recent:.4g} after {now.n_steps} steps, and the best constant prediction has "
            f"{run.null:.4g}: the network has learnt nothing about its inputs"
        ),
        evidence=(
            Evidence(
                quantity="progress", value=now.best_share, bound=(">=", NEVER), where=where, steps=(0, now.n_steps - 1)
            ),
        ),
        where=where,
        severity=Severity.WARNING if now.n_steps >= settled_steps(run) else Severity.INFO,
    )
