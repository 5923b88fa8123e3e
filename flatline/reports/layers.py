"""The browser of layers in the page, where a report has something to browse."""

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flatline.reports.report import Report

_MODULE = "flatline.reports.browser"


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Markup, and the style and script that go with it, which hold nothing of a user's."""

    markup: str = ""
    style: str = ""
    script: str = ""


def browser(report: "Report") -> Browser:
    """Return the browser of a report's view; an empty one where it has none."""
    if report.view is None or importlib.util.find_spec(_MODULE) is None:
        return Browser()
    module: Any = importlib.import_module(_MODULE)
    view = report.view() if callable(report.view) else report.view
    return Browser(markup=module.fragment(view), style=module.STYLE, script=module.SCRIPT)
