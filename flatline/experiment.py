"""What a diagnosis by experiment saw: which changes were tried on the user's own data, and what they did."""

import enum
from dataclasses import dataclass, field

import numpy as np

from flatline.cause import Cause
from flatline.facts import Array
from flatline.fix import Fix
from flatline.verdict import Ruling, Verdict


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A change that may be worth trying, and what was wrong if it helps."""

    fix: Fix
    cause: Cause | None
    source: str  # code of the check whose finding proposes it, or name of the remedy
    sure: bool = False  # proposed by a finding at WARNING or above
    group: str = ""  # of alternatives, of which a set holds one at most: the fixes of a finding, or of a remedy


class Outcome(enum.Enum):
    """What became of a change in the search."""

    NEEDED = "part of the best set-up"
    HELPS = "helps"  # alone, but something else does better, or does it with less
    NO_HELP = "no help"
    DIVERGED = "diverged"
    MEMORISES = "knows its own rows only"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One change in the search: its fix carries the verdict once it was put to the test."""

    fix: Fix
    cause: Cause | None  # None for an improvement that the network learns without
    source: str
    outcome: Outcome
    note: str = ""  # why it was not tried
    score: float = float("nan")  # on the rows trained on, with the change alone
    held_out: float = float("nan")  # on rows not trained on
    n_steps: int = 0


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Scores along paired runs with and without the best change: row i of both arrays shares seed and rows."""

    step: Array = field(default_factory=lambda: np.empty(0))  # (n_points,)
    before: Array = field(default_factory=lambda: np.empty((0, 0)))  # (n_pairs, n_points)
    after: Array = field(default_factory=lambda: np.empty((0, 0)))


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The whole search: the set-up as it is, the best set-up found, and everything tried on the way."""

    score: str  # what scores are: "accuracy", "balanced accuracy", "R²", …
    null_score: float  # of the best constant answer; 1 is perfect
    n_rows: int  # trained on
    n_held_out: int  # scored, not trained on
    n_steps: int  # of a run in the search
    planned_steps: int | None = None  # of the coming fit
    before: float  # score of the set-up as it is
    after: float  # of the best set-up found
    before_held_out: float = float("nan")
    after_held_out: float = float("nan")
    chosen: tuple[Tried, ...] = ()  # the smallest set of changes that does it, each with its own verdict
    verdict: Verdict | None = None  # of all of them together
    tried: tuple[Tried, ...] = ()  # the rest
    asked: tuple[Tried, ...] = ()  # what the user asked about, each put to the test by itself
    paired: Paired = field(default_factory=Paired)
    n_scored: int = 0  # of the rows trained on, that are scored; 0 for all
    seconds: float = 0.0
    ended: str = ""  # why the search ended: "nothing more helps", "the budget", "interrupted"

    @property
    def confirmed(self) -> bool:
        """Whether the chosen changes together were confirmed on fresh seeds."""
        return bool(self.chosen) and self.verdict is not None and self.verdict.ruling is Ruling.CONFIRMED

    def refuted(self, fix: Fix) -> str:
        """Say how the edits of a fix failed alone; empty where they did not, or were not tried."""
        seen = [each.outcome for each in (*self.chosen, *self.tried) if fix.edits and each.fix.edits == fix.edits]
        return seen[0].value if seen and seen[0] in (Outcome.NO_HELP, Outcome.DIVERGED, Outcome.MEMORISES) else ""

    def share(self, score: float) -> float:
        """Share of the way from the best constant answer to a perfect one."""
        room = 1.0 - self.null_score
        return (score - self.null_score) / room if room > 0 else float("nan")
