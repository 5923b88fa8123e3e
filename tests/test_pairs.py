"""Paired runs in figures."""

import math

import pytest

from flatline import pairs
from flatline.fix import Fix
from tests import experiments as given


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (0.31, 0.97, ("0.31", "0.97")),
        (0.991, 0.994, ("0.991", "0.994")),  # as many decimals as tell them apart
        (0.5, 0.5, ("0.50", "0.50")),
        (0.9, 0.996, ("0.900", "0.996")),  # only a perfect score is 1
        (0.9, 1.0, ("0.90", "1.00")),
        (-1.0, 0.97, ("-1 or worse", "0.97")),  # where scores end
        (-0.99, 0.97, ("-0.99", "0.97")),
        (-math.inf, 0.97, ("diverged", "0.97")),
        (math.nan, 0.97, ("unknown", "0.97")),
        (-12345.0, -0.2, ("-1.23e+04", "-0.20")),
        (0.123456, 0.123457, ("0.1235", "0.1235")),  # no more than four
    ],
)
def test_scores_are_as_short_as_tells_them_apart(before, after, shown):
    assert pairs.from_to(before, after) == shown


def test_a_score_alone():
    assert [pairs.score(value) for value in (0.1, 1.0, 0.999)] == ["0.10", "1.00", "0.999"]


def test_pairs_are_counted_and_what_is_unknown_is_left_out():
    assert pairs.in_pairs(given.verdict(0.3, 0.9)) == "in 5 of 5 paired runs of 40 steps (p = 0.031)"
    assert pairs.in_pairs(given.unsure(0.3, 0.4)).startswith("on average, higher in 3 of 5 paired runs")
    assert pairs.in_pairs(given.verdict(0.3, 0.9, pairs=0, p_value=math.nan)) == ""
    assert pairs.in_pairs(given.verdict(0.3, 0.9, n_steps=0)) == "in 5 of 5 paired runs (p = 0.031)"


def test_a_change_is_the_imperative_of_its_fix():
    assert pairs.change(Fix(title="or set `from_logits=True` in the loss")) == "set `from_logits=True` in the loss"
    assert pairs.change(given.STANDARDISE) == "standardise the inputs"
