import numpy as np

from flatline.cause import Cause
from flatline.checks.loss_summed_over_batch import loss_summed_over_batch
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

STUCK = make.rehearsal(make.arm(losses=np.full(50, 1.09), score=0.3))
DIVERGED = make.rehearsal(make.arm(losses=np.array([1.2, np.nan]), diverged=True))


def with_shorter(final):
    return make.rehearsal(STUCK.arms["as is"], make.arm("rate ÷100", final=final))


def told(growth, **given):
    return make.objective(make.head(batch_growth=growth, **given))


def test_table():
    RuleTester(loss_summed_over_batch).run(
        fires=[
            row(
                told(2.0, reduction="sum"),
                make.optimizer(kind="SGD"),
                message="grows 2-fold",
                severity=Severity.WARNING,
                cause=Cause.LOSS,
                where="dense_1",
                fix='drop `reduction="sum"`',
            ),
            row(told(2.0), make.optimizer(kind="SGD"), DIVERGED, message="2-fold", severity=Severity.WARNING),
            row(told(2.0), make.optimizer(kind="SGD"), STUCK, message="2-fold", severity=Severity.WARNING),
            row(told(2.0), make.optimizer(kind="SGD"), with_shorter(0.1), message="2-fold", severity=Severity.WARNING),
            row(told(2.0), make.optimizer(kind="SGD"), with_shorter(1.05), message="2-fold", severity=Severity.INFO),
            row(told(2.0), make.optimizer(kind="SGD"), make.rehearsal(), message="2-fold", severity=Severity.INFO),
            row(told(2.0), make.optimizer(), STUCK, message="2-fold", severity=Severity.INFO),  # Adam hardly feels it
            row(told(4.0, loss="custom"), message="4-fold", fix="average the loss"),
        ],
        silent=[
            make.objective(),
            told(1.89),
            told(1.15),  # in-batch negatives: ln 2n instead of ln n
            told(0.0),
            told(-1.0),
            told(1.5),
            told(0.9),
            told(1.01),
        ],
        cannot_tell=[row(told(float("nan")), message="known to scale")],
    )
