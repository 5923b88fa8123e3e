"""The report in a notebook: the page's parts without script, ids or headings, for they would be the notebook's own."""

from typing import TYPE_CHECKING

from flatline.reports import html, wording
from flatline.reports.drawings import drawings
from flatline.reports.html import Section, prose, resource

if TYPE_CHECKING:
    from flatline.reports.report import Report

SECONDS = 1.0  # for pictures: a cell that shows a report should not feel slow; a tenth of a second draws one or two
BYTES = 500_000  # of pictures: they are kept in the notebook's file, in each cell that shows a report


def fragment(report: "Report") -> str:
    """Return the report as one `div` with its own style, folded by `details` alone.

    Pictures are drawn for a second at most, and as many as fit into half a megabyte; `report.save` has them all.
    """
    drawn = drawings(report, seconds=SECONDS, most=BYTES)
    parts = "".join(_section(part) for part in html.sections(report, drawn))
    text = (
        f"<p><strong>flatline</strong> · {prose(wording.scope_line(report.scope))}</p>"
        f"<p><strong>{prose(wording.headline(report))}</strong></p>{parts}"
    )
    return f'<style>{resource("parts.css")}</style>\n<div class="flatline">{_without_outline(text)}</div>'


def _section(part: Section) -> str:
    opened = " open" if part.key in ("causes", "tried") else ""
    count = "" if part.count is None else f" ({part.count})"
    return f"<details{opened}><summary><strong>{part.title}{count}</strong></summary>{part.body}</details>"


def _without_outline(text: str) -> str:
    """Take headings out of the notebook's table of contents; no text of a user's holds a tag."""
    for level in (3, 4):
        text = text.replace(f"<h{level}>", f'<div class="h{level}" role="heading" aria-level="{level}">')
        text = text.replace(f"</h{level}>", "</div>")
    return text
