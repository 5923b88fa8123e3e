"""Search: which changes to try, in which order, and which set of them is the smallest that makes a network learn."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from flatline.arms import CURED, GAIN
from flatline.errors import FlatlineError
from flatline.experiment import Candidate, Experiment, Outcome, Tried
from flatline.search.asking import put_to_test
from flatline.search.bundles import LARGER, bundles, early
from flatline.search.combining import combined, disjoint
from flatline.search.confirming import Confirmation, confirm, n_pairs_for
from flatline.search.replay import Replay, Run
from flatline.search.screening import Screening, mean
from flatline.search.searched import experiment_of
from flatline.verdict import Ruling

SINGLES_SHARE = 0.45  # of the budget, until when single changes are tried
REST_SHARE = 0.2  # of the budget for the other single changes where a cure is known already
HELPS = 0.05  # of the way from the null model to perfect: what two runs from other seeds often differ by
EQUAL = 0.03  # of the way; candidates so close are chosen by where they come from
PERFECT = 0.97  # of the way: nothing is wrong
ENOUGH = 0.9  # of the way: what one more change adds from there is polish, not what was wrong
TOP = 4  # single changes that are looked at again with other seeds
FAR = 10_000_000  # seeds from those of the search to those of what the user asks about
ROUNDS = 4  # changes that are added one by one; the published benchmark has 1.7 faults a program on average
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
    asked : sequence of Candidate
        What the user asks about: each is put to the test by itself, and is a candidate as well.
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
        asked: Sequence[Candidate] = (),
    ) -> None:
        self.replay, self.say, self.n_pairs, self.asked = replay, say, n_pairs, asked
        known = {repr(each.fix.edits) for each in asked}
        self.candidates = [*asked, *(each for each in candidates if repr(each.fix.edits) not in known)]
        self.answers: list[Tried] = []
        self.screen = Screening(replay, planned_steps=planned_steps, seconds=seconds, n_pairs=n_pairs, seed=seed)
        self.fresh = 1000 * seed + 100  # the first seed of the test; a second attempt takes others
        self.tried: dict[int, Tried] = {}  # by place among the candidates
        self.chosen: list[Candidate] = []
        self.confirmation: Confirmation | None = None
        self.attempts = 0  # sets that were put to the test
        self.ended = ""

    def run(self) -> Experiment:
        """Search, and return what is known when it ends: by itself, by the budget, or by an interrupt."""
        try:
            self.say("as it is")
            self.screen.begin()
            self.answers.extend(
                put_to_test(
                    self.replay, self.screen, self.asked, n_pairs=self.n_pairs, first=self.fresh + FAR,
                    least=self._least, say=self.say,
                )
            )  # fmt: skip
            if self.screen.base_share >= PERFECT:
                self.ended = "it learns as it is"
            else:
                self._search()
                self.ended = "the budget" if self.screen.left() <= 0 else "nothing more helps"
        except KeyboardInterrupt:
            self.ended = "interrupted"
        return experiment_of(self)

    def _search(self) -> None:
        self._together(early(self.candidates))
        cured = bool(self.chosen) and self._cures(self._best())
        if not cured:
            self.chosen = []
        self._singles(cured)
        self._climb()
        self._test()
        if self._confirmed() or self.screen.left() < self.screen.seconds / 3:
            return
        for everything in bundles(self.candidates, self.chosen)[-1:]:
            if self._tested(everything) >= HELPS:
                self.chosen = everything  # chosen by chance, or not enough: what is left of all together
                self._test()

    # ── time and measure ──

    @property
    def _reserve(self) -> float:
        """Seconds that the test takes."""
        fix = combined(self.chosen) if self.chosen else None
        pair = self.screen.cost + self.screen.cost_of(fix)
        return 1.2 * n_pairs_for(self.attempts + 1, self.n_pairs) * pair

    def _has_time(self) -> bool:
        """Whether one more set can be compared with the chosen one, and the test still be made."""
        fix = combined(self.chosen) if self.chosen else None
        more = self.screen.n_seeds * self.screen.cost_of(fix) + self.screen.trace
        return self.screen.left() > self._reserve + more

    def _best(self) -> float:
        """Share of the way that the chosen set goes; that of the set-up as it is where there is none."""
        if not self.chosen:
            return self.screen.base_share
        return self.screen.share(self.screen.value(combined(self.chosen), n_seeds=self.screen.n_seeds)[0])

    @property
    def _cut_short(self) -> bool:
        """Whether there is no time for the steps that are planned already, let alone for more."""
        return self.screen.planned is not None and not self.screen.whole_plan

    def _cures(self, share: float) -> bool:
        return share >= max(CURED, self.screen.base_share + GAIN)

    @property
    def _least(self) -> float:
        """Gain in score below which an improvement is not worth the name."""
        return HELPS * (1.0 - self.replay.null)

    # ── steps of the search ──

    def _together(self, sets: Sequence[list[Candidate]]) -> None:
        """Try whole sets, and choose what is better than what was chosen."""
        best = self._best()
        for changes in sets:
            if best >= ENOUGH or not self._has_time():
                return
            share = self._tested(changes)
            if share >= best + HELPS:
                best, self.chosen = share, list(changes)

    def _tested(self, changes: Sequence[Candidate]) -> float:
        """Share of the way that a set goes; −∞ for one that diverges, memorises or cannot be run."""
        fix = combined(changes)
        self.say(" + ".join(each.fix.title for each in changes[:3]) + (" …" if len(changes) > 3 else ""))
        try:
            value, run = self.screen.value(fix)
            if run.diverged or self.replay.memorises(run):
                return float("-inf")
            if self.screen.share(value) >= HELPS:
                value = self.screen.value(fix, n_seeds=self.screen.n_seeds)[0]
            return self.screen.share(value)
        except FlatlineError:
            return float("-inf")

    def _singles(self, cured: bool) -> None:
        """Try every change alone; few steps where there is no time for all of them, and the promising ones again.

        Where a cure is known they are tried for a while only, to say what else helps and what does not.
        """
        screen = self.screen
        until = (
            screen.seconds * (1 - SINGLES_SHARE) if not cured else max(screen.left() * (1 - REST_SHARE), self._reserve)
        )
        expected = len(self.candidates) * (screen.cost + screen.trace)
        short = screen.n_steps
        if expected > screen.left() - until:
            short = max(screen.n_steps // 4, min(screen.n_steps, 20))
        base = screen.base[0].value if short == screen.n_steps else screen.as_is(screen.seeds[0], short).value
        gains: dict[int, float] = {}
        for place, candidate in enumerate(self.candidates):
            if candidate.source == LARGER[0] and self._cut_short:
                self._note(place, Outcome.NOT_TRIED, note="there is no time for the steps that are planned already")
                continue
            steps = self.replay.steps(candidate.fix, short) / screen.n_steps
            new = not self.replay.known(candidate.fix)
            if screen.left() - until < screen.trace * new + screen.cost * min(steps, 4):
                self._note(place, Outcome.NOT_TRIED, note="the time that is left is kept for the test")
                continue
            self.say(f"{len(gains) + 1}/{len(self.candidates)}: {candidate.fix.title}")
            try:
                value, run = screen.value(candidate.fix, n_steps=short)
            except FlatlineError as error:
                self._note(place, Outcome.NOT_TRIED, note=str(error))
                continue
            gains[place] = screen.share(value) - screen.share(base)
            self._note(place, self._outcome(gains[place], run), run)
        if not cured:
            self._choose(sorted((place for place in gains if gains[place] >= HELPS), key=lambda place: -gains[place]))

    def _choose(self, promising: Sequence[int]) -> None:
        """Look at the promising single changes again, with more seeds, and choose one."""
        found: dict[int, float] = {}
        sure = [place for place in promising if self.candidates[place].sure]
        for place in dict.fromkeys((*sure[:TOP], *promising[:TOP])):
            if not self._has_time():
                break
            value, run = self.screen.value(self.candidates[place].fix, n_seeds=self.screen.n_seeds)
            found[place] = self.screen.share(value)
            self._note(place, self._outcome(found[place] - self.screen.base_share, run), run)
        good = [place for place in found if self.tried[place].outcome is Outcome.HELPS]
        if good:
            # What the checks are sure of comes before what is faster.
            cures = [place for place in good if self.candidates[place].sure and self._cures(found[place])]
            near = [place for place in good if found[place] >= max(found[p] for p in good) - EQUAL]
            self.chosen = [self.candidates[min(cures or near)]]

    def _outcome(self, gain: float, run: Run) -> Outcome:
        if run.diverged:
            return Outcome.DIVERGED
        if gain < HELPS:
            return Outcome.NO_HELP
        return Outcome.MEMORISES if self.replay.memorises(run) else Outcome.HELPS

    def _note(self, place: int, outcome: Outcome, run: Run | None = None, note: str = "") -> None:
        candidate = self.candidates[place]
        told = Tried(fix=candidate.fix, cause=candidate.cause, source=candidate.source, outcome=outcome, note=note)
        if run is not None:
            told = replace(told, score=run.score, held_out=run.held_out, n_steps=run.n_steps)
        self.tried[place] = told

    def _climb(self) -> None:
        """Add changes to the best so far while that helps: whole sets, then one by one."""
        usable = self.candidates
        if self._cut_short and self._cures(self._best()):  # what cures in fewer steps than are planned needs no more
            usable = [each for each in usable if each.source != LARGER[0]]
        self._together(bundles(usable, self.chosen))
        for _ in range(ROUNDS):
            best = self._best()
            if best >= ENOUGH:
                return
            found: list[tuple[float, list[Candidate]]] = []
            for place in sorted(self.tried, key=self._promise):
                if not self._has_time() or len(found) >= 2 * TOP or (found and found[-1][0] >= ENOUGH):
                    break
                candidate = self.candidates[place]
                if candidate not in self.chosen and self.tried[place].outcome is not Outcome.NOT_TRIED:
                    changes = disjoint([*self.chosen, candidate])
                    found.append((self._tested(changes), changes))
            share, changes = max(found, key=lambda pair: pair[0], default=(float("-inf"), []))
            if share < best + HELPS:
                return
            self.chosen = changes

    def _promise(self, place: int) -> tuple[float, int]:
        score = self.tried[place].score
        return (-score if score > mean(self.screen.base, "score") else 0.0, place)

    def _prune(self) -> None:
        """Take each change out again, the least trusted first, and leave out what is not missed."""
        best = self._best()
        for candidate in sorted(self.chosen, key=self.candidates.index, reverse=True):
            rest = [each for each in self.chosen if each is not candidate]
            if not rest or not self._has_time():
                return
            self.say(f"is it needed: {candidate.fix.title}")
            share = self._tested(rest)
            if share >= best - HELPS:
                best, self.chosen = max(best, share), rest

    def _test(self) -> None:
        """Make the set as small as it can be and put it to the test; what turns out not to count is left out again."""
        self._prune()
        if self.chosen and self._best() < HELPS:
            self.chosen = []  # less bad, but no better than the best constant answer
        self.confirmation = None
        while self.chosen:
            first, self.attempts = self.fresh + 100 * self.attempts, self.attempts + 1
            pairs = n_pairs_for(self.attempts * len(self.chosen), self.n_pairs)
            told = self.confirmation = confirm(
                self.replay, self.chosen, n_steps=self.screen.n_steps, seeds=range(first, first + pairs),
                attempts=self.attempts, n_points=self.replay.n_points(self.screen.cost), least=self._least,
                left=self.screen.left, say=self.say,
            )  # fmt: skip
            gains = [float("inf") if verdict is None else verdict.gain for verdict in told.verdicts]
            if len(self.chosen) == 1 or min(gains) >= self._least or self.screen.left() < self._reserve:
                return
            self.chosen.pop(int(np.argmin(gains)))

    def _confirmed(self) -> bool:
        told = self.confirmation
        return told is not None and told.verdict.ruling is Ruling.CONFIRMED
