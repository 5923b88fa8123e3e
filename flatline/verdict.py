"""What an experiment says of a fix."""

import enum
from dataclasses import dataclass


class Ruling(enum.Enum):
    """Whether the fix helped in paired runs."""

    CONFIRMED = "confirmed"
    HARMFUL = "harmful"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Outcome of paired runs with and without a fix: the ruling, the gain in score, its p-value and the cost."""

    ruling: Ruling
    gain: float
    p_value: float
    seconds: float
