import numpy as np

from flatline.cause import Cause
from flatline.checks.label_encoding_mismatch import label_encoding_mismatch
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

PAIR = make.CLASSES % 2
ONE_HOT = make.array(np.eye(3, dtype="float32")[make.CLASSES])
TWO_HOT = make.array(np.eye(2, dtype="float32")[PAIR])
SEVERAL = make.array(np.random.default_rng(0).integers(0, 2, (200, 3)))
ONE = {"units": 1, "output_shape": (1,), "squash": "sigmoid", "declared": "sigmoid", "sums_to_one": False}
BINARY = {**ONE, "task": Task.BINARY, "n_classes": 2, "target": make.array(PAIR)}
SPARSE, CATEGORICAL = "sparse_categorical_crossentropy", "categorical_crossentropy"


def told(**given):
    return make.objective(make.head(**given))


def test_table():
    RuleTester(label_encoding_mismatch).run(
        fires=[
            row(
                told(loss=CATEGORICAL),
                message="reads 3 numbers a sample",
                severity=Severity.ERROR,
                cause=Cause.LOSS,
                where="dense_1",
                fix=f"compile with `{SPARSE}`",
            ),
            row(
                told(loss=CATEGORICAL, target=make.array(make.CLASSES[:, None])), make.model(), message="class numbers"
            ),
            row(told(loss=CATEGORICAL, from_logits=True), message="class numbers", fix="`from_logits=True`"),
            row(told(loss="binary_crossentropy", squash="sigmoid"), make.model(), message="3 numbers", fix="softmax"),
            # (n, 1) against (n, 3) broadcasts without a word.
            row(told(loss="mean_squared_error", task=Task.REGRESSION), message="3 numbers", fix=f"`{SPARSE}`"),
            row(told(target=ONE_HOT, encoding="one_hot"), message="rows of 3 numbers", fix=f"`{CATEGORICAL}`"),
            row(
                told(target=SEVERAL, encoding="multi_hot"), make.model(), message="3 numbers", fix="binary_crossentropy"
            ),
            row(told(**BINARY, loss=CATEGORICAL), message="the 1 unit", cause=Cause.LOSS, fix="`binary_crossentropy`"),
            row(
                told(**BINARY | {"squash": "constant", "low": 1.0}, loss=CATEGORICAL),
                make.model(),
                message="is 0 for every answer",
                fix='`activation="sigmoid"`',
            ),
            row(
                told(**ONE, target=make.array(make.ROWS[:, 0]), encoding="values", task=Task.UNKNOWN, loss=CATEGORICAL),
                message="is 0 for every answer",
                fix="`mean_squared_error`",
            ),
            row(
                told(**ONE, target=TWO_HOT, encoding="one_hot", loss="binary_crossentropy"),
                message="one-hot rows of 2 columns are compared with the 1 unit",
                cause=Cause.OUTPUT_UNITS,
                fix="turn the labels into class numbers",
            ),
        ],
        silent=[
            make.objective(),
            told(target=make.array(make.CLASSES[:, None])),
            told(target=ONE_HOT, encoding="one_hot", loss=CATEGORICAL),
            told(target=TWO_HOT, encoding="one_hot", loss=CATEGORICAL, units=2, output_shape=(2,)),
            told(target=SEVERAL, encoding="multi_hot", task=Task.MULTILABEL, loss="binary_crossentropy"),
            told(**BINARY, loss="binary_crossentropy"),
            told(**BINARY | {"target": make.array(PAIR[:, None])}, loss="binary_crossentropy"),
            told(**ONE, loss="binary_crossentropy"),  # three classes in one unit: FL305
            told(**ONE, loss=CATEGORICAL),  # likewise
            told(loss="custom"),
            # A label for each of eight steps, each with three units.
            told(target=make.array(np.tile(PAIR[:, None], 8)), output_shape=(8, 3)),
            told(target=ONE_HOT, encoding="one_hot", output_shape=(4, 3), loss=CATEGORICAL),  # Flatten forgotten: FL210
            # Quantities that happen to be whole numbers, beside a linear output of several units.
            told(
                loss="mean_squared_error",
                task=Task.REGRESSION,
                squash="linear",
                target=make.array(make.CLASSES[:, None]),
            ),
        ],
        cannot_tell=[row(told(target=None), message="a loss and targets")],
    )
