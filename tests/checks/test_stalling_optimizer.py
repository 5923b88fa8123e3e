from flatline.cause import Cause
from flatline.checks.stalling_optimizer import stalling_optimizer
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make
from tests.checks.runs import diverged, ran, rehearsed

OPTIMIZER = make.optimizer(kind="Adadelta", learning_rate=0.001)


def test_table():
    RuleTester(stalling_optimizer).run(
        fires=[
            row(
                rehearsed(ran(0.02), ran(0.1, "rate ×10"), ran(0.2, "rate ×100"), ran(0.9, "Adam at 0.001")),
                OPTIMIZER,
                message="140 steps of `Adadelta` at 0.001 get 2 %, Adam at 0.001 gets 90 % of",
                severity=Severity.WARNING,
                cause=Cause.OPTIMIZER,
                fix="compile with Adam at learning rate 0.001",
            ),
            row(
                rehearsed(ran(0.0), ran(0.9, "Adam at 0.001")),
                make.optimizer(learning_rate=1e-9, update_ratio=1e-8),
                message="at 1e-09",
                cause=Cause.LEARNING_RATE,
            ),
            row(
                rehearsed(diverged(), diverged("rate ÷10"), ran(0.8, "Adam at 0.01")), OPTIMIZER, message="Adam at 0.01"
            ),
        ],
        silent=[
            (rehearsed(ran(0.02), ran(0.9, "Adam at 0.001", held_out=0.3, score=1.0)), OPTIMIZER),  # it memorises
            (rehearsed(ran(0.9)), OPTIMIZER),
            (rehearsed(ran(0.02), ran(0.9, "rate ×10"), ran(0.9, "Adam at 0.001")), OPTIMIZER),  # FL405 owns it
            (rehearsed(ran(0.5), ran(0.9, "Adam at 0.001")), OPTIMIZER),  # at the bound
        ],
        cannot_tell=[
            row(
                rehearsed(ran(0.1, steps=20), ran(0.9, "Adam at 0.001"), planned_steps=900),
                OPTIMIZER,
                message="20 steps rehearsed",
            )
        ],
    )
