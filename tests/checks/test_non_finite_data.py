import numpy as np

from flatline import facts
from flatline.cause import Cause
from flatline.checks.non_finite_data import non_finite_data
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

HOLED = make.ROWS.copy()
HOLED[17, 2] = np.nan
INFINITE = make.ROWS.copy()
INFINITE[:3, 0] = np.inf
TARGETS = np.where(np.arange(200) % 50 == 3, np.nan, make.ROWS[:, 0])
GRU = make.layer("gru", kind="GRU", kernel_shape=(5, 16))
MASKED = make.model(make.layer("masking", kind="Masking", kernel_shape=()), GRU)


def test_non_finite_data():
    RuleTester(non_finite_data).run(
        fires=[
            row(make.data(HOLED), message="1 non-finite cell among the 1,000 read (feature 2; row 17)", fix="drop"),
            row(make.data(INFINITE), make.model(), message="3 non-finite cells", severity=Severity.ERROR),
            row(make.data(make.ROWS, TARGETS), message="`y` holds 4", where="y", cause=Cause.DATA),
            # half read, and what was read is enough to know
            row(make.data(make.array(HOLED, n_rows=400)), message="1 non-finite cell"),
            # missing on purpose: worth knowing, no alarm
            row(make.data(HOLED), MASKED, message="1 non-finite", severity=Severity.INFO),
            row(
                make.data(HOLED),
                make.model(make.layer("fill", kind="FillMissing", builtin=False, kernel_shape=()), make.layer()),
                message="1 non-finite",
                severity=Severity.INFO,
            ),
            row(
                make.data(make.ROWS, TARGETS),
                make.objective(make.head(loss="custom", task=facts.Task.REGRESSION)),
                message="4 non-finite",
                severity=Severity.INFO,
            ),
            # a Masking layer speaks for the inputs, not for the targets
            row(make.data(make.ROWS, TARGETS), MASKED, message="`y` holds 4", severity=Severity.ERROR),
        ],
        silent=[
            make.data(),
            (make.data(), make.model()),
            (make.data(), MASKED),
            (make.data(make.ROWS * 1e30), make.model()),  # huge is not infinite
            make.data(make.ROWS[:1]),
            # whole numbers cannot be NaN, read or not
            make.data(make.array(np.arange(50), n_rows=10**6, n_scanned=50), make.array(make.CLASSES)),
            make.data(np.ones((8, 3), "bool"), np.zeros(8, "uint8")),
            make.data([make.ROWS, make.ROWS[:, :2]]),
        ],
        cannot_tell=[
            row(make.data(make.array(n_rows=60_000)), message="200 of 60,000 rows of `X` were read, all are needed"),
            row(make.data(make.array(n_rows=None)), message="of an unknown number of rows"),
            row(make.data(make.ROWS, make.array(TARGETS * 0 + 1, n_nonfinite=0, n_rows=900, name="y")), message="`y`"),
            row(message="needs DataFacts"),
        ],
    )
