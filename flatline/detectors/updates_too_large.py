"""Each step replaces so much of the weights that nothing learnt survives it.

## What it looks for
The update ratio ‖ΔW‖/‖W‖ of kernels over the last twenty sampled steps, those left out in which the optimizer meant to
leave the weights alone. WARNING where the run is no better than the best constant prediction and the median of any
kernel is above 0.1, or where it stopped far from a perfect fit and half of the kernels or more have a median above 0.5;
INFO where half of them do in a run that learns. Embeddings are left out, and so are kernels that started at zero or
have shrunk to a hundredth of what they were: the ratio to next to nothing says nothing.

## Why it matters
A step that changes half of a kernel leaves little of what the steps before have made of it. The usual rate changes a
thousandth a step, a hundredth at the beginning.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(32, activation="tanh")]
model = keras.Sequential([*layers, keras.layers.Dense(2, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(3.0))
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(32, activation="tanh")]
model = keras.Sequential([*layers, keras.layers.Dense(2, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.003))
fit_args = {"epochs": 20}
```

## When it is wrong
A kernel that is tiny for another reason (a strong penalty, an initialisation of almost zero) has large ratios at
ordinary rates; without sampled gradients, which bring the norms along, it cannot be told from the others.

## How far to trust the fix
The rate is lowered until a step changes some three thousandths of the weights, if updates are proportional to it, as
they are for most optimizers. Start again with it: weights that were thrown far away need long to come back.

## References
Stanford CS231n notes, "Neural networks part 3", 2016, Ratio of weights:updates ("roughly 1e-3"). The update that was
applied, rather than rate times gradient, holds for every optimizer. A median above 0.5 called none of 13 healthy runs
on the digits data of scikit-learn; limits on the rate itself (UMLAUT: above 0.01) call ordinary SGD.
"""

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import GradientLog, LossLog, RunFacts, UpdateLog
from flatline.progress import State, progress
from flatline.rates import rate_at, set_rate
from flatline.registry import check
from flatline.sampled import applied, fruitless, kernels

REPLACED = 0.5  # 1; of a kernel in each step, whatever else is known
FAST = 0.1  # 1; the same in a run that is no better than guessing
USUAL = 3e-3  # 1; between a thousandth and a hundredth of the weights in a step
WIDTH = 20  # sampled steps, the latest
LEAST_STEPS = 3  # sampled steps; a run that diverges does not have many
SHRUNK = 0.01  # 1; of the norm at first: a kernel that a penalty has driven to zero


@check("FL806", cause=Cause.LEARNING_RATE, severity=Severity.WARNING, explains=("FL501",))
def updates_too_large(run: RunFacts, losses: LossLog, updates: UpdateLog, gradients: GradientLog | None) -> Findings:
    """Flag steps that replace the weights."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN:
        raise CannotTell(now.reason)
    columns = [i for i in kernels(run, updates.layers) if _is_of_a_size(updates, gradients, i)]
    rows = applied(updates) & ~np.isnan(updates.update_ratio[:, columns]).all(axis=1)
    if now.reason:  # after a loss that is no number the weights are none either
        rows &= updates.step <= now.since
    if rows.sum() < LEAST_STEPS:
        raise CannotTell(f"{rows.sum()} updates sampled, {LEAST_STEPS} needed")
    step = updates.step[rows][-WIDTH:]
    ratio = _medians(updates.update_ratio[rows][:, columns][-WIDTH:])
    stuck = fruitless(now)
    typical = float(np.median(ratio))
    bound = FAST if stuck else REPLACED
    worst = int(ratio.argmax())
    if not (ratio[worst] > bound and (stuck or typical > REPLACED)):
        return
    name = updates.layers[columns[worst]]
    rate = rate_at(run, updates, int(step[-1]))
    others = int((ratio > bound).sum()) - 1
    yield Finding(
        message=(
            f"the median update ratio of `{name}` is {ratio[worst]:.2g} in the last {len(step)} sampled steps"
            + (f" at learning rate {rate:.3g}" if rate > 0 else "")
            + f", above {bound:g}"
            + (f", and that of {others} other kernel{'s' * (others > 1)}" if others else "")
        ),
        evidence=(
            Evidence(
                quantity="layer_update_ratio",
                value=float(ratio[worst]),
                bound=("<=", bound),
                where=name,
                steps=(int(step[0]), int(step[-1])),
            ),
        ),
        where=name,
        fixes=set_rate(run, rate * USUAL / float(ratio[worst]), than=rate),
        severity=Severity.WARNING if stuck or now.state is State.PLATEAU else Severity.INFO,
    )


def _medians(ratio: Array) -> Array:
    """Median over steps of each column, of what is known of it; 0 where nothing is."""
    return np.array([np.median(known) if len(known := column[~np.isnan(column)]) else 0.0 for column in ratio.T])


def _is_of_a_size(updates: UpdateLog, gradients: GradientLog | None, column: int) -> bool:
    """Whether the kernel neither started at zero nor has shrunk to nothing."""
    ratio = updates.update_ratio[applied(updates), column]
    if not len(ratio) or not np.isfinite(ratio[0]):
        return False
    if gradients is None or not len(gradients) or updates.layers[column] not in gradients.layers:
        return True
    norm = gradients.weight_norm[:, gradients.layers.index(updates.layers[column])]
    norm = norm[np.isfinite(norm)]
    return not len(norm) or bool(norm[0] > 0 and norm[-1] >= SHRUNK * norm[0])
