from flatline.cause import Cause
from flatline.checks.dropout_too_strong import dropout_too_strong
from flatline.facts import LayerFacts, ModelFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def with_dropout(rate: float, kind: str = "Dropout", argument: str = "rate") -> ModelFacts:
    drop: LayerFacts = make.layer("drop", kind=kind, kernel_shape=(), config={argument: rate})
    return make.model(make.layer("a"), drop, make.layer("out", kernel_shape=(16, 3), activation="softmax"))


def test_dropout_too_strong() -> None:
    RuleTester(dropout_too_strong).run(
        fires=[
            row(
                with_dropout(0.97),
                message="1 dropout rate of 0.8 or more: `drop` (0.97); as few as 3%",
                severity=Severity.WARNING,
                cause=Cause.DROPOUT,
                where="drop",
                fix="lower the rate",
            ),
            row(with_dropout(0.8), message="`drop` (0.8)", severity=Severity.WARNING),
            row(with_dropout(0.9, "SpatialDropout2D"), message="`drop` (0.9)"),
            row(with_dropout(0.85, "LSTM", "recurrent_dropout"), message="`drop` (0.85)"),
            row(with_dropout(0.9), make.rehearsal(), message="`drop`", severity=Severity.INFO),
            row(
                with_dropout(0.9),
                make.rehearsal(make.arm(final=1.0, score=0.4)),
                message="`drop`",
                severity=Severity.WARNING,
            ),
        ],
        silent=[
            make.model(),
            with_dropout(0.5),
            with_dropout(0.6),
            with_dropout(0.799),  # next to the bound
            with_dropout(0.5, "LSTM", "dropout"),
            with_dropout(0.9, "GaussianNoise", "stddev"),  # noise of another kind
        ],
        cannot_tell=[
            row(make.model(layers=()), message="0 layers"),
            row(with_dropout(0.9, argument="p"), message="rate of `drop`"),
        ],
    )
