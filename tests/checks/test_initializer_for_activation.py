import math

from flatline.checks.initializer_for_activation import initializer_for_activation
from flatline.facts import LayerFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax")


def dense(scale: float, activation: str = "relu", **given: object) -> LayerFacts:
    return make.layer("hidden", activation=activation, weight_norm=scale * math.sqrt(2 / 5 * 80), **given)


def test_initializer_for_activation() -> None:
    RuleTester(initializer_for_activation).run(
        fires=[
            row(
                make.model(dense(0.3), OUT),
                message="1 layer with ReLU starts below 0.5 times He's deviation √(2/fan-in): `hidden` (",
                severity=Severity.INFO,
                where="hidden",
                fix="he_normal",
            ),
            row(
                make.model(
                    dense(0.2, "linear"),
                    make.layer("act", kind="ReLU", kernel_shape=(), activation="relu"),
                    OUT,
                ),
                message="(GlorotUniform, 0.2)",
            ),
        ],
        silent=[
            (make.model(dense(0.3), OUT), make.rehearsal()),  # it learns, so there is nothing to say
            make.model(dense(0.3, kernel_shape=(5, 3)), OUT),  # few weights are small by chance
            make.model(dense(1.0), OUT),
            make.model(dense(0.5 + 1e-9), OUT),  # the bound
            make.model(dense(0.7), OUT),  # Glorot on a layer as wide as its input
            make.model(dense(0.3, "tanh"), OUT),
            make.model(dense(0.3, initializer="Constant"), OUT),  # a given matrix
            make.model(dense(0.3), make.layer("norm", kind="BatchNormalization", kernel_shape=()), OUT),
        ],
        cannot_tell=[
            row(make.model(layers=()), message="0 layers"),
            row(make.model(dense(math.nan), OUT), message="not measured"),
        ],
    )
