"""From which step two training losses differ at all, and from which they part beyond noise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flatline.comparing.parting import Spell, paired, spell
from flatline.facts import Array
from flatline.logs import LossLog, RunFacts
from flatline.progress import MIN_STEPS

MATTERS = 0.05  # 1; of the way from guessing to a perfect fit: 3 seeds of a small network ended within 0.02 of it
NULLS = 0.1  # 1; two estimates of one null model over 64 rows, each within 5 % 19 times in 20, differ by less
BULK = (5, 95)  # percentiles: the range that a loss moves over, a few spikes aside


@dataclass(frozen=True, kw_only=True)
class LossParting:
    """How two losses compare over the steps that both runs recorded."""

    n_common: int = 0  # steps that both recorded
    n_equal: int = 0  # of those, the first so many in which the losses are equal to the bit
    differs_at: int | None = None  # first common step in which they are not
    differs_by: float = math.nan  # relative difference there
    apart: Spell | None = None
    relative: bool = False  # the two losses are no one scale: each was taken over its null model's, perfect = 0
    reason: str = ""  # why it cannot be told whether they part

    @property
    def parted_at(self) -> int | None:
        """First step from which they lie apart for good."""
        return None if self.apart is None or self.apart.until is not None else self.apart.step


def loss_parting(logs_a: Mapping[type, Any], logs_b: Mapping[type, Any]) -> LossParting:
    """Compare the losses of two runs step by step.

    Parameters
    ----------
    logs_a, logs_b : mapping of type to object
        As `RunRecord.logs` returns them.
    """
    a, b = logs_a[LossLog], logs_b[LossLog]
    for name, log in (("A", a), ("B", b)):
        if isinstance(log, str):
            return LossParting(reason=f"{name}: {log}")
    common, at_a, at_b = np.intersect1d(a.step, b.step, assume_unique=True, return_indices=True)
    same = _same(a.loss[at_a], b.loss[at_b])
    differs = np.flatnonzero(~same)
    told: dict[str, Any] = {
        "n_common": len(common),
        "n_equal": int(differs[0]) if len(differs) else len(common),
        "differs_at": int(common[differs[0]]) if len(differs) else None,
    }
    if len(common) and not len(differs):
        return LossParting(**told)
    if len(differs):
        told["differs_by"] = _relative(float(a.loss[at_a[differs[0]]]), float(b.loss[at_b[differs[0]]]))
    facts_a, facts_b = logs_a[RunFacts], logs_b[RunFacts]
    gap_a, gap_b = _gap(facts_a), _gap(facts_b)
    relative = _unlike(facts_a, facts_b, gap_a, gap_b)
    if relative and not (gap_a > 0 and gap_b > 0):
        return LossParting(
            **told, reason="the losses are not the same function, and no null model makes one scale of them"
        )
    curves = [_high(a, facts_a, gap_a, relative), _high(b, facts_b, gap_b, relative)]
    step, one, other = paired(a.step, curves[0], b.step, curves[1])
    if len(step) < MIN_STEPS:
        return LossParting(**told, relative=relative, reason=f"{len(step)} steps in common, {MIN_STEPS} needed")
    scale = 1.0 if relative else min(gap_a, gap_b)
    if not scale > 0:
        scale = min(_range(one), _range(other))
    return LossParting(**told, relative=relative, apart=spell(step, one, other, matters=MATTERS * scale))


def _same(a: Array, b: Array) -> Array:
    same: Array = (a == b) | (np.isnan(a) & np.isnan(b))
    return same


def _relative(a: float, b: float) -> float:
    larger = max(abs(a), abs(b))
    return abs(a - b) / larger if 0 < larger < math.inf else math.inf


def _gap(facts: Any) -> float:
    """Way from the null model to a perfect fit; NaN where it is not known."""
    gap = math.nan if isinstance(facts, str) else facts.null - facts.perfect
    return gap if 0 < gap < math.inf else math.nan


def _unlike(facts_a: Any, facts_b: Any, gap_a: float, gap_b: float) -> bool:
    """Whether the two losses are not of one scale: other functions, or other targets."""
    if isinstance(facts_a, str) or isinstance(facts_b, str):
        return False
    losses_a, losses_b = ([head.loss for head in facts.heads] for facts in (facts_a, facts_b))
    if losses_a and losses_b and losses_a != losses_b:
        return True
    return abs(gap_a - gap_b) > NULLS * max(gap_a, gap_b)


def _high(log: LossLog, facts: Any, gap: float, relative: bool) -> Array:
    """Losses; infinite where they are no numbers, which is worse than any number."""
    loss = log.loss
    if relative:
        with np.errstate(over="ignore", invalid="ignore"):
            loss = (log.data - facts.perfect) / gap
    return np.where(np.isfinite(loss), loss, np.inf)


def _range(values: Array) -> float:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0
    low, high = np.percentile(finite, BULK)
    return float(high - low)
