import numpy as np

from flatline.cause import Cause
from flatline.checks.missing_flatten import missing_flatten
from flatline.facts import LayerFacts, ObjectiveFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def dense(name: str, n_out: int, n_axes: int) -> LayerFacts:
    shape = (4,) * (n_axes - 1)
    return make.layer(name, kernel_shape=(8, n_out), input_shape=(*shape, 8), output_shape=(*shape, n_out))


def net(n_axes: int, maker: LayerFacts | None = None) -> object:
    conv = make.layer("conv", kind="Conv2D", kernel_shape=(3, 3, 1, 8))
    return make.model(maker or conv, dense("dense", 8, n_axes), dense("dense_1", 3, n_axes))


def head(
    output: tuple[int | None, ...], target: tuple[int, ...], loss: str = "categorical_crossentropy"
) -> ObjectiveFacts:
    return make.objective(
        make.head(output_shape=output, target=make.array(np.zeros((50, *target)), name="y"), loss=loss)
    )


RETURNING = make.layer("memory", kind="LSTM", config={"units": 8, "return_sequences": True})
SPARSE, BINARY, SQUARED = "sparse_categorical_crossentropy", "binary_crossentropy", "mean_squared_error"


def test_missing_flatten() -> None:
    RuleTester(missing_flatten).run(
        fires=[
            row(
                net(3),
                head((4, 4, 3), (3,)),
                message="gives shape (4, 4, 3) for each sample, its targets are shape (3,): the layers keep 2 axes",
                severity=Severity.ERROR,
                cause=Cause.ARCHITECTURE,
                fix="insert `Flatten()` before `dense`",
            ),
            row(net(3), head((4, 4, 3), (), SPARSE), message="targets are a single number", severity=Severity.ERROR),
            row(net(2), head((4, 3), (1,), SPARSE), message="1 axis too many", severity=Severity.ERROR),
            row(net(2), head((30, 1), (1,), BINARY), message="each position is asked", severity=Severity.WARNING),
            row(net(2), head((None, 1), (), SQUARED), message="shape (?, 1)", severity=Severity.WARNING),
            row(net(2, RETURNING), head((20, 3), (3,)), message="1 axis", fix="return_sequences=False"),
        ],
        silent=[
            (make.model(), make.objective()),  # integers (n,) against (n, 3)
            (net(1), head((3,), (3,))),
            (net(1), head((1,), (), BINARY)),  # labels (n,) against one unit
            (net(1), head((3,), (1,), SPARSE)),  # a column of class numbers
            (net(2), head((20, 1), (20,), BINARY)),  # a label a step
            (net(3), head((8, 8, 2), (8, 8, 1), SPARSE)),  # an integer mask with a channel axis
            (net(3), head((8, 8, 2), (8, 8), SPARSE)),
            (net(2), head((20, 9), (20,), SPARSE)),
            (net(1), head((3,), (1,), SQUARED)),  # as many axes: whether the widths fit is another matter
            (net(2), head((None, 5), (20,), SPARSE)),  # an open axis fits any length
        ],
        cannot_tell=[
            # Three embeddings side by side against a placeholder: what a custom loss compares is its own affair.
            row(net(2), head((3, 16), (), "custom"), message="none of the 1 losses"),
            row(net(2), make.objective(heads=()), message="0 outputs"),
        ],
    )
