from flatline.cause import Cause
from flatline.checks.learning_rate_sign import learning_rate_sign
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def test_table():
    RuleTester(learning_rate_sign).run(
        fires=[
            row(
                make.optimizer(learning_rate=-1000.0),
                message="`Adam` is -1000: every step goes uphill",
                severity=Severity.ERROR,
                cause=Cause.LEARNING_RATE,
                fix="`learning_rate=0.001`",
            ),
            row(
                make.optimizer(learning_rate=0.0, kind="SGD"),
                message="is 0: no weight moves",
                fix="`learning_rate=0.01`",
            ),
            row(make.optimizer(learning_rate=0.0, scheduled=True), message="at its highest", fix="rise above 0"),
        ],
        silent=[
            make.optimizer(),
            make.optimizer(learning_rate=1e-12),  # FL405 measures whether it moves anything
            make.optimizer(learning_rate=10.0),
            make.optimizer(learning_rate=0.0, peak_rate=1e-3, scheduled=True),  # a warm-up starts at 0
        ],
        cannot_tell=[row(make.optimizer(learning_rate=float("nan")), message="not a number")],
    )
