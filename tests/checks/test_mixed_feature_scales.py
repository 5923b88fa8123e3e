import numpy as np

from flatline.checks.mixed_feature_scales import mixed_feature_scales
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

CENSUS = make.ROWS * [14, 1.5, 100_000, 4, 7_400]
RARE = make.ROWS * [40, 1, 1, 1, 1]
RARE[:, 4] = np.arange(200) == 7  # one row in two hundred is 1


def table(X, **given):
    """A first layer that reads the columns of X."""
    return make.layer(input_feature_rms=np.sqrt((X**2).mean(0)), input_feature_std=X.std(0), **given)


NORM = make.layer("bn", kind="BatchNormalization", kernel_shape=(), n_weights=64, n_trainable=32)
HEAD = make.layer("head", kernel_shape=(16, 3))
CONSTANT = np.where([0, 1, 0, 0, 0], 1e-9, make.ROWS * 100)


def test_mixed_feature_scales():
    RuleTester(mixed_feature_scales).run(
        fires=[
            row(
                make.data(CENSUS),
                make.model(table(CENSUS)),
                message="column 2 reaches `dense` at scale",
                severity=Severity.WARNING,
                fix="standardise the columns",
            ),
            row(make.model(table(CENSUS)), message="column 1 at", severity=Severity.WARNING),
            row(make.model(table(CENSUS)), make.rehearsal(), message="times apart", severity=Severity.INFO),
            row(make.model(table(CENSUS), NORM, HEAD), message="times apart", severity=Severity.INFO),
            # a tiny column beside z-scored ones is unseen, but harms nobody else
            row(make.model(table(make.ROWS * [1, 1, 1, 1, 1e-5])), message="column 4 at", severity=Severity.INFO),
        ],
        silent=[
            make.model(),
            make.model(table(make.ROWS * [1, 2, 3, 500, 900])),  # below the ratio
            (make.data(RARE), make.model(table(RARE))),  # a rare one-hot column has scale 1, not 0.07
            make.model(table(CONSTANT)),  # a constant column has no scale
            make.model(table(CENSUS * 0 + 3)),  # nor have five
            (make.data(CENSUS), make.model(NORM, table(make.ROWS))),  # normalised in the model
        ],
        cannot_tell=[
            row(make.model(table(np.full((4, 5), np.nan))), message="1 first layers read several columns"),
            row(make.model(table(make.ROWS[:, :1])), message="0 first layers read several columns"),
            row(make.data(), message="needs ModelFacts"),
        ],
    )
