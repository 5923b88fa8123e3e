import math

from flatline.cause import Cause
from flatline.checks.labels_unrelated_to_inputs import labels_unrelated_to_inputs
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks.runs import ran, rehearsed

CHANCE = {"model_free": 0.5, "model_free_null": 0.6}


def test_table():
    RuleTester(labels_unrelated_to_inputs).run(
        fires=[
            row(
                rehearsed(ran(0.01, held_out=0.52), **CHANCE),
                message="the best of 1 trainings and two simpler learners scores 0.52 on 50 held-out rows",
                severity=Severity.WARNING,
                cause=Cause.DATA,
            ),
            row(rehearsed(ran(0.95, held_out=0.48), **CHANCE), message="guessing reaches 0.60"),  # it memorises
        ],
        silent=[
            rehearsed(ran(0.9)),
            rehearsed(ran(0.01, held_out=0.5), model_free=0.8, model_free_null=0.6),  # the network is at fault
            rehearsed(ran(0.3, held_out=0.7), model_free=0.5, model_free_null=0.6),  # only the network finds the rule
            rehearsed(ran(0.6, held_out=0.9), model_free=math.nan),
        ],
        cannot_tell=[
            row(rehearsed(ran(0.0), n_held_out=20, **CHANCE), message="20 rows held out"),
            row(rehearsed(ran(0.0), model_free=math.nan), message="no simpler learner"),
        ],
    )
