import numpy as np

from flatline.cause import Cause
from flatline.checks.batch_norm_on_output import batch_norm_on_output
from flatline.facts import ObjectiveFacts, Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

OUT = make.layer("out", kernel_shape=(16, 1), activation="linear")
NORM = make.layer("norm", kind="BatchNormalization", kernel_shape=(), n_weights=4)
ENDS_IN_NORM = make.model(make.layer("a"), OUT, NORM)


def regression(mean: float, std: float, **given: object) -> ObjectiveFacts:
    target = make.array(np.zeros((200, 1)), name="y", mean=mean, std=std)
    defaults = {"layer": "norm", "weighted_layer": "out", "task": Task.REGRESSION, "target": target}
    return make.objective(make.head(**(defaults | given)))


def test_batch_norm_on_output() -> None:
    RuleTester(batch_norm_on_output).run(
        fires=[
            row(
                ENDS_IN_NORM,
                regression(100.0, 30.0),
                message="the targets have mean 100 and deviation 30",
                severity=Severity.WARNING,
                cause=Cause.NORMALIZATION_LAYER,
                where="norm",
                fix="take `norm` out",
            ),
            row(ENDS_IN_NORM, regression(-3.1, 1.0), message="mean -3.1"),
            row(ENDS_IN_NORM, regression(0.0, 11.0), message="deviation 11"),
            row(ENDS_IN_NORM, regression(100.0, 1.0), make.rehearsal(), message="mean 100", severity=Severity.INFO),
        ],
        silent=[
            (ENDS_IN_NORM, regression(0.0, 1.0)),  # standardised targets are what it makes
            (ENDS_IN_NORM, regression(3.0, 10.0)),  # both bounds
            (make.model(make.layer("a"), NORM, OUT), regression(100.0, 30.0, layer="out")),  # it is a hidden layer
            (ENDS_IN_NORM, regression(100.0, 30.0, task=Task.MULTICLASS)),  # in front of a softmax
        ],
        cannot_tell=[
            row(make.model(layers=()), regression(100.0, 1.0), message="0 layers"),
            row(ENDS_IN_NORM, regression(float("nan"), 1.0), message="unknown"),
            row(ENDS_IN_NORM, regression(0.0, 1.0, target=None), message="no targets"),
        ],
    )
