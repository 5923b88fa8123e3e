import numpy as np

from flatline.checks.offset_input import MAX_RATIO, offset_input
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def offset(mean, spread=1.0, n=5, **given):
    """A first layer whose features all have this mean and spread."""
    return make.layer(
        input_feature_rms=np.full(n, np.hypot(mean, spread)), input_feature_std=np.full(n, float(spread)), **given
    )


NORM = make.layer("bn", kind="BatchNormalization", kernel_shape=(), n_weights=64, n_trainable=32)


def test_offset_input():
    RuleTester(offset_input).run(
        fires=[
            row(make.model(offset(20.0)), message="20 times its spread, above 5", severity=Severity.INFO, fix="centre"),
            row(make.model(offset(0.9, 0.1)), message="9 times its spread"),  # whatever the unit
            row(make.data([make.ROWS, make.ROWS[:, 0]]), make.model(offset(-20.0)), message="20 times", fix="numeric"),
        ],
        silent=[
            make.model(),
            make.model(offset(MAX_RATIO * 0.999)),
            make.model(offset(0.45, 0.24, 1)),  # images in [0, 1]
            make.model(offset(20.0), NORM),  # the offset is subtracted at once
            make.model(offset(3.0, 0.0)),  # constant: another check's
            make.model(make.layer(input_feature_rms=np.ones(5), input_feature_std=np.array([0, 1, 1, 1, 1.0]))),
        ],
        cannot_tell=[
            row(make.model(offset(float("nan"))), message="known at 0"),
            row(make.model(make.layer(input_feature_rms=np.empty(0))), message="known at 0"),
        ],
    )
