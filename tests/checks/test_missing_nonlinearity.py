from flatline.cause import Cause
from flatline.checks.missing_nonlinearity import missing_nonlinearity
from flatline.facts import LayerFacts, Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def dense(name: str, n_in: int, n_out: int, activation: str = "linear", **given: object) -> LayerFacts:
    return make.layer(name, kernel_shape=(n_in, n_out), activation=activation, config={"units": n_out}, **given)


def conv(name: str, activation: str = "linear") -> LayerFacts:
    return make.layer(name, kind="Conv2D", kernel_shape=(3, 3, 8, 8), activation=activation, config={"filters": 8})


def plain(name: str, kind: str, **given: object) -> LayerFacts:
    return make.layer(name, kind=kind, kernel_shape=(), **given)


REGRESSION = make.objective(make.head(task=Task.REGRESSION, loss="mean_squared_error", n_classes=None))
CLASSES = make.objective()
LINEAR = make.model(dense("a", 5, 16), dense("b", 16, 3, "softmax"))
POOLED = [conv("c1"), conv("c2"), plain("pool", "MaxPooling2D"), plain("flat", "Flatten"), dense("d", 32, 16)]


def test_missing_nonlinearity() -> None:
    RuleTester(missing_nonlinearity).run(
        fires=[
            row(
                LINEAR,
                CLASSES,
                message="1 hidden layer (`a`) and the output layer `b` have 0 non-linear activations",
                severity=Severity.WARNING,
                cause=Cause.ACTIVATION,
                where="a",
                fix='activation="relu"',
            ),
            row(
                make.model(dense("a", 1, 1), dense("b", 1, 5), dense("c", 5, 1)),
                REGRESSION,
                message="2 hidden layers",
                severity=Severity.WARNING,
            ),
            row(
                make.model(
                    dense("a", 5, 16), plain("drop", "Dropout"), plain("norm", "BatchNormalization"), dense("b", 16, 3)
                ),
                CLASSES,
                message="together they are one linear layer",
                severity=Severity.WARNING,
            ),
            row(make.model(*POOLED, dense("e", 16, 3)), CLASSES, message="only max pooling", severity=Severity.WARNING),
            row(
                make.model(conv("c1"), plain("pool", "MaxPooling2D"), plain("flat", "Flatten"), dense("e", 16, 3)),
                CLASSES,
                message="only max pooling",
                severity=Severity.INFO,
            ),
            row(LINEAR, CLASSES, make.rehearsal(make.arm(final=0.05)), message="`a`", severity=Severity.INFO),
            row(
                LINEAR,
                CLASSES,
                make.rehearsal(make.arm(final=0.4, score=0.5)),
                message="`a`",
                severity=Severity.WARNING,
            ),
        ],
        silent=[
            (make.model(), CLASSES),
            (make.model(dense("a", 5, 3, "softmax")), CLASSES),  # logistic regression on purpose
            (make.model(dense("a", 5, 2), dense("b", 2, 3)), CLASSES),  # low rank: narrower than both ends
            (make.model(dense("a", 13, 3), dense("b", 3, 13)), make.objective(make.head(task=Task.RECONSTRUCTION))),
            # The non-linearity is a layer of its own, an operation, a custom layer, a recurrent or an attention layer.
            (make.model(dense("a", 5, 16), plain("act", "ReLU", activation="relu"), dense("b", 16, 3)), CLASSES),
            (make.model(dense("a", 5, 16), plain("relu", "Relu", activation="relu"), dense("b", 16, 3)), CLASSES),
            (make.model(dense("a", 5, 16), plain("mine", "Snake", builtin=False), dense("b", 16, 3)), CLASSES),
            (make.model(dense("a", 5, 16), plain("memory", "LSTM"), dense("b", 16, 3)), CLASSES),
            (make.model(dense("a", 5, 16), plain("product", "Multiply"), dense("b", 16, 3)), CLASSES),
            (make.model(dense("a", 5, 16, "mish"), dense("b", 16, 16), dense("c", 16, 3)), CLASSES),
        ],
        cannot_tell=[
            row(make.model(layers=()), CLASSES, message="0 layers"),
            row(LINEAR, make.objective(make.head(task=Task.UNKNOWN)), message="the task of the output is unknown"),
            # In a subclassed model `ops.relu` leaves no trace but a tensor that nobody made.
            row(
                make.model(dense("a", 5, 16), dense("b", 16, 3, inputs=("?",)), dense("c", 3, 3)),
                CLASSES,
                message="in front of `b`",
            ),
        ],
    )
