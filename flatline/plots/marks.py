"""Mark in a curve where something was found: numbers in the drawing, what they mean below it."""

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from matplotlib.axes import Axes

from flatline.finding import Finding
from flatline.logs import Marks
from flatline.plots.frame import GREY, literal

MOST = 9  # marks; more are no help
CLOSE = 0.05  # of the width of the axes: marks that are nearer share a line and its label
LINE = 62  # characters of a line below a drawing


class Mark(NamedTuple):
    """A finding in a drawing."""

    number: int
    step: int
    finding: Finding


def numbered(marks: Marks | None) -> tuple[Mark, ...]:
    """Number what was found by step, the first of each check only; what is of the set-up has no place in a run."""
    first: dict[str, tuple[int, Finding]] = {}
    for found, finding in marks.found if marks is not None else ():
        step = when(finding, found)
        if found and (finding.code not in first or step < first[finding.code][0]):
            first[finding.code] = (step, finding)
    ordered = sorted(first.values(), key=lambda each: (each[0], each[1].code))
    return tuple(Mark(number, step, finding) for number, (step, finding) in enumerate(ordered, start=1))


def when(finding: Finding, found: int) -> int:
    """Step at which it happened: where its evidence ends or, where that says no steps, where it was found."""
    ends = [evidence.steps[1] for evidence in finding.evidence if evidence.steps is not None]
    return min([*ends, found])


def named_layers(marks: Marks | None) -> frozenset[str]:
    """Layers that findings speak of."""
    found = marks.found if marks is not None else ()
    return frozenset(
        where for _, each in found for where in (each.where, *(e.where for e in each.evidence)) if where
    )  # fmt: skip


def draw_marks(ax: Axes, marks: Marks | None) -> None:
    """Draw numbered lines where something was found, and what the numbers mean below the x axis.

    Parameters
    ----------
    ax : Axes
        Over steps, with its curves drawn and its x axis labelled.
    marks : Marks or None
    """
    left, right = ax.get_xlim()
    known = tuple(mark for mark in numbered(marks) if left <= mark.step <= right)[:MOST]
    for together in _clusters(known, CLOSE * (right - left)):
        first, last = together[0].number, together[-1].number
        ax.axvline(together[0].step, color=GREY, linestyle=":", linewidth=1.0)
        ax.annotate(
            f"{first}" if first == last else f"{first}–{last}", (together[0].step, 1.0),
            xycoords=("data", "axes fraction"), xytext=(0, -2), textcoords="offset points", ha="center", va="top",
            fontsize="small", bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": GREY},
        )  # fmt: skip
    ax.set_xlim(left, right)
    if known:
        told = [f"{mark.number}\u00a0{mark.finding.name.replace('-', chr(0x2011))}" for mark in known]
        lines = textwrap.wrap("   ".join(told), LINE, break_long_words=False, break_on_hyphens=False)
        ax.set_xlabel("\n".join([ax.get_xlabel(), *(literal(line) for line in lines)]))


def _clusters(marks: tuple[Mark, ...], close: float) -> Iterator[list[Mark]]:
    together: list[Mark] = []
    for mark in marks:
        if together and mark.step - together[0].step > close:
            yield together
            together = []
        together.append(mark)
    if together:
        yield together
