import dataclasses

import pytest

from flatline.remedies.batch_normalization_in import batch_normalization_in
from tests.checks import make
from tests.remedies.try_out import fixes


def plain(name, kind, **given):
    return make.layer(name, kind=kind, kernel_shape=(), **given)


A, B, OUT = make.layer("a"), make.layer("b"), make.layer("out", activation="softmax")
NORM = plain("bn", "BatchNormalization")


@pytest.mark.parametrize(
    ("layers", "before"),
    [
        ([A, OUT], ["out"]),
        ([A, B, OUT], ["b", "out"]),
        ([A, plain("act", "ReLU"), OUT], ["act"]),
        ([A, plain("drop", "Dropout"), OUT, plain("last", "Softmax")], ["drop"]),  # none before the output's softmax
        ([A, NORM, B, OUT], ["out"]),
        ([A, NORM, OUT], []),
        ([A, plain("act", "ReLU"), plain("ln", "LayerNormalization"), OUT], []),
        ([OUT], []),
        ([make.layer("a", kind="LSTM"), OUT], []),
        ([A, make.layer("out", nested_in=("model", "inner"))], []),  # no place that an edit reaches
    ],
)
def test_table(layers, before):
    found = fixes(batch_normalization_in, make.model(*layers))
    assert [[edit.before for edit in fix.edits] for fix in found] == ([before] if before else [])


def test_where_it_cannot_stand():
    assert fixes(batch_normalization_in, make.model(A, OUT), make.plan(batch_size=4))
    assert fixes(batch_normalization_in, make.model(A, OUT), make.plan(batch_size=None))
    assert not fixes(batch_normalization_in, make.model(A, OUT), make.plan(batch_size=3))
    assert not fixes(batch_normalization_in, make.model(A, OUT, kind="subclassed"))
    skip = dataclasses.replace(OUT, inputs=("a", "b"))
    assert [edit.before for edit in fixes(batch_normalization_in, make.model(A, B, OUT))[0].edits] == ["b", "out"]
    assert not fixes(batch_normalization_in, make.model(A, B, skip))
