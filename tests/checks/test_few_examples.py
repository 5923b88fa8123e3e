import numpy as np

from flatline.checks.few_examples import few_examples
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

PICTURES = np.zeros((40, 16, 16, 3))
COLOUR = np.zeros((40, 32, 32, 3))


def weighing(n):
    """A model of so many trainable weights."""
    return make.model(n_trainable=n)


def test_few_examples():
    RuleTester(few_examples).run(
        fires=[
            row(
                make.data(PICTURES, n_rows=287),
                weighing(33_600_000),
                message="287 rows for 33,600,000 trainable weights: 117,073 a row",
                severity=Severity.INFO,
                fix="augment the pictures",
            ),
            row(make.data(COLOUR, n_rows=60), weighing(6_001), message="100 a row", fix="start from pre-trained"),
            row(make.data(n_rows=60), weighing(6_001), message="100 a row", fix="hold rows out"),
        ],
        silent=[
            (make.data(n_rows=60), weighing(6_000)),  # at the bound
            (make.data(n_rows=1_000), weighing(10**8)),  # rows enough to train from scratch
            (make.data(), make.model()),
            (make.data(PICTURES), weighing(0)),  # another check's
        ],
        cannot_tell=[
            row(make.data(n_rows=None), make.model(), message="unknown"),
            row(make.data(n_rows=0), make.model(), message="0 or unknown"),
        ],
    )
