from flatline.cause import Cause
from flatline.checks.vanishing_gradient_at_start import vanishing_gradient_at_start
from flatline.facts import LayerFacts, ModelFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def deep(ratio: float, activation: str = "relu", *, hidden: int = 4, **first: object) -> ModelFacts:
    """Layers whose relative gradients are 0.1, but for the first."""
    layers: list[LayerFacts] = [
        make.layer(f"h{i}", kernel_shape=(16, 16), activation=activation, gradient_norm=0.1, weight_norm=1.0)
        for i in range(hidden)
    ]
    layers[0] = make.layer("h0", activation=activation, gradient_norm=0.1 * ratio, weight_norm=1.0, **first)
    out = make.layer("out", kernel_shape=(16, 3), activation="softmax", gradient_norm=0.1, weight_norm=1.0)
    return make.model(*layers, out)


STUCK = make.rehearsal(make.arm(final=1.085, score=0.34))
LIFELESS = make.model(*(make.layer(name, gradient_norm=0.0) for name in "abc"))
ZERO = make.layer("out", kernel_shape=(16, 3), activation="softmax", weight_norm=0.0, gradient_norm=0.1)


def test_vanishing_gradient_at_start() -> None:
    RuleTester(vanishing_gradient_at_start).run(
        fires=[
            row(
                deep(1e-5, "sigmoid"),
                message="first layer `h0` is 1.0e-05 of the largest (`h1`), 5 layers deep",
                severity=Severity.WARNING,
                cause=Cause.ACTIVATION,
                where="h0",
                fix="ReLU",
            ),
            row(deep(5e-4, "sigmoid"), STUCK, message="5.0e-04", cause=Cause.ACTIVATION),
            row(deep(1e-5), message="1.0e-05", cause=Cause.INITIALIZATION, fix="He"),
            row(deep(1e-5, input_rms=1e-4), STUCK, message="1.0e-05", cause=Cause.INPUT_SCALE),
            row(
                deep(1e-5, "tanh", input_rms=900.0, saturated_share=0.98),
                message="1.0e-05",
                cause=Cause.INPUT_SCALE,
                fix="standardise",
            ),
        ],
        silent=[
            deep(1.0),
            deep(5e-4),  # small, and nothing shows that it does not learn
            (deep(2e-3, "sigmoid"), STUCK),  # above the bound
            (deep(1e-6, "sigmoid"), make.rehearsal()),  # Adam learns all the same
            (deep(2e-3), STUCK),
            (LIFELESS, make.rehearsal()),  # the probe alone has none
            make.model(),  # two layers are not deep
        ],
        cannot_tell=[
            row(make.model(layers=()), message="0 layers"),
            row(LIFELESS, message="the gradients of all 3 layers with kernels are exactly 0"),
            row(LIFELESS, STUCK, message="exactly 0"),
            row(make.model(make.layer("a"), make.layer("b"), ZERO), message="starts at 0"),
            row(make.model(make.layer("a", gradient_norm=None), make.layer("b"), make.layer("c")), message="2 of 3"),
        ],
    )
