import numpy as np

from flatline.cause import Cause
from flatline.checks.logits_into_probability_loss import logits_into_probability_loss
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

RNG = np.random.default_rng(0)
PAIR = RNG.integers(0, 2, 200)
ONE_HOT = np.eye(3, dtype="float32")[make.CLASSES]
SCORES = {"squash": "linear", "declared": "linear", "low": -31.0, "high": 45.0, "sums_to_one": False}
ONE_UNIT = {"task": Task.BINARY, "units": 1, "output_shape": (1,), "n_classes": 2, "loss": "binary_crossentropy"}
ONE_UNIT |= {"target": make.array(PAIR, name="y")}
ROWS = {"target": make.array(ONE_HOT), "encoding": "one_hot"}
LINEAR = make.model(make.layer("dense"), make.layer("dense_1", kernel_shape=(16, 3), activation="linear"))


def scored(**given):
    return make.objective(make.head(**{**SCORES, **given}))


def test_table():
    RuleTester(logits_into_probability_loss).run(
        fires=[
            row(
                scored(),
                LINEAR,
                message="-31 … 45 for random weights",
                severity=Severity.ERROR,
                cause=Cause.OUTPUT_ACTIVATION,
                where="dense_1",
                fix='`activation="softmax"`',
            ),
            row(scored(low=-2.0), LINEAR, message="`sparse_categorical_crossentropy`", fix="from_logits=True"),
            row(scored(**ROWS, loss="categorical_crossentropy"), message="`dense_1`", fix="softmax"),
            row(scored(**ONE_UNIT), LINEAR, message="`binary_crossentropy`", fix='`activation="sigmoid"`'),
            row(
                scored(**ROWS, loss="binary_crossentropy"), LINEAR, message="`binary_", fix="`categorical_crossentropy`"
            ),
            row(scored(**ONE_UNIT, squash="tanh", low=-1.0, high=1.0), message="-1 … 1", fix="sigmoid"),
            row(
                scored(squash="positive", low=0.0, high=80.0, loss="categorical_crossentropy", **ROWS),
                message="0 … 80",
                severity=Severity.INFO,
            ),
            row(
                scored(**ONE_UNIT | {"loss": "poisson", "task": Task.REGRESSION}),
                message="`poisson`",
                fix='`activation="softplus"`',
            ),
        ],
        silent=[
            make.objective(),
            scored(from_logits=True),
            scored(from_logits=True, **ONE_UNIT),
            scored(logits_recovered=True),  # the last activation is applied before a cast: Keras looks behind it
            make.objective(make.head(low=0.0, high=1.0, squash="sigmoid", **ONE_UNIT)),
            scored(loss="categorical_hinge", **ROWS),  # a margin loss wants raw scores
            scored(loss="mean_squared_error", **ROWS),
            scored(loss="custom"),  # nobody knows what it reads
            # Owned by other checks: one unit for three classes, −1/1 labels behind tanh, quantities.
            scored(units=1, output_shape=(1,), loss="binary_crossentropy"),
            scored(**ONE_UNIT | {"target": make.array(2 * PAIR - 1), "squash": "tanh", "low": -1.0, "high": 1.0}),
            scored(**ONE_UNIT | {"target": make.array(make.ROWS[:, 0]), "task": Task.REGRESSION, "encoding": "values"}),
        ],
        cannot_tell=[
            row(scored(squash="unknown"), message="0 of 1 outputs"),
            row(scored(target=None), message="outputs of known range"),
        ],
    )
