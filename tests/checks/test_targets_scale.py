import numpy as np

from flatline.cause import Cause
from flatline.checks.targets_scale import targets_scale
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

NORMAL = np.random.default_rng(0).normal(size=200)
SIGNS = np.tile([-1.0, 1.0], 100)
STUCK = make.rehearsal(make.arm(losses=np.full(50, 1.09), score=0.0), null_score=0.0)
CUT_SHORT = make.rehearsal(make.arm(losses=np.full(9, 1.09), score=0.0, planned=300), null_score=0.0)
WIDE = np.stack([NORMAL, 1e4 * NORMAL], 1)


def scaled(score):
    noisy = make.arm(losses=np.full(50, 0.75), score=0.3)
    return make.rehearsal(noisy, make.arm("standardised targets", score=score), null_score=0.0)


def told(y, **given):
    one = {"task": Task.REGRESSION, "encoding": "values", "n_classes": None, "loss": "mean_squared_error", "units": 1}
    one |= {"output_shape": (1,), "squash": "linear", "declared": "linear", "low": -30.0, "high": 30.0}
    return make.objective(make.head(**{**one, "target": make.array(y), **given}))


BOUNDED = told(50_000 * NORMAL, squash="sigmoid", low=0.0, high=1.0)


def test_table():
    RuleTester(targets_scale).run(
        fires=[
            row(
                told(50_000 + 10_000 * NORMAL),
                message="are of the size 5.",
                severity=Severity.WARNING,
                cause=Cause.LABELS,
                where="dense_1",
                fix="standardise the targets",
            ),
            row(told(50_000 * NORMAL), STUCK, message="outputs of about 1", severity=Severity.WARNING),
            row(told(50_000 * NORMAL), make.rehearsal(), message="of the size", severity=Severity.INFO),
            row(told(200 + NORMAL), message="of the size 200", severity=Severity.INFO),
            row(told(200 + NORMAL), scaled(0.9), message="of the size 200", severity=Severity.WARNING),
            row(told(200 + NORMAL), scaled(0.35), message="of the size 200", severity=Severity.INFO),  # noisy
            row(told(200 + NORMAL), STUCK, message="of the size 200", severity=Severity.WARNING),
            row(told(50_000 * NORMAL), CUT_SHORT, message="of the size", severity=Severity.INFO),
            row(told(1e-5 * NORMAL), message="e-0", severity=Severity.WARNING),
            row(  # an output that FL304 judges does not hide another
                make.objective(told(50_000 * NORMAL).heads[0], BOUNDED.heads[0]),
                message="of the size",
                severity=Severity.WARNING,
            ),
            row(told(WIDE, units=2, output_shape=(2,)), message="of the size 9.61e+03", severity=Severity.WARNING),
        ],
        silent=[
            make.objective(),
            told(NORMAL),
            told(30 + 10 * NORMAL),
            told(np.tanh(NORMAL), squash="tanh", low=-1.0, high=1.0),
            told(100 * SIGNS),  # at the bound
            told(1e-3 * SIGNS),  # at the other
            told(np.full(200, 500.0)),  # a single value is not a matter of scale
            told(50_000 * np.abs(NORMAL), loss="mean_absolute_percentage_error"),
            told(50_000 * NORMAL, loss="custom"),
            told(1e-5 * np.abs(NORMAL), squash="sigmoid", low=0.0, high=1.0),  # within its range
            told(50_000 * NORMAL, squash="positive", low=0.0, high=1e6),  # an output that is rescaled in the model
        ],
        cannot_tell=[
            row(told(NORMAL, squash="unknown"), message="outputs of known range"),
            row(BOUNDED, message="its output is bounded: see FL304"),
        ],
    )
