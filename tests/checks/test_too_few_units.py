import numpy as np

from flatline.cause import Cause
from flatline.checks.too_few_units import too_few_units
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

NAN = float("nan")
ONE = {"units": 1, "output_shape": (1,), "squash": "sigmoid", "declared": "sigmoid", "sums_to_one": False}
MODEL = make.model(
    make.layer("dense"),
    make.layer("dense_1", kernel_shape=(16, 1), activation="sigmoid", config={"units": 1, "activation": "sigmoid"}),
)
ONE_HOT = np.eye(3, dtype="float32")[make.CLASSES]


def asked(**given):
    return make.objective(make.head(**given))


def test_table():
    RuleTester(too_few_units).run(
        fires=[
            row(
                asked(**ONE, loss="binary_crossentropy"),
                MODEL,
                message="has 1 unit and is asked for 3 classes",
                severity=Severity.ERROR,
                cause=Cause.OUTPUT_UNITS,
                where="dense_1",
                fix="3 `softmax` units",
            ),
            row(asked(**ONE, loss="categorical_crossentropy"), MODEL, message="3 classes", fix="`sparse_categorical"),
            row(asked(**ONE, loss="binary_crossentropy", from_logits=True), message="3 classes"),
            row(
                asked(units=2, output_shape=(2,), null=NAN), MODEL, message="cannot name labels up to 2", fix="3 `softm"
            ),
            row(
                asked(**ONE, n_classes=2, target=make.array(make.CLASSES % 2), null=NAN),
                MODEL,
                message="cannot name labels up to 1",
                fix="2 `softmax` units",
            ),
            row(
                asked(
                    units=2,
                    output_shape=(2,),
                    target=make.array(ONE_HOT),
                    encoding="one_hot",
                    loss="categorical_crossentropy",
                    null=NAN,
                ),
                MODEL,
                message="one-hot rows of 3 columns",
                fix="use 3 units",
            ),
        ],
        silent=[
            make.objective(),
            asked(units=4, output_shape=(4,)),  # more units than classes that occur
            asked(
                **ONE, loss="binary_crossentropy", task=Task.BINARY, n_classes=2, target=make.array(make.CLASSES % 2)
            ),
            asked(units=2, output_shape=(2,)),  # the loss takes the labels as they are: `ignore_class=2`
            asked(target=make.array(make.CLASSES + 1), null=NAN),  # numbered from 1: FL309
            asked(target=make.array(5 * make.CLASSES), null=NAN),  # gaps: FL309
            asked(target=make.array(ONE_HOT), encoding="one_hot", loss="categorical_crossentropy"),
            asked(**ONE, task=Task.REGRESSION, loss="mean_squared_error"),  # grades on a scale
        ],
        cannot_tell=[row(asked(target=None), message="a loss and targets")],
    )
