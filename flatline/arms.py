"""Reading a rehearsal: how far an arm came, whether it is a cure, and whether enough was seen to say so."""

import math

from flatline.errors import CannotTell
from flatline.facts import RehearsalFacts

AS_IS = "as is"
FLAT = 0.5  # 1; share of the way below which the planned training is called flat: see docs/decisions/rehearsal.md
CURED = 0.6  # 1; share of the way from which a variation is said to learn
GAIN = 0.3  # 1; least difference between the two
PERFECT = 1.1  # 1; more than a perfect fit, with room for noise
LUCK = 0.05  # 1; two standard errors of an accuracy on 400 held-out rows
SEEN = 0.5  # 1; share of the planned steps that must have been rehearsed to call a training too slow


def achieved(rehearsal: RehearsalFacts, name: str = AS_IS) -> float:
    """Share of the way from the null model to a perfect one: of the loss, or of the task score where that is unknown.

    NaN for an arm that was not run, −∞ for one that diverged.
    """
    arm = rehearsal.arms.get(name)
    if arm is None:
        return math.nan
    if arm.diverged:
        return -math.inf
    by_loss = rehearsal.progress(name)
    if not math.isnan(by_loss) and by_loss <= PERFECT:
        return by_loss
    room = 1.0 - rehearsal.null_score  # a loss below its "lowest" has another floor than was thought
    return (arm.score - rehearsal.null_score) / room if room > 0 else math.nan


def cures(rehearsal: RehearsalFacts, name: str) -> bool:
    """Whether an arm learns where the set-up as it is does not."""
    return achieved(rehearsal, name) >= max(CURED, achieved(rehearsal) + GAIN) and not memorises(rehearsal, name)


def memorises(rehearsal: RehearsalFacts, name: str) -> bool:
    """Whether an arm knows its own rows and is no better than guessing on others; False where that is not known."""
    arm = rehearsal.arms[name]
    return arm.score - arm.held_out > GAIN and arm.held_out <= rehearsal.null_score + LUCK


def cure(rehearsal: RehearsalFacts, names: tuple[str, ...]) -> str | None:
    """The first of these arms that cures, or None."""
    return next((name for name in names if cures(rehearsal, name)), None)


def require_flat(rehearsal: RehearsalFacts) -> float:
    """Return how far the set-up as it is came; raise CannotTell where that is not known."""
    share = achieved(rehearsal)
    known = [achieved(rehearsal, name) for name, arm in rehearsal.arms.items() if not arm.diverged]
    if math.isnan(share) or all(math.isnan(value) for value in known):
        raise CannotTell("the rehearsal has neither a task score nor a known lowest loss to measure progress by")
    return share


def seen_enough(rehearsal: RehearsalFacts) -> bool:
    """Whether so much of the planned training was rehearsed that "too slow" can be said of it."""
    planned, arm = rehearsal.planned_steps, rehearsal.arms.get(AS_IS)
    return planned is not None and arm is not None and arm.n_steps >= SEEN * planned


def fmt(share: float) -> str:
    """A share of the way in words."""
    return "diverged" if share == -math.inf else f"{100 * max(share, 0.0):.0f} %"
