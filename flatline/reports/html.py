"""The report as HTML: a fragment for notebooks, and one static file without scripts that needs nothing else."""

import base64
import html
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flatline import diagnosis, pairs
from flatline.experiment import Tried
from flatline.finding import Evidence, Finding
from flatline.fix import Fix
from flatline.reports import tried, wording

if TYPE_CHECKING:
    from flatline.plots.picture import Picture
    from flatline.reports.report import Report

_STYLE = """
.flatline { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; color: inherit; }
.flatline code, .flatline pre { font-family: ui-monospace, Consolas, monospace; font-size: .92em; }
.flatline pre { background: rgba(128, 128, 128, .12); padding: .6em .9em; overflow-x: auto; margin: .3em 0 .8em; }
.flatline .finding { border-left: 4px solid #767676; padding: .1em 0 .1em 1em; margin: 1.2em 0; }
.flatline .ERROR { border-left-color: #d55e00; } .flatline .WARNING { border-left-color: #e69f00; }
.flatline .INFO { border-left-color: #56b4e9; }
.flatline .finding .finding { margin: .6em 0; }
.flatline .severity { font-weight: 700; } .flatline p { margin: .3em 0; }
.flatline table { border-collapse: collapse; margin: .4em 0; font-size: .92em; }
.flatline th, .flatline td { text-align: left; padding: .1em 1em .1em 0; font-weight: normal; }
.flatline th { opacity: .75; } .flatline .quiet { opacity: .75; } .flatline img { max-width: 100%; background: #fff; }
"""


def document(report: "Report") -> str:
    """Return a whole HTML page, with the loss curves drawn in where there are any."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>flatline report</title><style>body { margin: 2rem auto; padding: 0 1rem; max-width: 60rem; "
        "color: #1a1a1a; background: #fff; }</style></head>\n<body>\n"
        f"{fragment(report, figure=_figure(report), runs=_runs(report))}\n</body></html>\n"
    )


def fragment(report: "Report", *, figure: str = "", runs: str = "") -> str:
    """Return the report as one `div`, with its style."""
    parts = "\n".join(_parts(report, figure, runs))
    return f'<style>{_STYLE}</style>\n<div class="flatline">\n{parts}\n</div>'


def _parts(report: "Report", figure: str, runs: str) -> Iterator[str]:
    score = wording.score_of(report)
    yield f"<p><strong>flatline</strong> · {_prose(wording.scope_line(report.scope))}</p>"
    for group in diagnosis.group(report.findings):
        under = "".join(_finding(other, score) for other in group.others)
        yield _finding(group.lead, score, under)
    yield _tried(report, runs)
    verdict = wording.verdict_line(report)
    if verdict:
        yield f"<p>{_prose(verdict)}</p>"
    yield figure
    yield _list(
        wording.passed_line(report), [f"{_prose(passed.code)} {_prose(passed.name)}" for passed in report.passed]
    )
    yield _list(
        wording.not_evaluated_line(report),
        [f"{_prose(each.code)} {_prose(each.name)}: {_prose(each.reason)}" for each in report.not_evaluated],
    )


def _tried(report: "Report", runs: str) -> str:
    said, experiment, score = tried.told(report), report.experiment, wording.score_of(report)
    if said is None or experiment is None:
        return ""
    changes = "".join(
        f'<li>{_prose(pairs.change(fix))} <span class="quiet">({_prose(wording.trust(fix, score))})</span></li>'
        for fix in said.chosen
    )
    folded = "".join(f'<p class="quiet">{_prose(line)}</p>' for line in (*said.folded, said.measured))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("change", "outcome", _prose(score), "on other rows", ""))
    rows = "".join(_row_of(each) for each in (*experiment.chosen, *experiment.tried))
    table = f"<details><summary>every change</summary><table><tr>{head}</tr>{rows}</table></details>" if rows else ""
    return (
        f'<div class="finding tried"><p><strong>{tried.TITLE}</strong></p><p>{_prose(said.head)}</p>'
        f"{f'<ul>{changes}</ul>' if changes else ''}{folded}{table}{runs}</div>"
    )


def _row_of(each: Tried) -> str:
    scores = ["" if math.isnan(score) else pairs.score(score) for score in (each.score, each.held_out)]
    cells = (pairs.change(each.fix), each.outcome.value, *scores, each.note)
    return "<tr>" + "".join(f"<td>{_prose(cell)}</td>" for cell in cells) + "</tr>"


def _list(summary: str, items: list[str]) -> str:
    if not items:
        return f'<p class="quiet">{_prose(summary)}</p>' if summary else ""
    rows = "".join(f"<li>{item}</li>" for item in items)
    return f'<details class="quiet"><summary>{_prose(summary)}</summary><ul>{rows}</ul></details>'


def _finding(finding: Finding, score: str, under: str = "") -> str:
    severity = diagnosis.severity_of(finding).name
    cause = "" if finding.cause is None else f' <span class="quiet">cause: {finding.cause.value}</span>'
    rows = "".join(_row(evidence) for evidence in finding.evidence)
    head = '<tr><th scope="col">quantity</th><th scope="col">measured</th>'
    head += '<th scope="col">healthy</th><th scope="col">where</th></tr>'
    return (
        f'<div class="finding {severity}"><p><span class="severity">{severity}</span> '
        f"<strong>{_prose(wording.label(finding))}</strong>{cause}</p><p>{_prose(finding.message)}</p>"
        + (f"<table>{head}{rows}</table>" if rows else "")
        + "".join(_fix(fix, score) for fix in finding.fixes)
        + f"{under}</div>"
    )


def _row(evidence: Evidence) -> str:
    value, bound = wording.measured(evidence)
    cells = (evidence.quantity, value, bound, wording.place(evidence))
    return "<tr>" + "".join(f"<td>{_prose(cell)}</td>" for cell in cells) + "</tr>"


def _fix(fix: Fix, score: str) -> str:
    snippet = html.escape(wording.printable(fix.snippet).strip("\n"))
    code = f"<pre><code>{snippet}</code></pre>" if snippet else ""
    return f'<p>→ {_prose(fix.title)} <span class="quiet">({_prose(wording.trust(fix, score))})</span></p>{code}'


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(wording.one_line(text)))


def _figure(report: "Report") -> str:
    return "".join(_picture(each, report) for each in pictures_of(report) if each.group != "experiment")


def _runs(report: "Report") -> str:
    return "".join(_picture(each, report) for each in pictures_of(report) if each.group == "experiment")


def _picture(each: "Picture[Any]", report: "Report") -> str:
    drawing, reason = each.svg(report.facts)
    head = f"<h3>{_prose(each.title[0].upper() + each.title[1:])}</h3>"
    if reason is not None:
        return f'{head}<p class="quiet">not drawn: {_prose(reason)}</p>'
    return f'{head}{_image(drawing, each.title)}<p class="quiet">{_prose(each.look_for)}</p>'


def pictures_of(report: "Report") -> Iterator["Picture[Any]"]:
    """Pictures of a report; matplotlib is imported here, where there is something to draw."""
    if not report.facts:
        return
    from flatline.plots import picture

    yield from picture.pictures_of(report.facts)


def _image(drawing: bytes, described: str) -> str:
    # As an image the drawing cannot run anything, whatever its labels say.
    data = base64.b64encode(drawing).decode("ascii")
    return f'<p><img alt="{html.escape(described)}" src="data:image/svg+xml;base64,{data}"></p>'
