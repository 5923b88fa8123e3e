"""The exact paired test, against counting by hand and by brute force."""

import itertools

import numpy as np
import pytest

from flatline.statistics import sign_flip


def by_brute_force(differences) -> float:
    """Share of all assignments of signs whose sum is as large or larger."""
    sums = [np.dot(signs, differences) for signs in itertools.product((1, -1), repeat=len(differences))]
    return float(np.mean(np.array(sums) >= np.sum(differences) - 1e-9))


@pytest.mark.parametrize(
    ("differences", "p_value"),
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5], 1 / 32),  # five of five
        ([0.3] * 5, 1 / 32),
        ([0.3], 1 / 2),
        ([], 1.0),
        ([0.0] * 5, 1.0),  # every assignment ties
        ([0.5, 0.0, 0.0], 1 / 2),  # a zero takes either sign: four of eight tie
        ([1.0, 1.0, 1.0, -1.0], 5 / 16),  # itself, the three others that sum to 2, and the one that sums to 4
        ([-0.1, -0.2, -0.3, -0.4, -0.5], 1.0),
        ([0.1 + 0.2, 0.3, -0.3], 1 / 2),  # equal but for rounding: four of eight
        ([np.nan, 0.2, 0.3], 1 / 4),  # what cannot be compared counts as no difference
    ],
)
def test_sign_flip(differences, p_value):
    assert sign_flip(np.array(differences)) == pytest.approx(p_value)


@pytest.mark.parametrize("n", range(1, 9))
def test_sign_flip_is_what_brute_force_counts(n):
    rng = np.random.default_rng(n)
    for differences in (rng.normal(0.3, 1, n), rng.integers(-2, 4, n).astype(float)):
        assert sign_flip(differences) == pytest.approx(by_brute_force(differences))


def test_infinite_differences_count_as_the_largest_finite_one():
    infinite = sign_flip(np.array([np.inf, np.inf, 1.0, 2.0, -2.0]))
    assert infinite == sign_flip(np.array([2.0, 2.0, 1.0, 2.0, -2.0]))
    assert sign_flip(np.full(5, np.inf)) == 1 / 32
    assert sign_flip(np.full(5, -np.inf)) == 1.0
