import numpy as np

from flatline.checks.validation_scale import MAX_SHIFT, MAX_SPREAD_RATIO, validation_scale
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

TRAIN, HELD_OUT = make.ROWS[:120], make.ROWS[120:]
PIXELS = np.random.default_rng(0).integers(0, 256, (100, 6, 6, 1)).astype("float64")
PRICES = 200_000 + 50_000 * make.ROWS[:, 0]


def shifted(by, stretch=1.0):
    """Validation data moved by so many standard deviations and stretched."""
    return make.validation(make.array(feature_mean=np.full(5, by), feature_std=np.full(5, stretch)))


STANDARD = make.data(make.array(feature_mean=np.zeros(5), feature_std=np.ones(5)))


def test_validation_scale():
    RuleTester(validation_scale).run(
        fires=[
            row(
                make.data(PIXELS / 255),
                make.validation(PIXELS),
                message="in training and mean 130",
                severity=Severity.WARNING,
                fix="numbers of the training set",
            ),
            row(make.data(TRAIN), make.validation(HELD_OUT + 40), message="`X` has mean"),
            row(make.data(TRAIN * 50), make.validation(HELD_OUT), message="`X` has mean"),
            row(
                make.data(TRAIN, (PRICES[:120] - 2e5) / 5e4),
                make.validation(HELD_OUT, PRICES[120:]),
                message="`y` has mean",
                where="y",
            ),
        ],
        silent=[
            (make.data(TRAIN), make.validation(HELD_OUT)),
            (make.data(PIXELS[:50]), make.validation(PIXELS[50:])),
            (STANDARD, shifted(MAX_SHIFT)),  # at the bound
            (STANDARD, shifted(0.0, MAX_SPREAD_RATIO)),
            (make.data(TRAIN), make.validation(HELD_OUT + 2)),  # another year
            (make.data(TRAIN * [1, 1, 1, 1, 1]), make.validation(HELD_OUT * [1, 1, 1, 1, 90])),  # one column of five
            (make.data(TRAIN, make.CLASSES[:120]), make.validation(HELD_OUT, 10 * make.CLASSES[120:])),  # not a scale
        ],
        cannot_tell=[
            row(make.data(TRAIN), make.validation(HELD_OUT[:3]), message="0 of 1 arrays have 8 rows in both"),
            row(make.data(TRAIN * 0), make.validation(HELD_OUT), message="0 of 1 arrays"),
            row(make.data(), message="needs ValidationFacts"),
        ],
    )
