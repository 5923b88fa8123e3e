import dataclasses

import pytest

from flatline.facts import Task
from flatline.fix import SetLayer
from flatline.remedies.wider import wider
from tests.checks import make
from tests.remedies import heads
from tests.remedies.try_out import fixes


def dense(name, units, **given):
    return make.layer(name, config={"units": units, "activation": "relu"}, **given)


def conv(name, filters, **config):
    return make.layer(name, kind="Conv2D", kernel_shape=(3, 3, 1, filters), config={"filters": filters, **config})


def plain(name, kind, **given):
    return make.layer(name, kind=kind, kernel_shape=(), **given)


OUT = dense("out", 3)


@pytest.mark.parametrize(
    ("layers", "widths"),
    [
        ([dense("a", 2), OUT], {"a": 64}),
        ([dense("a", 32), dense("b", 100), dense("c", 8), OUT], {"a": 128, "c": 64}),
        ([conv("a", 4), plain("bn", "BatchNormalization"), plain("flatten", "Flatten"), OUT], {"a": 64}),
        ([make.layer("a", kind="LSTM", config={"units": 8}), OUT], {"a": 64}),
        ([dense("a", 8), dense("b", 64), plain("reshape", "Reshape"), OUT], {"a": 64}),
        ([dense("a", 64), OUT], {}),
        ([dense("a", 8), plain("drop", "Dropout"), plain("reshape", "Reshape"), OUT], {}),
        ([OUT], {}),
        ([dense("a", 2), plain("softmax", "Softmax")], {}),  # the output's
        ([dense("a", 8), plain("reshape", "Reshape"), OUT], {}),
        ([conv("a", 4, groups=2), OUT], {}),
        ([conv("a", 4), conv("b", 64, groups=4), OUT], {}),
        ([make.layer("a", kind="LSTM", config={"units": 8, "return_state": True}), OUT], {}),
        ([dense("a", 8), plain("mine", "Scale", builtin=False), OUT], {}),
        ([dense("a", 8), dense("b", 64, nested_in=("model", "inner")), OUT], {}),  # which takes 8 columns
        ([dense("a", 8, trainable=False), OUT], {}),
    ],
)
def test_table(layers, widths):
    found = [fix.edits for fix in fixes(wider, make.model(*layers))]
    assert [[(edit.layer, edit.argument in ("units", "filters"), edit.value) for edit in edits] for edits in found] == (
        [[(name, True, width) for name, width in widths.items()]] if widths else []
    )


def test_sums_fix_the_width():
    added = plain("add", "Add", inputs=("a", "b"))
    branch = dataclasses.replace(dense("b", 8), inputs=("a",))
    assert not fixes(wider, make.model(dense("a", 8), branch, added, OUT))


def test_states_and_second_outputs_fix_the_width():
    start = dense("a", 8)
    reader = make.layer("b", kind="LSTM", config={"units": 8}, inputs=("embedding", "a"))
    table = plain("embedding", "Embedding", reads_model_input=True)
    assert not fixes(wider, make.model(start, table, reader, OUT))
    read = dataclasses.replace(reader, inputs=("embedding",))
    assert fixes(wider, make.model(table, read, OUT))
    second = plain("drop", "Dropout", inputs=("a",), is_output=True)
    assert not fixes(wider, make.model(start, second, dataclasses.replace(OUT, inputs=("a",))))


def test_titles_name_a_few():
    (fix,) = fixes(wider, make.model(*(dense(f"d{i}", 16) for i in range(5)), OUT))
    assert fix.title == "widen `d0`, `d1`, `d2` and 2 more to 64, 64, 64, … units"


def test_a_code_is_narrow_on_purpose():
    model = make.model(dense("a", 2), OUT)
    assert fixes(wider, model, make.objective())
    assert not fixes(wider, model, make.objective(heads.quantity(task=Task.RECONSTRUCTION)))
    assert not fixes(wider, dataclasses.replace(model, kind="subclassed"))


def test_edits_name_the_argument_of_the_layer():
    (fix,) = fixes(wider, make.model(conv("a", 4), dense("b", 4), OUT))
    assert fix.edits == (
        SetLayer(layer="a", argument="filters", value=64),
        SetLayer(layer="b", argument="units", value=64),
    )
