from flatline import facts
from flatline.cause import Cause
from flatline.checks.class_imbalance import class_imbalance
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

SPOILT = (0, 2, 5, 1, 140, 3, 136, 4, 1, 2)


def counted(*counts, **given):
    """One output with this many rows of each class."""
    pairs = tuple((float(label), n) for label, n in enumerate(counts) if n)
    return make.objective(make.head(class_counts=pairs, n_classes=len(pairs), **given))


def test_class_imbalance():
    weighted = make.plan(class_weight={0: 1.0, 1: 20.0})
    zipf = [int(2000 / rank) for rank in range(1, 51)]
    RuleTester(class_imbalance).run(
        fires=[
            row(
                make.data(),
                counted(*SPOILT),
                message="140 rows, the smallest 1; 7 of 9 classes have fewer than 10 rows",
                severity=Severity.WARNING,
                cause=Cause.DATA,
                fix="where the rows of the small classes went",
            ),
            row(make.data(), counted(*SPOILT), weighted, message="140 rows", severity=Severity.INFO),
            row(make.data(has_sample_weight=True), counted(*SPOILT), message="140", severity=Severity.INFO),
            # two classes, one of them rare, are common
            row(
                make.data(), counted(1995, 105), message="1,995 rows", severity=Severity.INFO, fix="weight the classes"
            ),
            row(make.data(), counted(995, 5, task=facts.Task.BINARY), message="995", severity=Severity.INFO),
            row(make.data(), counted(*zipf), message="2,000 rows, the smallest 40", severity=Severity.INFO),
            # a rare letter among many: below half of the classes
            row(make.data(), counted(900, 800, 700, 9, 2), message="900", severity=Severity.INFO),
        ],
        silent=[
            (make.data(), make.objective()),
            (make.data(), counted(100, 10)),  # at the bound
            (make.data(), counted(2, 4, 3)),
            (make.data(), counted(*range(1, 201))),  # a vocabulary
            (make.data(), counted(50, 50, 50), make.plan()),
            (make.data(), counted(71, 59, 48)),
            (make.data(), counted(30, 3)),
            (make.data(), counted(357, 212, task=facts.Task.BINARY)),
            (make.data(), counted(1, 1, 1)),
            (make.data(), counted(*SPOILT, output_shape=(16, 10))),  # the steps of a sequence
            (make.data(), counted(*SPOILT, units=10_000)),  # a vocabulary, most of it not met
            (make.data(), counted(1995, 105), weighted),
        ],
        cannot_tell=[
            row(make.data(), make.objective(make.head(task=facts.Task.MULTILABEL)), message="0 of 1 outputs"),
            row(make.data(), make.objective(make.head(task=facts.Task.REGRESSION)), message="0 of 1 outputs"),
            row(make.data(), make.objective(make.head(class_counts=())), message="0 of 1 outputs"),
        ],
    )
