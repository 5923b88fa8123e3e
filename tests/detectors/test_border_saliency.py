import numpy as np

from flatline.detectors.border_saliency import border_saliency
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.detectors import make

BORDER = make.sight(border=(0.5, 0.2))


def test_table():
    RuleTester(border_saliency).run(
        fires=[
            row(
                make.run(),
                make.LEARNING,
                BORDER,
                message="the answers take 50% of what they depend on from a narrow frame of `images`, which holds 20% "
                "of what differs between the images",
                severity=Severity.INFO,
                where="images",
            ),
            row(make.run(), make.CONVERGED, make.sight(border=(0.34, 0.0)), message="34%"),
            row(make.run(), make.PLATEAU, make.sight(border=(0.61, 0.4)), message="61%"),
            row(
                make.run(),
                make.LEARNING,
                make.sight(blind={"a": 0.0, "b": 0.0}, border=(0.9, 0.3)),
                message="90%",
                where="a",
            ),
        ],
        silent=[
            (make.run(), make.LEARNING, make.sight()),
            (make.run(), make.LEARNING, make.sight(border=(1 / 3, 0.1))),  # at the bound
            (make.run(), make.LEARNING, make.sight(border=(0.6, 0.4))),  # at the other
            (make.run(), make.LEARNING, make.sight(border=(0.9, 0.9))),  # images that differ in the frame only
            (make.run(), make.LEARNING, make.sight(border=(0.3, 0.05))),  # digits of which one stands at the edge
            (make.run(), make.FLAT, BORDER),  # what a network that has learnt nothing looks at says nothing
            (make.run(), make.losses(1.0, 0.3, 0.3, 8.0, 8.0), BORDER),
            (make.run(), make.LEARNING, make.sight(border=([0.5, 0.1], 0.2), n=2)),  # it no longer does
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, 1.0, n=40), BORDER, message="40 steps recorded"),
            row(make.run(null=np.nan), make.LEARNING, BORDER, message="null model"),
            row(make.run(), make.LEARNING, make.sight(border=(np.nan, np.nan)), message="0 inputs are images"),
            row(
                make.run(),
                make.LEARNING,
                BORDER,
                make.gradients({"dense": 1.0}, nonfinite_weights=np.ones((20, 1))),
                message="1 weights are no numbers",
            ),
            row(make.run(), make.LEARNING, message="SightLog"),
        ],
    )
