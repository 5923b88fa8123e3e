import numpy as np

from flatline.detectors.plateau import plateau
from flatline.finding import Severity
from flatline.logs import LossLog
from flatline.testing import RuleTester, row
from tests.detectors import make

# One row in a hundred is of the rare class and costs 4.6, all others 0.01: single rows, the same weights all the time.
SLIGHT = 1.0, 0.8, 0.8, 0.8, 0.82, 0.83
RARE = np.where(np.random.default_rng(4).random(300) < 0.01, 4.6, 0.01)


def test_table():
    RuleTester(plateau).run(
        fires=[
            row(make.run(), make.PLATEAU, message="stands at 0.4935 since step 199", severity=Severity.INFO),
            # a resumed run that stands where it stood
            row(make.run(), make.losses(0.6, 0.6), message="0.41 of the way"),
            # a likelihood: below zero, and measured from the null model to a perfect fit all the same
            row(make.run(null=-2.0, perfect=-6.0), make.losses(-2.0, -4.0, -4.0, -4.0), message="(-6)"),
            # penalties are not part of it
            row(make.run(), make.losses(2.0, 1.5, 1.5, 1.5, penalty=1.0), message="stands at 0.4935"),
            # what still falls is the penalty
            row(make.run(), make.penalised(make.PLATEAU, 3.0, 0.03), message="stands at 0.4928"),
            # it began far above, as with targets in thousands
            row(make.run(), make.losses(40.0, 40.0, *[0.5] * 5, 0.53), message="0.48 of the way"),
            # single rows differ by more than all that was gained, and their mean is certain
            row(make.run(), make.losses(1.0, 0.5, 0.5, 0.5, 0.52, 0.53, n=480, noise=1.6), message="stands at 0.5463"),
            # rows that stand for 30 steps each
            row(
                make.run(),
                LossLog(step=30 * np.arange(40) + 29, loss=make.losses(1.0, 0.5, 0.5, 0.5, n=40).loss),
                message="stands at 0.5075 since step 479",
            ),
        ],
        silent=[
            (make.run(), make.CONVERGED),
            (make.run(), make.LEARNING),
            (make.run(), make.FLAT),  # never better than the null model: flat-loss
            (make.run(), make.losses(1.0, 0.099, 0.099, 0.099, noise=1e-4)),  # just beyond 0.9 of the way
            (make.run(), make.losses(0.05, 0.05, noise=0.002)),  # resumed from converged weights
            (make.run(), make.losses(1.0, 0.5, 0.4, 0.3, 0.2)),  # slow, but not standing
            (make.run(), make.losses(0.5, 30.0)),  # it diverges
            (make.run(), make.losses(40.0, 20.0, 4.0)),  # far above, and coming down: merely slow
        ],
        cannot_tell=[
            row(make.run(), make.losses(*SLIGHT, n=480, noise=1.0), message="over the later half is 0.21 ±"),
            row(make.run(null=0.056), LossLog(step=np.arange(300), loss=RARE), message="batches differ too much"),
            row(make.run(), make.losses(0.5, 0.5, n=40), message="40 steps recorded, 200 needed"),
            row(make.run(null=float("nan")), make.PLATEAU, message="null model"),  # as a GAN's
            row(make.run(), make.losses(0.5, np.nan), message="no number from step"),
        ],
    )
