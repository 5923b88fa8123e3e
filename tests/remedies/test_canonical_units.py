import numpy as np
import pytest

from flatline.facts import Task
from flatline.fix import MapLabels, SetCompile, SetLayer
from flatline.remedies.canonical_units import canonical_units
from tests.checks import make
from tests.remedies import heads
from tests.remedies.heads import behaves
from tests.remedies.try_out import fixes, titles


def wide(units):
    return {"output_shape": (units,), "units": units}


@pytest.mark.parametrize(
    ("head", "units", "activation", "loss"),
    [
        (heads.sparse(**wide(1), loss="binary_crossentropy"), 3, "softmax", "sparse_categorical_crossentropy"),
        (
            heads.sparse(**wide(1), loss="binary_crossentropy", from_logits=True),
            3,
            "softmax",
            "sparse_categorical_crossentropy",
        ),
        (heads.sparse(**wide(2)), 3, "softmax", None),
        (heads.sparse(**wide(2), from_logits=True, **behaves("linear")), 3, "linear", None),
        (heads.one_hot(**wide(1)), 3, "softmax", None),
        (heads.one_hot(**wide(5), loss="mean_squared_error"), 3, "softmax", "categorical_crossentropy"),
        (heads.binary(**wide(4)), 1, "sigmoid", None),
        (heads.tags(**wide(1)), 4, "sigmoid", None),
        (heads.quantity(**wide(3), y=make.ROWS[:, :1]), 1, "linear", None),
        (heads.quantity(y=make.ROWS), 5, "linear", None),
        *((head, None, None, None) for head in heads.USUAL),
        (heads.sparse(**wide(10)), None, None, None),  # classes that these rows lack
        (heads.binary(**wide(2), loss="sparse_categorical_crossentropy", **behaves("softmax")), None, None, None),
        (heads.sparse(**wide(1), y=np.arange(200) * 1000), None, None, None),  # identifiers
        (heads.quantity(**wide(3), task=Task.UNKNOWN), None, None, None),
    ],
)
def test_table(head, units, activation, loss):
    edits = [fix.edits for fix in fixes(canonical_units, make.objective(head), make.model())]
    widened = (
        SetLayer(layer="dense_1", argument="units", value=units),
        SetLayer(layer="dense_1", argument="activation", value=activation),
    )
    compiled = (SetCompile(argument="loss", value=loss),) if loss else ()
    assert edits == ([(*widened, *compiled)] if units else [])


def test_classes_from_one_are_renumbered():
    head = heads.sparse(y=make.CLASSES + 1, **wide(1), loss="binary_crossentropy")
    (fix,) = fixes(canonical_units, make.objective(head), make.model())
    assert fix.edits[0].value == 3
    assert fix.title.endswith("with labels from 0")
    assert fix.edits[-1] == MapLabels(how="from_zero")


def test_titles_count():
    assert titles(canonical_units, make.objective(heads.binary(**wide(4))), make.model()) == [
        "use 1 `sigmoid` unit in `dense_1`"
    ]
    assert titles(canonical_units, make.objective(heads.sparse(**wide(2))), make.model()) == [
        "use 3 `softmax` units in `dense_1`"
    ]


def test_what_no_edit_reaches_is_left_alone():
    head = heads.sparse(**wide(2))
    inner = make.model(make.layer("dense"), make.layer("dense_1", nested_in=("model", "head")))
    assert not fixes(canonical_units, make.objective(head), inner)
    assert not fixes(canonical_units, make.objective(head), make.model(kind="subclassed"))
