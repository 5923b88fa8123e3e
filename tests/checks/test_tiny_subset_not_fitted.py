import numpy as np

from flatline.cause import Cause
from flatline.checks.tiny_subset_not_fitted import tiny_subset_not_fitted
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make
from tests.checks.runs import NULL, diverged, ran, rehearsed

MODEL = make.model()
DROPPING = make.model(make.layer("dense"), make.layer("drop", kind="Dropout", kernel_shape=()), make.layer("out"))
STUCK = rehearsed(ran(0.0))


def tiny(*arms):
    return make.tiny(*arms, null=NULL, perfect=0.0, null_score=0.34)


def test_table():
    RuleTester(tiny_subset_not_fitted).run(
        fires=[
            row(
                tiny(ran(0.1, steps=600), ran(0.2, "reference optimizer"), ran(1.0, "standardised inputs")),
                MODEL,
                STUCK,
                message="9 examples are not fitted in 600 steps (10% of the way to a perfect fit), fitted with",
                severity=Severity.WARNING,
                cause=Cause.INPUT_SCALE,
            ),
            row(
                tiny(ran(0.0, steps=600), ran(1.0, "no dropout or penalties")),
                DROPPING,
                STUCK,
                message="no dropout",
                severity=Severity.WARNING,
                cause=Cause.DROPOUT,
            ),
            row(
                tiny(ran(0.0, steps=600), ran(1.0, "no dropout or penalties")),
                MODEL,
                STUCK,
                message="penalties",
                cause=Cause.REGULARIZATION,
            ),
            row(
                tiny(diverged(), ran(1.0, "standardised inputs")),
                MODEL,
                STUCK,
                message="the loss of 9 examples is no number after 2 steps; they are fitted with standardised inputs",
                severity=Severity.WARNING,
            ),
            row(tiny(ran(0.1, steps=600)), MODEL, STUCK, message="in any of 1 variations", severity=Severity.INFO),
            row(
                tiny(ran(0.1, steps=600), ran(1.0, "standardised inputs")),
                MODEL,
                rehearsed(ran(0.9)),  # the planned training learns all the same
                message="fitted with standardised inputs",
                severity=Severity.INFO,
            ),
        ],
        silent=[
            (tiny(ran(1.0, steps=40)), MODEL, STUCK),
            (tiny(ran(1.0), diverged("reference optimizer")), MODEL, STUCK),
            (tiny(ran(0.91, steps=600)), MODEL, STUCK),  # just beyond the bound
            (tiny(ran(0.4, steps=600, score=1.0)), MODEL, STUCK),  # every example right, if not yet surely
            (tiny(ran(0.97, steps=30, score=np.nan)), MODEL, None),
            (tiny(make.arm(rescaled=True, score=0.99)), MODEL, None),
        ],
        cannot_tell=[
            row(tiny(ran(0.1, steps=50)), MODEL, STUCK, message="50 steps on 9 examples"),  # not enough time to say
            row(make.tiny(ran(0.1, score=np.nan), null=0.0, perfect=0.0), MODEL, STUCK, message="no measure"),
        ],
    )
