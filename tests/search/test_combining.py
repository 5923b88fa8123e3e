"""Of two changes of the same thing the later one holds."""

import pytest

from flatline.experiment import Candidate
from flatline.fix import (
    Fix,
    InsertLayer,
    MapInput,
    MapLabels,
    Reinitialize,
    RemoveLayer,
    ReplaceLayer,
    Safety,
    SetCompile,
    SetFit,
    SetLayer,
    Shuffle,
)  # fmt: skip
from flatline.search.combining import combined, disjoint, place_of

RELU = SetLayer(layer="a", argument="activation", value="relu")
SOFTMAX = SetLayer(layer="a", argument="activation", value="softmax")
WIDE = SetLayer(layer="a", argument="units", value=9)
OTHER = SetLayer(layer="b", argument="activation", value="relu")
REPLACE = ReplaceLayer(layer="a", kind="Dense", config={"units": 3})
REMOVE = RemoveLayer(layer="a")
INSERT = InsertLayer(before="a", kind="Flatten", config={})
RATE = SetCompile(argument="optimizer.learning_rate", value=0.1)
ADAM = SetCompile(argument="optimizer", value="adam")
LOSS = SetCompile(argument="loss", value="mse")
EPOCHS = SetFit(argument="epochs", value=3)
BATCH = SetFit(argument="batch_size", value=3)
SCALE, UNIT = MapInput(how="rescale", factor=0.5), MapInput(how="standardize")
LABELS = MapLabels(how="from_zero")
ALL = (RELU, OTHER, INSERT, ADAM, LOSS, EPOCHS, BATCH, SCALE, LABELS, Shuffle(), Reinitialize(layers=("a",)))


def change(*edits, title="do it", snippet="") -> Candidate:
    return Candidate(fix=Fix(title=title, edits=edits, snippet=snippet), cause=None, source="remedy")


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (RELU, ("layer", "a", "activation")),
        (REPLACE, ("layer", "a")),
        (REMOVE, ("layer", "a")),
        (INSERT, ("before", "a")),
        (RATE, ("compile", "optimizer")),
        (ADAM, ("compile", "optimizer")),
        (LOSS, ("compile", "loss")),
        (EPOCHS, ("fit", "epochs")),
        (SCALE, ("X",)),
        (LABELS, ("y",)),
        (Shuffle(), ("rows",)),
        (Reinitialize(layers=("a", "b")), ("weights",)),
    ],
)
def test_place_of(edit, place):
    assert place_of(edit) == place


@pytest.mark.parametrize(
    ("first", "second"),
    [(RELU, SOFTMAX), (RELU, REPLACE), (REMOVE, RELU), (REMOVE, REPLACE), (RATE, ADAM), (SCALE, UNIT)],
)
def test_the_later_one_holds(first, second):
    one, two = change(first), change(second)
    assert disjoint([one, two]) == [two]
    assert disjoint([two, one]) == [one]


def test_what_touches_different_things_stays_in_its_order():
    changes = [change(edit, title=str(i)) for i, edit in enumerate(ALL)]
    assert disjoint(changes) == changes
    assert disjoint([change(RELU), change(WIDE)]) == [change(RELU), change(WIDE)]


def test_a_change_goes_as_a_whole():
    both = change(RELU, LOSS)
    assert disjoint([both, change(SOFTMAX)]) == [change(SOFTMAX)]
    assert disjoint([change(SOFTMAX), change(OTHER), both]) == [change(OTHER), both]


def test_the_same_change_is_made_once():
    assert disjoint([change(RELU), change(RELU)]) == [change(RELU)]
    nothing = change(title="look at the data")
    assert disjoint([nothing, nothing]) == [nothing]


def test_combined():
    one, two = change(RELU, title="bend", snippet="first"), change(LOSS, EPOCHS, title="square", snippet="second")
    fix = combined([one, change(BATCH, title="fewer"), two])
    assert fix.title == "bend; fewer; square"
    assert fix.edits == (RELU, BATCH, LOSS, EPOCHS)
    assert fix.snippet == "first\nsecond"
    assert fix.safety is Safety.UNSAFE
    assert combined([one]) is one.fix
