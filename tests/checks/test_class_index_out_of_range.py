from flatline.cause import Cause
from flatline.checks.class_index_out_of_range import class_index_out_of_range
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

NAN = float("nan")


def told(y, **given):
    return make.objective(make.head(**{"target": make.array(y), "null": NAN, **given}))


def test_table():
    RuleTester(class_index_out_of_range).run(
        fires=[
            row(
                told(make.CLASSES / 255.0, null=0.1),
                message="3 different labels become 1",
                severity=Severity.ERROR,
                cause=Cause.LABELS,
                where="dense_1",
                fix="multiply the labels by 255",
            ),
            row(told(make.ROWS[:, 0], null=0.1), message="no whole numbers", fix="or use a loss for quantities"),
            row(told(make.CLASSES + 1), message="labels run from 1 to 3", fix="subtract 1"),
            row(told(make.CLASSES - 1), message="labels run from -1 to 1", fix="subtract -1"),
            row(told(2 * (make.CLASSES % 2) - 1, units=2, output_shape=(2,)), message="-1 to 1", fix="the two classes"),
            row(told(10 * make.CLASSES), message="labels run from 0 to 20", fix="classes that occur"),
        ],
        silent=[
            make.objective(),
            told(make.CLASSES),
            told(make.CLASSES.astype("float32") + 1e-4),  # float16 labels
            told(make.CLASSES - 1, null=1.09),  # the loss takes them: `ignore_class=-1`
            told(make.CLASSES, units=2, output_shape=(2,)),  # more classes than units: FL305
            told(make.CLASSES / 255.0, loss="mean_squared_error"),
        ],
        cannot_tell=[row(told([NAN, NAN]), message="finite cells")],
    )
