"""What a search has found, as facts."""

from dataclasses import replace
from typing import TYPE_CHECKING

from flatline.arms import GAIN
from flatline.experiment import Experiment, Outcome, Paired, Tried
from flatline.search.combining import combined
from flatline.search.screening import Screening, mean
from flatline.verdict import Verdict

if TYPE_CHECKING:
    from flatline.search.search import Search


def experiment_of(search: "Search") -> Experiment:
    """Return what is known: with the test's figures where it was made, else those of the screening."""
    told, screen, replay = search.confirmation, search.screen, search.replay
    verdicts = (None,) * len(search.chosen) if told is None else told.verdicts
    decisive = [_decides(screen, verdict) for verdict in verdicts]
    if told is not None and not any(decisive) and _decides(screen, told.verdict):  # each of several does much of it
        gains = [-1.0 if verdict is None else verdict.gain for verdict in verdicts]
        decisive[gains.index(max(gains))] = True
    chosen = tuple(
        Tried(
            fix=replace(each.fix, verdict=verdict), cause=each.cause if decides else None,
            source=each.source, outcome=Outcome.NEEDED, n_steps=screen.n_steps,
        )
        for each, verdict, decides in zip(search.chosen, verdicts, decisive, strict=True)
    )  # fmt: skip
    places = {id(each) for each in search.chosen}
    after = screen.of(combined(search.chosen)) if search.chosen else []
    names = {score.name for score in replay.scores}
    return Experiment(
        score=names.pop() if len(names) == 1 else "mean score",
        null_score=replay.null,
        n_rows=len(replay.rows),
        n_scored=len(replay.seen),
        n_held_out=len(replay.unseen),
        n_steps=screen.n_steps,
        planned_steps=screen.planned,
        before=told.before if told else mean(screen.base, "score"),
        after=told.after if told else mean(after, "score"),
        before_held_out=told.before_held_out if told else mean(screen.base, "held_out"),
        after_held_out=told.after_held_out if told else mean(after, "held_out"),
        chosen=chosen,
        verdict=told.verdict if told else None,
        tried=tuple(t for place, t in sorted(search.tried.items()) if id(search.candidates[place]) not in places),
        asked=tuple(search.answers),
        paired=told.paired if told else Paired(),
        seconds=screen.seconds - screen.left(),
        ended=search.ended,
    )


def _decides(screen: Screening, verdict: Verdict | None) -> bool:
    """Whether a change is what was wrong, and not an improvement of what learns without it."""
    return verdict is None or screen.share(verdict.after) - screen.share(verdict.before) >= GAIN
