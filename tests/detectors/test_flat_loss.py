import numpy as np

from flatline.detectors.flat_loss import flat_loss
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.detectors import make

SHRINKING = make.penalised(make.FLAT, 3.0, 0.03)


def test_table():
    RuleTester(flat_loss).run(
        fires=[
            row(make.run(), make.FLAT, message="0.99", severity=Severity.INFO),  # it may start late
            row(make.run(planned_steps=600), make.FLAT, message="0.99", severity=Severity.WARNING),  # half of the plan
            row(make.run(planned_steps=601), make.FLAT, message="0.99", severity=Severity.INFO),
            # a trial of three short epochs: noise hides a slow fall
            row(
                make.run(planned_steps=39, steps_per_epoch=13),
                make.losses(1.0, 1.0, n=39),
                message="after 39",
                severity=Severity.INFO,
            ),
            row(
                make.run(planned_steps=40, steps_per_epoch=10),
                make.losses(1.0, n=40),
                message="after 40",
                severity=Severity.WARNING,
            ),
            row(make.run(), make.losses(3.0, 1.02, 1.0, 1.0, 1.0), message="learnt nothing"),
            row(make.run(), make.losses(1.0, 1.0, penalty=0.0, n=200), message="after 200 steps"),
            # constant to the bit, as with a dead network
            row(make.run(), make.losses(1.0, 1.0, noise=0.0), message="the loss is 1 after 300 steps"),
            # the penalties are not part of what the null model is compared with
            row(make.run(), make.losses(5.0, 5.0, penalty=4.0), message="the loss is 0.99"),
            # all that falls is the penalty, a hundredfold, sampled in every tenth step
            row(make.run(), SHRINKING, message="the loss is 0.99"),
        ],
        silent=[
            (make.run(), make.penalised(make.LEARNING, 0.01, 1.0)),  # a penalty that rises hides what is learnt
            (make.run(planned_steps=600), make.LEARNING),
            (make.run(planned_steps=40), make.losses(1.0, 0.6, 0.3, n=40)),
            (make.run(planned_steps=40), make.losses(1.0, 0.02, 0.02, n=40, noise=0.002)),
            (make.run(), make.LEARNING),
            (make.run(), make.CONVERGED),
            (make.run(), make.PLATEAU),
            (make.run(), make.losses(1.0, 0.955, noise=0.001)),  # a little better than the bound
            (make.run(), make.losses(40.0, 20.0, 4.0)),  # far above, and coming down: merely slow
            (make.run(), make.losses(1.0, 0.98, noise=0.001, n=220)),  # not there yet, but on its way
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, np.nan), message="no number from step"),  # another detector's affair
            row(make.run(), make.losses(1.0, 1.0, n=150), message="150 steps recorded, 200 needed"),
            row(make.run(null=float("nan")), make.FLAT, message="null model"),
            row(make.run(), make.losses(1.0, n=0), message="no step"),
        ],
    )
