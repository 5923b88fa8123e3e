from flatline.cause import Cause
from flatline.checks.nothing_trainable import nothing_trainable
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

FROZEN = make.layer("body", trainable=False)
HEAD = make.layer("dense_1", kernel_shape=(16, 3), activation="softmax")
FROZEN_HEAD = make.layer("dense_1", kernel_shape=(16, 3), activation="softmax", trainable=False)
NORM = make.layer("norm", kind="BatchNormalization", kernel_shape=(), n_weights=64, n_trainable=32)


def test_nothing_trainable() -> None:
    RuleTester(nothing_trainable).run(
        fires=[
            row(
                make.model(FROZEN, FROZEN_HEAD),
                message="none of the model's 147 weights is trainable",
                severity=Severity.ERROR,
                cause=Cause.TRAINABLE,
                fix="trainable",
            ),
            row(
                make.model(FROZEN, NORM, FROZEN_HEAD), message="32 of 1 normalisation layer", severity=Severity.WARNING
            ),
            row(
                make.model(make.layer("body"), FROZEN_HEAD),
                make.objective(),
                message="output layer `dense_1` is frozen at its random start",
                severity=Severity.WARNING,
                where="dense_1",
            ),
            row(
                make.model(make.layer("body"), FROZEN_HEAD),
                make.objective(),
                make.rehearsal(),
                message="frozen at its random start",
                severity=Severity.INFO,
            ),
        ],
        silent=[
            make.model(),
            (make.model(FROZEN, HEAD), make.objective()),  # a frozen backbone under a new head
            make.model(FROZEN, HEAD, n_trainable=1),  # one weight is the bound
            # A frozen head that was trained before: its loss is far below the null model's.
            (make.model(make.layer("body"), FROZEN_HEAD), make.objective(make.head(initial=0.3))),
            # Normalisation layers alone under a training step of the user's own: not for us to judge.
            make.model(FROZEN, NORM, FROZEN_HEAD, custom_train_step=True),
        ],
        cannot_tell=[
            row(make.model(n_trainable=0, layers=()), message="0 layers"),
            row(
                make.model(make.layer("body"), FROZEN_HEAD),
                make.objective(make.head(null=float("nan"))),
                message="null model",
            ),
        ],
    )
