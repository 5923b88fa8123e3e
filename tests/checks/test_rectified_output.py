import numpy as np

from flatline.cause import Cause
from flatline.checks.rectified_output import rectified_output
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

RELU = {"squash": "relu", "declared": "relu", "low": 0.0, "high": 37.0, "sums_to_one": False}
ONE_UNIT = {"task": Task.BINARY, "units": 1, "output_shape": (1,), "n_classes": 2, "loss": "binary_crossentropy"}
ONE_UNIT |= {"target": make.array(make.CLASSES % 2)}
ROWS = {"target": make.array(np.eye(3, dtype="float32")[make.CLASSES]), "encoding": "one_hot"}
MODEL = make.model(make.layer("dense"), make.layer("dense_1", kernel_shape=(16, 3)))


def rectified(**given):
    return make.objective(make.head(**{**RELU, **given}))


def test_table():
    RuleTester(rectified_output).run(
        fires=[
            row(
                rectified(),
                MODEL,
                message="ends in ReLU (0 … 37",
                severity=Severity.ERROR,
                cause=Cause.OUTPUT_ACTIVATION,
                where="dense_1",
                fix='`activation="softmax"`',
            ),
            row(rectified(from_logits=True), MODEL, message="must be able to be negative", fix="take the activation"),
            row(rectified(**ONE_UNIT), MODEL, message="probabilities", fix='`activation="sigmoid"`'),
            row(rectified(**ROWS, loss="categorical_crossentropy"), MODEL, message="0 … 37", fix="softmax"),
            row(
                rectified(**ROWS, loss="binary_crossentropy"), MODEL, message="0 … 37", fix="`categorical_crossentropy`"
            ),
        ],
        silent=[
            make.objective(),
            rectified(high=1.0),  # capped at 1, as a hard sigmoid is
            rectified(loss="mean_squared_error", task=Task.REGRESSION, target=make.array(np.abs(make.ROWS))),
            rectified(loss="poisson", task=Task.REGRESSION, encoding="values"),
            rectified(squash="linear", low=-3.0),
            rectified(units=1, output_shape=(1,), loss="binary_crossentropy"),  # three classes in one unit: FL305
        ],
        cannot_tell=[row(rectified(squash="unknown"), message="outputs of known range")],
    )
