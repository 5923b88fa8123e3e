import numpy as np

from flatline.cause import Cause
from flatline.checks.softmax_with_independent_labels import softmax_with_independent_labels
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

SEVERAL = np.random.default_rng(0).integers(0, 2, (200, 3))
ONE_HOT = np.eye(3)[make.CLASSES]
PADDED = np.where(np.arange(200)[:, None] % 2, ONE_HOT, 0)
AT_BOUND = np.where(np.arange(200)[:, None] < 10, 1, ONE_HOT)


def told(y, **given):
    many = {"task": Task.MULTILABEL, "encoding": "multi_hot", "n_classes": None, "loss": "binary_crossentropy"}
    return make.objective(make.head(**{**many, "target": make.array(y), **given}))


def test_table():
    RuleTester(softmax_with_independent_labels).run(
        fires=[
            row(
                told(SEVERAL),
                make.model(),
                message="hold several ones, and the 3 outputs",
                severity=Severity.WARNING,
                cause=Cause.OUTPUT_ACTIVATION,
                where="dense_1",
                fix='`activation="sigmoid"`',
            ),
            row(told(SEVERAL, loss="categorical_crossentropy"), message="share a sum of 1", fix="binary_crossentropy"),
        ],
        silent=[
            make.objective(),
            told(SEVERAL, squash="sigmoid", sums_to_one=False),
            told(PADDED),  # rows of a sequence without a label are zeros
            told(AT_BOUND),
            told(ONE_HOT, task=Task.MULTICLASS, encoding="one_hot"),
            told(SEVERAL, loss="custom"),
        ],
        cannot_tell=[row(told(SEVERAL, squash="unknown"), message="outputs of known range")],
    )
