from flatline.cause import Cause
from flatline.checks.identical_units import identical_units
from flatline.facts import LayerFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax")
ALIKE_OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax", identical_units=1.0, weight_norm=0.3)


def alike(name: str = "a", share: float = 1.0, *, initializer: str = "Constant", **given: object) -> LayerFacts:
    return make.layer(name, identical_units=share, initializer=initializer, kernel_std=0.0, **given)


def test_identical_units() -> None:
    zeros = {"initializer": "Zeros", "weight_norm": 0.0}
    RuleTester(identical_units).run(
        fires=[
            row(
                make.model(alike("a"), alike("b", kernel_shape=(16, 16)), ALIKE_OUT),
                message="all 16 units of `a` start with the same weights, and so do those of 1 more hidden layers",
                severity=Severity.ERROR,
                cause=Cause.INITIALIZATION,
                where="a",
                fix="random weights",
            ),
            row(make.model(alike(**zeros), OUT), message="`a` (Zeros)", severity=Severity.ERROR),  # zeros meet ReLU
            row(make.model(alike(), OUT), message="`a` (Constant)", severity=Severity.WARNING),  # the next is random
            row(make.model(alike(activation="tanh", **zeros), OUT), message="Zeros", severity=Severity.WARNING),
            row(make.model(alike(share=0.99), OUT), message="all 16 units"),
            row(make.model(alike(), OUT), make.rehearsal(), message="Constant", severity=Severity.INFO),
            row(
                make.model(alike(kind="Conv2D", kernel_shape=(3, 3, 1, 8), **zeros), OUT),
                message="all 8 units",
                severity=Severity.ERROR,
            ),
        ],
        silent=[
            make.model(),
            make.model(alike(share=0.98), OUT),  # below the bound
            make.model(make.layer("a"), alike("out", kernel_shape=(16, 3), **zeros)),  # an output that starts at zero
            make.model(alike(trainable=False), OUT),
            make.model(alike(kernel_shape=(5, 1)), OUT),  # one unit
            make.model(alike(kind="Embedding", kernel_shape=(300, 16)), OUT),
            # The last layer of a residual branch starts at zero, so that the block starts as the identity.
            make.model(
                make.layer("a"),
                alike("last", inputs=("a",), **zeros),
                make.layer("sum", kind="Add", kernel_shape=(), inputs=("a", "last")),
                OUT,
            ),
            # A modulation that starts at zero, applied by code between layers.
            make.model(make.layer("a"), alike("shift", inputs=("a",), **zeros), make.layer("b", inputs=("?",)), OUT),
        ],
        cannot_tell=[
            row(make.model(layers=()), message="0 layers"),
            row(make.model(alike(share=float("nan")), OUT), message="not compared"),
        ],
    )
