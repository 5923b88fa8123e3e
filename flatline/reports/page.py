"""The report as one HTML file that needs nothing else, and in which nothing but its own script can run."""

import base64
import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from flatline import diagnosis
from flatline.reports import html, wording
from flatline.reports.drawings import drawings
from flatline.reports.html import Section, prose, resource
from flatline.reports.layers import browser

if TYPE_CHECKING:
    from flatline.reports.report import Report

_KINDS = {
    "ERROR": "errors",
    "WARNING": "warnings",
    "INFO": "worth knowing",
    "passed": "passed",
    "unknown": "not told",
}


def document(report: "Report") -> str:
    """Return a whole HTML page, with the pictures drawn in.

    Parameters
    ----------
    report : Report
        Of any kind; as `flatline.reports.private.private` returns it, where the page is to be passed on.
    """
    layers = browser(report)
    style = f"{resource('parts.css')}{resource('page.css')}{layers.style}"
    script = f"{resource('page.js')}{layers.script}"
    parts = html.sections(report, drawings(report), layers.markup)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(style, script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>flatline report</title>\n<style>{style}</style></head>\n<body>\n"
        '<a class="skip" href="#main">Skip to the outcomes</a>\n<div class="page flatline">\n'
        f"{_top(report)}\n{_side(report, parts)}\n"
        f'<main id="main" tabindex="-1">\n{"".join(map(_section, parts))}</main>\n</div>\n'
        f"<script>{script}</script>\n</body></html>\n"
    )


def policy(style: str, script: str) -> str:
    """Allow this style, this script and pictures in the file: what a name smuggled in would neither run nor load."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def _top(report: "Report") -> str:
    return (
        f'<header class="top"><p><strong>flatline</strong> · {prose(wording.scope_line(report.scope))}</p>'
        f'<h1 id="verdict">{prose(wording.headline(report))}</h1>{_paragraph(wording.together_line(report))}'
        f"<p>{_counted(report)}</p></header>"
    )


def _paragraph(text: str) -> str:
    return f"<p>{prose(text)}</p>" if text else ""


def _counted(report: "Report") -> str:
    counts = _counts(report)
    told = [f"{counts[kind]} {noun}" for kind, noun in _KINDS.items() if counts[kind]]
    return prose(" · ".join(told).replace("1 errors", "1 error").replace("1 warnings", "1 warning"))


def _counts(report: "Report") -> Counter[str]:
    counts = Counter(diagnosis.severity_of(finding).name for finding in report.findings)
    return counts + Counter(passed=len(report.passed), unknown=len(report.not_evaluated))


def _side(report: "Report", parts: tuple[Section, ...]) -> str:
    links = "".join(f'<li><a href="#{part.key}">{part.title}{_count(part)}</a></li>' for part in parts)
    kinds = "".join(
        f'<button type="button" data-kind="{kind}" aria-pressed="true">{_KINDS[kind]}</button>'
        for kind in _KINDS
        if _counts(report)[kind]
    )
    return (
        f'<div class="side"><nav aria-label="Contents"><ul>{links}</ul></nav>'
        '<div class="tools scripted" role="search" aria-label="Filter of outcomes" hidden>'
        '<label for="filter">Filter by text or code (press /)</label>'
        '<input id="filter" type="search" autocomplete="off">'
        f'<div class="row" role="group" aria-label="Kinds of outcomes to show">{kinds}</div>'
        '<p class="told" id="told" role="status" aria-live="polite"></p>'
        '<div class="row"><button type="button" id="unfold">Unfold all</button>'
        '<button type="button" id="fold">Fold all</button><button type="button" id="theme">Dark page</button></div>'
        "</div></div>"
    )


def _section(part: Section) -> str:
    folded = "" if part.folded else " open"
    return (
        f'<section id="{part.key}" aria-labelledby="{part.key}-title"><details{folded}><summary>'
        f'<h2 id="{part.key}-title">{part.title}{_count(part)}</h2></summary>{part.body}</details></section>\n'
    )


def _count(part: Section) -> str:
    return "" if part.count is None else f' <span class="count">({part.count})</span>'
