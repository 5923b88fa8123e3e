import numpy as np

from flatline.detectors.worse_than_null import worse_than_null
from flatline.finding import Severity
from flatline.logs import LossLog
from flatline.testing import RuleTester, row
from tests.detectors import make

MANY = {"n_null": 100_000}
SLOWING = make.losses(8.0, 6.0, 4.5, 3.5, 3.2, 3.1, 3.1, noise=1.0)
WORSE = 0.2, 1.4, 1.45, 1.5, 1.6, 1.65
LOST = make.losses(0.5, 1.3, 1.3, 1.3, 1.3, 1.3)
RARE = np.where(np.random.default_rng(4).random(300) < 0.01, 4.6, 0.01)


def test_table():
    RuleTester(worse_than_null).run(
        fires=[
            row(make.run(), LOST, message="averages 1.297 over the later half of 300 steps", severity=Severity.WARNING),
            # noisy single rows, so many that their mean is certain
            row(make.run(), make.losses(0.2, 1.5, 1.5, 1.5, 1.5, n=900, noise=0.8), message="worse than the best"),
            row(make.run(**MANY), make.losses(0.5, 1.12, 1.12, 1.12, 1.12, noise=0.001), message="averages 1.12"),
            row(make.run(**MANY), make.losses(*WORSE, n=480, noise=1.4), message="averages 1.533"),
            # the last steps are far above the null model, the others are not: not yet diverging-loss
            row(make.run(), make.losses(0.5, 0.5, *[1.5] * 10, 2.8), message="and was 0.4"),
            row(make.run(scheduled=True, planned_steps=600), LOST, message="averages 1.297"),
            row(make.run(null=-2.0, perfect=-6.0), make.losses(-5.0, 0.0, 0.0, 0.0, 0.0), message="(-2)"),
        ],
        silent=[
            (make.run(), SLOWING),  # never better, and on its way
            (make.run(), make.losses(40.0, 20.0, 4.0)),  # far above, and coming down: merely slow
            (make.run(), make.losses(0.5, 1.6, 1.5, 1.4, 1.3, 1.2)),  # worse, and coming back
            (make.run(**MANY), make.losses(0.5, 1.09, 1.09, 1.09, 1.09, noise=0.001)),  # a little better than the bound
            (make.run(), make.losses(0.5, 1.12, 1.12, 1.12, 1.12, noise=0.001)),  # so is this, from 1,000 rows: ± 4 %
            (make.run(), make.losses(2.5, 2.9, 2.9, 2.9, 2.9, penalty=2.0)),  # penalties are not part of it
            (make.run(**MANY), make.losses(*WORSE, n=420, noise=1.4)),  # the mean is not certain enough
            (make.run(n_null=100), LOST),  # the null model's loss is known to ±14 % only
            (make.run(null=0.056), LossLog(step=np.arange(300), loss=RARE)),  # single rows of a rare class
            (make.run(), make.LEARNING),
            (make.run(), make.CONVERGED),
            (make.run(), make.PLATEAU),
            (
                make.run(scheduled=True, planned_steps=500),
                make.losses(1.0, 1.4, 0.6, 0.3),
            ),  # a bump at the peak of a warm-up
        ],
        cannot_tell=[
            # what another detector judges has not passed here
            row(make.run(), make.FLAT, message="never better than guessing, which FL501 and FL505 judge"),
            row(make.run(), make.losses(3.0, 3.0), message="never better than guessing"),
            row(make.run(), make.losses(0.5, 30.0), message="FL505 judge"),
            row(make.run(), make.losses(0.5, 0.5, *[2.2] * 8), message="which FL505 judges"),
            row(make.run(planned_steps=1000, scheduled=True), LOST, message="300 of 1000 steps planned"),
            row(make.run(planned_steps=20), make.losses(0.5, 1.5, 1.5, n=20), message="20 rows recorded"),
            row(make.run(), make.losses(0.5, 1.3, n=100), message="200 needed"),
            row(make.run(null=float("nan")), LOST, message="null model"),
            row(make.run(), make.losses(0.5, np.nan), message="no number"),
        ],
    )
