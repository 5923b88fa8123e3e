import pytest

from flatline.fix import SetLayer
from flatline.remedies.unfrozen import unfrozen
from tests.checks import make
from tests.remedies.try_out import fixes

FROZEN = make.layer("a", trainable=False)


@pytest.mark.parametrize(
    ("layers", "names"),
    [
        ([FROZEN, make.layer("out")], ["a"]),
        ([FROZEN, make.layer("b", trainable=False), make.layer("out")], ["a", "b"]),
        ([make.layer("a"), make.layer("out")], []),
        ([make.layer("flatten", kind="Flatten", kernel_shape=(), trainable=False), make.layer("out")], []),
        ([make.layer("a", trainable=False, nested_in=("model", "backbone")), make.layer("out")], []),
    ],
)
def test_table(layers, names):
    edits = tuple(SetLayer(layer=name, argument="trainable", value=True) for name in names)
    assert [fix.edits for fix in fixes(unfrozen, make.model(*layers))] == ([edits] if names else [])
