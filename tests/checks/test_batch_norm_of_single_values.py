from flatline.cause import Cause
from flatline.checks.batch_norm_of_single_values import batch_norm_of_single_values
from flatline.facts import LayerFacts
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def norm(**given: object) -> LayerFacts:
    defaults: dict[str, object] = {
        "kind": "BatchNormalization",
        "kernel_shape": (),
        "n_weights": 64,
        "input_shape": (16,),
    }
    return make.layer("norm", **(defaults | given))


OUT = make.layer("out", kernel_shape=(16, 3), activation="softmax")
NORMAL = make.model(make.layer("a"), norm(), OUT, mode_gap=0.9)
ONE = make.plan(batch_size=1)
AROUND = make.model(
    make.layer("a"),
    norm(),
    make.layer("sum", kind="Add", kernel_shape=(), inputs=("a", "norm")),
    make.layer("out", kernel_shape=(16, 3), activation="softmax"),
    mode_gap=0.9,
)


def test_batch_norm_of_single_values() -> None:
    RuleTester(batch_norm_of_single_values).run(
        fires=[
            row(
                NORMAL,
                ONE,
                message="batches of 1 give `norm` 1 value of each feature",
                severity=Severity.ERROR,
                cause=Cause.NORMALIZATION_LAYER,
                where="norm",
                fix="batch_size=32",
            ),
            row(NORMAL, make.plan(batch_size=3), message="3 values", severity=Severity.INFO),
            row(AROUND, ONE, message="1 value", severity=Severity.WARNING),
            # Called with training=False, it learns with batches of one.
            row(NORMAL, ONE, make.rehearsal(batch_size=1), message="1 value", severity=Severity.INFO),
            # A rehearsal with other batches says nothing of these.
            row(NORMAL, ONE, make.rehearsal(batch_size=32), message="1 value", severity=Severity.ERROR),
        ],
        silent=[
            (NORMAL, make.plan()),
            (NORMAL, make.plan(batch_size=4)),  # the bound
            (make.model(make.layer("a"), norm(), OUT), ONE),  # called with training=False: the modes agree
            (make.model(), ONE),  # nothing is normalised over the batch
            (make.model(make.layer("a"), norm(trainable=False), OUT, mode_gap=0.9), ONE),  # frozen: running averages
            (
                make.model(make.layer("a"), norm(input_shape=(8, 8, 16)), OUT, mode_gap=0.9),
                ONE,
            ),  # 64 positions an image
        ],
        cannot_tell=[
            row(make.model(layers=()), ONE, message="0 layers"),
            row(NORMAL, make.plan(given=False), message="without `fit_args`"),
        ],
    )
