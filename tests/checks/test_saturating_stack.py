from flatline.cause import Cause
from flatline.checks.saturating_stack import saturating_stack
from flatline.facts import LayerFacts, ModelFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax")


def stack(n: int, activation: str, share: float = 0.0) -> list[LayerFacts]:
    return [make.layer(f"h{i}", activation=activation, saturated_share=share) for i in range(n)]


def plain(name: str, kind: str, **given: object) -> LayerFacts:
    return make.layer(name, kind=kind, kernel_shape=(), **given)


def split(layer: LayerFacts) -> ModelFacts:
    return make.model(*stack(2, "sigmoid"), layer, make.layer("h9", activation="sigmoid"), OUT)


def test_saturating_stack() -> None:
    RuleTester(saturating_stack).run(
        fires=[
            row(
                make.model(*stack(5, "sigmoid"), OUT),
                message="5 hidden layers in a row, `h0` to `h4`, are sigmoid layers",
                severity=Severity.WARNING,
                cause=Cause.ACTIVATION,
                where="h0",
                fix='activation="relu"',
            ),
            row(make.model(*stack(3, "sigmoid"), OUT), message="3 hidden layers", severity=Severity.WARNING),
            row(split(plain("drop", "Dropout")), message="3 hidden layers in a row"),
            row(make.model(*stack(5, "tanh", 0.7), OUT), message="70% of `h0` is saturated", severity=Severity.WARNING),
            row(make.model(*stack(4, "sigmoid"), OUT), make.rehearsal(), message="4 hidden", severity=Severity.INFO),
            row(
                make.model(*stack(4, "sigmoid"), OUT),
                make.rehearsal(make.arm(final=1.0, score=0.4)),
                message="4 hidden",
                severity=Severity.WARNING,
            ),
        ],
        silent=[
            make.model(),
            make.model(*stack(2, "sigmoid"), OUT),  # the bound
            make.model(*stack(2, "sigmoid"), make.layer("out", activation="sigmoid")),  # the output is no hidden layer
            make.model(*stack(6, "tanh", 0.1), OUT),  # tanh near zero keeps the gradient
            split(plain("norm", "BatchNormalization")),  # normalised in between
            split(make.layer("bend")),  # another activation in between
            # Gates: each multiplies a feature map.
            make.model(
                make.layer("a"),
                make.layer("gate", activation="sigmoid", inputs=("a",)),
                plain("product", "Multiply", inputs=("a", "gate")),
                *stack(2, "sigmoid"),
                OUT,
            ),
        ],
        cannot_tell=[
            row(make.model(layers=()), message="0 layers"),
            row(make.model(*stack(5, "tanh", float("nan")), OUT), message="not measured"),
        ],
    )
