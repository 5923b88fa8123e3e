import numpy as np
import pytest

from flatline.canonical import Canon, canon, has_activation, has_loss, names_units, relabelled, shift, single
from flatline.facts import Task
from tests.checks import make
from tests.remedies import heads
from tests.remedies.heads import behaves

TWICE = np.c_[make.CLASSES, make.CLASSES]
BINARY, SPARSE, SQUARED = "binary_crossentropy", "sparse_categorical_crossentropy", "mean_squared_error"
PIXELS = {"task": Task.RECONSTRUCTION, "y": heads.ROWS, "output_shape": (3,), "units": 3, "encoding": "values"}


def softmax(units):
    return Canon(units=units, activation="softmax", loss=SPARSE)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (heads.sparse(), softmax(3)),
        (heads.sparse(y=make.CLASSES + 1), softmax(3)),  # once they are numbered from 0
        (heads.sparse(y=make.CLASSES + 1, output_shape=(4,), units=4), softmax(4)),
        (heads.binary(output_shape=(2,), units=2), softmax(2)),
        (heads.binary(), Canon(units=1, activation="sigmoid", loss=BINARY)),
        (heads.binary(y=heads.YES_NO[:, None], output_shape=()), Canon(units=1, activation="sigmoid", loss=BINARY)),
        (heads.binary(y=TWICE, output_shape=(2, 1)), Canon(units=1, activation="sigmoid", loss=BINARY)),
        (heads.binary(y=TWICE, output_shape=(1,)), None),
        (heads.tags(), Canon(units=4, activation="sigmoid", loss=BINARY)),
        (heads.tags(y=heads.YES_NO), None),
        (heads.quantity(), Canon(units=1, activation="linear", loss=SQUARED)),
        (heads.quantity(y=make.ROWS), Canon(units=5, activation="linear", loss=SQUARED)),
        (heads.quantity(y=make.ROWS, output_shape=(5, 1)), Canon(units=1, activation="linear", loss=SQUARED)),
        (heads.quantity(y=make.ROWS, output_shape=(2, 2, 1)), None),
        (heads.sparse(task=Task.REGRESSION, loss=SQUARED), softmax(3)),  # whole numbers that name the units
        (heads.one_hot(task=Task.UNKNOWN), None),
        (heads.sparse(y=TWICE), None),
        (heads.sparse(y=make.CLASSES - 1), None),
        (heads.sparse(y=make.CLASSES + 0.5, encoding="values"), None),
        (heads.sparse(task=Task.UNKNOWN, y=2 * heads.YES_NO), None),
        (heads.one_hot(y=heads.ROWS[:, :1], encoding="soft"), None),  # one column has no classes
    ],
)
def test_canon(head, expected):
    assert canon(head) == expected


@pytest.mark.parametrize(
    ("head", "does"),
    [
        (heads.sparse(), True),
        (heads.sparse(encoding="values"), False),
        (heads.sparse(y=2 * heads.YES_NO), False),
        (heads.sparse(y=0 * heads.YES_NO, output_shape=(1,), units=1), False),
    ],
)
def test_names_units(head, does):
    assert names_units(head) is does


def test_shift_is_nothing_where_each_label_names_a_unit():
    assert shift(heads.sparse(y=make.CLASSES + 1)) == 1
    assert shift(heads.sparse(y=make.CLASSES + 1, output_shape=(4,), units=4)) == 0
    assert shift(heads.sparse(y=make.CLASSES - 5, output_shape=(1,), units=1)) == 0


def test_single():
    head = make.head()
    assert single(make.objective(head)) is head
    for other in (make.head(loss="unknown"), make.head(target=None), make.head(weight=0.0)):
        assert single(make.objective(other)) is None
    assert single(make.objective(head, head)) is None


def test_activations_are_judged_by_behaviour():
    assert has_activation(heads.sparse(declared=None), "softmax")
    assert not has_activation(heads.sparse(squash="sigmoid"), "softmax")
    assert has_activation(heads.sparse(squash="unknown"), "softmax")
    assert has_activation(heads.sparse(squash="unknown", declared=None), "linear")


def test_classifiers_read_logits():
    assert softmax(3).is_classifier
    assert not Canon(units=1, activation="linear", loss=SQUARED).is_classifier


def test_pixels_may_be_probabilities():
    pixels, bytes_ = heads.quantity(**PIXELS | behaves("sigmoid")), heads.quantity(**PIXELS | {"y": 255 * heads.ROWS})
    assert has_activation(pixels, "linear")
    assert not has_activation(pixels, "softmax")
    assert not has_activation(heads.quantity(**PIXELS | {"y": 255 * heads.ROWS} | behaves("sigmoid")), "linear")
    assert not has_activation(heads.quantity(**PIXELS | behaves("tanh")), "linear")
    assert not has_activation(heads.quantity(**PIXELS | behaves("sigmoid") | {"task": Task.REGRESSION}), "linear")
    usual = Canon(units=3, activation="linear", loss=SQUARED)
    for loss, right in (("binary_crossentropy", True), ("poisson", False), (SQUARED, True)):
        assert has_loss(heads.quantity(**PIXELS, loss=loss), usual) is right
    assert not has_loss(heads.quantity(**PIXELS | {"y": 255 * heads.ROWS}, loss=BINARY), usual)
    assert has_loss(bytes_, usual)
    assert not has_loss(heads.quantity(**PIXELS | {"task": Task.REGRESSION}, loss=BINARY), usual)


@pytest.mark.parametrize(
    ("y", "loss", "how"),
    [
        (2 * heads.YES_NO - 1, "binary_crossentropy", ["zero_one"]),
        (make.CLASSES + 1, SPARSE, ["from_zero"]),
        (heads.YES_NO, "binary_crossentropy", []),
        (make.CLASSES, "binary_crossentropy", []),  # three values
        (make.CLASSES + 1, SQUARED, []),
        (2 * heads.YES_NO - 1, SQUARED, []),
    ],
)
def test_relabelled(y, loss, how):
    head = heads.sparse(y=y)
    changes = relabelled(make.objective(head), head, loss)
    assert [edit.how for change in changes for edit in change.edits or ()] == how
