import numpy as np

from flatline.cause import Cause
from flatline.detectors.duplicate_channels import duplicate_channels
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.detectors import make

TWINS = make.sight(duplicates={"conv2d": 0.9})
LAYERS = [make.layer(name, kind="Conv2D") for name in ("conv2d", "conv2d_1")]
RUN = make.run(*LAYERS, make.layer("dense_1", is_output=True))
FELL_BACK = make.losses(1.0, 0.2, 0.1, 1.0, 1.0, 1.0, 1.0)
FAST = np.where(np.arange(20) == 0, 0.4, 1e-2)


def test_table():
    RuleTester(duplicate_channels).run(
        fires=[
            row(
                RUN,
                make.FLAT,
                TWINS,
                message="90% of the channels of `conv2d` that vary at all are copies of another after 300 steps",
                severity=Severity.WARNING,
                where="conv2d",
            ),
            row(
                RUN,
                make.FLAT,
                TWINS,
                make.updates({"conv2d": FAST}, rate=0.3),
                message="after 300 steps: step 0 changed it by 0.4 of its weights, at learning rate 0.3",
                cause=Cause.LEARNING_RATE,
                fix="set the learning rate to 0.007",
            ),
            # not by so much at a time that a rate could be blamed
            row(RUN, make.FLAT, TWINS, make.updates({"conv2d": 0.09}), message="300 steps"),
            row(RUN, make.FLAT, TWINS, make.updates({"conv2d": np.nan}), message="300 steps"),
            row(
                RUN,
                make.FLAT,
                make.sight({"conv2d": 0.5, "conv2d_1": 0.5}, duplicates={"conv2d": 0.6, "conv2d_1": 0.7}),
                message="; so are most of those of 1 other layer",
                where="conv2d",
            ),
            row(RUN, FELL_BACK, TWINS, message="90%"),
            row(RUN, make.FLAT, make.sight(duplicates={"conv2d": 0.51}), message="51%"),
        ],
        silent=[
            (RUN, make.FLAT, make.sight(duplicates={"conv2d": 0.5})),  # at the bound
            (RUN, make.FLAT, make.sight()),
            (RUN, make.LEARNING, TWINS),  # wide pointwise layers of networks that learn have near copies
            (RUN, make.PLATEAU, TWINS),
            (RUN, make.CONVERGED, TWINS),
            # a softmax over two classes per pixel: each channel is the other's mirror
            (make.run(make.layer("conv2d", kind="Conv2D", is_output=True)), make.FLAT, TWINS),
            # they came apart
            (RUN, make.FLAT, make.sight(duplicates={"conv2d": [0.9, 0.1]}, n=2)),
            # one layer has too few channels to tell, the other is well
            (RUN, make.FLAT, make.sight({"a": 0.5, "b": 0.5}, duplicates={"a": np.nan, "b": 0.1})),
        ],
        cannot_tell=[
            row(RUN, make.losses(1.0, 1.0, n=40), TWINS, message="40 steps recorded"),
            row(make.run(null=np.nan), make.FLAT, TWINS, message="null model"),
            row(RUN, make.losses(1.0, np.nan), TWINS, message="no number"),
            row(
                RUN, make.FLAT, make.sight(duplicates={"conv2d": np.nan}), message="in 1 convolutions, fewer than four"
            ),
            row(
                RUN,
                make.FLAT,
                TWINS,
                make.gradients({"dense": 1.0}, nonfinite_weights=np.ones((20, 1))),
                message="1 weights are no numbers",
            ),
            row(RUN, make.FLAT, message="SightLog"),
        ],
    )
