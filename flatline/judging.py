"""Judge a recorded run: the same detectors as while it went on, without Keras."""

from collections.abc import Iterable, Mapping
from typing import Any

from flatline import engine
from flatline.exhibits import FirstBatch, ReceivedInputs
from flatline.experiment import Experiment
from flatline.finding import Finding, Outcome
from flatline.logs import Log, LossLog, Marks
from flatline.measure.spending import PLOTTING
from flatline.records.record import RunRecord
from flatline.registry import Check
from flatline.reports.report import Report
from flatline.settings import selection

WATCHING = ("attending", "sampling", "probe", "judging", "viewing", "looking")
"""Kinds of seconds that the time budget is over."""


def reads_log(check: Check) -> bool:
    """Whether a check judges a run rather than a set-up."""
    return any(issubclass(kind, Log) for kind in check.needs.values())


def reads_experiment(check: Check) -> bool:
    """Whether a check judges what `diagnose` tried, which neither a set-up nor a run can show."""
    return Experiment in check.needs.values()


def judge(record: RunRecord, *, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Report:
    """Judge a run from its record, again and without Keras.

    Parameters
    ----------
    record : RunRecord
        From a recorder, or from `flatline.load_run`.
    select, ignore : iterable of str, default=()
        Codes ("FL501"), prefixes ("FL5") or names of the checks to run, and not to run.

    Returns
    -------
    Report
        What the whole record shows, and what was found live by checks that the record cannot repeat.
    """
    chosen = selection(select, ignore, caller="judge")
    detectors = [check for check in chosen.checks if reads_log(check)]
    others = {check.code for check in chosen.checks if not reads_log(check)}
    live = tuple(finding for _, finding in record.live if finding.code in others)
    return report_of(record, chosen.heard((*engine.judge(detectors, record.logs()), *live)))


def report_of(record: RunRecord, outcomes: Iterable[Outcome], known: Mapping[type, Any] | None = None) -> Report:
    """Put outcomes together with what the record says of its making, and with facts of the set-up that are known."""
    outcomes = _once(outcomes)
    facts, losses = record.facts, record.logs()[LossLog]
    seconds = record.spent.get("training", 0.0)
    scope: dict[str, object] = {"model": "unknown" if facts is None else facts.model}
    if not isinstance(losses, str):
        scope["steps"] = f"{int(losses.step[-1]) + 1:,}"
    if seconds > 0:
        scope["seconds"] = round(seconds, 1)
        scope["spent on watching"] = f"{sum(record.spent.get(kind, 0.0) for kind in WATCHING) / seconds:.1%}"
        if record.spent.get(PLOTTING):
            scope["spent on pictures"] = f"{record.spent[PLOTTING] / seconds:.1%}"
    if record.ended not in ("finished", "stopped"):
        scope["ended"] = record.ended or "not: the run was killed, or goes on"
    said = {outcome.code for outcome in outcomes if isinstance(outcome, Finding)}
    past = [
        f"{finding.code} {finding.name} (step {step:,})" for step, finding in record.live if finding.code not in said
    ]
    if past:
        scope["warned of earlier, no longer so"] = ", ".join(past)
    if record.missing:
        scope["not recorded"] = "; ".join(record.missing)
    return Report(
        outcomes=outcomes,
        scope=scope,
        curves={} if isinstance(losses, str) else {"training": losses.loss},
        null=float("nan") if facts is None else facts.null,
        facts={
            **_exhibits(record),
            **(known or {}),
            **record.logs(),
            Marks: _marks(record, outcomes),
            **record.exhibits,
        },
        view=record.view or "the run was recorded without a look inside the network",
    )


def _marks(record: RunRecord, outcomes: Iterable[Outcome]) -> Marks:
    """What was found while the run went on, and what its record shows now, at the steps that it stands on."""
    live = {(finding.code, finding.where) for _, finding in record.live}
    later = [
        (max(steps), outcome)
        for outcome in outcomes
        if isinstance(outcome, Finding) and (outcome.code, outcome.where) not in live
        if (steps := [evidence.steps[1] for evidence in outcome.evidence if evidence.steps is not None])
    ]
    return Marks(found=(*record.live, *later))


def _exhibits(record: RunRecord) -> dict[type, Any]:
    """Say why there is nothing of the data to draw, where nothing else is known."""
    if record.exhibits:
        return {}
    return dict.fromkeys((ReceivedInputs, FirstBatch), "the data are looked at when training ends, which was not seen")


def _once(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    kept: list[Outcome] = []
    for outcome in outcomes:
        if not (isinstance(outcome, Finding) and outcome in kept):
            kept.append(outcome)
    return tuple(kept)
