import numpy as np

from flatline.cause import Cause
from flatline.checks.metric_mismatch import metric_mismatch
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

NORMAL = np.random.default_rng(0).normal(size=200)
LINEAR = {"squash": "linear", "declared": "linear", "low": -30.0, "high": 30.0}
REGRESSION = {"task": Task.REGRESSION, "encoding": "values", "loss": "mean_squared_error", **LINEAR}
LOGITS = {"task": Task.BINARY, "loss": "binary_crossentropy", "from_logits": True, **LINEAR}


def told(**given):
    one = {"units": 1, "output_shape": (1,), "target": make.array(NORMAL)}
    return make.objective(make.head(**{**one, **given}))


def test_table():
    RuleTester(metric_mismatch).run(
        fires=[
            row(
                told(**REGRESSION, metrics=("accuracy",)),
                message="`accuracy` of `dense_1` counts exact hits among 200",
                severity=Severity.INFO,
                cause=Cause.METRIC,
                where="dense_1",
                fix="mae",
            ),
            row(told(**REGRESSION, metrics=("mse", "acc")), message="`acc`", fix="mae"),
            row(
                told(**LOGITS, metrics=("binary_accuracy",), target=make.array(make.CLASSES % 2)),
                message="may cut at 0.5",
                fix="threshold=0.0",
            ),
        ],
        silent=[
            make.objective(),
            told(**REGRESSION, metrics=("mae",)),
            told(**REGRESSION, metrics=()),
            told(**LOGITS, metrics=("auc",), target=make.array(make.CLASSES % 2)),
            told(**LOGITS | {"from_logits": False}, target=make.array(make.CLASSES % 2)),
        ],
        cannot_tell=[row(told(squash="unknown"), message="outputs of known range")],
    )
