import numpy as np

from flatline import facts
from flatline.cause import Cause
from flatline.checks.contradictory_rows import contradictory_rows
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

RNG = np.random.default_rng(0)
DIGITS = RNG.integers(0, 17, (300, 64)) / 16  # few values, but not whole numbers
TOKENS = RNG.integers(1, 27, (300, 6))
SHOPS = RNG.integers(0, 98_000, (300, 1))
DUMMIES = RNG.integers(0, 2, (300, 22))
CLASSES, REGRESSION = make.objective(), make.objective(make.head(task=facts.Task.REGRESSION))


def repeated(X, n_conflicts=150, n_duplicates=150, **given):
    """Three hundred rows, so many of which contradict an earlier one."""
    return make.data(X, n_compared=300, n_duplicates=n_duplicates, n_conflicts=n_conflicts, **given)


def test_contradictory_rows():
    RuleTester(contradictory_rows).run(
        fires=[
            row(
                repeated(DIGITS),
                CLASSES,
                message="150 of 300 rows compared equal an earlier row",
                severity=Severity.WARNING,
                cause=Cause.LABELS,
                fix="each with its right label",
            ),
            row(repeated(make.ROWS, 30, 30), CLASSES, message="30 of 300", severity=Severity.WARNING),  # at the bound
            row(repeated([DIGITS, make.ROWS]), CLASSES, message="150 of 300", severity=Severity.WARNING),
            # one answer a row is not asked for, or it is not known whether it is
            row(repeated(DIGITS), REGRESSION, message="150 of 300", severity=Severity.INFO),
            row(repeated(DIGITS), message="150 of 300", severity=Severity.INFO),
            # repeats are natural
            row(repeated(SHOPS), CLASSES, message="150 of 300", severity=Severity.INFO),
            row(repeated(TOKENS), CLASSES, message="150 of 300", severity=Severity.INFO),
            row(repeated(DUMMIES), CLASSES, message="150 of 300", severity=Severity.INFO),
            row(repeated(make.ROWS.round(1), 100, 200), CLASSES, message="100 of 300", severity=Severity.INFO),
        ],
        silent=[
            (make.data(), CLASSES),
            make.data(),
            (repeated(DIGITS, 29), CLASSES),
            (repeated(DIGITS, 0), CLASSES),  # repeated with the same label
            (repeated(TOKENS, 5), CLASSES),
            (repeated(make.ROWS, 10), REGRESSION),
            (repeated([DIGITS, make.ROWS], 3), CLASSES),
            (make.data(make.ROWS[:20]), CLASSES),
            (repeated(SHOPS, 20), CLASSES),
        ],
        cannot_tell=[
            row(make.data(make.ROWS[:4]), CLASSES, message="4 rows were compared, 20 needed"),
            row(make.data(targets=()), message="0 targets"),
        ],
    )
