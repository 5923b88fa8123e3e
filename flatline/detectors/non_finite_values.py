"""Loss, weights or gradients are no longer numbers, and where and when that began.

## What it looks for
NaN or infinity in the training loss, in weights and in gradients, with the first step and, where layers were sampled,
the first layer. Weights are looked at by themselves: with a ReLU the loss can stay finite while weights are NaN. For
gradients, which run backwards, it names the layer nearest to the loss. A step that the optimizer left out because of
loss scaling is no fault, unless 24 sampled steps in a row are left out: each halves the scale, and no finite gradient
needs that. When the loss is no number, the next batch is passed through the network once more, layer by layer and
with fresh weights for those that are NaN by then: NaN in the batch is told, and so is the first layer that makes such a
number out of numbers. A loss that was a number again
later is a WARNING; activations alone, as with a mask of −∞, are INFO.

## Why it matters
Nothing recovers from a weight that is NaN. Training goes on, costs as much as before, and every prediction that the
weight takes part in is NaN, or the same for all inputs.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] > 0).astype("int64")
X[17, 2] = np.nan
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer="adam")
fit_args = {"epochs": 5}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = (X[:, 0] > 0).astype("int64")
X[17, 2] = np.nan
whole = np.isfinite(X).all(axis=1)
X, y = X[whole], y[whole]
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer="adam")
fit_args = {"epochs": 5}
```

## When it is wrong
The first step is that of the first row in which it was seen: with sampled gradients and several steps an execution it
may have begun earlier. The cause is named only where the run shows it: the learning rate, where the loss or the updates
had grown before; the data, where the very first loss is no number, or where a part of the first kernel alone is spoilt,
as a single column of the inputs does. An infinite initial loss can also come from log 0 or from initial weights.

## How far to trust the fix
Advice: each says where to look. A lower rate or clipping helps against growth, not against a NaN in the data.

## References
IEEE 754-2019, §6. Keras documentation, `TerminateOnNaN` (looks at the loss only). Micikevicius et al. 2018, Mixed
Precision Training, arXiv:1710.03740, §3.2 (steps left out by loss scaling).
"""

from dataclasses import replace

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.logs import ActivationLog, GradientLog, LossLog, ReplayLog, RunFacts, UpdateLog
from flatline.nonfinite import Seen, in_gradients, in_loss, in_replay, in_weights, placed, steps_skipped
from flatline.registry import check

GROWN = 10.0  # 1; of the null model's loss; as for `diverging-loss`
GROWN_ROWS = 3  # rows in a row before the end; one can be a batch of unusual rows
REPLACED = 0.5  # 1; update ratio from where a step replaces the weights; 0 of 13 healthy runs reach it
REPLACED_ROWS = 2  # sampled steps; kernels that start near zero have one


@check("FL503", cause=None, severity=Severity.ERROR, explains=("FL501", "FL502", "FL507"))
def non_finite_values(
    run: RunFacts,
    losses: LossLog,
    gradients: GradientLog | None,
    updates: UpdateLog | None,
    activations: ActivationLog | None,
    replay: ReplayLog | None,
) -> Findings:
    """Flag a loss, weights or gradients that are no numbers."""
    if not len(losses) and not (gradients is not None and len(gradients)):
        raise CannotTell("0 steps recorded, 1 needed")
    seen = [
        one
        for one in (in_loss(losses), in_weights(gradients), in_gradients(run, gradients, updates))
        if one is not None
    ]
    lasting = [one for one in seen if one.lasts]
    if seen:
        first = min(seen, key=lambda one: one.order)
        if first.what == "loss" and not first.where and activations is not None:
            first = placed(first, activations)
        spoilt_data, begins = in_replay(replay)
        n_steps = max(int(log.step[-1]) for log in (losses, gradients) if log is not None and len(log)) + 1
        cause, fix = _cause(run, first, losses, gradients, updates, activations)
        unplaced = replace(first, where="") if begins and first.what == "loss" else first
        text, said = _message(unplaced, losses, bool(lasting)), ""
        if spoilt_data:
            cause, fix = Cause.DATA, _search()
            said = f"; {spoilt_data} cells of the next batch are none either"
        elif begins:
            cause, fix = None, Fix(title=f"keep what reaches `{begins}` in its domain", safety=Safety.ADVICE)
            said = f"; the next batch, passed through again, stops being numbers in `{begins}`"
            first = replace(first, where=begins if first.what == "loss" else first.where)
        elif replay is not None and first.what == "loss" and cause is Cause.DATA:
            cause, fix = None, _find()  # data and outputs of the next batch are numbers
        yield Finding(
            message=text + said,
            evidence=(
                Evidence(
                    quantity="nonfinite_cells",
                    value=first.cells,
                    bound=("==", 0),
                    unit="cells",
                    where=first.where or first.what,
                    steps=(first.step, n_steps - 1),
                ),
            ),
            where=first.where,
            severity=Severity.ERROR if lasting else Severity.WARNING,
            cause=cause,
            fixes=(fix,),
        )
    elif activations is not None:
        yield from _masks(activations, updates)


# ── what is said of it ──────────────────────────────────────────────────────────────────────────────────────────


def _message(first: Seen, losses: LossLog, lasts: bool) -> str:
    if first.what == "loss":
        place = f", beginning in the output of `{first.where}`" if first.where else ""
        if not lasts:
            return f"the loss was no number in {first.cells} recorded steps, first in step {first.step}{place}"
        return f"the loss is no number from step {first.step} on{place}"
    noun = "cell" if first.cells == 1 else "cells"
    says = f"{first.cells} {noun} of the {first.what} of `{first.where}` are no numbers in step {first.step}"
    if first.left_out:
        return f"{says}, and this and every sampled step after it was left out"
    if len(losses) and np.isfinite(losses.loss[-1]):
        return f"{says}, though the loss is {losses.loss[-1]:.4g}"
    return says


def _cause(
    run: RunFacts,
    first: Seen,
    losses: LossLog,
    gradients: GradientLog | None,
    updates: UpdateLog | None,
    activations: ActivationLog | None,
) -> tuple[Cause | None, Fix]:
    if first.what == "weights" and first.step == 0:
        return None, Fix(title="build the model anew: its weights were spoilt before this run", safety=Safety.ADVICE)
    if _had_grown(run, first, losses, updates):
        lower = f" from {run.learning_rate:g} to {run.learning_rate / 10:.2g}" if run.learning_rate > 0 else ""
        clip = f"optimizer = keras.optimizers.{run.optimizer}(global_clipnorm=1.0)"
        title = f"lower the learning rate{lower}, or clip the gradient"
        return Cause.LEARNING_RATE, Fix(title=title, safety=Safety.ADVICE, snippet=clip)
    deeper = activations is not None and first.where in activations.layers[1:]
    if (first.what == "loss" and first.step == 0 and not deeper) or _one_column(run, first, gradients):
        return Cause.DATA, _search()
    return None, _find()


def _find() -> Fix:
    snippet = "import tensorflow as tf\n\ntf.debugging.enable_check_numerics()  # before the model is built"
    return Fix(title="let TensorFlow name the operation that begins it", safety=Safety.ADVICE, snippet=snippet)


def _search() -> Fix:
    snippet = "np.isfinite(X).all(), np.isfinite(y).all()"
    return Fix(title="search inputs and targets for NaN", safety=Safety.ADVICE, snippet=snippet)


def _had_grown(run: RunFacts, first: Seen, losses: LossLog, updates: UpdateLog | None) -> bool:
    """Whether the loss or the updates were out of hand before."""
    before = losses.data[(losses.step < first.step) & np.isfinite(losses.loss)]
    gap = run.null - run.perfect
    if gap > 0 and len(before) > GROWN_ROWS:
        excess = (before - run.perfect) / gap
        if (excess[-GROWN_ROWS:] > GROWN).all() and excess[-1] > 2 * excess[0]:
            return True
    if updates is None:
        return False
    ratio = updates.update_ratio[updates.step < first.step]
    replaced = np.isfinite(ratio) & (ratio > REPLACED)
    return bool((replaced.sum(axis=0) >= REPLACED_ROWS).any())


def _one_column(run: RunFacts, first: Seen, gradients: GradientLog | None) -> bool:
    """Whether a part of the first kernel alone is spoilt, as by NaN in one column of the inputs behind a ReLU."""
    if first.what != "weights" or gradients is None or len(gradients.layers) < 2:
        return False
    cells = gradients.nonfinite_weights[gradients.step == first.step][0]
    layer = run.layer(first.where)
    alone = first.where == gradients.layers[0] and int((cells > 0).sum()) == 1
    return alone and layer is not None and first.cells < layer.n_trainable


def _masks(activations: ActivationLog, updates: UpdateLog | None) -> Findings:
    bad = (activations.nonfinite > 0) & ~np.isin(activations.step, steps_skipped(updates, 1))[:, None]
    if bad.any():
        row = int(bad.any(axis=1).argmax())
        column = int(bad[row].argmax())
        name, step, cells = activations.layers[column], int(activations.step[row]), activations.nonfinite[row, column]
        yield Finding(
            message=(
                f"{cells:.0f} cells of the output of `{name}` are no numbers in step {step}, while loss and weights "
                f"are; it may be a mask"
            ),
            evidence=(
                Evidence(
                    quantity="nonfinite_cells",
                    value=float(cells),
                    bound=("==", 0),
                    unit="cells",
                    where=name,
                    steps=(step, int(activations.step[-1])),
                ),
            ),
            where=name,
            severity=Severity.INFO,
        )
