import numpy as np

from flatline.cause import Cause
from flatline.checks.born_dead import born_dead
from flatline.facts import LayerFacts, ModelFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax")
STUCK = make.rehearsal(make.arm(final=1.085, score=0.34))


def dying(share: float, **given: object) -> ModelFacts:
    return make.model(hidden(share), OUT, **given)


def hidden(share: float, **given: object) -> LayerFacts:
    return make.layer("hidden", dead_share=share, **given)


AROUND = make.model(
    make.layer("a"),
    make.layer("hidden", dead_share=1.0, inputs=("a",)),
    make.layer("sum", kind="Add", kernel_shape=(), inputs=("a", "hidden")),
    OUT,
)


def test_born_dead() -> None:
    RuleTester(born_dead).run(
        fires=[
            row(
                dying(1.0),
                message="100% of the units of `hidden` are zero for all 256 samples",
                severity=Severity.ERROR,
                cause=Cause.INITIALIZATION,
                where="hidden",
                fix="zero biases",
            ),
            row(dying(1.0, n_probe=64), message="all 64 samples", severity=Severity.ERROR),
            row(AROUND, message="100%", severity=Severity.WARNING),
            row(dying(0.95), message="95%", severity=Severity.WARNING),
            row(dying(0.95), make.rehearsal(), message="95%", severity=Severity.INFO),
            row(dying(0.6), message="60%", severity=Severity.INFO),
            row(dying(0.6), STUCK, message="60%", severity=Severity.WARNING, cause=Cause.INITIALIZATION),
            row(
                make.model(hidden(0.6, input_feature_rms=np.array([1.0, 67.0]), input_feature_std=np.ones(2)), OUT),
                STUCK,
                message="its inputs lie 67 off zero and differ by 1.41 only",
                cause=Cause.INPUT_SCALE,
                fix="standardise",
            ),
            row(
                make.model(make.layer("hidden", dead_share=1.0, kernel_shape=(2, 2)), OUT),
                message="so few units (2) die at birth by chance",
                cause=Cause.CAPACITY,
                fix="widen `hidden`",
            ),
            # A probe that is all the data there is.
            row(dying(0.95, n_probe=200), make.data(), message="all 200 samples"),
        ],
        silent=[
            make.model(),
            dying(0.5),  # the bound: one positive input leaves half of the units dead
            (dying(0.4), STUCK),
            make.model(make.layer("hidden", dead_share=0.75, kernel_shape=(5, 4)), OUT),  # three of four by chance
            make.model(make.layer("a"), make.layer("out", dead_share=0.9)),  # the output is judged elsewhere
            make.model(make.layer("a", activation="gelu", dead_share=float("nan")), OUT, n_probe=32),
            dying(0.3, n_probe=32),
            make.model(make.layer("hidden", dead_share=0.5, kernel_shape=(2, 2)), OUT),  # one of two
            (dying(0.2), make.data()),
            make.model(make.layer("gelu", activation="gelu", dead_share=float("nan")), OUT),
        ],
        cannot_tell=[
            row(make.model(layers=()), message="0 layers"),
            row(dying(0.9, n_probe=100), message="100 samples"),
            row(dying(1.0, n_probe=20), message="20 samples"),
        ],
    )
