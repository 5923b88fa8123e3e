"""Where in a run something was first seen that is no number."""

from dataclasses import dataclass, replace

import numpy as np

from flatline.facts import Array
from flatline.logs import ActivationLog, GradientLog, LossLog, ReplayLog, RunFacts, UpdateLog

ALWAYS_LEFT_OUT = 24  # sampled steps; a loss scale of 2¹⁵, halved as often, is 2⁻⁹

_ORDER = ("weights", "loss", "gradients")  # of what is looked at first within a step: weights before their update


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Where something was first seen that is no number."""

    what: str
    step: int
    cells: int
    where: str = ""
    lasts: bool = True
    left_out: bool = False  # every step is left out, so that the weights stay as they are

    @property
    def order(self) -> tuple[int, int]:
        return self.step, _ORDER.index(self.what)


def in_loss(losses: LossLog) -> Seen | None:
    bad: Array = np.logical_not(np.isfinite(losses.loss))
    if not bad.any():
        return None
    return Seen(what="loss", step=int(losses.step[bad.argmax()]), cells=int(bad.sum()), lasts=bool(bad[-1]))


def in_weights(gradients: GradientLog | None) -> Seen | None:
    if gradients is None or not (gradients.nonfinite_weights > 0).any():
        return None
    cells = gradients.nonfinite_weights
    row = int((cells > 0).any(axis=1).argmax())
    column = int((cells[row] > 0).argmax())
    return Seen(
        what="weights",
        step=int(gradients.step[row]),
        cells=int(cells[row, column]),
        where=gradients.layers[column],
        lasts=bool((cells[-1] > 0).any()),
    )


def in_gradients(run: RunFacts, gradients: GradientLog | None, updates: UpdateLog | None) -> Seen | None:
    """Gradients that spoilt the weights, or will: not those of steps left out, nor those that the weights outlived."""
    if gradients is None or not (gradients.nonfinite_gradients > 0).any():
        return None
    bad = (gradients.nonfinite_gradients > 0).any(axis=1)
    # Accumulated gradients are applied later: there, leaving a step out mends nothing.
    left_out = steps_skipped(updates, 1) if run.accumulation == 1 else np.empty(0)
    skipped = bad & np.isin(gradients.step, left_out)
    if len(skipped) >= ALWAYS_LEFT_OUT and skipped[-ALWAYS_LEFT_OUT:].all():
        start = len(skipped) - int((~skipped[::-1]).argmax()) if not skipped.all() else 0
        return _gradient_seen(gradients, start, left_out=True)
    sound: Array = np.all(gradients.nonfinite_weights == 0, axis=1)
    spoilt: Array = np.any(gradients.nonfinite_weights > 0, axis=1)
    applied = np.asarray(np.isin(gradients.step, steps_skipped(updates, 0)))
    for row in np.flatnonzero(bad & ~skipped):
        later = gradients.step >= gradients.step[row] + run.accumulation  # when they have been applied
        if not sound[later].any() and (applied[row] or spoilt[later].any()):
            return _gradient_seen(gradients, int(row))
    return None


def _gradient_seen(gradients: GradientLog, row: int, *, left_out: bool = False) -> Seen:
    cells = gradients.nonfinite_gradients[row]
    column = int(np.flatnonzero(cells > 0)[-1])  # gradients run backwards: it began next to the loss
    return Seen(
        what="gradients",
        step=int(gradients.step[row]),
        cells=int(cells[column]),
        where=gradients.layers[column],
        left_out=left_out,
    )


def steps_skipped(updates: UpdateLog | None, skipped: int) -> Array:
    """Return the steps that the optimizer left out (1), or did not (0)."""
    return np.empty(0) if updates is None else updates.step[updates.skipped == skipped]


def placed(first: Seen, activations: ActivationLog) -> Seen:
    """Add the first layer whose output is no number in that step and was one before."""
    (rows,) = np.nonzero(activations.step == first.step)
    if not len(rows):
        return first
    bad = activations.nonfinite[: rows[0] + 1] > 0
    new = np.flatnonzero(bad[-1] & ~bad[:-1].any(axis=0))
    return replace(first, where=activations.layers[new[0]]) if len(new) else first


def in_replay(replay: ReplayLog | None) -> tuple[int, str]:
    """Return cells that are no numbers of the batch that was passed through again, and the layer where they begin.

    That is the first layer that makes them out of numbers; empty where there is none, and where they do not reach the
    outputs, as with a mask of −∞.
    """
    if replay is None or not len(replay):
        return 0, ""
    bad = replay.nonfinite_outputs[0] > 0
    cells = int(np.nan_to_num(replay.nonfinite_data[0]))
    return cells, replay.layers[int(bad.argmax())] if bad[-1:].any() and not cells else ""
