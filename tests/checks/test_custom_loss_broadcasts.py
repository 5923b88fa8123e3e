import numpy as np

from flatline.cause import Cause
from flatline.checks.custom_loss_broadcasts import custom_loss_broadcasts
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

NORMAL = np.random.default_rng(0).normal(size=200)


def told(**given):
    one = {"task": Task.REGRESSION, "encoding": "values", "loss": "custom", "units": 1, "output_shape": (1,)}
    one |= {"target": make.array(NORMAL), "perfect": 2.0, "null": 1.0, "initial": 2.1}
    return make.objective(make.head(**{**one, **given}))


def test_table():
    RuleTester(custom_loss_broadcasts).run(
        fires=[
            row(
                told(),
                message="outputs (n, 1) and targets (n,) of `dense_1`: the loss is 2 where they are equal and 1 for",
                severity=Severity.ERROR,
                cause=Cause.LOSS,
                where="dense_1",
                fix="the output's shape",
            ),
            row(told(output_shape=(), target=make.array(NORMAL[:, None])), message="outputs (n,) and targets (n, 1)"),
            row(told(perfect=1.41, null=1.0), message="the loss is 1.41"),  # absolute differences of normal targets
            row(told(), make.rehearsal(), message="outputs (n, 1)", severity=Severity.INFO),
        ],
        silent=[
            make.objective(),
            told(perfect=0.0),
            told(perfect=1.0),
            told(perfect=3.7, null=1.0),  # a deviance of log rates: the outputs are no answers as they stand
            told(perfect=2.2),
            told(prefers_wrong=True),  # it does matter which sample gets which answer: FL314
            told(target=make.array(NORMAL[:, None])),
            told(loss="mean_squared_error"),
            told(perfect=float("nan")),  # the outputs are no answers to the targets
        ],
        cannot_tell=[row(told(target=None), message="a loss and targets")],
    )
