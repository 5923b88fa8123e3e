from flatline.cause import Cause
from flatline.checks.probabilities_into_logits_loss import probabilities_into_logits_loss
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

ONE = {"task": Task.BINARY, "units": 1, "output_shape": (1,), "n_classes": 2, "loss": "binary_crossentropy"}
ONE |= {"squash": "sigmoid", "declared": "sigmoid", "sums_to_one": False}


def told(**given):
    return make.objective(make.head(**{"from_logits": True, **given}))


def test_table():
    RuleTester(probabilities_into_logits_loss).run(
        fires=[
            row(
                told(),
                message="returns probabilities (0 … 1)",
                severity=Severity.WARNING,
                cause=Cause.LOSS,
                where="dense_1",
                fix="without `from_logits`",
            ),
            row(
                told(logits_recovered=True), make.model(), message="0 … 1", severity=Severity.INFO, fix="take the activ"
            ),
            row(told(**ONE), message="the activation is applied twice"),
        ],
        silent=[
            make.objective(),
            told(from_logits=None),
            told(squash="linear", low=-20.0, high=20.0),
            told(squash="tanh", low=-1.0, high=1.0),  # cosines as logits
            told(loss="custom"),
            told(**ONE | {"loss": "categorical_crossentropy"}),  # one unit: FL305, FL306
        ],
        cannot_tell=[row(told(squash="unknown"), message="outputs of known range")],
    )
