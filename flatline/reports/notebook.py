"""The report in a notebook: the page's parts without script, ids or headings, for they would be the notebook's own."""

import re
import time
from typing import TYPE_CHECKING

from flatline.reports import html, wording
from flatline.reports.drawings import drawings
from flatline.reports.html import Section, prose, resource
from flatline.reports.layers import folds

if TYPE_CHECKING:
    from flatline.reports.report import Report

SECONDS = 1.0  # for pictures: a cell that shows a report should not feel slow; a tenth of a second draws one or two
BYTES = 500_000  # of pictures: they are kept in the notebook's file, in each cell that shows a report


def fragment(report: "Report") -> str:
    """Return the report as one `div` with its own style, folded by `details` alone.

    Pictures are drawn for a second at most, and as many as fit into half a megabyte; `report.save` has them all. The
    layers may have half of either, and what they leave goes to the other pictures.
    """
    start = time.perf_counter()
    layers = folds(report, seconds=SECONDS / 2, most=BYTES // 2)
    spent = time.perf_counter() - start
    drawn = drawings(report, seconds=SECONDS - spent, most=BYTES - len(layers.markup))
    parts = "".join(_section(part) for part in html.sections(report, drawn, layers.markup))
    text = (
        f"<p><strong>flatline</strong> · {prose(wording.scope_line(report.scope))}</p>"
        f"<p><strong>{prose(wording.headline(report))}</strong></p>{parts}"
    )
    return f'<style>{resource("parts.css")}{layers.style}</style>\n<div class="flatline">{_without_outline(text)}</div>'


def _section(part: Section) -> str:
    opened = " open" if part.key in ("causes", "tried") else ""
    count = "" if part.count is None else f" ({part.count})"
    return f"<details{opened}><summary><strong>{part.title}{count}</strong></summary>{part.body}</details>"


def _without_outline(text: str) -> str:
    """Take headings out of the notebook's table of contents; no text of a user's holds a tag."""
    text = re.sub(
        r'<h(\d)(?: class="([\w-]+)")?>',
        lambda head: (
            f'<div class="{" ".join(filter(None, (f"h{head[1]}", head[2])))}" role="heading" aria-level="{head[1]}">'
        ),
        text,
    )
    return re.sub(r"</h\d>", "</div>", text)
