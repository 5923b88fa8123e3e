"""The test on fresh seeds: paired runs with and without, an exact test, corrected over what is put to it."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from flatline.experiment import Candidate, Paired
from flatline.facts import Array
from flatline.search.combining import combined
from flatline.search.replay import Replay, Run
from flatline.statistics import sign_flip
from flatline.verdict import Ruling, Verdict

LEVEL = 0.05  # of the test, over all that is put to it together


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What the test says of a set of changes, and of each in it."""

    verdict: Verdict
    verdicts: tuple[Verdict | None, ...]
    before: float
    after: float
    before_held_out: float
    after_held_out: float
    paired: Paired


def n_pairs_for(n_changes: int, least: int) -> int:
    """How many pairs there must be for the smallest p value, 2^−n, to bear a correction over so many changes."""
    return max(least, math.ceil(math.log2(n_changes / LEVEL)))


def confirm(
    replay: Replay,
    changes: Sequence[Candidate],
    *,
    n_steps: int,
    seeds: Sequence[int],
    attempts: int,
    n_points: int,
    least: float,
    left: Callable[[], float],
    say: Callable[[str], None],
) -> Confirmation:
    """Run the set-up with and without the changes on each seed; then without each of them in turn.

    Parameters
    ----------
    replay : Replay
        Trains the set-up.
    changes : sequence of Candidate
        What is put to the test.
    n_steps : int
        Of a run.
    seeds : sequence of int
        Fresh: none was used to choose the changes.
    attempts : int
        How many sets have been put to the test, this one included.
    n_points : int
        Of the curves.
    least : float
        Mean gain below which an improvement is not worth the name.
    left : callable
        Seconds that are left; the pairs that are done by then are what there is.
    say : callable
        Told what is being run.
    """
    start = time.perf_counter()
    before: list[Run] = []
    after: list[Run] = []
    for number, seed in enumerate(seeds, 1):
        say(f"putting it to the test, pair {number} of {len(seeds)}")
        tick = time.perf_counter()
        room = max(left(), 1.0)  # a run that takes all the time that there is says what it can
        before.append(replay.as_is(seed=seed, n_steps=n_steps, n_points=n_points, seconds=room))
        after.append(
            replay.run_or_nothing(combined(changes), seed=seed, n_steps=n_steps, n_points=n_points, seconds=room)
        )
        if left() < time.perf_counter() - tick:
            break
    verdict = _verdict(replay, before, after, n_steps, least, attempts, time.perf_counter() - start)
    verdicts: list[Verdict | None] = [verdict]
    if len(changes) > 1:
        verdicts = [
            _without(replay, changes, each, after, n_steps, seeds, attempts, least, left, say) for each in changes
        ]
    return Confirmation(
        verdict=verdict,
        verdicts=tuple(verdicts),
        before=_mean(before, "score"),
        after=_mean(after, "score"),
        before_held_out=_mean(before, "held_out"),
        after_held_out=_mean(after, "held_out"),
        paired=Paired(step=_steps(n_steps, before), before=_points(before), after=_points(after)),
    )


def _without(
    replay: Replay, changes: Sequence[Candidate], candidate: Candidate, after: Sequence[Run], n_steps: int,
    seeds: Sequence[int], attempts: int, least: float, left: Callable[[], float], say: Callable[[str], None],
) -> Verdict | None:  # fmt: skip
    """What one change does for the set: the set without it against the set; None where there was no time."""
    rest = combined([each for each in changes if each is not candidate])
    say(f"without: {candidate.fix.title}")
    start, runs = time.perf_counter(), []
    for seed, run in zip(seeds, after, strict=False):
        if left() < run.whole:
            return None
        runs.append(replay.run_or_nothing(rest, seed=seed, n_steps=n_steps))
    return _verdict(replay, runs, after, n_steps, least, attempts * len(changes), time.perf_counter() - start)


def _verdict(
    replay: Replay,
    before: Sequence[Run],
    after: Sequence[Run],
    n_steps: int,
    least: float,
    n_tests: int,
    seconds: float,
) -> Verdict:
    gains = np.array([with_.value - without.value for without, with_ in zip(before, after, strict=True)])
    up, down = min(1.0, n_tests * sign_flip(gains)), min(1.0, n_tests * sign_flip(-gains))
    gain, ruling = float(gains.mean()), Ruling.INCONCLUSIVE
    if up <= LEVEL and gain >= least and not sum(map(replay.memorises, after)) > len(after) / 2:
        ruling = Ruling.CONFIRMED
    elif down <= LEVEL and -gain >= least:
        ruling = Ruling.HARMFUL
    return Verdict(
        ruling=ruling,
        gain=gain,
        p_value=down if gain < 0 else up,
        seconds=seconds,
        before=_mean(before, "score"),
        after=_mean(after, "score"),
        better=int(np.sum(gains > 0)),
        pairs=len(gains),
        n_steps=n_steps,
    )


def _mean(runs: Sequence[Run], name: str) -> float:
    return float(np.mean([getattr(run, name) for run in runs]))


def _steps(n_steps: int, runs: Sequence[Run]) -> Array:
    points = len(runs[0].points)
    return np.linspace(0, n_steps, points + 1)[1:].round()


def _points(runs: Sequence[Run]) -> Array:
    """Scores along each run; a run with more or fewer points is read at as many as the first has."""
    n = min(len(run.points) for run in runs)
    return np.array([run.points[np.linspace(0, len(run.points) - 1, n).round().astype(int)] for run in runs])
