"""How far a fix may be trusted, in words."""

import dataclasses
import math

import pytest

from flatline.finding import Evidence
from flatline.fix import Fix, Safety
from flatline.reports import wording
from flatline.verdict import Ruling
from tests import experiments as given
from tests.reports import make


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (given.verdict(0.31, 0.97), "confirmed: accuracy 0.31 → 0.97 in 5 of 5 runs"),
        (given.verdict(0.31, 0.97, better=4), "confirmed: accuracy 0.31 → 0.97, higher in 4 of 5 runs"),
        (given.unsure(0.31, 0.5), "tried, not sure: accuracy 0.31 → 0.50, higher in 3 of 5 runs"),
        (
            given.verdict(0.5, 0.3, ruling=Ruling.HARMFUL, better=0),
            "tried, does harm: accuracy 0.50 → 0.30, higher in 0",
        ),
        (given.verdict(math.nan, math.nan, gain=0.4, pairs=0), "confirmed: accuracy +0.4"),
    ],
)
def test_a_fix_that_was_tried_says_what_became_of_it(verdict, said):
    assert wording.trust(dataclasses.replace(make.SOFTMAX, verdict=verdict), given.ONE).startswith(said)


def test_a_fix_that_was_not_tried_says_what_it_changes():
    assert wording.trust(make.SOFTMAX) == "changes training"
    assert wording.trust(Fix(title="think", safety=Safety.ADVICE), given.ONE) == "advice"


@pytest.mark.parametrize(
    ("fix", "said"),
    [
        (given.SMALLER, "tried alone: no help"),
        (given.ADAM, "tried alone: diverged"),
        (given.WIDER, "tried alone: knows its own rows only"),
        (given.BATCHES, "changes training"),  # not tried
    ],
)
def test_a_fix_that_failed_is_not_given_as_advice(fix, said):
    renamed = dataclasses.replace(fix, title="in other words")  # what counts is what it does
    assert wording.trust(renamed, given.NOTHING) == said


def test_the_least_score_there_is_says_so():
    at_floor, above = given.verdict(-1.0, 0.96), given.verdict(-0.5, 0.96)
    told = [wording.trust(dataclasses.replace(make.SOFTMAX, verdict=each), given.ONE) for each in (at_floor, above)]
    assert ["or worse" in each for each in told] == [True, False]
    assert "accuracy -1 or worse → 0.96" in told[0]


@pytest.mark.parametrize(
    ("quantity", "value", "said"),
    [("score_as_is", -1.0, "-1 or worse"), ("score_as_is", -0.5, "-0.5"), ("output_low", -1.0, "-1")],
)
def test_evidence_at_the_least_score_says_so(quantity, value, said):
    assert wording.measured(Evidence(quantity=quantity, value=value, bound=(">=", 0.9)))[0] == said
