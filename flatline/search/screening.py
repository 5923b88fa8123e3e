"""Screening: runs on the seeds that changes are chosen by, what they cost, and how much of the budget is left."""

import time
from collections.abc import Sequence

import numpy as np

from flatline.errors import FlatlineError
from flatline.fix import Fix
from flatline.search.replay import Replay, Run

MAX_STEPS = 1000  # of a run; what learns in more learns in fewer with a better rate
FEWEST_STEPS = 10  # a run of fewer says nothing
RUN_SHARE = 1 / 40  # of the budget for one run: five pairs and the runs that choose what to put to them must fit in
CHEAP = 1 / 250  # of the budget for a run, below which sets are chosen by
MOST_SEEDS = 4  # seeds, else by
FEWEST_SEEDS = 2


class Screening:
    """Runs the set-up as it is first, which tells what a run costs and how many steps there is time for.

    Parameters
    ----------
    replay : Replay
        Trains the set-up.
    planned_steps : int or None
        Of the coming `fit`.
    seconds : float
        Until everything must be over.
    n_pairs : int
        Of the test that time must be left for.
    seed : int
        The seeds of all runs follow from it.
    """

    def __init__(self, replay: Replay, *, planned_steps: int | None, seconds: float, n_pairs: int, seed: int) -> None:
        self.replay, self.seconds, self.n_pairs = replay, seconds, n_pairs
        self.planned = planned_steps
        self.start = time.perf_counter()
        self.seeds = tuple(range(1000 * seed, 1000 * seed + MOST_SEEDS))
        self.n_seeds = FEWEST_SEEDS
        self.n_steps = 0
        self.cost = 0.0  # seconds of a run whose graph is known
        self.trace = 0.0  # seconds that a new graph takes
        self.base: list[Run] = []
        self.runs: dict[tuple[str, int, int], Run] = {}

    def begin(self) -> None:
        """Run the set-up as it is; raise a FlatlineError where the budget is too small for the test."""
        wanted = min(self.planned or 300, MAX_STEPS)
        first = self.replay.as_is(seed=self.seeds[0], n_steps=wanted, seconds=self.seconds * RUN_SHARE)
        self.base = [first]
        self.n_steps = wanted if first.diverged else first.n_steps
        pace = first.seconds / max(first.n_steps, 1)
        if self.n_steps < min(FEWEST_STEPS, wanted) or self.left() < first.seconds * self.n_pairs * 2:
            least = (time.perf_counter() - self.start) + 2 * self.n_pairs * pace * FEWEST_STEPS
            raise FlatlineError(
                f"budget={self.seconds:.3g} s is too small for {self.n_pairs} pairs of {FEWEST_STEPS} steps; the "
                f"smallest that would do is about {max(least, FEWEST_STEPS * pace / RUN_SHARE):.0f} s"
            )
        self.trace = max(first.whole - first.seconds, 0.0)
        second = self.as_is(self.seeds[1])
        self.cost = max(second.whole, 1e-3)
        self.base.append(second)
        if self.cost < self.seconds * CHEAP:
            self.n_seeds = MOST_SEEDS
            self.base += [self.as_is(seed) for seed in self.seeds[2:]]

    def as_is(self, seed: int, n_steps: int | None = None) -> Run:
        """Run the set-up as it is."""
        return self.replay.as_is(seed=seed, n_steps=n_steps or self.n_steps, seconds=self._limit())

    def value(self, fix: Fix, *, n_steps: int | None = None, n_seeds: int = 1) -> tuple[float, Run]:
        """Mean value of the runs with a fix, and the last of them; each run is made once."""
        runs = []
        for seed in self.seeds[:n_seeds]:
            key = (repr(fix.edits), seed, n_steps or self.n_steps)
            if key not in self.runs:
                self.runs[key] = self.replay.run(fix, seed=seed, n_steps=key[2], seconds=self._limit())
            runs.append(self.runs[key])
        return mean(runs), runs[-1]

    def of(self, fix: Fix) -> list[Run]:
        """The runs that were made with a fix."""
        return [run for (edits, _, _), run in self.runs.items() if edits == repr(fix.edits)]

    def _limit(self) -> float:
        """Seconds of a run at most: a fix that takes more steps may take some more time."""
        return min(max(4 * self.cost, 2 * self.seconds * RUN_SHARE), max(self.left(), self.cost))

    @property
    def whole_plan(self) -> bool:
        """Whether a run is as long as the planned training."""
        return self.planned is not None and self.n_steps >= self.planned

    def left(self) -> float:
        """Seconds until everything must be over."""
        return self.seconds - (time.perf_counter() - self.start)

    def cost_of(self, fix: Fix | None) -> float:
        """Seconds of a run: with more layers or smaller batches it takes longer than as it is."""
        return self.cost if fix is None else min((run.whole for run in self.of(fix)), default=self.cost)

    def share(self, value: float) -> float:
        """Share of the way from the best constant answer to a perfect one."""
        room = 1.0 - self.replay.null
        return (value - self.replay.null) / room if room > 0 else 1.0

    @property
    def base_share(self) -> float:
        """That of the set-up as it is."""
        return self.share(mean(self.base))


def mean(runs: Sequence[Run], name: str = "value") -> float:
    """Mean of an attribute of runs; NaN for none."""
    return float(np.mean([getattr(run, name) for run in runs])) if runs else float("nan")
