import pytest

from flatline.fix import SetLayer
from flatline.remedies.no_dropout import no_dropout
from tests.checks import make
from tests.remedies.try_out import fixes


def drop(rate, kind="Dropout", **given):
    return make.layer("a", kind=kind, kernel_shape=(), config={"rate": rate}, **given)


def lstm(**config):
    return make.layer("a", kind="LSTM", config={"units": 16, **config})


def rate(value, argument="rate"):
    return (SetLayer(layer="a", argument=argument, value=value),)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (drop(0.5), [rate(0.0)]),
        (drop(0.8), [rate(0.0), rate(0.4)]),
        (drop(0.2, "SpatialDropout2D"), [rate(0.0)]),
        (lstm(dropout=0.6, recurrent_dropout=0.0), [rate(0.0, "dropout"), rate(0.3, "dropout")]),
        (drop(0.0), []),
        (lstm(dropout=0.0), []),
        (make.layer("a"), []),
        (drop(0.5, nested_in=("model", "inner")), []),
        (drop(0.5, builtin=False), []),
    ],
)
def test_table(layer, expected):
    assert [fix.edits for fix in fixes(no_dropout, make.model(layer, make.layer("out")))] == expected


def test_the_snippet_says_which_lines_to_delete():
    other = make.layer("b", kind="LSTM", config={"units": 16, "dropout": 0.2})
    (fix,) = fixes(no_dropout, make.model(drop(0.5), other, make.layer("out")))
    assert fix.title == "train without dropout (`a`, `b`)"
    assert fix.snippet.startswith("# or delete the layers `a`\n")
    (fix,) = fixes(no_dropout, make.model(lstm(dropout=0.5), make.layer("out")))
    assert "delete" not in fix.snippet


def test_a_recurrent_layer_that_exists_keeps_its_rate():
    model = make.model(lstm(dropout=0.5), make.layer("out"), kind="subclassed")
    assert not fixes(no_dropout, model)
    assert fixes(no_dropout, make.model(drop(0.5), make.layer("out"), kind="subclassed"))
