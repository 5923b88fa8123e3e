"""The browser of layers in the page, where a report has something to browse."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flatline.reports.html import prose

if TYPE_CHECKING:
    from flatline.reports.report import Report


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Markup, and the style and script that go with it, which hold nothing of a user's."""

    markup: str = ""
    style: str = ""
    script: str = ""


def browser(report: "Report") -> Browser:
    """Return the browser of a report's view, or why there is none; nothing where there is nothing to say."""
    view = report.view() if callable(report.view) else report.view
    if view is None:
        return Browser()
    if isinstance(view, str):
        return Browser(markup=f'<p class="quiet">There are no pictures of the layers: {prose(view)}.</p>')
    from flatline.reports import browser as browsing

    return Browser(markup=browsing.fragment(view), style=browsing.STYLE, script=browsing.SCRIPT)
