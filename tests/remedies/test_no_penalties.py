import pytest

from flatline.fix import RemoveLayer, SetCompile, SetLayer
from flatline.remedies.no_penalties import no_penalties
from tests.checks import make
from tests.remedies.try_out import fixes


def penalised(**given):
    return make.layer("a", config={"units": 16, **given})


def none(argument):
    return SetLayer(layer="a", argument=argument, value=None)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (penalised(kernel_regularizer="L2"), [(none("kernel_regularizer"),)]),
        (
            penalised(bias_regularizer="L1", activity_regularizer="mine"),
            [(none("bias_regularizer"), none("activity_regularizer"))],
        ),
        (make.layer("a", kind="ActivityRegularization", kernel_shape=()), [(RemoveLayer(layer="a"),)]),
        (penalised(kernel_regularizer=None), []),
        (penalised(), []),
        (make.layer("a", config={"kernel_regularizer": "L2"}, nested_in=("model", "inner")), []),
    ],
)
def test_table(layer, expected):
    assert [fix.edits for fix in fixes(no_penalties, make.model(layer, make.layer("out")))] == expected


def test_a_layer_that_code_calls_cannot_be_taken_out():
    layers = make.layer("a", kind="ActivityRegularization", kernel_shape=()), make.layer("out")
    assert not fixes(no_penalties, make.model(*layers, kind="subclassed"))


@pytest.mark.parametrize(
    ("decay", "proposes"), [(0.5, True), (0.01, True), (0.004, False), (0.0, False), (None, False)]
)
def test_weight_decay(decay, proposes):
    optimizer = make.optimizer(kind="AdamW", config={"weight_decay": decay})
    expected = [(SetCompile(argument="optimizer.weight_decay", value=0.0),)] if proposes else []
    assert [fix.edits for fix in fixes(no_penalties, make.model(), optimizer)] == expected
