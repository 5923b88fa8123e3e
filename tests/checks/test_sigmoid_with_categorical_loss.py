import numpy as np

from flatline.cause import Cause
from flatline.checks.sigmoid_with_categorical_loss import sigmoid_with_categorical_loss
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

SIGMOID = {"squash": "sigmoid", "declared": "sigmoid", "sums_to_one": False}
STUCK = make.rehearsal(make.arm(losses=np.full(50, 1.09), score=0.3))


def told(**given):
    return make.objective(make.head(**{**SIGMOID, **given}))


def test_table():
    RuleTester(sigmoid_with_categorical_loss).run(
        fires=[
            row(
                told(logits_recovered=True), make.model(), message="the 3 units", severity=Severity.INFO, fix="softmax"
            ),
            row(told(), STUCK, message="do not sum to 1", severity=Severity.WARNING, cause=Cause.OUTPUT_ACTIVATION),
            row(told(), message="exclusive classes", severity=Severity.WARNING, where="dense_1"),
            row(told(), make.rehearsal(), message="do not sum to 1", severity=Severity.INFO),
        ],
        silent=[
            make.objective(),
            told(sums_to_one=True),
            told(loss="binary_crossentropy"),
            told(from_logits=True),  # FL307
            told(units=1, output_shape=(1,)),  # FL305
        ],
        cannot_tell=[row(told(squash="unknown"), message="outputs of known range")],
    )
