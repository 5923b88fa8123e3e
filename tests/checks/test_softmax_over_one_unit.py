import numpy as np

from flatline.cause import Cause
from flatline.checks.softmax_over_one_unit import softmax_over_one_unit
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

PAIR = np.random.default_rng(0).integers(0, 2, 200)
ONE = {"squash": "constant", "low": 1.0, "high": 1.0, "units": 1, "output_shape": (1,), "sums_to_one": False}
BINARY = {**ONE, "task": Task.BINARY, "n_classes": 2, "loss": "binary_crossentropy", "target": make.array(PAIR)}
MODEL = make.model(
    make.layer("dense"),
    make.layer("dense_1", kernel_shape=(16, 1), activation="softmax", config={"units": 1, "activation": "softmax"}),
)


def one(**given):
    return make.objective(make.head(**{**BINARY, **given}))


def test_table():
    RuleTester(softmax_over_one_unit).run(
        fires=[
            row(
                one(),
                MODEL,
                message="softmax to 1 unit",
                severity=Severity.ERROR,
                cause=Cause.OUTPUT_ACTIVATION,
                where="dense_1",
                fix='`activation="sigmoid"`',
            ),
            row(one(loss="mean_squared_error"), MODEL, message="1 unit", fix="and `binary_crossentropy`"),
            row(one(loss="categorical_crossentropy"), message="1 unit", fix="and `binary_crossentropy`"),
            row(one(target=make.array(2 * PAIR - 1)), MODEL, message="1 unit", fix="labels 0 and 1"),
            row(
                one(
                    task=Task.REGRESSION, target=make.array(make.ROWS[:, 0]), loss="mean_squared_error", n_classes=None
                ),
                MODEL,
                message="1 for every sample",
                fix='`activation="linear"`',
            ),
            row(one(task=Task.MULTICLASS, n_classes=5), MODEL, message="1 unit", fix="5 softmax units"),
            row(one(declared=None), message="`dense_1`"),  # through an operation of the user's own
        ],
        silent=[
            make.objective(),
            one(squash="sigmoid", low=0.0),
            one(squash="constant", low=0.5, high=0.5),  # constant, but no softmax
            one(declared="sigmoid"),  # a sigmoid that raw inputs saturate for every weight that was tried
            one(low=1.0 - 2e-4),
            one(units=2, output_shape=(2,)),
            one(squash="linear", low=-3.0, high=3.0),
        ],
        cannot_tell=[row(one(squash="unknown"), message="0 of 1 outputs")],
    )
