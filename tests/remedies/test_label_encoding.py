import numpy as np
import pytest

from flatline.fix import MapLabels
from flatline.remedies.label_encoding import label_encoding
from tests.checks import make
from tests.remedies import heads
from tests.remedies.heads import YES_NO, behaves
from tests.remedies.try_out import fixes

ROWS = MapLabels(how="one_hot", classes=3)


@pytest.mark.parametrize(
    ("head", "edit"),
    [
        (heads.binary(y=2 * YES_NO - 1), MapLabels(how="zero_one")),
        (heads.binary(y=YES_NO + 1), MapLabels(how="zero_one")),
        (heads.binary(y=2 * YES_NO - 1, loss="mean_squared_error"), MapLabels(how="zero_one")),
        (heads.sparse(y=make.CLASSES + 1), MapLabels(how="from_zero")),
        (heads.one_hot(loss="sparse_categorical_crossentropy"), MapLabels(how="integers")),
        (heads.sparse(loss="categorical_crossentropy"), ROWS),
        (heads.sparse(loss="mean_squared_error"), ROWS),
        (heads.sparse(loss="binary_crossentropy", **behaves("sigmoid")), ROWS),
        *((head, None) for head in heads.USUAL),
        (heads.binary(y=2 * YES_NO - 1, loss="hinge", **behaves("tanh")), None),
        (heads.binary(y=2 * YES_NO - 1, loss="mean_squared_error", **behaves("tanh")), None),
        (heads.sparse(y=make.CLASSES + 1, output_shape=(4,), units=4), None),  # unit 0 is unused, and harmless
        (heads.sparse(y=make.CLASSES * 5 + 1), None),  # renumbering would not do
        (heads.sparse(y=make.CLASSES + 1.5, encoding="values"), None),
        (heads.sparse(y=np.c_[make.CLASSES, make.CLASSES] + 1), None),
        (heads.sparse(y=make.CLASSES + 0.5, encoding="values", loss="categorical_crossentropy"), None),
        (heads.sparse(y=np.c_[make.CLASSES, make.CLASSES], loss="categorical_crossentropy"), None),
        (heads.sparse(y=2 * YES_NO, loss="mean_squared_error"), None),  # no names of three units
        (heads.binary(y=0 * YES_NO), None),
        (heads.sparse(y=make.CLASSES - 1, loss="categorical_crossentropy"), None),
        (heads.binary(y=4 * YES_NO + 3, loss="mean_squared_error", **behaves("relu")), None),  # within reach
        (heads.binary(y=2 * YES_NO - 1, loss="hinge"), None),
        (heads.binary(y=make.CLASSES), None),  # three classes for one unit
        (heads.tags(y=2 * heads.TAGS - 1, output_shape=(1,), units=1), None),  # four numbers for one unit
        (heads.one_hot(loss="sparse_categorical_crossentropy", output_shape=(5,), units=5), None),
        (heads.one_hot(loss="sparse_categorical_crossentropy", encoding="soft"), None),
        (heads.sparse(y=make.CLASSES + 1, loss="categorical_crossentropy"), None),  # no unit 3 to mark
    ],
)
def test_table(head, edit):
    found = [fix.edits for fix in fixes(label_encoding, make.objective(head))]
    assert found == ([(edit,)] if edit else [])
