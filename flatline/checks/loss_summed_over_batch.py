"""A loss that is summed over the batch instead of averaged.

## What it looks for
A loss that doubles when every sample of the batch is taken twice. Sums over the cells of one sample (pixels, time
steps) do not count.

## Why it matters
With a sum the gradient, and with plain SGD the step, grows with the batch size: a rate that suits a batch of 1 is 256
times too long for a batch of 256, and penalties weigh as much less. Optimizers that divide by the gradient's size
(Adam and its kin) hardly notice.

## Example
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.1), keras.losses.MeanSquaredError(reduction="sum"))
fit_args = {"epochs": 30, "batch_size": 256}
```

## Use instead
```python
import keras
from sklearn.datasets import load_diabetes

X, y = load_diabetes(return_X_y=True)
X, y = (20 * X).astype("float32"), ((y - y.mean()) / y.std()).astype("float32")
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.1), keras.losses.MeanSquaredError())
fit_args = {"epochs": 30, "batch_size": 256}
```

## When it is wrong
A sum with a rate that was chosen for it is fine: the finding is INFO where the rehearsal learns or shorter steps do
no better there, and under optimizers that do not feel the size of the loss.

## How far to trust the fix
The mean is what published rates are meant for; with it a rate that had been tuned for the sum is too small.

## References
H. Ben Braiek, F. Khomh, "TheDeepChecker", TOSEM 2022, arXiv:2204.00694. P. Goyal et al., "Accurate, Large Minibatch
SGD", 2017, arXiv:1706.02677, section 2.1. Stack Overflow 43611745, 41954308.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import at
from flatline.facts import ObjectiveFacts, OptimizerFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetCompile
from flatline.gates import learns
from flatline.outputs import judged, place
from flatline.registry import check

MOST_GROWTH = 1.9  # 1; a mean gives 1, a sum 2
CLEARLY_BETTER = 0.2  # 1; share of the way to a perfect loss that shorter steps must gain
_FEELS_SIZE = frozenset({"SGD"})


@check("FL315", cause=Cause.LOSS, severity=Severity.WARNING, explains=("FL001", "FL002", "FL317", "FL404", "FL406"))
def loss_summed_over_batch(
    objective: ObjectiveFacts, optimizer: OptimizerFacts | None, rehearsal: RehearsalFacts | None
) -> Findings:
    """Flag a loss that grows with the batch."""
    for head in judged(objective, lambda one: bool(np.isfinite(one.batch_growth)), "a loss known to scale or not"):
        growth = Evidence(quantity="batch_growth", value=head.batch_growth, bound=("<", MOST_GROWTH), where=place(head))
        if not growth.broken:
            continue
        felt = optimizer is None or optimizer.kind in _FEELS_SIZE
        yield Finding(
            message=f"the loss of {at(head)} grows {head.batch_growth:.3g}-fold when the batch is doubled: it is "
            "summed, and so are the gradients",
            evidence=(growth,),
            where=place(head),
            fixes=(_fix(head.loss, len(objective.heads)),),
            severity=Severity.WARNING if felt and _is_to_blame(rehearsal) else Severity.INFO,
        )


def _is_to_blame(rehearsal: RehearsalFacts | None) -> bool:
    """Whether shorter steps do better; where they were not tried, whether the rehearsal fails."""
    if rehearsal is None:
        return True
    as_is = rehearsal.progress()
    shorter = [rehearsal.progress(name) for name in rehearsal.arms if name.startswith("rate ÷")]
    known = [share for share in shorter if not np.isnan(share)]
    if not known or as_is == -np.inf:
        return not learns(rehearsal)
    return max(known) >= max(as_is, 0.0) + CLEARLY_BETTER


def _fix(loss: str, n_heads: int) -> Fix:
    title = "average the loss over the batch"
    if loss == "custom" or n_heads > 1:
        return Fix(title=title, safety=Safety.ADVICE)
    return Fix(
        title=f'{title}: drop `reduction="sum"`',
        edits=(SetCompile(argument="loss", value=loss),),
        snippet=f'model.compile(optimizer=model.optimizer, loss="{loss}")',
    )
