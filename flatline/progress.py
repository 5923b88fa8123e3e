"""How far a run has come: the state that most detectors ask for before they say anything.

All of it is relative to the null model, the best constant prediction: 0 is as good as that, 1 is a perfect fit. So no
verdict changes when the loss is scaled, summed instead of averaged, or computed over more classes.
"""

import enum
import math
from dataclasses import dataclass

import numpy as np

from flatline.facts import Array
from flatline.logs import LossLog, RunFacts
from flatline.statistics import mann_kendall, theil_sen, window_means

NEVER = 0.03  # 1; progress below which nothing was learnt: loss ≥ 0.97 × null; 0 of 13 healthy, 14 of 14 broken runs
STALLED = 0.01  # 1; gain over the last windows, of the gap closed so far, below which a run stands still
FITTED = 0.9  # 1; progress from where standing still is no news
TREND = 0.05  # 1; one-sided p value of the Mann–Kendall test
N_WINDOWS = 12  # Mann–Kendall on 12 independent means finds a fall of one standard deviation with power 0.9
RECENT = 6  # windows, half of them: a trend is judged over the later half of the run
MIN_STEPS = 8  # below, the loss of single batches decides
FEW_EPOCHS = 3  # 1; passes over the data after which "not yet" is an answer, whatever was planned
PLANNED_SHARE = 0.2  # 1; of the planned steps, after which the same holds
MAX_STEPS = 400  # steps that suffice to say "not yet" when an epoch is longer; batches differ, but by then they average
SETTLED = 2.5  # 1; times the required steps, half of the plan: an LSTM of 16 units left the null model after a third
FEWEST_SETTLED = 40  # steps; in fewer, noise hides a slow fall: 30 steps of Adam that had come from 0.74 to 0.69 = null
BATCHES = 10  # steps in a window below which its mean is mostly the noise of single batches
BEYOND = 0.1  # 1; progress above a perfect fit's that cannot be: then the penalty was lower than when last sampled
REACH = 3.0  # 1; how much further a trend is followed than the run has come or is planned to go


class State(enum.Enum):
    """Where a run stands."""

    UNKNOWN = "unknown"  # too few steps, or no null model to compare with
    LEARNING = "learning"  # it has left the null model, or is on its way
    FLAT = "flat"  # never better than the null model, and no trend that would take it there
    PLATEAU = "plateau"  # it learnt, then stopped far from a perfect fit
    CONVERGED = "converged"  # it learnt, and little is left to learn
    DIVERGED = "diverged"  # loss no number, or far above the null model's and not coming down


@dataclass(frozen=True, kw_only=True)
class Progress:
    """State of a run after its last recorded step."""

    state: State
    n_steps: int
    reason: str = ""  # why there is nothing to compare: too little is known, or the loss is no number
    recent: float = math.nan  # mean data loss of the last window
    best: float = math.nan  # of the best window
    share: float = math.nan  # of the way from the null model to a perfect fit, by `recent`
    best_share: float = math.nan
    falling: bool = False  # a trend downwards over the later half
    slope: float = math.nan  # data loss a step over the later half
    since: int = 0  # step from where the state holds


def required_steps(run: RunFacts) -> int:
    """How many steps a run must have taken before it can be called flat."""
    known = [MAX_STEPS]
    if run.steps_per_epoch:
        known.append(FEW_EPOCHS * run.steps_per_epoch)
    if run.planned_steps:
        known.append(math.ceil(PLANNED_SHARE * run.planned_steps))
    return max(MIN_STEPS, min(known))


def settled_steps(run: RunFacts) -> int:
    """How many steps a run must have been flat for before that alone is an alarm: some networks start late."""
    known = [SETTLED * MAX_STEPS]
    if run.steps_per_epoch:
        known.append(SETTLED * FEW_EPOCHS * run.steps_per_epoch)
    if run.planned_steps:
        known.append(SETTLED * PLANNED_SHARE * run.planned_steps)
    return max(required_steps(run), FEWEST_SETTLED, math.ceil(min(known)))


def progress(run: RunFacts, losses: LossLog) -> Progress:
    """Tell where a run stands.

    Parameters
    ----------
    run : RunFacts
        With the null model's loss; without it only a loss that is no number can be told.
    losses : LossLog
        All steps so far.
    """
    if not len(losses):
        return Progress(state=State.UNKNOWN, n_steps=0, reason="no step recorded")
    n_steps = int(losses.step[-1]) + 1
    finite = np.isfinite(losses.loss)
    if not finite[-1]:
        since = int(losses.step[np.flatnonzero(finite)[-1] + 1]) if finite.any() else int(losses.step[0])
        return Progress(
            state=State.DIVERGED, n_steps=n_steps, since=since, reason=f"the loss is no number from step {since} on"
        )
    gap = run.null - run.perfect
    if not gap > 0:
        return Progress(state=State.UNKNOWN, n_steps=n_steps, reason="the null model's loss is not known")
    data = losses.data[finite]
    last, means = window_means(losses.step[finite], data, N_WINDOWS)  # a single overflow is not the end of a run
    share = (run.null - means) / gap
    if share.max() > 1 + BEYOND and losses.penalty_at(losses.step).any():
        known = int(losses.step[np.isfinite(losses.penalty)][-1])
        reason = f"less the penalty, last sampled in step {known}, the loss is better than that of a perfect fit"
        return Progress(state=State.UNKNOWN, n_steps=n_steps, reason=reason)
    found = _Windows(last, share)
    state, since = _state(run, n_steps, found)
    if state is State.UNKNOWN:
        reason = f"{n_steps} steps recorded, {required_steps(run)} needed"
    else:
        reason = ""
    return Progress(
        state=state,
        n_steps=n_steps,
        reason=reason,
        recent=float(means[-1]),
        best=float(means.min()),
        share=float(found.share[-1]),
        best_share=float(found.share.max()),
        falling=found.falling,
        slope=-found.slope * gap,
        since=since,
    )


class _Windows:
    """Progress per window, and its trend over the later half."""

    def __init__(self, last: Array, share: Array) -> None:
        self.last, self.share = last, share
        later, when = share[-RECENT:], last[-RECENT:]
        self.falling = mann_kendall(-later) < TREND
        self.slope = theil_sen(when.astype(float), later)  # progress a step

    def arrives(self, ahead: float, *, short: bool) -> bool:
        """Whether the trend leads away from the null model within `ahead` steps.

        The trend of the later half; in a short run that is too few batches to see a slow fall in, and the trend over
        all of it counts as well. In a long one it would be the first fall from the untrained weights that is followed.
        """
        parts = [(self.last[-RECENT:], self.share[-RECENT:]), *([(self.last, self.share)] if short else [])]
        return any(
            mann_kendall(-share) < TREND and share[-1] + theil_sen(last.astype(float), share) * ahead >= 2 * NEVER
            for last, share in parts
        )

    def gain(self) -> float:
        """Progress of the last third over the third before it."""
        third = max(1, len(self.share) // 3)
        return float(self.share[-third:].mean() - self.share[-2 * third : -third].mean())


def _state(run: RunFacts, n_steps: int, found: _Windows) -> tuple[State, int]:
    share = found.share
    best = float(share.max())
    if n_steps < required_steps(run) or len(share) < 4:
        return (State.LEARNING if best >= NEVER and found.falling else State.UNKNOWN), 0
    if best < NEVER:
        ahead = REACH * max(n_steps, (run.planned_steps or 0) - n_steps)
        short = n_steps < BATCHES * N_WINDOWS
        return (State.LEARNING, 0) if found.arrives(ahead, short=short) else (State.FLAT, 0)
    if share[-1] < -1 and share[-1] < share[: len(share) // 2].max() - 1 and not found.falling:
        return State.DIVERGED, int(found.last[int(share.argmax())])
    if found.falling or found.gain() > STALLED * best:
        return State.LEARNING, 0
    since = int(found.last[int(np.argmax(share >= best - STALLED * max(best, NEVER)))])
    return (State.CONVERGED if best >= FITTED else State.PLATEAU), since
