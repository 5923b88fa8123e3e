"""The layers in a page and in a notebook, where a report has something to show of them."""

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
    if view is None or isinstance(view, str):
        return Browser(markup=_why_none(view))
    from flatline.reports import browser as browsing

    return Browser(markup=browsing.fragment(view), style=browsing.STYLE, script=browsing.SCRIPT)


def folds(report: "Report", *, seconds: float, most: int) -> Browser:
    """Return the same without a script, and no more than fits.

    Parameters
    ----------
    report : Report
    seconds : float
        That a look may take, where none was taken yet.
    most : int
        Bytes of the markup.
    """
    view = report.view(seconds) if callable(report.view) else report.view
    if view is None or isinstance(view, str):
        return Browser(markup=_why_none(view))
    from flatline.reports import folded_layers

    return Browser(markup=folded_layers.fragment(view, report.findings, most), style=folded_layers.STYLE)


def _why_none(view: str | None) -> str:
    return f'<p class="quiet">There are no pictures of the layers: {prose(view)}.</p>' if view else ""
