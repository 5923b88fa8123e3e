import numpy as np

from flatline.cause import Cause
from flatline.checks.batch_size_for_data import batch_size_for_data
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

FLAT = make.arm(losses=np.full(20, 1.09), score=0.3)
ROWS = make.data(np.random.default_rng(0).normal(size=(1400, 3)))
FEW = make.data()  # 200 rows


def full(epochs=20, batch_size=1400, **given):
    return make.plan(epochs=epochs, batch_size=batch_size, steps_per_epoch=1, **given)


def smaller(final):
    return make.rehearsal(FLAT, make.arm("batches of 32", final=final))


def test_table():
    RuleTester(batch_size_for_data).run(
        fires=[
            row(
                full(),
                ROWS,
                message="`batch_size=1400` holds all 1400 rows: 20 epochs are 20 steps",
                severity=Severity.INFO,
                cause=Cause.BATCH_SIZE,
                fix="use `batch_size=32`",
            ),
            row(full(), ROWS, make.rehearsal(FLAT), message="20 steps", severity=Severity.WARNING),
            row(full(), ROWS, smaller(0.1), message="20 steps", severity=Severity.WARNING),
            row(full(), ROWS, smaller(1.08), message="20 steps", severity=Severity.INFO),  # batches are not the reason
            row(full(), ROWS, make.rehearsal(), message="20 steps", severity=Severity.INFO),
            row(full(batch_size=1200, validation_split=0.2), ROWS, message="all 1120 rows"),
        ],
        silent=[
            (make.plan(), ROWS),
            (full(epochs=100), ROWS),  # at the bound
            (full(batch_size=1399), ROWS),
            (full(batch_size=200), FEW),
            (full(epochs=5, batch_size=32), ROWS),  # too short, but not for its batches
            (make.plan(epochs=1, batch_size=1, steps_per_epoch=1400), ROWS),
        ],
        cannot_tell=[row(make.plan(given=False), ROWS, message="fit_args")],
    )
