"""Search: which changes to try, for how long, and which set of them is the smallest that makes a network learn."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from flatline.arms import CURED, GAIN
from flatline.combining import combined, disjoint
from flatline.confirming import Confirmation, confirm, n_pairs_for
from flatline.errors import FlatlineError
from flatline.experiment import Candidate, Experiment, Outcome, Paired, Tried
from flatline.fix import Fix
from flatline.replay import Replay, Run
from flatline.verdict import Ruling, Verdict

MAX_STEPS = 1000  # of a run; what learns in more learns in fewer with a better rate
FEWEST_STEPS = 10  # a run of fewer says nothing
RUN_SHARE = 1 / 40  # of the budget for one run: five pairs and the runs that choose what to put to them must fit in
SINGLES_SHARE = 0.45  # of the budget, until when single changes are tried
HELPS = 0.05  # of the way from the null model to perfect: what two runs from other seeds often differ by
EQUAL = 0.03  # of the way; candidates so close are chosen by where they come from
PERFECT = 0.97  # of the way: nothing is wrong
ENOUGH = 0.9  # of the way: what one more change adds from there is polish, not what was wrong
MOST_SEEDS = 4  # that sets of changes are chosen by, where a run takes less than
CHEAP = 1 / 250  # of the budget
TOP = 4  # single changes that are looked at again with another seed
ROUNDS = 4  # changes that are added one by one; the published benchmark has 1.7 faults a program on average
STANDARD = (
    "canonical-units", "canonical-head", "canonical-output", "canonical-loss", "label-encoding", "standard-optimizer",
    "standardised-inputs", "standardised-targets", "rectified-hidden", "default-initialisers", "no-penalties",
    "no-dropout", "batch-size", "shuffled",
)  # fmt: skip
"""Remedies that together make the set-up one would start from."""

LARGER = ("more-epochs", "wider", "deeper")  # what may be missing besides

Say = Callable[[str], None]


class Search:
    """Finds the smallest set of changes that makes a set-up learn, within a budget of seconds.

    Parameters
    ----------
    replay : Replay
        Trains the set-up.
    candidates : sequence of Candidate
        The most trusted first: on equal terms the earlier one is chosen.
    planned_steps : int or None
        Of the coming `fit`.
    seconds : float
        Until everything must be over.
    n_pairs : int
        Fresh seeds, at least, that what is recommended is put to the test with.
    seed : int
        Seeds of screening and of the test follow from it.
    say : callable
        Told what is being tried.
    """

    def __init__(
        self,
        replay: Replay,
        candidates: Sequence[Candidate],
        *,
        planned_steps: int | None,
        seconds: float,
        n_pairs: int,
        seed: int,
        say: Say,
    ) -> None:
        self.replay, self.candidates, self.say = replay, list(candidates), say
        self.start = time.perf_counter()
        self.seconds, self.n_pairs = seconds, n_pairs
        self.planned = planned_steps
        self.seeds = tuple(range(1000 * seed, 1000 * seed + MOST_SEEDS))
        self.n_seeds = 2  # that a set of changes is chosen by
        self.fresh = 1000 * seed + 100  # the first seed of the test; a second attempt takes others
        self.n_steps = 0
        self.cost = 0.0  # seconds of a run whose graph is known
        self.trace = 0.0  # seconds that a new graph takes
        self.base: list[Run] = []
        self.runs: dict[tuple[str, int, int], Run] = {}
        self.tried: dict[int, Tried] = {}  # by place among the candidates
        self.chosen: list[Candidate] = []
        self.confirmation: Confirmation | None = None
        self.attempts = 0  # sets that were put to the test
        self.ended = ""

    # ── the whole ──

    def run(self) -> Experiment:
        """Search, and return what is known when it ends: by itself, by the budget, or by an interrupt."""
        try:
            self._as_is()
            if self._share(self._mean(self.base)) >= PERFECT:
                self.ended = "it learns as it is"
            else:
                self._singles()
                self._climb()
                self._test()
                everything = self._bundles()[-1:]
                if not self._confirmed() and everything and self._left() > self.seconds / 3:
                    self.chosen = everything[0]  # chosen by chance, or not enough: what is left of all together
                    self._test()
                self.ended = self.ended or ("the budget" if self._left() <= 0 else "nothing more helps")
        except KeyboardInterrupt:
            self.ended = "interrupted"
        return self._experiment()

    def _left(self, reserve: float = 0.0) -> float:
        return self.seconds - (time.perf_counter() - self.start) - reserve

    def _share(self, value: float) -> float:
        room = 1.0 - self.replay.null
        return (value - self.replay.null) / room if room > 0 else 1.0

    def _mean(self, runs: Sequence[Run]) -> float:
        return float(np.mean([run.value for run in runs])) if runs else float("nan")

    @property
    def reserve(self) -> float:
        """Seconds that the test at the end takes."""
        return 1.2 * n_pairs_for(self.attempts + 1, self.n_pairs) * (self.cost + self._cost)

    @property
    def _cost(self) -> float:
        """Seconds of a run of the chosen set: with more layers or smaller batches it takes longer than as it is."""
        edits = repr(combined(self.chosen).edits) if self.chosen else ""
        return max(
            (run.whole for (mark, seed, _), run in self.runs.items() if mark == edits and seed != self.seeds[0]),
            default=self.cost,
        )

    @property
    def _comparison(self) -> float:
        """Seconds that one more set to compare the chosen one with takes."""
        return self.n_seeds * self._cost + self.trace

    # ── steps of the search ──

    def _test(self) -> None:
        """Make the set as small as it can be and put it to the test; what turns out not to count is left out again."""
        self._prune()
        if self.chosen and self._share(self._value(combined(self.chosen), n_seeds=self.n_seeds)[0]) < HELPS:
            self.chosen = []  # less bad, but no better than the best constant answer
        while True:
            self._confirm()
            told = self.confirmation
            if told is None or len(self.chosen) == 1 or self._left() < self.reserve:
                return
            gains = [float("inf") if verdict is None else verdict.gain for verdict in told.verdicts]
            if min(gains) >= self._least:
                return
            self.chosen.pop(int(np.argmin(gains)))

    @property
    def _least(self) -> float:
        """Gain in score below which an improvement is not worth the name."""
        return HELPS * (1.0 - self.replay.null)

    def _confirmed(self) -> bool:
        told = self.confirmation
        return told is not None and told.verdict.ruling is Ruling.CONFIRMED

    def _as_is(self) -> None:
        """Run the set-up as it is twice; that also tells what a run costs, and how many steps there is time for."""
        self.say("as it is")
        wanted = min(self.planned or 300, MAX_STEPS)
        first = self.replay.as_is(seed=self.seeds[0], n_steps=wanted, seconds=self.seconds * RUN_SHARE)
        self.n_steps = wanted if first.diverged else first.n_steps
        if self.n_steps < min(FEWEST_STEPS, wanted) or self._left() < first.seconds * self.n_pairs * 2:
            pace = first.seconds / max(first.n_steps, 1)
            least = (time.perf_counter() - self.start) + 2 * self.n_pairs * pace * FEWEST_STEPS
            raise FlatlineError(
                f"budget={self.seconds:.3g} s is too small for {self.n_pairs} pairs of {FEWEST_STEPS} steps; the "
                f"smallest that would do is about {max(least, FEWEST_STEPS * pace / RUN_SHARE):.0f} s"
            )
        self.trace = max(first.whole - first.seconds, 0.0)
        second = self.replay.as_is(seed=self.seeds[1], n_steps=self.n_steps)
        self.cost = max(second.whole, 1e-3)
        self.base = [first, second]
        if self.cost < self.seconds * CHEAP:
            self.n_seeds = MOST_SEEDS
            self.base += [self.replay.as_is(seed=seed, n_steps=self.n_steps) for seed in self.seeds[2:]]

    def _value(self, fix: Fix, *, n_steps: int | None = None, n_seeds: int = 1) -> tuple[float, Run]:
        runs = []
        for seed in self.seeds[:n_seeds]:
            key = (repr(fix.edits), seed, n_steps or self.n_steps)
            if key not in self.runs:
                limit = max(3 * self.cost, self.seconds * RUN_SHARE)
                factor = self.replay.steps(fix, self.n_steps) / self.n_steps
                self.runs[key] = self.replay.run(
                    fix, seed=seed, n_steps=n_steps or self.n_steps, seconds=limit * max(1.0, min(factor, 4.0))
                )
            runs.append(self.runs[key])
        return self._mean(runs), runs[-1]

    def _singles(self) -> None:
        """Try every change alone; few steps where there is no time for all of them, and the promising ones again."""
        until = self.seconds * (1 - SINGLES_SHARE)
        expected = len(self.candidates) * (self.cost + self.trace)
        short = self.n_steps if expected <= self._left(until) else max(self.n_steps // 4, min(self.n_steps, 20))
        base = self.base[0].value
        if short < self.n_steps:
            base = self.replay.as_is(seed=self.seeds[0], n_steps=short).value
        gains: dict[int, float] = {}
        for place, candidate in enumerate(self.candidates):
            if self._left(until) < self.trace * (not self.replay.known(candidate.fix)) + self.cost:
                self._note(place, Outcome.NOT_TRIED, note="no time was left")
                continue
            self.say(f"{len(gains) + 1}/{len(self.candidates)}: {candidate.fix.title}")
            try:
                value, run = self._value(candidate.fix, n_steps=short)
            except FlatlineError as error:
                self._note(place, Outcome.NOT_TRIED, note=str(error))
                continue
            gains[place] = self._share(value) - self._share(base)
            self._note(place, self._outcome(gains[place], run), run)
        promising = sorted((p for p in gains if gains[p] >= HELPS), key=lambda p: -gains[p])
        found: dict[int, float] = {}
        sure = [place for place in promising if self.candidates[place].sure]
        for place in dict.fromkeys((*sure[:TOP], *promising[:TOP])):
            if self._left(self.reserve) < 2 * self.cost:
                break
            value, run = self._value(self.candidates[place].fix, n_seeds=self.n_seeds)
            found[place] = self._share(value)
            self._note(place, self._outcome(found[place] - self._share(self._mean(self.base)), run), run)
        good = [p for p in found if self.tried[p].outcome is Outcome.HELPS]
        if good:
            best, asis = max(found[place] for place in good), self._share(self._mean(self.base))
            sure = [p for p in good if self.candidates[p].sure and found[p] >= max(CURED, asis + GAIN)]
            near = [p for p in good if found[p] >= best - EQUAL]
            self.chosen = [
                self.candidates[min(sure or near)]
            ]  # what the checks are sure of comes before what is faster

    def _outcome(self, gain: float, run: Run) -> Outcome:
        if run.diverged:
            return Outcome.DIVERGED
        if gain < HELPS:
            return Outcome.NO_HELP
        return Outcome.MEMORISES if self.replay.memorises(run) else Outcome.HELPS

    def _note(self, place: int, outcome: Outcome, run: Run | None = None, note: str = "") -> None:
        candidate = self.candidates[place]
        self.tried[place] = Tried(
            fix=candidate.fix,
            cause=candidate.cause,
            source=candidate.source,
            outcome=outcome,
            note=note,
            score=float("nan") if run is None else run.score,
            held_out=float("nan") if run is None else run.held_out,
            n_steps=0 if run is None else run.n_steps,
        )

    def _climb(self) -> None:
        """Add changes to the best so far while that helps: all standard ones at once, then one by one."""
        best = self._mean(self.base)
        if self.chosen:
            best = self._value(combined(self.chosen), n_seeds=self.n_seeds)[0]
        for bundle in self._bundles():
            if self._share(best) >= ENOUGH or self._left(self.reserve) < self._comparison:
                return
            value = self._tested(bundle)
            if self._share(value) >= self._share(best) + HELPS:
                best, self.chosen = value, bundle
        for _ in range(ROUNDS):
            if self._share(best) >= ENOUGH:
                return
            step = self._next(best)
            if step is None:
                return
            best, self.chosen = step

    def _bundles(self) -> list[list[Candidate]]:
        """Sets of changes worth trying at once: what the checks propose, and the set-up one would start from."""
        told = disjoint([each for each in reversed(self.candidates) if each.sure])  # the first fix of a finding holds
        standard = [
            next(each for each in self.candidates if each.source == name)
            for name in STANDARD
            if any(each.source == name for each in self.candidates)
        ]
        larger = [next((c for c in self.candidates if c.source == name), None) for name in LARGER]
        everything = [*standard, *(c for c in larger if c is not None), *told]
        faster = [candidate for candidate in self.candidates if candidate.source == "standard-optimizer"]
        sets = [told, standard, [*standard, *told], everything, [*everything, *faster]]
        whole = [disjoint([*each, *self.chosen]) for each in sets]
        return [each for each in whole if len(each) > len(self.chosen)]

    def _tested(self, changes: Sequence[Candidate]) -> float:
        fix = combined(changes)
        self.say(" + ".join(each.fix.title for each in changes[:3]) + (" …" if len(changes) > 3 else ""))
        try:
            value, run = self._value(fix)
            if run.diverged or self.replay.memorises(run):
                return float("-inf")
            return self._value(fix, n_seeds=self.n_seeds)[0] if self._share(value) >= HELPS else value
        except FlatlineError:
            return float("-inf")

    def _next(self, best: float) -> tuple[float, list[Candidate]] | None:
        """The one change more that helps most, the promising ones first, or None."""
        order = sorted(
            range(len(self.candidates)),
            key=lambda p: (
                -self.tried[p].score if p in self.tried and self.tried[p].score > self._base_score else 0,
                p,
            ),
        )
        found: list[tuple[float, list[Candidate]]] = []
        for place in order:
            candidate = self.candidates[place]
            changes = disjoint([*self.chosen, candidate])
            if candidate in self.chosen or self.tried[place].outcome is Outcome.NOT_TRIED:
                continue
            if self._left(self.reserve) < self._comparison or len(found) >= 2 * TOP:
                break
            value = self._tested(changes)
            found.append((value, changes))
            if self._share(value) >= ENOUGH:
                break
        if not found:
            return None
        value, changes = max(found, key=lambda pair: pair[0])
        return (value, changes) if self._share(value) >= self._share(best) + HELPS else None

    @property
    def _base_score(self) -> float:
        return max((run.score for run in self.base), default=float("nan"))

    def _prune(self) -> None:
        """Take each change out again, the least trusted first, and leave out what is not missed."""
        if len(self.chosen) < 2:
            return
        best = self._value(combined(self.chosen), n_seeds=self.n_seeds)[0]
        for candidate in sorted(self.chosen, key=self.candidates.index, reverse=True):
            rest = [each for each in self.chosen if each is not candidate]
            if not rest or self._left(self.reserve) < self._comparison:
                return
            self.say(f"is it needed: {candidate.fix.title}")
            try:
                value = self._value(combined(rest), n_seeds=self.n_seeds)[0]
            except FlatlineError:
                continue
            if self._share(value) >= self._share(best) - HELPS:
                best, self.chosen = max(best, value), rest

    def _confirm(self) -> None:
        """Put the set to the test on fresh seeds, and each change in it against the set without it."""
        self.confirmation = None
        if not self.chosen:
            return
        first, self.attempts = self.fresh + 100 * self.attempts, self.attempts + 1
        pairs = n_pairs_for(self.attempts * len(self.chosen), self.n_pairs)
        self.confirmation = confirm(
            self.replay, self.chosen, n_steps=self.n_steps, seeds=range(first, first + pairs), attempts=self.attempts,
            n_points=self.replay.n_points(self.cost), least=self._least, left=self._left, say=self.say,
        )  # fmt: skip

    # ── what is told ──

    def _decides(self, verdict: Verdict | None) -> bool:
        """Whether a change is what was wrong, and not an improvement of what learns without it."""
        return verdict is None or self._share(verdict.after) - self._share(verdict.before) >= GAIN

    def _experiment(self) -> Experiment:
        told = self.confirmation
        verdicts = told.verdicts if told else (None,) * len(self.chosen)
        chosen = tuple(
            Tried(
                fix=replace(each.fix, verdict=verdict), cause=each.cause if self._decides(verdict) else None,
                source=each.source, outcome=Outcome.NEEDED, n_steps=self.n_steps,
            )
            for each, verdict in zip(self.chosen, verdicts, strict=True)
        )  # fmt: skip
        places = {id(each) for each in self.chosen}
        rest = tuple(t for p, t in sorted(self.tried.items()) if id(self.candidates[p]) not in places)
        after = [self.runs[key] for key in self.runs if self.chosen and key[0] == repr(combined(self.chosen).edits)]

        def mean(runs: Sequence[Run], name: str) -> float:
            return float(np.mean([getattr(run, name) for run in runs])) if runs else float("nan")

        return Experiment(
            score=self.replay.scores[0].name if len({s.name for s in self.replay.scores}) == 1 else "mean score",
            null_score=self.replay.null,
            n_rows=len(self.replay.rows),
            n_held_out=len(self.replay.held),
            n_steps=self.n_steps,
            planned_steps=self.planned,
            before=told.before if told else mean(self.base, "score"),
            after=told.after if told else mean(after, "score"),
            before_held_out=told.before_held_out if told else mean(self.base, "held_out"),
            after_held_out=told.after_held_out if told else mean(after, "held_out"),
            chosen=chosen,
            verdict=told.verdict if told else None,
            tried=rest,
            paired=told.paired if told else Paired(),
            seconds=time.perf_counter() - self.start,
            ended=self.ended,
        )
