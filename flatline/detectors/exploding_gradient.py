"""The gradient grows by orders of magnitude, and the loss goes with it.

## What it looks for
Three patterns. The norm of the whole gradient exceeds 20 times its median in the sampled steps before, the loss of that
batch lies above the best by half of the way from a perfect fit to the null model's loss, and so much of the way is
still lost. Or the run diverged (a loss that is no number, or far above the null model's) and the norm grew a
hundredfold before. Or the run is no better than the best constant prediction and, from the first sample on, the
relative gradient ‖g‖/‖W‖ grows on its way back through at least three kernels, a thousandfold in all and not at one
place.

## Why it matters
A step is proportional to the gradient (with an adaptive optimizer at least to its direction): one that is orders of
magnitude longer than all before throws away what they have learnt, and often ends in infinity.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(640, 8)).astype("float32")
y = X @ rng.normal(size=(8, 1)).astype("float32")
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.SGD(1.2))
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
A batch with broken rows makes a large gradient at any rate: look at the data of that step when a smaller rate does not
help. Large gradients of single batches are normal with small batches and late in training, which is why nothing is said
as long as the loss comes back.

## How far to trust the fix
Clipping at some times the usual norm leaves ordinary steps as they are and is the surer of the two changes; a smaller
rate slows down everything. Where the gradient is large from the first step on, the initial weights are the place.

## References
R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013, arXiv
1211.5063 (clipping by norm). X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
networks", AISTATS 2010. Twenty times the running median together with the loss called 3 of 3 diverging and none of 13
healthy runs on the digits data of scikit-learn; limits on the absolute gradient called none before the loss was NaN.
"""

from dataclasses import dataclass

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetLayer
from flatline.layers import CONVOLUTIONS, DENSE, code
from flatline.logs import GradientLog, LossLog, RunFacts, UpdateLog
from flatline.progress import Progress, State, progress
from flatline.rates import rate_at, set_rate
from flatline.registry import check
from flatline.sampled import FIRST, applied, fruitless, kernels
from flatline.statistics import running_median

MAX_SPIKE = 20.0  # 1; of the running median, where the loss stays finite
MAX_GROWTH = 100.0  # 1; of the running median in a run that diverged: two orders of magnitude
MAX_BACKWARD = 1e3  # 1; first over last relative gradient, as 1e-3 for one that vanishes
SETBACK = 0.5  # 1; of the way from the null model to a perfect fit, lost
WIDTH = 20  # sampled steps of the running median
LEAST_BEFORE = 5  # sampled steps of a running median that a spike is compared with
LEAST_AFTER = 20  # rows of the loss; fewer are noise at small batches
LAST = 5  # sampled steps before the loss was no number in which a growth is taken for its reason
LEAST_LAYERS = 3  # layers with kernels; a gradient grows over depth
ONE_PLACE = 0.7  # 1; share of the growth, in decades, above which it is one layer's affair and not the depth's
USUAL = 5.0  # 1; of the median norm: five to ten times the usual norm is where Pascanu et al. clip
SLOWER = 0.1  # 1; factor for the rate

_EXPLAINS = (
    "FL501",
    "FL502",
    "FL503",
    "FL506",
    "FL507",
    "FL709",
    "FL808",
)  # where one step throws away what was learnt


@dataclass(frozen=True, kw_only=True)
class _Growth:
    """The sampled step at which the gradient had grown the most."""

    step: int
    factor: float  # of the running median before
    usual: float  # that median
    layer: str  # whose gradient grew the most


@check("FL603", cause=Cause.LEARNING_RATE, severity=Severity.WARNING, explains=_EXPLAINS)
def exploding_gradient(run: RunFacts, losses: LossLog, gradients: GradientLog, updates: UpdateLog | None) -> Findings:
    """Flag gradients that grow by orders of magnitude while the loss is lost."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN:
        raise CannotTell(now.reason)
    lost = now.state is not State.LEARNING and now.best_share - now.share > SETBACK
    if now.state is not State.DIVERGED and not lost and not fruitless(now):
        return
    rows = _meant(gradients, updates) & (gradients.gradient_norm > 0).any(axis=1)
    if now.reason:  # what follows a loss that is no number says nothing
        rows &= gradients.step <= now.since
    if rows.sum() < 2:
        raise CannotTell(f"{rows.sum()} gradients sampled before the loss was lost, 2 needed")
    backward = _backward(run, gradients, rows) if fruitless(now) else None
    if backward is not None:
        yield backward
        return
    growth = _growth(run, losses, gradients, rows, now, lost)
    if growth is not None:
        yield _finding(run, growth, updates, now)


def _meant(gradients: GradientLog, updates: UpdateLog | None) -> Array:
    """Rows that the optimizer acted on: under a scaled loss it overlooks those that overflow."""
    if updates is None:
        return np.ones(len(gradients), bool)
    return ~np.isin(gradients.step, updates.step[~applied(updates)])


def _growth(
    run: RunFacts, losses: LossLog, gradients: GradientLog, rows: Array, now: Progress, lost: bool
) -> _Growth | None:
    norms = np.where(gradients.nonfinite_gradients[rows] > 0, np.nan, gradients.gradient_norm[rows])
    step, loss = gradients.step[rows], gradients.loss[rows] - losses.penalty_at(gradients.step[rows])
    norm = np.sqrt(np.nansum(norms**2, axis=1))
    diverged = now.state is State.DIVERGED
    usual = np.append(np.nan, running_median(norm, len(norm) if diverged else WIDTH)[:-1])
    factor = np.divide(norm, usual, where=usual > 0, out=np.zeros(len(norm)))
    if diverged:
        high = (factor > MAX_GROWTH) & ((step >= now.since) | (np.arange(len(norm)) >= len(norm) - LAST))
    else:
        level = now.best + SETBACK * (run.null - run.perfect)
        worse = ~(loss <= level)  # a loss that was not recorded may be
        after = [losses.data[losses.step >= one] for one in step]
        stays = np.array([len(rest) >= LEAST_AFTER and rest.mean() > level for rest in after])
        high = (factor > MAX_SPIKE) & worse & stays & lost & (np.arange(len(norm)) >= LEAST_BEFORE)
    if not high.any():
        return None
    at = int(np.where(high, factor, 0.0).argmax())
    with np.errstate(invalid="ignore", divide="ignore"):
        each = norms[at] / np.nanmedian(norms[max(0, at - WIDTH) : at], axis=0)
    layer = gradients.layers[int(np.nan_to_num(each, posinf=0.0).argmax())]
    return _Growth(step=int(step[at]), factor=float(factor[at]), usual=float(usual[at]), layer=layer)


def _finding(run: RunFacts, growth: _Growth, updates: UpdateLog | None, now: Progress) -> Finding:
    rate = rate_at(run, updates, growth.step)
    clip = float(f"{USUAL * growth.usual:.1g}")
    limit = MAX_GROWTH if now.state is State.DIVERGED else MAX_SPIKE
    optimizer = f"keras.optimizers.{run.optimizer}(..., global_clipnorm={clip:g})"
    return Finding(
        message=(
            f"the norm of the gradient is {growth.factor:.3g} times its median at step {growth.step}, that of "
            f"`{growth.layer}` grew the most"
            + (f"; {now.reason}" if now.reason else f"; the loss is {now.recent:.3g}, its best was {now.best:.3g}")
        ),
        evidence=(
            Evidence(
                quantity="gradient_growth" if now.state is State.DIVERGED else "gradient_jump",
                value=growth.factor,
                bound=("<=", limit),
                where=growth.layer,
                steps=(growth.step, growth.step),
            ),
        ),
        where=growth.layer,
        fixes=(
            Fix(title=f"clip the gradient at a global norm of {clip:g}", safety=Safety.ADVICE, snippet=optimizer),
            *set_rate(run, SLOWER * rate, than=rate),
        ),
    )


def _backward(run: RunFacts, gradients: GradientLog, rows: Array) -> Finding | None:
    """Find a relative gradient that grows from layer to layer on its way back, from the first sample on."""
    sampled = gradients.relative[rows]
    graded = [i for i in kernels(run, gradients.layers) if np.all((sampled[:, i] > 0) & np.isfinite(sampled[:, i]))]
    step, signal = gradients.step[rows], sampled[:, graded]
    if len(graded) < LEAST_LAYERS or step[0] > FIRST:
        return None
    names = [gradients.layers[i] for i in graded]
    growth = Evidence(
        quantity="backward_growth",
        value=float(np.minimum(signal[0, 0] / signal[0, -1], np.median(signal[:, 0] / signal[:, -1]))),
        bound=("<=", MAX_BACKWARD),
        where=names[0],
        steps=(int(step[0]), int(step[-1])),
    )
    decades = -np.diff(np.log10(signal[0]))
    if not growth.broken or decades.max() > ONE_PLACE * decades.sum():
        return None
    weighted = [layer for layer in map(run.layer, names) if layer is not None and layer.kind in DENSE | CONVOLUTIONS]
    start = Fix(
        title="use He initialisation" if len(weighted) == 1 else f"use He initialisation in {len(weighted)} layers",
        edits=tuple(SetLayer(layer=one.name, argument="kernel_initializer", value="he_normal") for one in weighted),
        snippet="\n".join(code(one.kind, '..., kernel_initializer="he_normal"', one.name) for one in weighted),
    )
    return Finding(
        message=(
            f"the relative gradient of `{names[0]}` is {growth.value:.2g} times that of `{names[-1]}`: it grows some "
            f"{growth.value ** (1 / (len(names) - 1)):.2g} times from layer to layer, from the first step on"
        ),
        evidence=(growth,),
        where=names[0],
        fixes=(start,) if weighted else (),
        cause=Cause.INITIALIZATION,
    )
