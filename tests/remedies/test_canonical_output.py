import pytest

from flatline.facts import Task
from flatline.fix import SetLayer
from flatline.remedies.canonical_output import canonical_output
from tests.checks import make
from tests.remedies import heads
from tests.remedies.heads import behaves
from tests.remedies.try_out import fixes


@pytest.mark.parametrize(
    ("head", "activation"),
    [
        (heads.sparse(**behaves("sigmoid")), "softmax"),
        (heads.sparse(**behaves("linear")), "softmax"),
        (heads.one_hot(**behaves("relu")), "softmax"),
        (heads.one_hot(squash="unknown", declared="tanh"), "softmax"),
        (heads.sparse(from_logits=True), "linear"),
        (heads.binary(**behaves("relu")), "sigmoid"),
        (heads.binary(squash="constant", declared="softmax"), "sigmoid"),
        (heads.tags(**behaves("softmax")), "sigmoid"),
        (heads.quantity(**behaves("sigmoid")), "linear"),
        (heads.quantity(**behaves("relu"), loss="mean_absolute_error"), "linear"),
        # class numbers that name the units, under a loss for quantities
        (heads.sparse(**behaves("tanh"), loss="mean_squared_error", task=Task.REGRESSION), "softmax"),
        *((head, None) for head in heads.USUAL),
        (heads.sparse(**behaves("linear"), from_logits=True), None),
        (heads.binary(**behaves("tanh"), loss="hinge"), None),  # what a hinge reads
        (heads.binary(output_shape=(2,), units=2, **behaves("softmax")), None),
        (heads.one_hot(output_shape=(5,), units=5, **behaves("sigmoid")), None),  # the units are wrong first
        (heads.quantity(task=Task.UNKNOWN, **behaves("sigmoid")), None),
        (heads.sparse(layer="elsewhere", **behaves("linear")), None),
    ],
)
def test_table(head, activation):
    expected = [(SetLayer(layer="dense_1", argument="activation", value=activation),)] if activation else []
    assert [fix.edits for fix in fixes(canonical_output, make.objective(head), make.model())] == expected


def test_what_no_edit_reaches_is_left_alone():
    head = heads.sparse(**behaves("linear"))
    inner = make.model(make.layer("dense"), make.layer("dense_1", nested_in=("model", "head")))
    custom = make.model(make.layer("dense"), make.layer("dense_1", builtin=False))
    assert fixes(canonical_output, make.objective(head), make.model())
    assert not fixes(canonical_output, make.objective(head), inner)
    assert not fixes(canonical_output, make.objective(head), custom)
    function = make.model(make.layer("dense"), heads.function("dense_1"))
    assert not fixes(canonical_output, make.objective(head), function)
    assert not fixes(canonical_output, make.objective(head, head), make.model())


def test_pixels_may_be_probabilities():
    pixels = {"task": Task.RECONSTRUCTION, "y": heads.ROWS, "output_shape": (3,), "units": 3, "encoding": "values"}
    assert not fixes(canonical_output, make.objective(heads.quantity(**pixels | behaves("sigmoid"))), make.model())
    assert fixes(canonical_output, make.objective(heads.quantity(**pixels | behaves("tanh"))), make.model())
