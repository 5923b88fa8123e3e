"""The sentences about an experiment that every rendering of a diagnosis shares."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flatline import pairs
from flatline.arms import FLAT
from flatline.experiment import Experiment, Outcome, Tried
from flatline.facts import RehearsalFacts
from flatline.gates import learns
from flatline.reports import wording
from flatline.verdict import Ruling, Verdict

if TYPE_CHECKING:
    from flatline.reports.report import Report

TITLE = "Tried on your data"
FOLDED = 6  # changes that one line names
REASONS = 3  # for which changes were not tried, that one line names

_FOLDS = (
    (Outcome.NO_HELP, "tried, no help"),
    (Outcome.MEMORISES, "learns its own rows only"),
    (Outcome.DIVERGED, "diverges"),
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is said of an experiment: what it comes to, the changes of the best set-up, all others in a few lines."""

    head: str
    chosen: tuple[str, ...]
    folded: tuple[str, ...]
    measured: str


def told(report: "Report") -> Told | None:
    """Say what was tried; None where nothing was."""
    experiment = report.experiment
    if experiment is None:
        return None
    return Told(
        head=" ".join(_head(experiment, report.rehearsal)),
        chosen=tuple(_chosen(experiment)),
        folded=tuple(_folded(experiment)),
        measured=_measured(experiment),
    )


def goes_nowhere(experiment: Experiment | None, rehearsal: RehearsalFacts | None = None) -> bool:
    """Whether an experiment saw a set-up that does not learn as it is, and no rehearsal saw it learn."""
    return experiment is not None and experiment.share(experiment.before) < FLAT and not learns(rehearsal)


def title(each: Tried) -> str:
    """Return the change of a fix on one line."""
    return wording.one_line(pairs.change(each.fix))


# ── what it comes to ────────────────────────────────────────────────────────────────────────────────────────────────


def _head(experiment: Experiment, rehearsal: RehearsalFacts | None) -> Iterator[str]:
    so_far = " so far" if _cut_short(experiment) else ""
    if experiment.confirmed and experiment.verdict is not None:
        yield _confirmed(experiment, experiment.verdict)
    elif experiment.chosen:
        yield _unconfirmed(experiment)
    elif math.isnan(experiment.before):
        yield "The set-up as it is was not scored, so nothing can be said of any change."
    elif not _tested(experiment):
        yield f"No change was tried: {_stays(experiment)}."
    elif goes_nowhere(experiment, rehearsal):
        yield f"Nothing that was tried{so_far} makes it learn: {_stays(experiment)}."
        yield from _meaning(experiment, rehearsal)
    else:
        yield f"Nothing that was tried{so_far} does better than the set-up as it is: {_stays(experiment)}."
    if _cut_short(experiment):
        yield _how_far(experiment)


def _confirmed(experiment: Experiment, verdict: Verdict) -> str:
    count = len(experiment.chosen)
    changes = "one change" if count == 1 else f"{count} changes together"
    scores = (experiment.before, experiment.after)
    if not math.isnan(verdict.before) and not math.isnan(verdict.after):
        scores = (verdict.before, verdict.after)
    went = pairs.went(_score(experiment), *scores)
    return f"Confirmed: with {changes}, {went} {pairs.in_pairs(verdict)}{_held_out(experiment)}."


def _held_out(experiment: Experiment) -> str:
    if math.isnan(experiment.before_held_out) or math.isnan(experiment.after_held_out):
        return ""
    before, after = pairs.from_to(experiment.before_held_out, experiment.after_held_out)
    return f"; on {experiment.n_held_out:,} rows not trained on {before} → {after}"


def _unconfirmed(experiment: Experiment) -> str:
    names = _named(experiment.chosen)
    went = pairs.went(_score(experiment), experiment.before, experiment.after)
    if experiment.verdict is None:
        return f"Not confirmed: in the search {went} ({names}), but no pairs were run on fresh seeds."
    if experiment.verdict.ruling is Ruling.HARMFUL:
        return f"Not confirmed: in the search {went} ({names}), on fresh seeds it did harm."
    return f"Not confirmed: in the search {went} ({names}), on fresh seeds {_pairs(experiment)}, which may be luck."


def _pairs(experiment: Experiment) -> str:
    verdict = experiment.verdict
    if verdict is None or not verdict.pairs:
        return "it did not hold"
    return f"it was higher in {verdict.better} of {verdict.pairs} pairs{pairs.chance(verdict)}"


def _tested(experiment: Experiment) -> tuple[Tried, ...]:
    everything = (*experiment.chosen, *experiment.tried)
    return tuple(each for each in everything if each.outcome is not Outcome.NOT_TRIED)


def _stays(experiment: Experiment) -> str:
    scores = [each.score for each in _tested(experiment) if each.outcome in (Outcome.NO_HELP, Outcome.HELPS)]
    best = max((score for score in scores if not math.isnan(score)), default=math.nan)
    as_is = f"{_score(experiment)} is {pairs.score(experiment.before)} as it is"
    if math.isinf(experiment.before):
        as_is = f"training diverges as it is, {_score(experiment)} is"
    beside = "" if math.isnan(best) else f", {pairs.score(best)} with the best change"
    return f"{as_is}{beside}, {pairs.score(experiment.null_score)} for the best constant answer"


def _meaning(experiment: Experiment, rehearsal: RehearsalFacts | None) -> Iterator[str]:
    """What it means that no change helps: whether there is anything to learn in the data, where that is known."""
    if rehearsal is None or math.isnan(rehearsal.model_free) or math.isnan(rehearsal.model_free_null):
        if not _cut_short(experiment):
            yield (
                "The fault may lie where none of these changes reaches: look at a few rows with their labels first, "
                "then at the architecture."
            )
        return
    reached, guessing = pairs.from_to(rehearsal.model_free, rehearsal.model_free_null)
    if rehearsal.model_free > rehearsal.model_free_null:
        rows = f"{rehearsal.n_held_out:,} rows" if rehearsal.n_held_out else "rows"
        yield (
            f"Learners that are no networks reach {reached} on {rows} they have not seen, guessing {guessing}: the "
            "data can be learnt, so look at the network."
        )
    else:
        yield (
            f"Learners that are no networks do no better than guessing either ({reached} against {guessing}): look at "
            "the data first, and whether the labels belong to their rows."
        )


def _cut_short(experiment: Experiment) -> bool:
    return experiment.ended in ("the budget", "interrupted")


def _how_far(experiment: Experiment) -> str:
    how = "was interrupted" if experiment.ended == "interrupted" else "was ended by the budget"
    n_tested, n_all = len(_tested(experiment)), len(experiment.chosen) + len(experiment.tried)
    return f"The search {how} {f'after {n_tested} of {n_all} changes' if n_tested else 'before the first change'}."


def _chosen(experiment: Experiment) -> Iterator[str]:
    """Name the changes; what is known of a single one, the sentence before says already."""
    for each in experiment.chosen:
        alone = len(experiment.chosen) == 1
        yield title(each) if alone else f"{title(each)} ({wording.trust(each.fix, experiment)})"


# ── all others ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _folded(experiment: Experiment) -> Iterator[str]:
    for each in experiment.asked:
        answer = wording.trust(each.fix, experiment)
        if each.fix.verdict is None or each.outcome in (Outcome.DIVERGED, Outcome.MEMORISES):
            answer = f"{each.outcome.value}{f': {wording.one_line(each.note)}' if each.note else ''}"
        yield f"you asked about: {title(each)} ({answer})"
    helps = "helps too" if experiment.chosen else "helps a little"
    for outcome, head in ((Outcome.HELPS, helps), *_FOLDS):
        those = [each for each in experiment.tried if each.outcome is outcome]
        if those:
            yield f"{head}{_counted(those)}: {_named(those)}"
    left = [each for each in experiment.tried if each.outcome is Outcome.NOT_TRIED]
    reasons = list(dict.fromkeys(each.note for each in left))
    parts = []
    for reason in reasons[:REASONS]:
        why = f" ({wording.one_line(reason)})" if reason else ""
        parts.append(_named([each for each in left if each.note == reason]) + why)
    parts += [f"others for {len(reasons) - REASONS} other reasons"] if len(reasons) > REASONS else []
    if parts:
        yield f"not tried{_counted(left)}: {'; '.join(parts)}"


def _counted(those: Sequence[Tried]) -> str:
    """How many there are, where the line does not name them all."""
    return f" ({len(those)})" if len(those) > FOLDED else ""


def _named(those: Sequence[Tried]) -> str:
    names = [title(each) for each in those]
    more = f" and {len(names) - FOLDED} more" if len(names) > FOLDED else ""
    return f"{'; '.join(names[:FOLDED])}{more}"


def _measured(experiment: Experiment) -> str:
    verdict = experiment.verdict
    some = f"{experiment.n_scored:,} of " if 0 < experiment.n_scored < experiment.n_rows else ""
    parts = [
        f"score: {_score(experiment)} on {some}the {experiment.n_rows:,} rows trained on (best constant answer "
        f"{pairs.score(experiment.null_score)}, perfect 1)"
    ]
    if verdict is not None and verdict.pairs:
        parts.append(f"{verdict.pairs} pairs of {verdict.n_steps:,} steps")
    if verdict is None or verdict.n_steps != experiment.n_steps:
        parts.append(f"{experiment.n_steps:,} steps a run in the search")
    parts.append(f"{experiment.seconds:.0f} s")
    return "; ".join(parts)


def _score(experiment: Experiment) -> str:
    return wording.one_line(experiment.score)
