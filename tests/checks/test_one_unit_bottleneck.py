from flatline.cause import Cause
from flatline.checks.one_unit_bottleneck import one_unit_bottleneck
from flatline.facts import LayerFacts, Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def dense(name: str, n_in: int, n_out: int, activation: str = "relu", **given: object) -> LayerFacts:
    shapes = {"kernel_shape": (n_in, n_out), "input_shape": (n_in,), "output_shape": (n_out,)}
    return make.layer(name, activation=activation, config={"units": n_out}, **(shapes | given))


OBJECTIVE = make.objective()
NARROW = make.model(dense("a", 64, 64), dense("narrow", 64, 1), dense("b", 1, 32), dense("c", 32, 10, "softmax"))


def test_one_unit_bottleneck() -> None:
    RuleTester(one_unit_bottleneck).run(
        fires=[
            row(
                NARROW,
                OBJECTIVE,
                message="hidden layer `narrow` has 1 unit between 64 inputs and 32 units later on",
                severity=Severity.WARNING,
                cause=Cause.CAPACITY,
                where="narrow",
                fix="widen `narrow` to some 32 units",
            ),
            row(
                make.model(dense("a", 31, 31), dense("narrow", 31, 1), dense("out", 1, 1, "sigmoid")),
                OBJECTIVE,
                message="none where the rectifier is zero",
                severity=Severity.WARNING,
            ),
            row(
                make.model(dense("narrow", 5, 1, "tanh"), dense("out", 1, 3, "softmax")),
                OBJECTIVE,
                make.rehearsal(),
                message="`narrow`",
                severity=Severity.INFO,
            ),
            row(NARROW, make.objective(make.head(task=Task.RECONSTRUCTION)), message="1 unit", severity=Severity.INFO),
        ],
        silent=[
            (make.model(), OBJECTIVE),
            (make.model(dense("a", 5, 2), dense("out", 2, 3)), OBJECTIVE),  # two units are the bound
            (make.model(dense("a", 5, 16), dense("out", 16, 1, "sigmoid")), OBJECTIVE),  # a one-unit head
            (make.model(dense("a", 1, 1, "sigmoid"), dense("out", 1, 1, "sigmoid")), OBJECTIVE),  # one input, one unit
            (make.model(dense("a", 30, 1, "linear"), dense("out", 1, 1, "linear")), OBJECTIVE),  # nothing is lost
            # One unit at every step of a sequence is not one number.
            (
                make.model(dense("a", 5, 1, input_shape=(20, 5), output_shape=(20, 1)), dense("out", 20, 3)),
                OBJECTIVE,
            ),
            # A gate: the features go around it.
            (
                make.model(
                    dense("a", 5, 16),
                    dense("gate", 16, 1, "sigmoid"),
                    make.layer("product", kind="Multiply", kernel_shape=(), inputs=("a", "gate")),
                    dense("out", 16, 3),
                ),
                OBJECTIVE,
            ),
            # A score that code between layers multiplies: nobody knows what else the product reads.
            (make.model(dense("a", 5, 16), dense("gate", 16, 1), dense("out", 16, 3, inputs=("?",))), OBJECTIVE),
        ],
        cannot_tell=[row(make.model(layers=()), OBJECTIVE, message="0 layers")],
    )
