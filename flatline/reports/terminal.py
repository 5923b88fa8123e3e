"""The report as terminal text: errors first, at most a screenful; the same words without colour or terminal."""

import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from flatline import diagnosis, pairs
from flatline.experiment import Experiment
from flatline.finding import Finding, Severity
from flatline.fix import Fix
from flatline.reports import tried, wording

if TYPE_CHECKING:
    from flatline.reports.report import Report

WIDTH = 100  # columns of the plain text, and the most that a terminal's text uses
SCREENFUL = 40  # lines
SNIPPET_LINES = 10  # of one fix; the whole snippet is in the report's `fixes`
FOLDED_NAMES = 8
INDENT = 10
INNER = "  "  # what was tried, below its title
CHANGES = 5  # lines

_MARKS = {  # the word says it, the sign and the colour only help the eye
    Severity.ERROR: ("✗ ERROR", "bold red"),
    Severity.WARNING: ("! WARNING", "bold yellow"),
    Severity.INFO: ("· INFO", "cyan"),
}


@dataclass(frozen=True, kw_only=True)
class _Detail:
    """How much of a report is shown."""

    info: bool = True  # findings worth knowing, one by one
    snippets: int = 99  # code is shown for the first so many groups
    fixes: bool = True
    others: bool = True  # what hangs under a lead, one by one
    groups: int = 99
    message: int = 99  # lines of a message
    tried: int = 99  # lines of a sentence about what was tried


_DETAILS = (
    _Detail(),
    _Detail(info=False),
    _Detail(info=False, snippets=4, tried=3),
    _Detail(info=False, snippets=2, tried=2),
    _Detail(info=False, snippets=2, others=False, tried=2),
    _Detail(info=False, snippets=1, others=False, tried=1),
    _Detail(info=False, snippets=1, others=False, groups=6, message=2, tried=1),
    _Detail(info=False, snippets=0, others=False, groups=6, message=1, tried=1),
    _Detail(info=False, snippets=0, others=False, groups=6, message=1, fixes=False, tried=1),
    _Detail(info=False, snippets=0, others=False, groups=4, message=1, fixes=False, tried=1),
)


def lines(report: "Report", *, width: int = WIDTH) -> list[Text]:
    """Lay the report out in as much detail as a screenful holds, one styled `rich.text.Text` a line."""
    laid_out: list[Text] = []
    for detail in _DETAILS:
        laid_out = list(_lines(report, width, detail))
        if len(laid_out) <= SCREENFUL:
            break
    return laid_out


def plain(report: "Report") -> str:
    """Return the terminal text without colour."""
    return "\n".join(line.plain.rstrip() for line in lines(report))


def show(report: "Report", *, file: TextIO | None = None) -> None:
    """Write the report: in colour to a terminal or notebook, as plain text to anything else.

    Parameters
    ----------
    report : Report
        What to show.
    file : file object or None
        Where to; standard output when None.
    """
    stream = sys.stdout if file is None else file
    console = Console(file=stream, highlight=False)
    if not console.is_terminal:
        # A stream that cannot encode a sign must not end the user's script.
        encoding = stream.encoding or "utf-8"
        stream.write(plain(report).encode(encoding, "replace").decode(encoding) + "\n")
        return
    for line in lines(report, width=max(40, min(WIDTH, console.width))):
        console.print(line, soft_wrap=True)


def _lines(report: "Report", width: int, detail: _Detail) -> Iterator[Text]:
    groups = diagnosis.group(report.findings)
    alarms = [each for each in groups if diagnosis.severity_of(each.lead) > Severity.INFO or not _calm(each)]
    remarks = [each for each in groups if each not in alarms]
    for line in wording.scope_lines(report.scope, width):
        yield Text(line, style="bold")
    for number, each in enumerate(alarms[: detail.groups]):
        yield Text()
        yield from _group(each, width, detail, report.experiment, code=number < detail.snippets)
    hidden = alarms[detail.groups :]
    if hidden:
        yield Text()
        yield from _folded(f"{len(hidden)} more findings: ", [each.lead for each in hidden], width)
    if remarks and detail.info:
        for each in remarks:
            yield Text()
            yield from _group(each, width, detail, report.experiment, code=False)
    elif remarks:
        yield Text()
        folded = [finding for each in remarks for finding in (each.lead, *each.others)]
        yield from _folded("· INFO    worth knowing: ", folded, width)
    yield from _tried(report, width, detail)
    yield Text()
    verdict = wording.verdict_line(report) or wording.together_line(report)
    if verdict:
        yield Text(verdict, style="green" if report.passed else "yellow")
    yield Text(wording.passed_line(report), style="dim")
    missing = wording.not_evaluated_line(report)
    if missing:
        yield from _wrap(Text(missing, style="dim"), width, 0)


def _tried(report: "Report", width: int, detail: _Detail) -> Iterator[Text]:
    said = tried.told(report)
    if said is None:
        return
    yield Text()
    yield Text(tried.TITLE, style="bold")
    yield from _short(_prose(INNER + said.head), width, max(3, detail.tried))
    fixes = [each.fix for each in report.experiment.chosen] if report.experiment is not None else []
    for change, fix in zip(said.chosen[:CHANGES], fixes, strict=False):
        what = Text(INNER) + Text("→ ", style="bold green") + _prose(change)
        yield from _short(what, width, 99 if detail.fixes else detail.tried)
        yield from _snippet(fix.snippet, len(INNER) + 4, most=99)
    if len(said.chosen) > CHANGES:
        yield Text(f"{INNER}→ {len(said.chosen) - CHANGES} more changes in the findings", style="dim")
    for note in (*said.folded, said.measured):
        yield from _short(Text(INNER + note, style="dim"), width, detail.tried)


def _short(text: Text, width: int, most: int) -> Iterator[Text]:
    """Break a text into so many lines at most; of what is listed, what there is no room for is left out whole."""
    parts = list(_wrap(text, width, len(INNER) + 2))
    if len(parts) > most:
        parts = parts[:most]
        parts[-1].truncate(width - 2)
        listed = parts[-1].plain.rfind("; ")
        if listed > 0:
            parts[-1].truncate(listed + 1)
        parts[-1] += Text(" …")
    yield from parts


def _calm(group: diagnosis.Group) -> bool:
    return all(diagnosis.severity_of(finding) is Severity.INFO for finding in group.others)


def _group(
    group: diagnosis.Group, width: int, detail: _Detail, experiment: Experiment | None, *, code: bool
) -> Iterator[Text]:
    yield from _message(group.lead, width, detail.message)
    told: list[str] = []
    for fix in _open(group.lead, experiment) if detail.fixes else ():
        told.append(fix.title)
        yield from _fix(fix, width, experiment, code=code)
    if not detail.others:
        if group.others:
            yield from _folded(" " * INDENT + "also ", group.others, width)
        return
    for other in group.others:
        yield from _also(other, width)
        for fix in _open(other, experiment) if detail.fixes else ():
            if fix.title not in told:
                told.append(fix.title)
                yield from _fix(fix, width, experiment, code=False)


def _open(finding: Finding, experiment: Experiment | None) -> tuple[Fix, ...]:
    """Fixes of a finding; none where one of them is confirmed, which is told below with its code."""
    chosen = [pairs.change(each.fix) for each in experiment.chosen] if experiment and experiment.confirmed else []
    return () if any(pairs.change(fix) in chosen for fix in finding.fixes) else finding.fixes


def _message(finding: Finding, width: int, most: int) -> Iterator[Text]:
    mark, style = _MARKS[diagnosis.severity_of(finding)]
    text = Text.assemble((mark.ljust(INDENT), style), (wording.label(finding), "bold"))
    yield text
    message = list(_wrap(_prose(" " * INDENT + wording.one_line(finding.message)), width, INDENT))
    yield from message[: most - 1]
    if message[most:]:
        shortened = message[most - 1]
        shortened.truncate(width - 2)
        yield shortened + Text(" …")
    else:
        yield from message[most - 1 :]


def _also(finding: Finding, width: int) -> Iterator[Text]:
    mark, style = _MARKS[diagnosis.severity_of(finding)]
    head = Text.assemble(" " * INDENT, "also ", (mark, style), " ", (finding.code, "bold"), " ")
    yield from _wrap(head + _prose(wording.one_line(finding.message)), width, INDENT + 5)


def _fix(fix: Fix, width: int, experiment: Experiment | None, *, code: bool) -> Iterator[Text]:
    head = Text(" " * INDENT) + Text("→ ", style="bold green") + _prose(wording.one_line(fix.title))
    yield from _wrap(head + Text(f" ({wording.trust(fix, experiment)})", style="dim"), width, INDENT + 2)
    if code:
        yield from _snippet(fix.snippet, INDENT + 4, most=SNIPPET_LINES)


def _snippet(code: str, indent: int, *, most: int) -> Iterator[Text]:
    if not code.strip():
        return
    snippet = wording.printable(code).strip("\n").split("\n")
    shown = "\n".join(snippet[:most])
    coloured = Syntax(shown, "python", background_color="default", theme="ansi_dark").highlight(shown)
    coloured.rstrip()
    for line in coloured.split("\n", allow_blank=True):
        yield Text(" " * indent) + line
    if len(snippet) > most:
        yield Text(" " * indent + f"… {len(snippet) - most} more lines in the report's fixes", "dim")


def _folded(head: str, findings: Sequence[Finding], width: int) -> Iterator[Text]:
    names = list(dict.fromkeys(wording.label(finding) for finding in findings))
    more = f" and {len(names) - FOLDED_NAMES} more" if len(names) > FOLDED_NAMES else ""
    yield from _wrap(Text(f"{head}{', '.join(names[:FOLDED_NAMES])}{more}", style="dim"), width, INDENT)


def _prose(text: str) -> Text:
    prose = Text(text)
    prose.highlight_regex(r"`[^`]+`", "cyan")
    return prose


def _wrap(text: Text, width: int, indent: int) -> Iterator[Text]:
    """Break a text into lines; later lines are indented."""
    console = Console(width=width, file=io.StringIO())
    head = text.plain[: len(text.plain) - len(text.plain.lstrip())]
    body = text[len(head) :] if head else text
    parts = body.wrap(console, max(20, width - indent))
    for number, part in enumerate(parts):
        part.rstrip()
        yield Text(head if number == 0 else " " * indent) + part
