"""The sentences that every rendering of a report shares."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flatline import pairs
from flatline.diagnosis import severity_of, spoken
from flatline.experiment import Experiment
from flatline.finding import Evidence, NotEvaluated, Outcome, Severity
from flatline.fix import Fix, Safety
from flatline.verdict import FLOOR, Ruling

if TYPE_CHECKING:
    from flatline.reports.report import Report

SHOWN_REASONS = 4
REASON_LENGTH = 72  # characters of a reason in the one-line summary

_SCORES = frozenset({"score_as_is"})  # quantities that end at the least score there is

_TRUST = {
    Safety.SAFE: "computes the same function",
    Safety.UNSAFE: "changes training",
    Safety.ADVICE: "advice",
}

_RULING = {
    Ruling.CONFIRMED: "confirmed",
    Ruling.HARMFUL: "tried, does harm",
    Ruling.INCONCLUSIVE: "tried, not sure",
}


def printable(text: object) -> str:
    """Make text that users and models wrote safe to show: control characters become visible escapes."""
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in str(text).replace("\t", "    ")
    )


def one_line(text: object) -> str:
    """Like `printable`, on one line."""
    return printable(" ".join(str(text).split("\n")))


def label(outcome: Outcome) -> str:
    """Code and name of the check."""
    return f"{outcome.code} {outcome.name}".strip()


def trust(fix: Fix, experiment: Experiment | None = None) -> str:
    """Say how far a fix may be trusted: by experiment where there was one, else by what it changes."""
    verdict, score = fix.verdict, "score" if experiment is None else experiment.score
    if verdict is None:
        refuted = "" if experiment is None else experiment.refuted(fix)
        return f"tried alone: {refuted}" if refuted else _TRUST[fix.safety]
    if math.isnan(verdict.before) or math.isnan(verdict.after):
        went = f"{one_line(score)} {verdict.gain:+.3g}"
    else:
        went = " → ".join(pairs.from_to(verdict.before, verdict.after))
        went = f"{one_line(score)} {went}"
    runs = f" in {verdict.better} of {verdict.pairs} runs" if verdict.better == verdict.pairs else ""
    runs = runs or f", higher in {verdict.better} of {verdict.pairs} runs"
    return f"{_RULING[verdict.ruling]}: {went}{runs if verdict.pairs else ''}"


def scope_line(scope: Mapping[str, Any]) -> str:
    """Say on one line what was measured."""
    return " · ".join(_scope(scope))


def scope_lines(scope: Mapping[str, Any], width: int) -> list[str]:
    """Say what was measured on lines of at most `width`, broken between the facts."""
    lines = ["flatline"]
    for part in _scope(scope):
        if len(lines[-1]) + len(part) + 3 > width:
            lines.append(part)
        else:
            lines[-1] += f" · {part}"
    return lines


def _scope(scope: Mapping[str, Any]) -> list[str]:
    parts = [one_line(scope[key]) for key in ("model", "task") if key in scope]
    if "rows read" in scope:
        read, _, present = one_line(scope["rows read"]).partition(" of ")
        parts.append(f"all {read} rows read" if read == present else f"{one_line(scope['rows read'])} rows read")
    if "seconds" in scope:
        parts.append(f"{float(scope['seconds']):.1f} s")
    known = ("model", "task", "rows read", "seconds")
    return parts + [f"{one_line(key)}: {one_line(value)}" for key, value in scope.items() if key not in known]


def verdict_line(report: "Report") -> str:
    """Say in one sentence how it stands when nothing alarming was found; empty when something was."""
    if not report.ok:
        return ""
    if not report.findings and not report.passed:
        return "No check could be evaluated, so nothing can be said of this network."
    if report.goes_nowhere:
        return "No check names for sure what keeps this network from learning."
    return "Nothing found that would keep this network from learning."


def together_line(report: "Report") -> str:
    """Say that one fix may not be enough; empty where there is one cause, or an experiment says what is."""
    if len(report.causes) < 2 or (report.experiment is not None and report.experiment.confirmed):
        return ""
    return f"{len(report.causes)} causes, each of which may be enough to keep it from learning: mend them together."


def headline(report: "Report") -> str:
    """Say in one sentence how it stands, with the causes."""
    calm = verdict_line(report)
    if calm:
        return calm
    experiment, named = report.experiment, [spoken(cause, report.findings) for cause in report.causes]
    if experiment is not None and experiment.confirmed:
        count = len(experiment.chosen)
        changes = "one change" if count == 1 else f"{count} changes together"
        went = pairs.went(one_line(experiment.score), experiment.before, experiment.after)
        told = f"With {changes} {went}, confirmed by experiment"
    elif any(severity_of(finding) is Severity.ERROR for finding in report.findings):
        told = "This network cannot learn as it is"
    else:
        told = "Something probably keeps this network from learning"
    if not named:
        return f"{told}; no check names the cause for sure."
    others = f", then {', '.join(named[1:])}" if named[1:] else ""
    return f"{told}; {'most likely ' if others else ''}cause: {named[0]}{others}."


def passed_line(report: "Report") -> str:
    """Count what passed."""
    count = len(report.passed)
    return f"{count} check{'' if count == 1 else 's'} passed"


def not_evaluated_line(report: "Report") -> str:
    """Count what could not be told, by reason; empty when everything could."""
    if not report.not_evaluated:
        return ""
    counts = Counter(_reason(outcome) for outcome in report.not_evaluated).most_common()
    shown = [f"{reason}: {count}" for reason, count in counts[:SHOWN_REASONS]]
    rest = sum(count for _, count in counts[SHOWN_REASONS:])
    if rest:
        shown.append(f"other reasons: {rest}")
    return f"not evaluated: {len(report.not_evaluated)} ({'; '.join(shown)})"


def _reason(outcome: NotEvaluated) -> str:
    if outcome.reason.startswith("crashed"):
        return "crashed"
    reason = one_line(outcome.reason).removesuffix(", which was not measured")
    return reason if len(reason) <= REASON_LENGTH else reason[: REASON_LENGTH - 1].rstrip() + "…"


def measured(evidence: Evidence) -> tuple[str, str]:
    """Return the value with its unit, and the bound that holds when all is well."""
    unit = "" if evidence.unit in ("", "1") else f" {one_line(evidence.unit)}"
    operator, limit = evidence.bound
    if evidence.quantity in _SCORES and evidence.value == FLOOR:
        return pairs.score(evidence.value), f"{operator} {_figure(limit)}{unit}"
    return f"{_figure(evidence.value)}{unit}", f"{operator} {_figure(limit)}{unit}"


def place(evidence: Evidence) -> str:
    """Return where and when evidence was taken."""
    parts = [one_line(evidence.where)] if evidence.where else []
    if evidence.steps is not None:
        parts.append(f"steps {evidence.steps[0]}–{evidence.steps[1]}")
    return ", ".join(parts)


def _figure(value: float) -> str:
    return f"{float(value):.4g}"
