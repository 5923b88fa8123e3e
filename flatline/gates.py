"""What speaks for a set-up in spite of a suspicious pattern: the rehearsal learns all the same, or it has begun."""

import math

from flatline.errors import CannotTell
from flatline.facts import ModelFacts, RehearsalFacts
from flatline.finding import Severity

LEARNS = 0.5  # 1; share of the way from the null model to a perfect one: who halves the distance does learn


def learned(rehearsal: RehearsalFacts | None) -> float:
    """Share of the way from the null model to a perfect one that the rehearsal went, by loss or by task score.

    The better of the two counts: on ten classes the accuracy rises long before the loss has halved, and a custom loss
    has no known floor. NaN where neither is known, minus infinity where the rehearsal diverged.
    """
    if rehearsal is None:
        return math.nan
    by_loss = rehearsal.progress()
    arm = rehearsal.arms.get("as is")
    if arm is None or arm.diverged:
        return by_loss
    room = 1.0 - rehearsal.null_score
    by_score = (arm.score - rehearsal.null_score) / room if room > 0 else math.nan
    known = [share for share in (by_loss, by_score) if not math.isnan(share)]
    return max(known, default=math.nan)


def learns(rehearsal: RehearsalFacts | None, *, enough: float = LEARNS) -> bool:
    """Whether the rehearsal is known to have gone the share `enough` of the way; what is not known is not learnt."""
    return learned(rehearsal) >= enough


def severity_unless_learning(
    severity: Severity, rehearsal: RehearsalFacts | None, *, enough: float = LEARNS
) -> Severity:
    """Return `severity`, or INFO where the rehearsal has shown that the set-up learns as it is.

    Parameters
    ----------
    severity : Severity
        What the pattern deserves where nothing speaks for it.
    rehearsal : RehearsalFacts or None
        The first steps of the planned training, where they were run.
    enough : float
        Share of the way from the null model to a perfect one that counts as learning, unit 1.
    """
    return Severity.INFO if learns(rehearsal, enough=enough) else severity


def require_start(model: ModelFacts) -> None:
    """Raise CannotTell where training has moved the weights already: how they began is not seen then."""
    if model.begun:
        raise CannotTell("training has moved the weights since they were drawn")
