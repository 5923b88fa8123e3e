"""How far a fix may be trusted, in words."""

import dataclasses
import math

import pytest

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
