from flatline.cause import Cause
from flatline.checks.saturated_at_start import saturated_at_start
from flatline.facts import LayerFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax")

STUCK = make.rehearsal(make.arm(final=1.085, score=0.34))
SURE = make.model(make.layer("a"), make.layer("out", activation="sigmoid", saturated_share=0.9))


def hidden(share: float, activation: str = "sigmoid", **given: object) -> LayerFacts:
    return make.layer("hidden", activation=activation, saturated_share=share, **given)


def test_saturated_at_start() -> None:
    RuleTester(saturated_at_start).run(
        fires=[
            row(
                make.model(hidden(0.9, input_rms=58.0), OUT),
                message="90% of the values of hidden layer `hidden` (sigmoid) are saturated at the start: the inputs",
                severity=Severity.WARNING,
                cause=Cause.INPUT_SCALE,
                where="hidden",
                fix="standardise",
            ),
            row(
                make.model(hidden(0.8, "tanh", kernel_std=8.0), OUT),
                message="deviation of its kernel is 8",
                cause=Cause.INITIALIZATION,
                fix="default initialiser",
            ),
            row(
                make.model(
                    make.layer("a", activation="linear", input_rms=40.0),
                    make.layer("act", kind="Activation", kernel_shape=(), activation="tanh", saturated_share=0.7),
                    OUT,
                ),
                message="hidden layer `act` (tanh)",
                cause=Cause.INPUT_SCALE,
            ),
            row(  # also where nothing is known of the output
                make.model(hidden(0.9), make.layer("out", activation="sigmoid", saturated_share=float("nan"))),
                message="90% of the values of hidden layer",
            ),
            row(make.model(hidden(0.9), OUT), make.rehearsal(), message="90%", severity=Severity.INFO),
            row(make.model(hidden(0.3), OUT), STUCK, message="30%", severity=Severity.WARNING),
        ],
        silent=[
            make.model(),
            make.model(hidden(0.5), OUT),  # the bound
            (make.model(hidden(0.25), OUT), STUCK),  # the bound where nothing is learnt
            (SURE, make.rehearsal()),  # as an output should be that has learnt
            make.model(make.layer("a"), make.layer("out", activation="sigmoid", saturated_share=0.5)),
            make.model(hidden(0.9, trainable=False), OUT),  # random features
            make.model(  # a gate that is open
                make.layer("a"),
                hidden(0.9, inputs=("a",)),
                make.layer("product", kind="Multiply", kernel_shape=(), inputs=("a", "hidden")),
                OUT,
            ),
        ],
        cannot_tell=[
            row(make.model(hidden(float("nan")), OUT), message="not measured"),
            row(make.model(layers=()), message="not measured"),
            row(SURE, message="90% of the values of the output `out` are saturated, and hidden layers only"),
            row(SURE, STUCK, message="of the output `out`"),
        ],
    )
