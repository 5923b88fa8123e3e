"""Findings in a curve: where they stand, how they are numbered, what is written below."""

import pytest
from matplotlib.figure import Figure

from flatline.finding import Evidence, Finding
from flatline.logs import Marks
from flatline.plots.marks import MOST, draw_marks, named_layers, numbered


def finding(code, name, *, steps=None, where=""):
    evidence = Evidence(quantity="progress", value=0.0, bound=(">=", 0.1), steps=steps, where=where)
    return Finding(message="m", code=code, name=name, evidence=(evidence,), where=where)


FLAT = finding("FL501", "flat-loss", steps=(0, 40))
DEAD = finding("FL705", "dead-units", where="dense")
SPIKE = finding("FL506", "loss-spikes", steps=(90, 90))
MARKS = Marks(found=((0, finding("FL102", "input-scale")), (95, SPIKE), (42, DEAD), (41, FLAT), (60, DEAD)))


@pytest.fixture
def ax():
    ax = Figure().subplots()
    ax.plot([0, 100], [1, 1])
    ax.set_xlabel("step")
    return ax


def test_they_are_numbered_where_they_happened_and_each_check_once():
    assert [(mark.number, mark.step, mark.finding.code) for mark in numbered(MARKS)] == [
        (1, 40, "FL501"),
        (2, 42, "FL705"),
        (3, 90, "FL506"),
    ]
    assert numbered(None) == ()


def test_near_ones_share_a_line_and_all_are_told_below(ax):
    before = ax.get_xlim()
    draw_marks(ax, MARKS)
    assert [text.get_text() for text in ax.texts] == ["1–2", "3"]
    assert [line.get_xdata()[0] for line in ax.get_lines()[1:]] == [40, 90]
    assert ax.get_xlabel().replace("\u00a0", " ").replace("\u2011", "-") == (
        "step\n1 flat-loss   2 dead-units   3 loss-spikes"
    )
    assert ax.get_xlim() == before


def test_what_lies_outside_of_the_steps_is_left_out(ax):
    ax.set_xlim(50, 100)
    draw_marks(ax, MARKS)
    assert [text.get_text() for text in ax.texts] == ["3"]


def test_they_are_never_too_many(ax):
    many = Marks(found=tuple((step, finding(f"FL{step}", f"check-{step}")) for step in range(1, 60)))
    draw_marks(ax, many)
    assert len(ax.get_xlabel().split("check")) == MOST + 1
    draw_marks(ax, Marks())
    draw_marks(ax, None)


def test_layers_that_findings_speak_of():
    assert named_layers(MARKS) == {"dense"}
    assert named_layers(None) == frozenset()
