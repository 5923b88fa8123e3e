from flatline.cause import Cause
from flatline.checks.dropout_on_output import dropout_on_output
from flatline.facts import LayerFacts, ObjectiveFacts, Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def drop(rate: float = 0.5) -> LayerFacts:
    return make.layer("drop", kind="Dropout", kernel_shape=(), config={"rate": rate})


def ending_in(layer: str, task: Task = Task.REGRESSION) -> ObjectiveFacts:
    return make.objective(make.head(layer=layer, task=task))


OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax")
SOFTMAX = make.layer("softmax", kind="Softmax", kernel_shape=(), activation="softmax")


def test_dropout_on_output() -> None:
    RuleTester(dropout_on_output).run(
        fires=[
            row(
                make.model(make.layer("a"), OUT, drop()),
                ending_in("drop"),
                message="`drop` drops 50% of the output itself",
                severity=Severity.WARNING,
                cause=Cause.DROPOUT,
                where="drop",
                fix="take `drop` out",
            ),
            row(
                make.model(make.layer("a"), OUT, drop(0.2), SOFTMAX), ending_in("softmax"), message="20% of the output"
            ),
            row(
                make.model(make.layer("a"), OUT, drop(0.1)),
                ending_in("drop"),
                make.rehearsal(),
                message="10%",
                severity=Severity.INFO,
            ),
        ],
        silent=[
            (make.model(), make.objective()),
            (make.model(make.layer("a"), drop(), OUT), ending_in("out")),  # right before the output: usual
            (make.model(make.layer("a"), OUT, drop(0.0)), ending_in("drop")),  # a rate of zero is the bound
            # An embedding in contrastive learning: dropout is the augmentation.
            (make.model(make.layer("a"), OUT, drop()), ending_in("drop", Task.UNKNOWN)),
            # The scores come from a product with something else behind the dropout.
            (
                make.model(make.layer("a"), drop(), make.layer("tied", kind="Lambda", kernel_shape=())),
                ending_in("tied"),
            ),
        ],
        cannot_tell=[row(make.model(layers=()), ending_in("drop"), message="0 layers")],
    )
