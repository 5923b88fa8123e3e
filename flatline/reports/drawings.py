"""The pictures of a report as images that a page can hold."""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flatline.reports.report import Report

DOTS = 96  # a page's dots to the inch: https://www.w3.org/TR/css-values-4/#absolute-lengths
LARGE = (
    60_000  # bytes of an SVG image above which a PNG image of twice the dots is tried: 30 of them are 2.4 MB as text
)


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A picture as it stands in a page."""

    title: str
    look_for: str
    group: str
    size: tuple[int, int]  # dots
    source: str = ""  # of an `img`; empty where there is nothing to see,
    reason: str = ""  # and why

    @property
    def drawn(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.source)


def drawings(report: "Report", *, seconds: float = float("inf"), most: float = float("inf")) -> tuple[Drawing, ...]:
    """Draw the pictures of a report, one after the other for as long as time and size allow.

    Parameters
    ----------
    report : Report
    seconds : float
        After which no further picture is begun.
    most : float
        Bytes of all images together; one that would go beyond is left out.
    """
    start, found, held = time.perf_counter(), [], 0
    for drawing in _drawn(report):
        if held + len(drawing.source) <= most:
            found.append(drawing)
            held += len(drawing.source)
        if time.perf_counter() - start > seconds:
            break
    return tuple(found)


def _drawn(report: "Report") -> Iterator[Drawing]:
    """Draw what was measured; matplotlib is imported here, where there is something to draw."""
    if not report.facts:
        return
    from flatline.plots import picture

    for each in picture.pictures_of(report.facts, report.findings):
        try:
            figure, reason = each.figure(report.facts)
            source = _source(figure) if reason is None else ""
        except Exception as error:  # as with a check: one picture that crashes must not cost the page
            source, reason = "", f"crashed: {type(error).__name__}: {str(error)[:200]}"
        yield Drawing(
            title=each.title,
            look_for=each.look_for,
            group=each.group,
            size=(round(each.size[0] * DOTS), round(each.size[1] * DOTS)),
            source=source,
            reason=reason or "",
        )


def _source(figure: "Figure") -> str:
    """The image as text, of the form that takes fewer bytes: thousands of points are smaller as dots than as paths."""
    from flatline.plots import picture

    image, kind = picture.image(figure, "svg"), "svg+xml"
    if len(image) > LARGE:
        dots = picture.image(figure, "png", dpi=2 * DOTS)
        image, kind = min((image, kind), (dots, "png"), key=lambda each: len(each[0]))
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"
