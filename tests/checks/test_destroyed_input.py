import numpy as np

from flatline.checks.destroyed_input import MAX_GAIN, destroyed_input
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

BLANK = make.layer(input_feature_std=np.zeros(5), input_rms=2.0, input_min=2.0, input_max=2.0)
DROP = make.layer("drop", kind="Lambda", kernel_shape=())


def augmented(received, made, kind="RandomBrightness", low=0.0, high=1.0):
    """A model that begins with an augmentation."""
    ranges = {"input_min": low, "input_max": high}
    layer = make.layer("augment", kind=kind, kernel_shape=(), input_rms=received, output_rms=made, **ranges)
    return make.model(layer, make.layer("conv"))


def test_destroyed_input():
    RuleTester(destroyed_input).run(
        fires=[
            row(
                make.data(),
                augmented(0.5, 60.0),
                message="rms 0.5 into rms 60 in training",
                severity=Severity.WARNING,
                fix="tell `augment` that pixels are in [0, 1]",
            ),
            row(make.data(), augmented(0.5, 60.0), make.rehearsal(), message="60", severity=Severity.INFO),
            row(make.data(), augmented(110.0, 3.0, "RandomErasing", 0.0, 255.0), message="0.027 times", fix="weaken"),
            row(make.data(), augmented(1.0, 50.0, "GaussianNoise", -3.0, 3.0), message="50 times", fix="weaken"),
            row(make.data(), make.model(DROP, BLANK), message="2 in every cell", severity=Severity.ERROR),
        ],
        silent=[
            (make.data(), make.model()),
            (make.data(), augmented(0.5, 0.5 * MAX_GAIN)),  # at the bound
            (make.data(), augmented(0.5, 0.5 / MAX_GAIN)),
            (make.data(), augmented(0.45, 0.5)),
            (make.data(), augmented(1.0, 2.2, "GaussianNoise", -3.0, 3.0)),  # a denoiser's noise
            (make.data(make.ROWS * 0 + 2), make.model(DROP, BLANK)),  # X is constant: another check's
        ],
        cannot_tell=[
            row(make.data(), make.model(make.layer(input_feature_std=np.full(5, np.nan))), message="0 first trainable"),
            row(make.model(), message="needs DataFacts"),
        ],
    )
