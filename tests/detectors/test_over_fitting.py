import numpy as np

from flatline.detectors.over_fitting import over_fitting
from flatline.finding import Severity
from flatline.logs import EpochLog
from flatline.testing import RuleTester, row
from tests.detectors import make


def _epochs(validation: list[float], training: tuple[float, float] = (0.9, 0.1), **given: object) -> EpochLog:
    n = len(validation)
    values = {"loss": np.linspace(*training, n), "val_loss": np.array(validation, float)}
    return EpochLog(step=100 * np.arange(1, n + 1) - 1, values=values, **given)


TURN = [0.9, 0.6, 0.5, 0.55, 0.6, 0.65, 0.7]
SLIGHT = [0.9, 0.6, 0.5, 0.53, 0.53, 0.53]  # 6 % of the way
LOSSES = make.losses(0.9, 0.1, n=700)
NAN = float("nan")


def test_table():
    RuleTester(over_fitting).run(
        fires=[
            row(
                make.run(),
                LOSSES,
                _epochs(TURN),
                message="lowest in epoch 3 with 0.5 and is 0.7 in epoch 7",
                severity=Severity.INFO,
                fix="weights of epoch 3",
            ),
            row(make.run(), LOSSES, _epochs(TURN, validation_noise=0.045), message="lowest in epoch 3"),
            row(make.run(), LOSSES, _epochs(SLIGHT, validation_noise=0.001), message="0.53 in epoch 6"),
            # never better than the null model on other rows
            row(make.run(), LOSSES, _epochs([1.2, 1.3, 1.5, 1.7, 2.0]), message="lowest in epoch 1 with 1.2"),
            # validated every second epoch
            row(make.run(), LOSSES, _epochs([0.5, NAN, 0.6, NAN, 0.7, NAN, 0.8]), message="is 0.8 in epoch 7"),
            row(make.run(null=-2.0, perfect=-6.0), LOSSES, _epochs([-3, -4, -3.5, -3, -2.5]), message="with -4"),
            # penalties are part of both losses
            row(
                make.run(),
                make.losses(5.9, 5.1, n=700, penalty=5.0),
                _epochs([loss + 5 for loss in SLIGHT], (5.9, 5.1), validation_noise=0.001),
                message="epoch 3 with 5.5",
            ),
        ],
        silent=[
            (make.run(), LOSSES, _epochs([0.9, 0.6, 0.5, 0.45, 0.42, 0.41, 0.4])),
            (
                make.run(),
                LOSSES,
                _epochs([0.9, 0.6, 0.5, 0.52, 0.522, 0.52, 0.522], validation_noise=0.001),
            ),  # 4 % of the way
            (make.run(), LOSSES, _epochs(TURN, validation_noise=0.06)),  # 0.05 above it, and known to ± 0.06
            (make.run(), LOSSES, _epochs([0.5, 0.8, 0.5, 0.9, 0.55, 0.8, 0.6])),  # a validation loss that jumps about
            (make.run(), LOSSES, _epochs(TURN[:5])),  # two epochs only
            (make.run(), LOSSES, _epochs([*TURN, 0.51])),  # it came back
            (make.run(), LOSSES, _epochs(TURN, (0.5, 0.9))),  # both rise: another thing
            (make.run(), LOSSES, _epochs([0.05, 0.05, 0.051, 0.05, 0.052])),  # resumed from converged weights
        ],
        cannot_tell=[
            row(make.run(), LOSSES, _epochs([0.5, 0.6, 0.7]), message="3 epochs with a validation loss recorded, 4"),
            row(make.run(), LOSSES, _epochs([NAN] * 5), message="0 epochs"),
            row(make.run(null=NAN), LOSSES, _epochs(TURN), message="null model"),
        ],
    )
