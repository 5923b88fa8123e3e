"""What an experiment says of a fix."""

import enum
from dataclasses import dataclass

FLOOR = -1.0
"""The least score there is where the null model's is 0: a run that is worse, or diverges, gets it too."""


class Ruling(enum.Enum):
    """Whether the fix helped in paired runs."""

    CONFIRMED = "confirmed"
    HARMFUL = "harmful"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Outcome of paired runs, on the same seeds and rows, with and without a fix.

    Parameters
    ----------
    ruling : Ruling
        What may be said.
    gain : float
        Mean of the paired differences in score.
    p_value : float
        Of the exact one-sided sign-flip test, corrected for the number of fixes put to it.
    seconds : float
        What the runs took.
    before, after : float
        Mean score without and with the fix; NaN where it is not known any more.
    better, pairs : int
        In how many of the pairs the score was higher with the fix.
    n_steps : int
        Length of each run.
    """

    ruling: Ruling
    gain: float
    p_value: float
    seconds: float
    before: float = float("nan")
    after: float = float("nan")
    better: int = 0
    pairs: int = 0
    n_steps: int = 0
