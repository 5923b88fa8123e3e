from flatline.cause import Cause
from flatline.checks.random_at_inference import random_at_inference
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

FLIP = make.layer("flip", kind="RandomFlip", kernel_shape=())
NOISE = make.layer("noise", kind="GaussianNoise", kernel_shape=())
DROPOUT = make.layer("drop", kind="Dropout", kernel_shape=())
SAMPLING = make.layer("code", kind="Sampling", builtin=False, kernel_shape=())
MEMORY = make.layer("memory", kind="LSTM", config={"stateful": True})


def test_random_at_inference() -> None:
    RuleTester(random_at_inference).run(
        fires=[
            row(
                make.model(FLIP, make.layer("a"), inference_noise=0.4, noise_sources=("flip",)),
                message="differ by 0.4 times their size: `flip` (RandomFlip)",
                severity=Severity.WARNING,
                cause=Cause.ARCHITECTURE,
                where="flip",
                fix="without training=True",
            ),
            # Of several sources the one that is hardly ever meant.
            row(
                make.model(DROPOUT, FLIP, make.layer("a"), inference_noise=0.4, noise_sources=("drop", "flip")),
                message="`flip`",
                severity=Severity.WARNING,
            ),
            # Monte-Carlo dropout, noise and sampling may be meant.
            row(
                make.model(make.layer("a"), DROPOUT, inference_noise=0.4, noise_sources=("drop",)),
                message="`drop` (Dropout)",
                severity=Severity.INFO,
                cause=Cause.DROPOUT,
            ),
            row(
                make.model(make.layer("a"), NOISE, inference_noise=0.4, noise_sources=("noise",)),
                message="`noise` (GaussianNoise)",
                severity=Severity.INFO,
            ),
            row(
                make.model(make.layer("a"), SAMPLING, inference_noise=0.4, noise_sources=("code",)),
                message="`code` (Sampling)",
                severity=Severity.INFO,
                fix="only where `training` is true",
            ),
            row(
                make.model(make.layer("a"), inference_noise=0.4),
                message="two predictions",
                severity=Severity.INFO,
                where="",
            ),
        ],
        silent=[
            make.model(),
            make.model(FLIP, make.layer("a")),  # acts in training only
            make.model(make.layer("a"), DROPOUT),
            make.model(make.layer("a"), SAMPLING),
            make.model(inference_noise=1e-6),  # sums in another order
            make.model(FLIP, inference_noise=1e-3, noise_sources=("flip",)),  # the bound
        ],
        cannot_tell=[
            row(make.model(inference_noise=float("nan")), message="were not compared"),
            row(make.model(MEMORY, inference_noise=0.4), message="stateful"),
        ],
    )
