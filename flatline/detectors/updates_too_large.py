"""Each step replaces so much of the weights that nothing learnt survives it.

## What it looks for
The update ratio ‖ΔW‖/‖W‖ of kernels over the last twenty sampled steps, those left out in which the optimizer meant to
leave the weights alone. WARNING where the run is no better than the best constant prediction and the median of any
kernel is above 0.1; where it never was and a single step changed half of the kernels or more by half of their size;
where the steps before the first sampled one made half of the kernels or more ten times as large as when the run
began; or where it stopped far from a perfect fit and half of the kernels or more have a median above 0.5. INFO where
half of them do in a run that learns. Embeddings are left out, and so are kernels that started at zero or have shrunk
to a hundredth of what they were: the ratio to next to nothing says nothing.

## Why it matters
A step that changes half of a kernel leaves little of what the steps before have made of it. The usual rate changes a
thousandth a step, a hundredth at the beginning. One huge step can be enough: it carries the weights so far out that
units die or saturate, and no later step looks large beside them.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X @ rng.normal(size=(8, 1)).astype("float32")
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(1.5))
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X @ rng.normal(size=(8, 1)).astype("float32")
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.05))
fit_args = {"epochs": 10}
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

from collections.abc import Sequence

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.logs import GradientLog, LossLog, RunFacts, UpdateLog
from flatline.progress import Progress, State, progress
from flatline.rates import rate_at, set_rate
from flatline.registry import check
from flatline.sampled import GROWN, applied, fruitless, growth, kernels

REPLACED = 0.5  # 1; of a kernel in each step, whatever else is known
FAST = 0.1  # 1; the same in a run that is no better than guessing
USUAL = 3e-3  # 1; between a thousandth and a hundredth of the weights in a step
WIDTH = 20  # sampled steps, the latest
LEAST_STEPS = 3  # sampled steps; a run that diverges does not have many
SHRUNK = 0.01  # 1; of the norm at first: a kernel that a penalty has driven to zero

# By how much is not known: a rate in proportion to a step that exploded would be too small for all that follow.
_LOWER = Fix(title="lower the learning rate, and bring inputs and targets to unit scale", safety=Safety.ADVICE)
# FL506 is a single step, these are all of them
_EXPLAINS = ("FL501", "FL502", "FL503", "FL507", "FL709", "FL807", "FL808")


@check("FL806", cause=Cause.LEARNING_RATE, severity=Severity.WARNING, explains=_EXPLAINS)
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
    step, every = updates.step[rows], updates.update_ratio[rows][:, columns]
    ratio = _medians(every[-WIDTH:])
    jump = _medians(every.T)  # of each step, over kernels
    stuck, at = fruitless(now), int(jump.argmax())
    bound = FAST if stuck else REPLACED
    if ratio.max() > bound and (stuck or float(np.median(ratio)) > REPLACED):
        yield _lasting(run, updates, now, [updates.layers[i] for i in columns], ratio, step[-WIDTH:], bound)
    elif now.state is State.FLAT and jump[at] > REPLACED:
        rate = rate_at(run, updates, int(step[at]))
        yield Finding(
            message=(
                f"step {step[at]} changed half of the {len(columns)} kernels by {jump[at]:.2g} of their size or more"
                + (f" at learning rate {rate:.3g}" if rate > 0 else "")
            ),
            evidence=(
                Evidence(
                    quantity="update_ratio",
                    value=float(jump[at]),
                    bound=("<=", REPLACED),
                    steps=(int(step[at]), int(step[at])),
                ),
            ),
            fixes=set_rate(run, rate * USUAL / float(jump[at]), than=rate) if jump[at] <= GROWN else (_LOWER,),
        )
    elif now.state is State.FLAT:
        yield from _thrown(run, updates, gradients)


def _thrown(run: RunFacts, updates: UpdateLog, gradients: GradientLog | None) -> Findings:
    """Yield the finding on steps before the first sample that have thrown the weights away."""
    times, step = growth(run, gradients)
    if times > GROWN:
        rate = rate_at(run, updates, step)
        yield Finding(
            message=f"before step {step}, the first that was sampled, half of the kernels or more had become "
            f"{times:.2g} times as large as when the run began"
            + (f", at learning rate {rate:.3g}" if rate > 0 else ""),
            evidence=(Evidence(quantity="weight_growth", value=times, bound=("<=", GROWN), steps=(0, step)),),
            fixes=(_LOWER,),
        )


def _lasting(
    run: RunFacts, updates: UpdateLog, now: Progress, names: Sequence[str], ratio: Array, step: Array, bound: float
) -> Finding:
    """Return the finding on kernels that the latest steps keep replacing."""
    worst = int(ratio.argmax())
    rate = rate_at(run, updates, int(step[-1]))
    others = int((ratio > bound).sum()) - 1
    return Finding(
        message=(
            f"the median update ratio of `{names[worst]}` is {ratio[worst]:.2g} in the last {len(step)} sampled steps"
            + (f" at learning rate {rate:.3g}" if rate > 0 else "")
            + f", above {bound:g}"
            + (f", and that of {others} other kernel{'s' * (others > 1)}" if others else "")
        ),
        evidence=(
            Evidence(
                quantity="layer_update_ratio",
                value=float(ratio[worst]),
                bound=("<=", bound),
                where=names[worst],
                steps=(int(step[0]), int(step[-1])),
            ),
        ),
        where=names[worst],
        fixes=set_rate(run, rate * USUAL / float(ratio[worst]), than=rate),
        severity=Severity.WARNING if fruitless(now) or now.state is State.PLATEAU else Severity.INFO,
    )


def _medians(ratio: Array) -> Array:
    """Median of each column, of what is known of it; 0 where nothing is."""
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
