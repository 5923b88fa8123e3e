import numpy as np

from flatline.cause import Cause
from flatline.detectors.penalty_overwhelms_loss import penalty_overwhelms_loss
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.detectors import make

HEAVY = make.losses(21.0, 21.0, penalty=20.0)
LIGHT = make.losses(1.5, 1.5, penalty=0.5)
SHRUNK = make.gradients({"dense": 0.1, "dense_1": 0.1}, weight={"dense": np.linspace(1, 0.09, 20)})
BIAS_ONLY = make.run(make.layer("dense", has_kernel=False), make.layer("dense_1"))


def test_table():
    RuleTester(penalty_overwhelms_loss).run(
        fires=[
            row(
                make.run(),
                HEAVY,
                message="penalties add 20 to a data loss of 0.99",
                severity=Severity.WARNING,
                cause=Cause.REGULARIZATION,
                fix="weaken",
            ),
            row(make.run(), make.losses(11.1, 11.1, penalty=10.1), message="10.1 times", severity=Severity.WARNING),
            row(make.run(), HEAVY, make.updates({"dense": 1.2e-6}), message="20 times", severity=Severity.WARNING),
            # nothing moves: then the penalty is not to blame
            row(make.run(), HEAVY, make.updates({"dense": 0.8e-6}), message="20 times", severity=Severity.INFO),
            # it learns in spite of it
            row(make.run(), make.losses(21.0, 20.6, 20.3, penalty=20.0), message="20 times", severity=Severity.INFO),
            row(
                make.run(),
                LIGHT,
                SHRUNK,
                message="the kernel of `dense` has 0.09 of its norm",
                severity=Severity.WARNING,
                where="dense",
            ),
            # the penalty was large, and fell with the weights: so did the loss
            row(make.run(), make.penalised(make.FLAT, 30.0, 0.3), SHRUNK, message="0.09 of its norm"),
        ],
        silent=[
            (make.run(), make.FLAT),
            (make.run(), LIGHT),
            (make.run(), make.losses(10.9, 10.9, penalty=9.9)),  # a little less than the bound
            (make.run(), make.losses(-1.0, -1.0, penalty=-2.0)),  # terms of `add_loss` may be rewards
            (make.run(), make.losses(1.5, 1.1, 0.8, penalty=0.5), SHRUNK),  # it learns
            (make.run(), make.penalised(make.LEARNING, 30.0, 3.0), SHRUNK),  # it learns below a penalty that falls
            (make.run(), make.losses(1.0, 1.0, n=301), SHRUNK),  # no penalties: they did not shrink it
            (BIAS_ONLY, LIGHT, SHRUNK),  # not a kernel
            # a weak gradient shrinks it by less
            (make.run(), LIGHT, make.gradients({"dense": 0.1}, weight={"dense": np.linspace(1, 0.11, 20)})),
            (make.run(), make.losses(1.05, 1.05, penalty=1.0)),  # resumed from converged weights
        ],
        cannot_tell=[
            # last sampled when the penalty was 30, and it has become 0.3
            row(make.run(), make.penalised(make.FLAT, 30.0, 0.3, every=1000), message="in step 1, the"),
            row(make.run(), make.losses(1.0, 1.0, penalty=float("nan")), message="0 of 300 rows"),
            row(make.run(), make.losses(21.0, 21.0, n=100, penalty=20.0), message="200 needed"),
            row(make.run(null=float("nan")), HEAVY, message="null model"),
            row(make.run(), make.losses(0.5, np.inf), message="no number"),
        ],
    )
