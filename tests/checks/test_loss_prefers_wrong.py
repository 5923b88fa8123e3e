from flatline.cause import Cause
from flatline.checks.loss_prefers_wrong import loss_prefers_wrong
from flatline.facts import Task
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make


def told(**given):
    flipped = {"loss": "custom", "prefers_wrong": True, "perfect": 0.0, "null": -1.0, "initial": -1.7}
    return make.objective(make.head(**{**flipped, "task": Task.REGRESSION, **given}))


def test_table():
    RuleTester(loss_prefers_wrong).run(
        fires=[
            row(
                told(),
                message="is 0 where the output equals the targets and -1 for a constant",
                severity=Severity.ERROR,
                cause=Cause.LOSS,
                where="dense_1",
                fix="negate the loss",
            ),
            row(told(task=Task.UNKNOWN), message="rewards wrong answers", severity=Severity.ERROR),
            row(told(perfect=1.0, null=0.2, initial=0.4), message="rewards wrong", severity=Severity.ERROR),
            # The output may be a distance and the label say "alike".
            row(told(task=Task.UNKNOWN, perfect=1.0, null=0.2, initial=0.4), message="is 1", severity=Severity.INFO),
            # A critic's score times ±1.
            row(told(task=Task.UNKNOWN, perfect=1.0, null=-9.0), message="is 1", severity=Severity.INFO),
        ],
        silent=[
            make.objective(),
            told(prefers_wrong=False),
            told(prefers_wrong=False, perfect=0.0, null=1.0),
            told(perfect=-1.0),  # right answers are as good as a constant: at the bound
            make.objective(make.head(loss="cosine_similarity", perfect=-1.0, null=-0.2, initial=-0.1)),
        ],
        cannot_tell=[row(told(prefers_wrong=None), message="right and wrong answers")],
    )
