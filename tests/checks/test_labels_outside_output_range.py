import numpy as np

from flatline.cause import Cause
from flatline.checks.labels_outside_output_range import labels_outside_output_range
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

PAIR = make.CLASSES % 2
ONE = {"task": Task.BINARY, "units": 1, "output_shape": (1,), "n_classes": 2, "loss": "binary_crossentropy"}
ONE |= {"squash": "sigmoid", "declared": "sigmoid", "sums_to_one": False}
IMAGES = (255 * np.random.default_rng(0).random((20, 16))).astype("uint8")


def told(y, **given):
    return make.objective(make.head(**{**ONE, "target": make.array(y), **given}))


def test_table():
    RuleTester(labels_outside_output_range).run(
        fires=[
            row(
                told(2 * PAIR - 1),
                message="labels are -1, 1",
                severity=Severity.ERROR,
                cause=Cause.LABELS,
                where="dense_1",
                fix="turn the labels into 0 and 1",
            ),
            row(told(PAIR + 1, task=Task.UNKNOWN), message="labels are 1, 2", fix="0 and 1"),
            row(told(255 * PAIR, task=Task.UNKNOWN), message="labels are 0, 255", fix="0 and 1"),
            row(told(2 * PAIR - 1, loss="mean_squared_error"), make.model(), message="cannot leave", fix="tanh"),
            row(told(2 * PAIR - 1, squash="tanh", low=-1.0), make.model(), message="-1, 1", fix="sigmoid"),
            row(
                told(IMAGES, task=Task.RECONSTRUCTION, units=16, output_shape=(16,)),
                message="labels are",
                fix="divide the targets by 255",
            ),
            row(told(2 * PAIR - 1), make.data(has_sample_weight=True), message="-1, 1", severity=Severity.WARNING),
        ],
        silent=[
            make.objective(),
            told(PAIR),
            told(PAIR.astype(bool)),
            told(np.random.default_rng(1).random(200), task=Task.UNKNOWN),  # soft labels
            told(2 * PAIR - 1, loss="hinge", squash="tanh", low=-1.0),
            told(2 * PAIR - 1, loss="mean_squared_error", squash="tanh", low=-1.0),
            told(make.CLASSES, task=Task.MULTICLASS, n_classes=3),  # three classes in one unit: FL305
            told(make.ROWS[:, 0], task=Task.REGRESSION, encoding="values", n_classes=None),  # quantities: FL312
        ],
        cannot_tell=[row(told(np.full(4, np.nan)), message="finite cells")],
    )
