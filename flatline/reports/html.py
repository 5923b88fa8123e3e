"""The parts of a report as HTML, which the page and the notebook share."""

import html
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from flatline import diagnosis, pairs
from flatline.experiment import Experiment, Tried
from flatline.finding import Evidence, Finding, Severity
from flatline.fix import Fix
from flatline.reports import tried, wording
from flatline.reports.diagnosis import Diagnosis
from flatline.reports.drawings import Drawing

if TYPE_CHECKING:
    from flatline.reports.report import Report

RUNS = "experiment"  # the group of pictures that belongs to what was tried


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report under a heading of its own."""

    key: str
    title: str
    body: str
    count: int | None = None  # of what it holds
    folded: bool = False


def sections(report: "Report", drawings: Sequence[Drawing], layers: str = "") -> tuple[Section, ...]:
    """Return the parts of a report in the order in which they are read, those that are not empty.

    Parameters
    ----------
    report : Report
    drawings : sequence of Drawing
        Its pictures.
    layers : str
        The browser of its layers.
    """
    evidence = [drawing for drawing in drawings if drawing.group != RUNS]
    n_drawn = sum(drawing.drawn for drawing in evidence)
    passed = [_outcome("passed", wording.label(each)) for each in report.passed]
    unknown = [_outcome("unknown", wording.label(each), each.reason) for each in report.not_evaluated]
    parts = (
        Section(key="causes", title="Causes and fixes", body=_causes(report), count=len(report.findings)),
        Section(key="evidence", title="Evidence", body=_pictures(evidence), count=n_drawn or None, folded=not n_drawn),
        Section(key="layers", title="What the layers see", body=layers),
        Section(key="tried", title=tried.TITLE, body=_tried(report, drawings)),
        Section(key="passed", title="What passed", body=_list(passed), count=len(passed), folded=True),
        Section(
            key="unknown", title="What could not be told", body=_list(unknown), count=len(unknown), folded=True
        ),
        Section(key="scope", title="How it was measured", body=_scope(report), folded=True),
    )  # fmt: skip
    return tuple(part for part in parts if part.body)


def resource(name: str) -> str:
    """Return the text of a file beside this one."""
    return files("flatline.reports").joinpath(name).read_text(encoding="utf-8")


def prose(text: object) -> str:
    """Return a user's or a check's text as HTML: what is in backticks is code, and nothing in it is markup."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(wording.one_line(text)))


# ── what is wrong ───────────────────────────────────────────────────────────────────────────────────────────────────


def _causes(report: "Report") -> str:
    experiment = report.experiment
    groups = diagnosis.group(report.findings)
    remarks = [each for each in groups if all(_is_remark(finding) for finding in (each.lead, *each.others))]
    alarms = [each for each in groups if each not in remarks]
    parts = [_whole_change(report)]
    parts += [_group(_cause(each), (each.lead, *each.others), experiment) for each in alarms]
    if remarks:
        parts.append(_group("Worth knowing", [f for each in remarks for f in (each.lead, *each.others)], experiment))
    return "".join(parts)


def _is_remark(finding: Finding) -> bool:
    return diagnosis.severity_of(finding) is Severity.INFO


def _cause(group: diagnosis.Group) -> str:
    cause = group.lead.cause
    return "No cause named" if cause is None else f"Cause: {diagnosis.spoken(cause, (group.lead, *group.others))}"


def _whole_change(report: "Report") -> str:
    """The best set-up that was confirmed, as one difference of code."""
    experiment = report.experiment
    if experiment is None or not experiment.confirmed or not isinstance(report, Diagnosis) or report.code is None:
        return ""
    what = "The change that was confirmed" if len(experiment.chosen) == 1 else "All changes that were confirmed"
    return f"<h3>{what}, as a difference of code</h3>{_code(report.diff(), kind='diff')}"


def _group(title: str, findings: Iterable[Finding], experiment: Experiment | None) -> str:
    cards = "".join(_finding(finding, experiment) for finding in findings)
    return f'<div class="group"><h3>{prose(title)}</h3>{cards}</div>'


def _finding(finding: Finding, experiment: Experiment | None) -> str:
    severity = diagnosis.severity_of(finding).name
    rows = "".join(_row(evidence) for evidence in finding.evidence)
    table = _table(("quantity", "measured", "healthy", "where"), rows)
    return (
        f'<article class="finding item {severity}" data-kind="{severity}">'
        f'<h4><span class="severity">{severity}</span> {prose(wording.label(finding))}</h4>'
        f"<p>{prose(finding.message)}</p>{table}{''.join(_fix(fix, experiment) for fix in finding.fixes)}</article>"
    )


def _row(evidence: Evidence) -> str:
    value, bound = wording.measured(evidence)
    return _cells((evidence.quantity, value, bound, wording.place(evidence)))


def _table(columns: Iterable[str], rows: str) -> str:
    head = "".join(f'<th scope="col">{prose(name)}</th>' for name in columns)
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>' if rows else ""


def _cells(cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<td>{prose(cell)}</td>" for cell in cells) + "</tr>"


def _fix(fix: Fix, experiment: Experiment | None) -> str:
    trust = f'<span class="quiet">({prose(wording.trust(fix, experiment))})</span>'
    return f'<div class="fix"><p>→ {prose(fix.title)} {trust}</p>{_code(fix.snippet)}</div>'


def _code(text: str, kind: str = "python") -> str:
    """A piece of code to copy; the lines of a difference are marked beyond their sign."""
    lines = wording.printable(text).strip("\n").split("\n")
    if lines == [""]:
        return ""
    shown = "\n".join(_marked(line) if kind == "diff" else html.escape(line) for line in lines)
    return f'<div class="code"><pre><code class="{kind}">{shown}</code></pre></div>'


def _marked(line: str) -> str:
    kind = {"+": "ins", "-": "del"}.get("" if line.startswith(("+++", "---")) else line[:1])
    return f"<{kind}>{html.escape(line)}</{kind}>" if kind else html.escape(line)


# ── pictures ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pictures(drawings: Sequence[Drawing]) -> str:
    groups: dict[str, list[Drawing]] = {}
    for drawing in drawings:
        groups.setdefault(drawing.group, []).append(drawing)
    return "".join(f"<h3>{prose(_begun(group))}</h3>{figures(those)}" for group, those in groups.items())


def figures(drawings: Iterable[Drawing], level: int = 4) -> str:
    """Return pictures, each with its title and what to look for, and then which could not be drawn, and why."""
    drawings = tuple(drawings)
    missing = "".join(
        f"<li>{prose(_begun(each.title))}: not drawn, {prose(each.reason)}</li>" for each in drawings if not each.drawn
    )
    drawn = "".join(_figure(each, level) for each in drawings if each.drawn)
    return f'{drawn}<ul class="quiet">{missing}</ul>' if missing else drawn


def _figure(drawing: Drawing, level: int) -> str:
    width, height = drawing.size
    head = f"<h{level}>{prose(_begun(drawing.title))}</h{level}>"
    told = f'<figcaption><span class="quiet">What to look for:</span> {prose(drawing.look_for)}</figcaption>'
    source = f'src="{drawing.source}" width="{width}" height="{height}"'
    # As an image it cannot run anything, whatever its labels say.
    image = f'<img alt="{html.escape(drawing.title)}" {source}>'
    return f'<figure>{head}<div class="wide">{image}</div>{told}</figure>'


def _begun(text: str) -> str:
    """The same text, beginning with a capital."""
    return text[:1].upper() + text[1:]


# ── what was tried, what passed, what was measured ──────────────────────────────────────────────────────────────────


def _tried(report: "Report", drawings: Sequence[Drawing]) -> str:
    said, experiment = tried.told(report), report.experiment
    if said is None or experiment is None:
        return ""
    changes = "".join(f"<li>{prose(change)}</li>" for change in said.chosen)
    folded = "".join(f'<p class="quiet">{prose(line)}</p>' for line in (*said.folded, said.measured))
    columns = ("change", "outcome", prose(experiment.score), "on other rows", "note")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    rows = "".join(_change(each) for each in (*experiment.chosen, *experiment.tried))
    table = f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'
    table = f"<details><summary>every change</summary>{table}</details>" if rows else ""
    runs = figures((drawing for drawing in drawings if drawing.group == RUNS), level=3)
    return f"<p>{prose(said.head)}</p>{f'<ul>{changes}</ul>' if changes else ''}{folded}{table}{runs}"


def _change(each: Tried) -> str:
    scores = ["" if math.isnan(score) else pairs.score(score) for score in (each.score, each.held_out)]
    return _cells((pairs.change(each.fix), each.outcome.value, *scores, each.note))


def _outcome(kind: str, label: str, reason: str = "") -> str:
    told = f": {prose(reason)}" if reason else ""
    return f'<li class="item" data-kind="{kind}"><span class="label">{prose(label)}</span>{told}</li>'


def _list(items: Sequence[str]) -> str:
    return f'<ul class="outcomes">{"".join(items)}</ul>' if items else ""


def _scope(report: "Report") -> str:
    rows = "".join(_measured(report))
    return f'<dl class="scope">{rows}</dl><p class="quiet">{_HOW}</p>'


def _measured(report: "Report") -> Iterator[str]:
    from flatline import __version__

    for key, value in report.scope.items():
        yield f"<dt>{prose(key)}</dt><dd>{prose(value)}{' s' if key == 'seconds' else ''}</dd>"
    yield f"<dt>flatline</dt><dd>{__version__}</dd>"


_HOW = (
    "Facts are measured, checks judge them. A check that lacks a fact says so instead of passing. "
    "<code>flatline explain CODE</code> prints what a check looks for, why, and how far to trust its fix."
)
