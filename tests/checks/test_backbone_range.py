import numpy as np

from flatline.cause import Cause
from flatline.checks.backbone_range import MAX_PEAK, MIN_RANGE, backbone_range
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

IMAGES = np.random.default_rng(0).random((40, 8, 8, 3))


def conv(low, high, name="conv", **given):
    """A convolution of colour images in this range."""
    shapes = {"kernel_shape": (3, 3, 3, 8), "input_shape": (8, 8, 3)}
    return make.layer(name, kind="Conv2D", input_min=low, input_max=high, **shapes, **given)


def rescaling(low, high, kind="Rescaling", name="rescaling"):
    """A layer that scales images in this range."""
    return make.layer(name, kind=kind, kernel_shape=(), input_min=low, input_max=high, nested_in=("efficientnetb0",))


def test_backbone_range():
    twice = make.model(rescaling(0.0, 1.0), conv(0.0, 1 / 255))
    inside = ("mobilenetv2_1.00_224",)
    frozen = make.model(conv(0.0, 255.0, trainable=False, nested_in=inside), make.layer("head"))
    RuleTester(backbone_range).run(
        fires=[
            row(
                make.data(IMAGES),
                twice,
                message="images in [0, 1] are scaled again by `rescaling`: they reach `conv` with a range of 0.0039",
                severity=Severity.WARNING,
                cause=Cause.INPUT_SCALE,
                fix="pixels from 0 to 255",
            ),
            row(twice, make.rehearsal(), message="scaled again", severity=Severity.INFO),
            row(
                make.model(
                    rescaling(0.0, 1.0), rescaling(0.0, 0.004, "Normalization", "normalization"), conv(-2.12, -2.1)
                ),
                message="scaled again by `rescaling`",
            ),
            row(make.model(rescaling(-1.0, 1.0), conv(-1.008, -0.992)), message="range of 0.016"),  # MobileNetV3
            row(
                frozen, message="`mobilenetv2_1.00_224` gets values up to 255", severity=Severity.WARNING, fix="[-1, 1]"
            ),
            row(
                make.model(conv(0.0, 255.0, nested_in=inside), make.layer("head")),
                message="values up to 255",
                severity=Severity.INFO,  # trained along, it can get used to them
            ),
        ],
        silent=[
            make.model(rescaling(0.0, 255.0), conv(0.0, 1.0)),
            make.model(rescaling(0.0, 1.0), conv(0.0, MIN_RANGE)),  # at the bound
            make.model(conv(0.0, 1.0), make.layer("head")),
            make.model(rescaling(0.0, 1.0), conv(-1.0, 1.0)),  # Rescaling(2, -1) of images in [0, 1]
            make.model(conv(-1.0, 1.0, trainable=False, nested_in=inside), make.layer("head")),
            make.model(conv(0.0, MAX_PEAK, trainable=False, nested_in=inside), make.layer("head")),
            make.model(conv(0.0, 255.0, trainable=False, nested_in=("vgg16",)), make.layer("head")),  # wants raw pixels
        ],
        cannot_tell=[
            row(make.model(), message="0 convolutions of images"),
            row(make.model(conv(float("nan"), float("nan"))), message="0 convolutions of images"),
        ],
    )
