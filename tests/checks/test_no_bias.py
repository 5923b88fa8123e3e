from flatline.cause import Cause
from flatline.checks.no_bias import no_bias
from flatline.facts import LayerFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def dense(name: str, n_in: int, n_out: int, activation: str = "relu", *, bias: bool = False) -> LayerFacts:
    config = {"units": n_out, "use_bias": bias}
    return make.layer(name, kernel_shape=(n_in, n_out), activation=activation, config=config, input_shape=(n_in,))


OUT = dense("out", 32, 1, "sigmoid")


def test_no_bias() -> None:
    RuleTester(no_bias).run(
        fires=[
            row(
                make.model(dense("a", 1, 32), dense("b", 32, 32), OUT),
                message="0 of 3 layers have a bias: from 1 input such a network",
                severity=Severity.WARNING,
                cause=Cause.ARCHITECTURE,
                where="a",
                fix="use_bias=True",
            ),
            row(make.model(dense("a", 3, 32), OUT), message="from 3 inputs", severity=Severity.WARNING),
            row(make.model(dense("a", 2, 32), OUT), make.rehearsal(), message="2 inputs", severity=Severity.INFO),
        ],
        silent=[
            make.model(),
            make.model(dense("a", 1, 32), dense("out", 32, 1, "sigmoid", bias=True)),  # one bias is enough
            make.model(dense("a", 4, 32), OUT),  # with more inputs, directions tell samples apart
            make.model(dense("a", 1, 32, "tanh"), OUT),  # tanh knows large from small
            make.model(dense("a", 1, 1, "linear")),  # a line through the origin, on purpose
            make.model(dense("a", 1, 32), make.layer("norm", kind="BatchNormalization", kernel_shape=()), OUT),
        ],
        cannot_tell=[row(make.model(layers=()), message="0 layers")],
    )
