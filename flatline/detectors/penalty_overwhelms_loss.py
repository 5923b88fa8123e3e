"""Penalties on weights or activities outweigh what the data can gain.

## What it looks for
The sum of the penalties (regularisation of kernels and activities, terms of `add_loss`) against the gap of the data
loss, from the best constant prediction to a perfect fit. Above ten times that gap it is worth knowing. It is a WARNING
in a run that is flat though its weights move, and in one that has never been better than the best constant prediction
while a kernel has shrunk below a tenth of its norm at the start: there the penalty is what is being learnt.

## Why it matters
Each step follows the sum of both gradients. While the penalty rules, the weights shrink, the outputs turn constant, and
the falling curve is the penalty's: the total loss looks well while nothing is learnt about the inputs.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
strong = keras.regularizers.L2(1.0)
model = keras.Sequential([keras.layers.Dense(64, activation="relu", kernel_regularizer=strong)])
model.add(keras.layers.Dense(10, activation="softmax", kernel_regularizer=strong))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
weak = keras.regularizers.L2(1e-4)
model = keras.Sequential([keras.layers.Dense(64, activation="relu", kernel_regularizer=weak)])
model.add(keras.layers.Dense(10, activation="softmax", kernel_regularizer=weak))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
The size of a penalty is not its pull: a large constant term of `add_loss` moves no weight, and a network that is flat
for another reason may carry a large penalty innocently. The penalty is known in sampled
steps only, and what lies between is reckoned from these.

## How far to trust the fix
A penalty a hundred times weaker is advice: it is a change of the model; choose it by the validation loss.

## References
Ben Braiek, Khomh 2022, TheDeepChecker, arXiv:2204.00694. Krogh, Hertz 1991, A Simple Weight Decay Can Improve
Generalization, NIPS. Stack Overflow 51028324, 39052558.
"""

import math

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.logs import GradientLog, LossLog, RunFacts, UpdateLog
from flatline.progress import NEVER, State, progress
from flatline.registry import check

MOST_PENALTY = 10.0  # 1; of the gap of the data loss; the bound that FL316 has for the loss at initialisation
SHRUNK = 0.1  # 1; of a kernel's norm at the start; set by reasoning: gradients of data rarely take nine tenths away
STILL = 1e-6  # 1; update ratio below which nothing moves: then no penalty is to blame


@check("FL508", cause=Cause.REGULARIZATION, severity=Severity.INFO, explains=("FL501", "FL709"))
def penalty_overwhelms_loss(
    run: RunFacts, losses: LossLog, gradients: GradientLog | None, updates: UpdateLog | None
) -> Findings:
    """Flag penalties far above what the data can gain."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    if not np.isfinite(losses.penalty).any():
        raise CannotTell(f"the sum of the penalties is known in 0 of {len(losses)} rows, 1 needed")
    penalty = float(losses.penalty_at(losses.step)[-1])
    if penalty <= 0:
        return
    gap = run.null - run.perfect
    is_flat = now.state is State.FLAT
    weight = Evidence(quantity="penalty_to_gap", value=penalty / gap, bound=("<=", MOST_PENALTY))
    if weight.broken:
        yield Finding(
            message=(
                f"penalties add {penalty:.3g} to a data loss of {now.recent:.3g}, {weight.value:.3g} times what "
                f"lies between the best constant prediction and a perfect fit"
            ),
            evidence=(weight,),
            severity=Severity.WARNING if is_flat and _moves(updates) else Severity.INFO,
            fixes=(_weaker(),),
        )
    elif now.best_share < NEVER and gradients is not None:  # between samples a penalty may fall faster than reckoned
        name, left = _most_shrunk(run, gradients)
        shrinkage = Evidence(
            quantity="weight_shrinkage", value=left, bound=(">=", SHRUNK), where=name, steps=(0, now.n_steps - 1)
        )
        if name and shrinkage.broken:
            yield Finding(
                message=(
                    f"the kernel of `{name}` has {left:.2g} of its norm at the start, penalties are in the loss, and "
                    f"the network has learnt nothing"
                ),
                evidence=(shrinkage,),
                where=name,
                severity=Severity.WARNING,
                fixes=(_weaker(name),),
            )


def _moves(updates: UpdateLog | None) -> bool:
    """Whether the weights change at all; taken for true where it was not recorded."""
    if updates is None:
        return True
    known = updates.update_ratio[np.isfinite(updates.update_ratio)]
    return not len(known) or float(np.median(known)) >= STILL


def _most_shrunk(run: RunFacts, gradients: GradientLog) -> tuple[str, float]:
    """Layer whose kernel has lost most of its norm since the first sampled step, and what is left of it."""
    norm = gradients.weight_norm
    found = [
        (float(norm[-1, column] / norm[0, column]), name)
        for column, name in enumerate(gradients.layers)
        if len(norm) > 1 and norm[0, column] > 0 and np.isfinite(norm[-1, column]) and _has_kernel(run, name)
    ]
    left, name = min(found, default=(math.nan, ""))
    return name, left


def _has_kernel(run: RunFacts, name: str) -> bool:
    layer = run.layer(name)
    return layer is not None and layer.has_kernel


def _weaker(name: str = "") -> Fix:
    return Fix(
        title="weaken the penalty a hundred-fold" + (f" (in `{name}` and elsewhere)" if name else ""),
        safety=Safety.ADVICE,
        snippet="kernel_regularizer = keras.regularizers.L2(1e-4)",
    )
