import numpy as np

from flatline.cause import Cause
from flatline.checks.loss_for_other_task import loss_for_other_task
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

RNG = np.random.default_rng(0)
PAIR = make.CLASSES % 2
NORMAL = RNG.normal(size=200)
COUNTS = RNG.poisson(4.0, 200)
ONE_HOT = np.eye(3, dtype="float32")[make.CLASSES]
MAE, MSE, MAPE = "mean_absolute_error", "mean_squared_error", "mean_absolute_percentage_error"
ONE = {"units": 1, "output_shape": (1,), "squash": "sigmoid", "declared": "sigmoid", "sums_to_one": False}
LINEAR = {"squash": "linear", "declared": "linear", "low": -30.0, "high": 30.0}
STUCK = make.rehearsal(make.arm(losses=np.full(50, 1.09), score=0.3))
NEAR_ZERO = np.concatenate([np.zeros(3), 1 + RNG.random(197)])


def classes(loss, y=PAIR, **given):
    one = {**ONE, "task": Task.BINARY, "n_classes": 2, "loss": loss, "target": make.array(y)}
    return make.objective(make.head(**{**one, **given}))


def quantities(loss, y=NORMAL, **given):
    one = {**ONE, **LINEAR, "task": Task.REGRESSION, "encoding": "values", "n_classes": None, "loss": loss}
    return make.objective(make.head(**{**one, "target": make.array(y), **given}))


def test_table():
    RuleTester(loss_for_other_task).run(
        fires=[
            row(
                classes(MAE),
                message="targets take 2 values",
                severity=Severity.WARNING,
                cause=Cause.LOSS,
                where="dense_1",
                fix="`binary_crossentropy`",
            ),
            row(classes(MAE), STUCK, message="one class for all", severity=Severity.WARNING),
            row(classes(MAE), make.rehearsal(), message="2 values", severity=Severity.INFO),
            row(classes(MAE, 2 * PAIR - 1, **LINEAR), make.model(), message="2 values", fix="labels 0 and 1"),
            row(classes("poisson"), STUCK, message="`poisson`", severity=Severity.WARNING),
            row(classes(MSE), STUCK, message="2 values", severity=Severity.INFO),
            row(
                classes(MAE, ONE_HOT, units=3, output_shape=(3,), encoding="one_hot", task=Task.UNKNOWN, **LINEAR),
                make.model(),
                message="class labels",
                fix='`categorical_crossentropy` and use `activation="softmax"`',
            ),
            row(
                classes(MSE, ONE_HOT, units=3, output_shape=(3,), encoding="one_hot", squash="softmax"),
                message="class labels",
                severity=Severity.INFO,
            ),
            row(
                quantities("binary_crossentropy", squash="sigmoid", low=0.0, high=1.0),
                make.model(),
                message="lie outside 0 … 1",
                severity=Severity.ERROR,
                fix="`mean_squared_error` and use",
            ),
            row(
                quantities("binary_crossentropy"),
                make.data(has_sample_weight=True),
                message="lie outside",
                severity=Severity.WARNING,
            ),
            row(quantities("poisson"), message="are negative", severity=Severity.ERROR, fix="`mean_squared_error`"),
            row(
                quantities(MAPE, NEAR_ZERO), message="1.5 % of them are nearer to 0", severity=Severity.WARNING, fix=MAE
            ),
            row(quantities(MAPE, NEAR_ZERO), make.rehearsal(), message="nearer to 0", severity=Severity.INFO),
        ],
        silent=[
            make.objective(),
            classes("binary_crossentropy"),
            classes(MSE, 2 * PAIR - 1, **ONE),  # −1/1 behind a sigmoid: FL308
            classes("hinge", 2 * PAIR - 1, squash="tanh", low=-1.0),
            quantities(MSE),
            quantities(MAE),
            quantities(MAE, PAIR, task=Task.RECONSTRUCTION),  # black and white pixels
            quantities("binary_crossentropy", RNG.random(200)),
            quantities("binary_crossentropy", 2 * PAIR - 1),  # two labels: FL308
            quantities("poisson", COUNTS, encoding="integers"),
            quantities(MAPE, 100 + NORMAL),
            quantities(MAPE, np.concatenate([[0.0], 1 + RNG.random(99)])),  # one in a hundred: at the bound
            quantities("custom"),
        ],
        cannot_tell=[row(quantities(MSE, np.full(3, np.nan)), message="finite cells")],
    )
