"""The report as Markdown to paste into an issue or a chat: the facts, not only the verdict."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flatline import diagnosis
from flatline.experiment import Experiment
from flatline.finding import Evidence, Finding
from flatline.fix import Fix
from flatline.reports import tried, wording

if TYPE_CHECKING:
    from flatline.reports.report import Report

_MARKUP = re.compile(r"([\\*\[\]<>#|~`&]|(?<!\w)_|_(?!\w))")  # an underscore inside a word is only itself


def to_markdown(report: "Report") -> str:
    """Return the report as GitHub-flavoured Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: "Report") -> Iterator[str]:
    yield "## flatline report"
    yield ""
    scope = wording.scope_line(report.scope)
    if scope:
        yield from (escaped(scope), "")
    for group in diagnosis.group(report.findings):
        for finding in (group.lead, *group.others):
            yield from _finding(finding, lead=finding is group.lead, experiment=report.experiment)
    yield from _tried(report)
    verdict = wording.verdict_line(report) or wording.together_line(report)
    if verdict:
        yield from (verdict, "")
    yield _counted(wording.passed_line(report), (passed.code for passed in report.passed))
    missing = [
        f"- {outcome.code} {escaped(outcome.name)}: {escaped(wording.one_line(outcome.reason))}"
        for outcome in report.not_evaluated
    ]
    if missing:
        yield from ("", f"Not evaluated: {len(missing)}", "", *missing)


def _tried(report: "Report") -> Iterator[str]:
    said = tried.told(report)
    if said is None:
        return
    yield from (f"### {tried.TITLE}", "", escaped(said.head), "")
    yield from (f"- {escaped(line)}" for line in (*said.chosen, *said.folded, said.measured))
    yield ""


def _counted(line: str, codes: Iterable[str]) -> str:
    listed = ", ".join(codes)
    return f"{line} ({escaped(listed)})" if listed else line


def _finding(finding: Finding, *, lead: bool, experiment: Experiment | None) -> Iterator[str]:
    severity = diagnosis.severity_of(finding).name
    cause = "" if finding.cause is None else f" (cause: {finding.cause.value})"
    yield f"{'###' if lead else '####'} {severity} {escaped(wording.label(finding))}{cause}"
    yield ""
    yield escaped(wording.one_line(finding.message))
    yield ""
    if finding.evidence:
        yield "| quantity | measured | healthy | where |"
        yield "|---|---|---|---|"
        yield from (_row(evidence) for evidence in finding.evidence)
        yield ""
    for fix in finding.fixes:
        yield from _fix(fix, experiment)


def _row(evidence: Evidence) -> str:
    value, bound = wording.measured(evidence)
    return f"| `{evidence.quantity}` | {cell(value)} | {cell(bound)} | {cell(wording.place(evidence))} |"


def _fix(fix: Fix, experiment: Experiment | None) -> Iterator[str]:
    yield f"**Fix:** {escaped(wording.one_line(fix.title))} ({escaped(wording.trust(fix, experiment))})"
    yield ""
    snippet = wording.printable(fix.snippet).strip("\n")
    if snippet:
        # A fence must be longer than any run of backticks inside it.
        longest = max((len(run) for run in re.findall(r"`+", snippet)), default=0)
        fence = "`" * max(3, longest + 1)
        yield from (f"{fence}python", snippet, fence, "")


def escaped(text: str) -> str:
    """Take the meaning of markup from text outside backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") and len(part) > 1 else _MARKUP.sub(r"\\\1", part) for part in parts)


def cell(text: str) -> str:
    """Like `escaped`, within a table, where a bar ends the cell even inside backticks."""
    return escaped(text).replace("\\|", "|").replace("|", "\\|")
