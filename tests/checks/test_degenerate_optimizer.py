import numpy as np

from flatline.cause import Cause
from flatline.checks.degenerate_optimizer import degenerate_optimizer
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

STUCK = make.rehearsal(make.arm(losses=np.full(50, 1.09), score=0.3))


def told(**config):
    return make.optimizer(config={"name": "adam", **config})


def test_table():
    RuleTester(degenerate_optimizer).run(
        fires=[
            row(
                told(epsilon=1e3),
                STUCK,
                message="`epsilon` of `Adam` is 1000, usual is 1e-07",
                severity=Severity.WARNING,
                cause=Cause.OPTIMIZER,
                where="Adam.epsilon",
                fix="set `epsilon=1e-07`",
            ),
            row(told(epsilon=1.0), make.rehearsal(), message="is 1, usual", severity=Severity.INFO),
            row(told(clipnorm=1e-8), message="`clipnorm`", severity=Severity.WARNING),
            row(told(clipvalue=1e-6), message="every cell"),
            row(told(momentum=1.0), message="ever forgotten"),
            row(told(beta_1=1.0), message="no new gradient"),
            row(told(weight_decay=5.0), message="pulled to 0"),
        ],
        silent=[
            make.optimizer(),
            told(epsilon=1e-7, clipnorm=None, beta_1=0.9, beta_2=0.999, weight_decay=0.004),
            told(epsilon=0.1),
            told(clipnorm=1e-5, clipvalue=0.5, global_clipnorm=1.0),
            told(momentum=0.99, rho=0.95, nesterov=True),
            told(weight_decay=1.0),
            told(weight_decay=None, use_ema=False),
        ],
        cannot_tell=[row(make.optimizer(config={}), message="0 arguments")],
    )
