from flatline.cause import Cause
from flatline.checks.rate_too_low import rate_too_low
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make
from tests.checks.runs import diverged, ran, rehearsed

SLOW = make.optimizer(learning_rate=0.001)
PLAN = make.plan()


def test_table():
    RuleTester(rate_too_low).run(
        fires=[
            row(
                rehearsed(ran(0.1), ran(0.9, "rate ×10")),
                SLOW,
                PLAN,
                message="140 steps at learning rate 0.001 get 10 % of the way to a perfect fit, at 0.01 they get 90 %",
                severity=Severity.WARNING,
                cause=Cause.LEARNING_RATE,
                fix="set the learning rate to 0.01",
            ),
            row(
                rehearsed(ran(-8.0), ran(0.1, "rate ×10"), ran(1.0, "rate ×100")), SLOW, PLAN, message="at 0.1 they get"
            ),
            row(
                rehearsed(ran(0.0, steps=20), ran(0.9, "rate ×100"), planned_steps=None),
                make.optimizer(learning_rate=1e-9, update_ratio=1e-9),
                PLAN,
                message="20 steps at learning rate 1e-09",
            ),
        ],
        silent=[
            (rehearsed(ran(0.9), ran(0.95, "rate ×10")), SLOW, PLAN),
            (rehearsed(ran(0.5), ran(0.9, "rate ×10")), SLOW, PLAN),  # at the bound: slow, but on its way
            (rehearsed(ran(0.45), ran(0.7, "rate ×10")), SLOW, PLAN),  # not enough of a difference
            (rehearsed(ran(0.1), diverged("rate ×10"), ran(0.2, "rate ×100")), SLOW, PLAN),
        ],
        cannot_tell=[
            row(
                rehearsed(ran(0.1, steps=20), ran(0.9, "rate ×10"), planned_steps=900),
                SLOW,
                PLAN,
                message="20 steps rehearsed of 900",
            ),
            row(rehearsed(ran(0.0), perfect=1.0, null_score=1.0), SLOW, PLAN, message="neither a task score nor"),
        ],
    )
