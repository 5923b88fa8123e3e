from flatline.cause import Cause
from flatline.checks.rate_too_high import rate_too_high
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make
from tests.checks.runs import diverged, ran, rehearsed

FAST = make.optimizer(learning_rate=1.0)


def test_table():
    RuleTester(rate_too_high).run(
        fires=[
            row(
                rehearsed(diverged(), ran(0.9, "rate ÷10")),
                FAST,
                message="training diverges in 2 steps, at 0.1 it gets 90 % of the way",
                severity=Severity.ERROR,
                cause=Cause.LEARNING_RATE,
                fix="set the learning rate to 0.1",
            ),
            row(
                rehearsed(ran(-2.0), diverged("rate ÷10"), ran(0.7, "rate ÷100")), FAST, message="at 0.01 it gets 70 %"
            ),
            row(rehearsed(ran(0.04), ran(0.65, "rate ÷1000")), FAST, message="at 0.001 it gets 65 %"),
        ],
        silent=[
            (rehearsed(ran(0.9), ran(0.95, "rate ÷10")), FAST),
            (rehearsed(ran(0.05), ran(0.9, "rate ÷10")), FAST),  # at the bound: it does learn something
            (rehearsed(diverged(), ran(0.3, "rate ÷10")), FAST),  # no cure: something else is wrong
            (rehearsed(ran(-1.0)), FAST),  # nothing else was tried
        ],
        cannot_tell=[
            row(rehearsed(ran(0.0), perfect=1.0, null_score=1.0), FAST, message="neither a task score nor"),
            row(rehearsed(diverged()), FAST, message="neither"),
        ],
    )
