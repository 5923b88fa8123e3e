import numpy as np

from flatline.detectors.noisy_filters import noisy_filters
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.detectors import make

NOISE = make.sight({"conv2d": 0.02})
RUN = make.run(make.layer("conv2d", kind="Conv2D"), make.layer("dense_1", is_output=True))
BROKEN = make.gradients({"dense": 1.0}, nonfinite_weights=np.ones((20, 1)))


def test_table():
    RuleTester(noisy_filters).run(
        fires=[
            row(
                RUN,
                make.FLAT,
                NOISE,
                message="the kernels of `conv2d` are noise after 300 steps: neighbouring cells correlate by 0.02, "
                "by chance it would be 0.05; the pixels of the images by 0.80",
                severity=Severity.INFO,
                where="conv2d",
            ),
            row(RUN, make.FLAT, make.sight({"conv2d": -0.02}), message="by 0.02"),
            row(RUN, make.FLAT, make.sight({"conv2d": 0.149}), message="by 0.15"),
            # the first layer has no two neighbours, the second is judged
            row(RUN, make.FLAT, make.sight({"conv2d_1": np.nan, "conv2d": 0.0}), message="`conv2d`"),
            # it learnt, and lost what it had
            row(RUN, make.losses(1.0, 0.2, 0.1, 1.0, 1.0, 1.0, 1.0), NOISE, message="`conv2d`"),
            row(RUN, make.FLAT, make.sight({"conv2d": [0.5, 0.02]}, n=2), message="by 0.02"),  # the latest look counts
        ],
        silent=[
            (RUN, make.FLAT, make.sight({"conv2d": 0.375}, chance=0.125)),  # at the bound
            (RUN, make.FLAT, make.sight({"conv2d": 0.6})),
            (RUN, make.FLAT, make.sight({"conv2d": -0.5})),  # edges: neighbours of opposite sign
            (RUN, make.LEARNING, NOISE),  # networks do learn with filters that look like noise
            (RUN, make.PLATEAU, NOISE),
            (RUN, make.CONVERGED, NOISE),
            (RUN, make.FLAT, make.sight({"conv2d": 0.02}, smooth=0.49)),  # images that are noise themselves
            # a frozen random layer is meant to be one
            (make.run(make.layer("conv2d", trainable=False)), make.FLAT, NOISE),
            # deeper layers are not judged: what they read need not be smooth
            (RUN, make.FLAT, make.sight({"conv2d": 0.6, "conv2d_1": 0.0})),
        ],
        cannot_tell=[
            row(RUN, make.losses(1.0, 1.0, n=40), NOISE, message="40 steps recorded"),
            row(make.run(null=np.nan), make.FLAT, NOISE, message="null model"),
            row(RUN, make.FLAT, make.sight({"conv2d": np.nan}), message="0 convolutions of 3 × 3 cells"),
            row(RUN, make.FLAT, make.sight(smooth=np.nan), message="no images"),
            row(RUN, make.FLAT, NOISE, BROKEN, message="1 weights are no numbers"),
            row(RUN, make.FLAT, message="SightLog"),
        ],
    )
