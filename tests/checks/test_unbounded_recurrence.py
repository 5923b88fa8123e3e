from flatline.cause import Cause
from flatline.checks.unbounded_recurrence import unbounded_recurrence
from flatline.facts import ModelFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def memory(kind: str, activation: str, steps: int | None, **given: object) -> ModelFacts:
    layer = make.layer(
        "memory", kind=kind, activation=activation, input_shape=(steps, 8), config={"units": 16}, **given
    )
    return make.model(layer, make.layer("out", kernel_shape=(16, 1), activation="sigmoid"))


def test_unbounded_recurrence() -> None:
    RuleTester(unbounded_recurrence).run(
        fires=[
            row(
                memory("LSTM", "relu", 300),
                message="the state of `memory` (LSTM) goes through relu, which has no upper bound, 300 times",
                severity=Severity.WARNING,
                cause=Cause.ACTIVATION,
                where="memory",
                fix="tanh",
            ),
            row(memory("GRU", "linear", 50), message="50 times", severity=Severity.WARNING),
            row(memory("LSTM", "relu", 100), make.rehearsal(), message="100 times", severity=Severity.INFO),
            row(
                memory("LSTM", "relu", 100, output_rms=50.0),
                make.rehearsal(),
                message="100 times",
                severity=Severity.WARNING,
            ),
            # Keras starts plain recurrent layers from an orthogonal kernel.
            row(memory("SimpleRNN", "relu", 200), message="200 times", severity=Severity.INFO),
        ],
        silent=[
            memory("LSTM", "tanh", 300),
            memory("LSTM", "relu", 49),  # the bound
            memory("GRU", "sigmoid", 300),
            make.model(),
            make.model(make.layer("conv", kind="Conv1D", kernel_shape=(3, 8, 16), input_shape=(300, 8))),
        ],
        cannot_tell=[
            row(make.model(layers=()), message="0 layers"),
            row(memory("LSTM", "relu", None), message="is open"),
        ],
    )
