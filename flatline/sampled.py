"""Reading sampled logs: where the run stands, what lasts until now, and which columns are kernels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.finding import Bound, Evidence, Severity
from flatline.gates import LEARNS
from flatline.layers import NORMALISING
from flatline.logs import GradientLog, LossLog, RunFacts, UpdateLog
from flatline.progress import NEVER, Progress, State, progress, required_steps

SUCCESSIVE = 2  # samples in a row; one alone is noise
MOST = 0.9  # 1; share of a layer's units of which it cannot be said that they are few
GROWN = 10.0  # 1; times as large as it was: no few steps of training make most of a kernel anew
FIRST = 1  # step up to which a sample shows the weights as they were initialised, or all but


@dataclass(frozen=True, kw_only=True)
class Spell:
    """An unbroken row of samples, the latest among them, in which a quantity breaks its bound."""

    value: float  # in the latest sample
    since: int  # step of its first sample
    until: int  # step of the latest
    before: int | None  # step of the last sample that was well; None when there was none

    @property
    def from_the_start(self) -> bool:
        """Whether it has been so since before training could change much."""
        return self.before is None and self.since <= FIRST


def spell(step: Array, values: Array, bound: Bound) -> Spell | None:
    """Find the spell at the end of a column; None where the two latest samples do not both break the bound.

    Parameters
    ----------
    step : ndarray of shape (n,)
    values : ndarray of shape (n,)
        NaN where it was not measured: such rows do not count.
    bound : tuple of (str, float)
        What a healthy sample satisfies, as in `Evidence`.
    """
    known = np.isfinite(values)
    step, values = step[known], values[known]
    broken = [Evidence(quantity="", value=value, bound=bound).broken for value in values]
    length = broken[::-1].index(False) if False in broken else len(broken)
    if length < SUCCESSIVE:
        return None
    return Spell(
        value=float(values[-1]),
        since=int(step[-length]),
        until=int(step[-1]),
        before=int(step[-length - 1]) if length < len(step) else None,
    )


def settled(run: RunFacts, losses: LossLog) -> Progress:
    """Tell where the run stands; raise CannotTell where that is not known or the loss is no number."""
    now = progress(run, losses)
    if now.state is State.UNKNOWN or now.reason:
        raise CannotTell(now.reason)
    return now


def lacks_null_only(run: RunFacts, now: Progress) -> bool:
    """Whether all is known but the null model; raise CannotTell where steps are too few or the loss is no number."""
    if now.state is State.UNKNOWN:
        if run.null - run.perfect > 0 or now.n_steps < required_steps(run):
            raise CannotTell(now.reason)
        return True
    if now.reason:
        raise CannotTell(now.reason)
    return False


def fruitless(now: Progress) -> bool:
    """Whether the run is no better than guessing, and not on its way: never was, or no longer is."""
    fallen_back = now.best_share >= LEARNS and now.share < NEVER and now.state is not State.LEARNING
    return now.state in (State.FLAT, State.DIVERGED) or fallen_back


def severity_of_share(now: Progress, share: float) -> Severity:
    """Return what it means that this share of a layer's units is out of work.

    WARNING where the run is no better than guessing, or stopped less than half of the way and most of the layer is
    out of work; else INFO: networks do well with many such units.
    """
    stuck_early = now.state is State.PLATEAU and now.best_share < LEARNS
    return Severity.WARNING if fruitless(now) or (stuck_early and share >= MOST) else Severity.INFO


def kernels(run: RunFacts, names: Sequence[str]) -> list[int]:
    """Columns of trainable kernels among the layers of a log, in the order of the run's layers.

    Embeddings are left out, of which a batch moves only the rows that occur in it, and so are normalisation layers.
    """
    column = {name: i for i, name in enumerate(names)}
    return [
        column[layer.name]
        for layer in run.layers
        if layer.name in column
        and layer.trainable
        and layer.has_kernel
        and layer.kind not in NORMALISING | {"Embedding"}
    ]


def applied(updates: UpdateLog) -> Array:
    """Rows (n,) in which the optimizer meant to change the weights: no overflow of a scaled loss, no accumulation."""
    return ~(updates.skipped == 1) if len(updates.skipped) else np.ones(len(updates), bool)


def growth(run: RunFacts, gradients: GradientLog | None) -> tuple[float, int]:
    """How many times as large as when the run began half of the kernels or more are in the first sample, and its step.

    The steps before it were not seen, and one that is far too large may have thrown the weights away for good. NaN
    where it is not known.
    """
    if gradients is None or not len(gradients):
        return math.nan, 0
    began = {layer.name: layer.weight_norm for layer in run.layers}
    columns = [i for i in kernels(run, gradients.layers) if began[gradients.layers[i]] > 0]
    ratio = gradients.weight_norm[0, columns] / np.array([began[gradients.layers[i]] for i in columns])
    known = ratio[np.isfinite(ratio)]
    return (float(np.median(known)) if len(known) else math.nan), int(gradients.step[0])


def require_finite_weights(gradients: GradientLog | None) -> None:
    """Raise CannotTell where weights are no numbers: what layers put out then says nothing about them."""
    if gradients is None or not len(gradients):
        return
    count = np.nan_to_num(gradients.nonfinite_weights[-1])
    if count.any():
        worst = gradients.layers[int(count.argmax())]
        raise CannotTell(f"{count.sum():.0f} weights are no numbers, the most in `{worst}`")


def largest(values: Array) -> float:
    """Largest finite value, NaN where there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else math.nan
