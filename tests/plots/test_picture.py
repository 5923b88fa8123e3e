"""How a picture is declared, found and drawn."""

from xml.etree import ElementTree

import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flatline.errors import CannotTell
from flatline.facts import PlanFacts, TinySubsetFacts
from flatline.glossary import GLOSSARY
from flatline.logs import LossLog
from flatline.plots.picture import GROUPS, all_pictures, picture, pictures_of
from flatline.plots.trainability import plot_tiny_subset
from tests.checks import make as facts


@picture("a title", look_for="Look.", group="loss")
def plot_length(log: LossLog, plan: PlanFacts | None = None, *, ax: Axes | None = None) -> Axes:
    if not len(log):
        raise CannotTell("no row")
    ax.set_title(f"{len(log)} rows, {'no' if plan is None else 'a'} plan")
    return ax


LOG = LossLog(step=[0, 1], loss=[1.0, 2.0])


@pytest.fixture
def ax():
    return Figure().subplots()


def test_it_is_called_like_its_function(ax):
    assert plot_length(LOG, ax=ax).get_title() == "2 rows, no plan"


def test_it_is_drawn_from_facts(ax):
    assert plot_length.draw({LossLog: LOG, PlanFacts: "not given"}, ax) is None
    assert ax.get_title() == "2 rows, no plan"


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({LossLog: "no training loss was recorded"}, "no training loss was recorded"),
        ({LossLog: LossLog()}, "no row"),
        ({}, "needs LossLog, which was not measured"),
    ],
)
def test_what_is_missing_is_said_in_its_place(ax, known, reason):
    assert plot_length.draw(known, ax) == reason
    assert [text.get_text() for text in ax.texts] == [f"not drawn: {reason}"]


def test_it_belongs_to_what_was_meant_to_be_measured():
    assert plot_length.belongs({LossLog: "no training loss was recorded"})
    assert not plot_length.belongs({PlanFacts: "not given"})


def test_every_picture_on_disk_is_whole():
    names = [each.name for each in all_pictures()]
    assert "tiny-subset" in names
    assert len(set(names)) == len(names)
    for each in all_pictures():
        assert each.group in GROUPS and set(each.about) <= set(GLOSSARY)
        assert each.look_for.endswith(".") and each.title[0].islower()


def test_an_image_leaves_no_figure_open():
    before = pyplot.get_fignums()
    known = {TinySubsetFacts: facts.tiny(facts.arm("$x_<script>"))}
    for each in pictures_of(known):
        drawing, reason = each.svg(known)
        assert b"<svg" in drawing and b"<script" not in drawing and reason is None
    assert pyplot.get_fignums() == before


def test_an_image_is_xml_whatever_a_name_holds():
    name = "\x1b[31m \x00 --> ]]> & <b> \ud800"
    drawing, reason = plot_tiny_subset.svg({TinySubsetFacts: facts.tiny(facts.arm(name))})
    assert reason is None
    assert ElementTree.fromstring(drawing).tag.endswith("svg")
