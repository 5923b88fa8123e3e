from flatline.checks.initial_loss_off import initial_loss_off
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def told(initial, **given):
    return make.objective(make.head(**{"null": 1.0, "perfect": 0.0, **given, "initial": initial}))


def test_table():
    RuleTester(initial_loss_off).run(
        fires=[
            row(
                told(12.0),
                message="is 12 before training, and guessing costs 1",
                severity=Severity.INFO,
                where="dense_1",
            ),
            row(told(3.1), message="is 3.1"),
            row(told(7.4, perfect=0.1, null=0.69), message="is 7.4"),
        ],
        silent=[
            make.objective(),
            told(1.0),
            told(3.0),
            told(0.2),
        ],
        cannot_tell=[
            row(told(12.0, perfect=-2.0), message="above the lowest"),  # a density: ratios mean nothing
            row(told(float("nan")), message="0 of 1 outputs"),
            row(told(1.0, null=0.0), message="0 of 1 outputs"),
        ],
    )
