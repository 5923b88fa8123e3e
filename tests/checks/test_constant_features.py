import dataclasses

import numpy as np

from flatline.checks.constant_features import constant_features
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

PARTLY = make.ROWS.copy()
PARTLY[:, [1, 3]] = 4
IMAGES = np.random.default_rng(0).random((40, 4, 4, 1))
SAME_IMAGE = np.broadcast_to(IMAGES[:1], IMAGES.shape)
CUSTOM = dataclasses.replace(make.model(), custom_train_step=True)


def test_constant_features():
    RuleTester(constant_features).run(
        fires=[
            row(make.data(PARTLY), message="2 of 5 features of `X` have one value", severity=Severity.INFO),
            row(make.data(make.ROWS * 0), message="same in all 200 rows read: 0 of 1", severity=Severity.ERROR),
            row(make.data(SAME_IMAGE), message="same in all 40 rows", severity=Severity.ERROR),
            row(make.data([make.ROWS * 0, SAME_IMAGE]), message="0 of 2 inputs vary"),
            row(make.data(np.ones((50, 3))), CUSTOM, message="same in all 50", severity=Severity.INFO),
            row(make.data(np.ones(6)), message="same in all 6"),
            row(make.data([make.ROWS, make.ROWS * 0]), message="5 of 5 features", severity=Severity.INFO),
        ],
        silent=[
            make.data(),
            make.data(IMAGES),
            (make.data(), make.model()),
            make.data(make.CLASSES),
            make.data(np.arange(4.0)),  # four rows are enough
            make.data([make.ROWS, IMAGES]),
            make.data(np.eye(50)),
            make.data(np.hstack([make.ROWS, make.ROWS, 0 * make.ROWS[:, :1]])),  # one of eleven: a border pixel
        ],
        cannot_tell=[
            row(make.data(np.zeros((1, 1))), message="1 rows read, 4 needed"),
            row(make.data(make.array(feature_min=np.empty(0))), message="not measured"),
        ],
    )
