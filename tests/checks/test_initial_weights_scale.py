import math

from flatline.cause import Cause
from flatline.checks.initial_weights_scale import initial_weights_scale
from flatline.facts import LayerFacts, ModelFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

HE = math.sqrt(2 / 16)  # of a layer with 16 inputs


def dense(name: str, scale: float = 1.0, spread: float = 0.6, activation: str = "relu", **given: object) -> LayerFacts:
    shapes = {
        "kernel_shape": (16, 16),
        "weight_norm": scale * HE * 16,
        "output_spread": spread,
        "activation": activation,
    }
    return make.layer(name, **(shapes | given))


def net(*layers: LayerFacts) -> ModelFacts:
    return make.model(*layers, dense("out", activation="softmax"))


FAINT = (dense("a", 0.1, 0.02), dense("b", 0.1, 1e-3), dense("out", 0.1, activation="sigmoid"))
STUCK = make.rehearsal(make.arm(final=1.085, score=0.34))


def test_initial_weights_scale() -> None:
    RuleTester(initial_weights_scale).run(
        fires=[
            row(
                net(dense("a", 12.0)),
                message="the kernel of `a` starts with deviation 4.2, 12 times He's",
                severity=Severity.WARNING,
                cause=Cause.INITIALIZATION,
                where="a",
                fix="keep the signal's size",
            ),
            row(net(dense("a", 5e-3)), message="0.005 times He's"),
            row(make.model(dense("a"), dense("out", 20.0, activation="softmax")), message="`out`", where="out"),
            row(
                net(dense("a", 0.1, 0.02), dense("b", 0.1, 1e-5)),
                message="from `a` to `b`, 2 layers, what differs between samples shrinks to 5.0e-04",
                cause=Cause.INITIALIZATION,
            ),
            row(
                net(dense("a", 8.0, 1.0), dense("b", 8.0, 2e3)), message="grows to 2.0e+03", cause=Cause.INITIALIZATION
            ),
            row(
                net(dense("a", 0.9, 0.2, "sigmoid"), dense("b", 0.9, 1e-4, "sigmoid")),
                message="shrinks to 5.0e-04",
                cause=Cause.ACTIVATION,
                fix="ReLU",
            ),
            row(
                make.model(*FAINT, input_dependence=3e-5),
                STUCK,
                message="2 hidden layers leave so little of the input that exchanging the samples changes the output",
                cause=Cause.INITIALIZATION,
            ),
            row(net(dense("a", 12.0)), make.rehearsal(), message="12 times", severity=Severity.INFO),
        ],
        silent=[
            net(dense("a"), dense("b")),
            make.model(*FAINT, input_dependence=3e-5),  # faint, and nothing shows that it does not learn
            (make.model(*FAINT, input_dependence=1e-3), STUCK),  # the bound
            net(dense("a", 30.0, kernel_shape=(1, 8))),  # few weights are large or small by chance
            net(dense("a", 9.9)),  # next to the bound
            net(dense("a", 0.1), dense("b", 0.1, 0.6e-3)),  # a thousandth is the bound
            make.model(dense("a"), dense("out", 1e-3, activation="softmax")),  # a small last layer is a good start
            net(dense("a", 0.0)),  # zeros are another check's
            net(dense("sine", 30.0, activation="sine"), dense("b")),  # a network with an initialiser of its own
            net(dense("a", 30.0), make.layer("norm", kind="LayerNormalization", kernel_shape=())),  # scale undone
            net(dense("a", 30.0, trainable=False)),
        ],
        cannot_tell=[
            row(make.model(layers=()), message="0 layers"),
            row(make.model(dense("out", math.nan)), message="not measured"),
        ],
    )
