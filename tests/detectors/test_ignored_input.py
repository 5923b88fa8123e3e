import numpy as np

from flatline.detectors.ignored_input import ignored_input
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.detectors import make

ONE = make.sight(blind={"images": 1.0, "table": 0.0})


def test_table():
    RuleTester(ignored_input).run(
        fires=[
            row(
                make.run(),
                make.FLAT,
                ONE,
                message="no output depends on input `images`: 32 samples exchanged it and nothing changed",
                severity=Severity.WARNING,
                where="images",
            ),
            row(make.run(), make.LEARNING, ONE, message="no output", severity=Severity.INFO),
            row(
                make.run(),
                make.FLAT,
                make.sight(blind={"images": 0.94}),
                message="no output depends on 94% of the cells of input `images` that differ between 32 samples",
                severity=Severity.INFO,
            ),
            row(make.run(), make.PLATEAU, make.sight(blind={"images": 0.51}), message="51%"),
            row(
                make.run(),
                make.FLAT,
                make.sight(blind={"a": np.nan, "b": 0.1, "c": 1.0}),
                message="input `c`",
                where="c",
            ),
        ],
        silent=[
            (make.run(), make.FLAT, make.sight()),
            (make.run(), make.LEARNING, make.sight(blind={"images": 0.5})),  # at the bound
            (make.run(), make.FLAT, make.sight(blind={"images": 0.23})),  # rectifiers at rest, max-pooling
            (make.run(), make.FLAT, make.sight(blind={"images": 1.0})),  # constant-output says so
            (make.run(), make.FLAT, make.sight(blind={"a": 1.0, "b": 1.0})),
            (make.run(), make.FLAT, make.sight(blind={"tokens": np.nan, "table": 0.1})),  # tokens have no gradient
            (
                make.run(),
                make.CONVERGED,
                make.sight(blind={"images": [1.0, 0.0]}, n=2),
            ),  # a branch that started at zero
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, 1.0, n=40), ONE, message="40 steps recorded"),
            row(make.run(null=np.nan), make.FLAT, ONE, message="null model"),
            row(make.run(), make.FLAT, make.sight(blind={"tokens": np.nan}), message="for 1 inputs"),
            row(
                make.run(),
                make.FLAT,
                ONE,
                make.gradients({"dense": 1.0}, nonfinite_weights=np.ones((20, 1))),
                message="1 weights are no numbers",
            ),
            row(make.run(), make.FLAT, message="SightLog"),
        ],
    )
