import numpy as np

from flatline.detectors.same_class_maps import same_class_maps
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.detectors import make

SAME = make.sight(aligned={"dense_1": 1.0})


def test_table():
    RuleTester(same_class_maps).run(
        fires=[
            row(
                make.run(),
                make.FLAT,
                SAME,
                message="the classes of output `dense_1` all look at the same: 100.0% of what tells four of them apart "
                "is one direction of the input",
                severity=Severity.WARNING,
                where="dense_1",
            ),
            row(make.run(), make.losses(1.0, 0.8, 0.8, 0.8), SAME, message="100.0%", severity=Severity.WARNING),
            row(make.run(), make.LEARNING, SAME, message="100.0%", severity=Severity.INFO),
            row(make.run(), make.PLATEAU, SAME, message="100.0%", severity=Severity.INFO),  # half of the way
            row(make.run(), make.FLAT, make.sight(aligned={"dense_1": 0.991}), message="99.1%"),
            row(make.run(), make.FLAT, make.sight(aligned={"a": 0.4, "b": 0.99}), message="99.0%", where="b"),
        ],
        silent=[
            (make.run(), make.FLAT, make.sight()),
            (make.run(), make.FLAT, make.sight(aligned={"dense_1": 0.989})),
            (make.run(), make.FLAT, make.sight(aligned={"dense_1": 0.91})),  # a mean over positions, as it was drawn
            (make.run(), make.CONVERGED, make.sight(aligned={"dense_1": 0.78})),  # a residual net that learnt
            (make.run(), make.FLAT, make.sight(aligned={"dense_1": 1 / 3})),
            (make.run(), make.FLAT, make.sight(aligned={"a": np.nan, "b": 0.4})),  # two classes are told by one number
            (make.run(), make.LEARNING, make.sight(aligned={"dense_1": [1.0, 0.5]}, n=2)),  # zero kernels at first
        ],
        cannot_tell=[
            row(make.run(), make.losses(1.0, 1.0, n=40), SAME, message="40 steps recorded"),
            row(make.run(null=np.nan), make.FLAT, SAME, message="null model"),
            row(make.run(), make.FLAT, make.sight(aligned={"dense_1": np.nan}), message="of 1 outputs, none has four"),
            row(
                make.run(),
                make.FLAT,
                SAME,
                make.gradients({"dense": 1.0}, nonfinite_weights=np.ones((20, 1))),
                message="1 weights are no numbers",
            ),
            row(make.run(), make.FLAT, message="SightLog"),
        ],
    )
