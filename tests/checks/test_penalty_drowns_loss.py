import numpy as np

from flatline.cause import Cause
from flatline.checks.penalty_drowns_loss import penalty_drowns_loss
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

FLAT = make.arm(losses=np.full(50, 1.09), score=0.3)

CUT_SHORT = make.arm(losses=np.full(9, 1.09), score=0.3, planned=300)


def told(penalty, **given):
    return make.objective(penalty=penalty, **{"penalty_is_regularisation": True, **given})


def freed(final):
    return make.rehearsal(FLAT, make.arm("no penalties", final=final))


def test_table():
    RuleTester(penalty_drowns_loss).run(
        fires=[
            row(
                told(60.0),
                make.rehearsal(FLAT),
                message="adds 60 to a data loss of 1.2, 50 times",
                severity=Severity.WARNING,
                cause=Cause.REGULARIZATION,
                fix="weaken the penalty 100-fold",
            ),
            row(told(60.0), freed(0.1), message="50 times", severity=Severity.WARNING),
            row(
                told(60.0),
                make.model(
                    make.layer("free", config={"kernel_regularizer": None}),
                    make.layer("bound", config={"kernel_regularizer": "L2"}),
                ),
                message="50 times",
                fix="100-fold (in `bound`)",
            ),
            row(told(60.0), freed(1.08), message="50 times", severity=Severity.INFO),  # it is something else
            row(told(60.0), make.rehearsal(), message="50 times", severity=Severity.INFO),
            row(told(60.0), make.rehearsal(CUT_SHORT), message="50 times", severity=Severity.INFO),
            row(told(60.0), message="50 times", severity=Severity.INFO),
        ],
        silent=[
            make.objective(),
            told(5.0),
            told(12.0),  # ten times: at the bound
            told(12.0, perfect=float("nan")),
            told(60.0, penalty_is_regularisation=False),  # the KL term of a VAE is its loss
            told(60.0, initial=0.0),
            told(0.0),
        ],
        cannot_tell=[row(told(float("nan")), message="0 of 2 losses")],
    )
