import pytest

from flatline.fix import MapLabels, SetCompile, SetLayer
from flatline.remedies.canonical_head import canonical_head
from tests.checks import make
from tests.remedies import heads
from tests.remedies.heads import YES_NO, behaves
from tests.remedies.try_out import fixes

SQUARED = {"loss": "mean_squared_error"}


@pytest.mark.parametrize(
    ("head", "activation", "loss"),
    [
        (heads.sparse(**behaves("tanh"), **SQUARED), "softmax", "sparse_categorical_crossentropy"),
        (heads.one_hot(**behaves("relu"), **SQUARED), "softmax", "categorical_crossentropy"),
        (heads.one_hot(**behaves("sigmoid"), loss="binary_crossentropy"), "softmax", "categorical_crossentropy"),
        (heads.binary(**behaves("relu"), **SQUARED), "sigmoid", "binary_crossentropy"),
        (heads.quantity(**behaves("sigmoid"), loss="binary_crossentropy"), "linear", "mean_squared_error"),
        *((head, None, None) for head in heads.USUAL),
        (heads.sparse(**behaves("linear"), **SQUARED), None, None),  # canonical-loss takes logits
        (heads.sparse(**SQUARED), None, None),  # the loss alone
        (heads.sparse(**behaves("tanh")), None, None),  # the activation alone
    ],
)
def test_table(head, activation, loss):
    edits = [fix.edits for fix in fixes(canonical_head, make.objective(head), make.model())]
    bent = SetLayer(layer="dense_1", argument="activation", value=activation)
    assert edits == ([(bent, SetCompile(argument="loss", value=loss))] if activation else [])


def test_what_no_edit_reaches_is_left_alone():
    objective = make.objective(heads.sparse(**behaves("tanh"), **SQUARED))
    inner = make.model(make.layer("dense"), make.layer("dense_1", nested_in=("model", "head")))
    custom = make.model(make.layer("dense"), make.layer("dense_1", builtin=False))
    assert fixes(canonical_head, objective, make.model())
    assert not fixes(canonical_head, objective, inner)
    assert not fixes(canonical_head, objective, custom)
    assert not fixes(canonical_head, objective, make.model(make.layer("dense"), heads.function("dense_1")))
    wide = heads.one_hot(output_shape=(5,), units=5, **behaves("tanh"), **SQUARED)
    assert not fixes(canonical_head, make.objective(wide), make.model())  # the units are wrong first


def test_labels_are_written_for_the_new_loss():
    signs = heads.binary(y=2 * YES_NO - 1, **behaves("tanh"), loss="hinge")
    (fix,) = fixes(canonical_head, make.objective(signs), make.model())
    assert fix.edits[-1] == MapLabels(how="zero_one")
