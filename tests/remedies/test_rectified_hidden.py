import dataclasses

import pytest

from flatline.fix import SetLayer
from flatline.remedies.rectified_hidden import rectified_hidden
from tests.checks import make
from tests.remedies.try_out import fixes


def dense(name, activation, **given):
    return make.layer(name, activation=activation, config={"units": 16, "activation": activation}, **given)


def plain(name, kind, **given):
    return make.layer(name, kind=kind, kernel_shape=(), **given)


OUT = dense("out", "softmax")


def relu(name):
    arguments = {"activation": "relu", "kernel_initializer": "he_normal"}
    return tuple(SetLayer(layer=name, argument=argument, value=value) for argument, value in arguments.items())


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([dense("a", "sigmoid"), OUT], [relu("a")]),
        ([dense("a", "hard_sigmoid"), dense("b", "softmax"), OUT], [(*relu("a"), *relu("b"))]),
        ([dense("a", "tanh"), dense("b", "relu"), dense("c", "linear"), OUT], [(*relu("a"), *relu("c")), relu("c")]),
        ([dense("a", "linear"), OUT], [relu("a")]),
        ([dense("a", "linear"), plain("pool", "MaxPooling2D"), OUT], [relu("a")]),
        ([dense("a", "sigmoid", trainable=False), OUT], [relu("a")[:1]]),  # its weights stay
        ([dense("a", "linear"), plain("act", "Activation", activation="tanh"), OUT], [relu("act")[:1]]),
        ([dense("a", "linear"), dense("b", "linear"), plain("act", "ReLU"), OUT], [relu("a")]),
        ([plain("act", "Activation", activation="tanh"), dense("a", "relu"), OUT], []),  # of the input
        ([dense("a", "relu"), dense("b", "relu"), plain("act", "Activation", activation="tanh")], []),  # of the output
        ([dense("a", "linear"), plain("act", "Softmax"), OUT], []),  # its activation is no argument
        ([dense("a", "linear"), plain("pool", "MaxPooling2D"), plain("act", "ReLU"), OUT], []),
        ([dense("a", "relu"), OUT], []),
        ([dense("a", "gelu"), OUT], []),
        ([OUT], []),
        ([dense("a", "relu"), dense("b", "sigmoid")], []),  # the output
        ([dense("a", "linear"), plain("act", "ReLU"), OUT], []),
        ([dense("a", "linear"), plain("bn", "BatchNormalization"), plain("act", "ReLU"), OUT], []),
        ([dense("a", "sigmoid", nested_in=("model", "inner")), OUT], []),
        ([dense("a", "sigmoid", builtin=False), OUT], []),
    ],
)
def test_table(layers, expected):
    assert [fix.edits for fix in fixes(rectified_hidden, make.model(*layers))] == expected


def test_the_linear_end_of_a_branch_is_meant():
    first = dense("a", "relu")
    branch = dataclasses.replace(dense("b", "linear"), inputs=("a",))
    added = plain("add", "Add", inputs=("a", "b"))
    assert not fixes(rectified_hidden, make.model(first, branch, added, OUT))
    assert fixes(rectified_hidden, make.model(first, branch, OUT))
