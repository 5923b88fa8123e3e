import pytest

from flatline.facts import Task
from flatline.remedies.deeper import deeper
from tests.checks import make
from tests.remedies import heads
from tests.remedies.try_out import fixes


def chain(*units, **last):
    hidden = [make.layer(f"h{i}", kernel_shape=(5, n)) for i, n in enumerate(units)]
    return make.model(*hidden, make.layer("dense_1", kernel_shape=(5, 3), activation="softmax", **last))


@pytest.mark.parametrize(
    ("model", "width"),
    [
        (chain(), 64),
        (chain(16), 64),
        (chain(16, 100), 100),
        (chain(4096), 256),
        (chain(*[16] * 8), 64),
        (chain(*[16] * 9), None),
        (chain(16, kind="Conv2D"), None),
        (chain(16, nested_in=("model", "inner")), None),
        (make.model(kind="subclassed"), None),
    ],
)
def test_table(model, width):
    found = [
        [(edit.before, edit.config["units"]) for edit in fix.edits] for fix in fixes(deeper, make.objective(), model)
    ]
    assert found == ([[("dense_1", width)]] if width else [])


def test_a_code_is_narrow_on_purpose():
    assert not fixes(deeper, make.objective(heads.quantity(task=Task.RECONSTRUCTION)), make.model())
    assert not fixes(deeper, make.objective(make.head(), make.head()), make.model())
