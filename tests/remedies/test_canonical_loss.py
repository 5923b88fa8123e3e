import pytest

from flatline.facts import Task
from flatline.fix import MapLabels, SetCompile
from flatline.remedies.canonical_loss import canonical_loss
from tests.checks import make
from tests.remedies import heads
from tests.remedies.heads import YES_NO, behaves
from tests.remedies.try_out import fixes

SQUARED = "mean_squared_error"


def logits(kind):
    return {"kind": kind, "config": {"from_logits": True}}


@pytest.mark.parametrize(
    ("head", "loss"),
    [
        (heads.sparse(loss=SQUARED), "sparse_categorical_crossentropy"),
        (heads.sparse(loss=SQUARED, task=Task.REGRESSION), "sparse_categorical_crossentropy"),
        (heads.sparse(loss="categorical_crossentropy"), "sparse_categorical_crossentropy"),
        (heads.one_hot(loss="mean_absolute_error"), "categorical_crossentropy"),
        (heads.one_hot(loss="custom"), "categorical_crossentropy"),
        (heads.sparse(from_logits=True), "sparse_categorical_crossentropy"),
        (heads.sparse(**behaves("linear")), logits("SparseCategoricalCrossentropy")),
        (heads.binary(**behaves("linear")), logits("BinaryCrossentropy")),
        (heads.binary(loss="mean_absolute_error"), "binary_crossentropy"),
        (heads.tags(loss=SQUARED), "binary_crossentropy"),
        (heads.quantity(loss="binary_crossentropy"), SQUARED),
        (heads.quantity(loss="mean_absolute_percentage_error"), SQUARED),
        *((head, None) for head in heads.USUAL),
        (heads.sparse(**behaves("linear"), from_logits=True), None),
        (heads.one_hot(loss="categorical_focal_crossentropy"), None),
        (heads.quantity(loss="huber"), None),
        (heads.sparse(**behaves("tanh"), loss=SQUARED), None),  # the activation has to change as well
        (heads.binary(output_shape=(4,), units=4, loss=SQUARED), None),
        (heads.quantity(task=Task.UNKNOWN, loss="custom"), None),
    ],
)
def test_table(head, loss):
    expected = [(SetCompile(argument="loss", value=loss),)] if loss else []
    assert [fix.edits for fix in fixes(canonical_loss, make.objective(head))] == expected


def test_labels_are_written_for_the_new_loss():
    (fix,) = fixes(canonical_loss, make.objective(heads.binary(y=2 * YES_NO - 1, **behaves("linear"), loss="hinge")))
    assert MapLabels(how="zero_one") in fix.edits
    assert "(y > 0)" in fix.snippet
    (fix,) = fixes(canonical_loss, make.objective(heads.sparse(y=make.CLASSES + 1, loss="categorical_crossentropy")))
    assert MapLabels(how="from_zero") in fix.edits
