from flatline.cause import Cause
from flatline.checks.hidden_softmax import hidden_softmax
from flatline.facts import LayerFacts, Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def dense(name: str, n_in: int, n_out: int, activation: str = "softmax", **given: object) -> LayerFacts:
    shapes = {"kernel_shape": (n_in, n_out), "input_shape": (n_in,), "output_shape": (n_out,)}
    return make.layer(name, activation=activation, config={"units": n_out}, **(shapes | given))


def plain(name: str, kind: str, **given: object) -> LayerFacts:
    return make.layer(name, kind=kind, kernel_shape=(), **given)


OBJECTIVE = make.objective()
TWO = make.model(dense("a", 64, 32), dense("b", 32, 16), dense("out", 16, 10))


def test_hidden_softmax() -> None:
    RuleTester(hidden_softmax).run(
        fires=[
            row(
                TWO,
                OBJECTIVE,
                message="2 hidden layers (`a`, `b`) end in softmax: each of the 32 units of `a` passes on about 1/32",
                severity=Severity.WARNING,
                cause=Cause.ACTIVATION,
                where="a",
                fix='activation="relu"',
            ),
            row(
                make.model(dense("a", 5, 8, "linear"), plain("act", "Softmax", output_shape=(8,)), dense("out", 8, 3)),
                OBJECTIVE,
                message="1 hidden layer (`act`) ends in softmax",
                severity=Severity.WARNING,
            ),
            row(
                make.model(dense("a", 5, 8), plain("drop", "Dropout"), dense("out", 8, 3)),
                OBJECTIVE,
                make.rehearsal(),
                message="`a`",
                severity=Severity.INFO,
            ),
            row(TWO, make.objective(make.head(task=Task.RECONSTRUCTION)), message="softmax", severity=Severity.INFO),
        ],
        silent=[
            (make.model(), OBJECTIVE),
            # Softmax at the end, with an up-sampling or a cast behind it.
            (make.model(dense("a", 5, 8, "relu"), dense("b", 8, 3), plain("cast", "Cast")), OBJECTIVE),
            # A mixture of experts: the softmax weighs, it does not feed.
            (
                make.model(
                    dense("a", 5, 16, "relu"),
                    dense("gate", 16, 4, inputs=("a",)),
                    dense("expert", 16, 4, "relu", inputs=("a",)),
                    plain("mix", "Multiply", inputs=("gate", "expert")),
                    dense("out", 4, 3),
                ),
                OBJECTIVE,
            ),
            # An output that feeds another head as well.
            (make.model(dense("first", 5, 3, is_output=True), dense("out", 3, 3)), OBJECTIVE),
            # Attention over time: a softmax along another axis.
            (
                make.model(plain("act", "Softmax", config={"axis": 1}, output_shape=(20, 4)), dense("out", 4, 3)),
                OBJECTIVE,
            ),
        ],
        cannot_tell=[row(make.model(layers=()), OBJECTIVE, message="0 layers")],
    )
