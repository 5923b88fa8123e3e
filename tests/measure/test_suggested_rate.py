"""A rate is read from a curve: on curves whose shape is known."""

import numpy as np
import pytest

from flatline.measure.suggested_rate import confirmed, smooth, spreads, suggest

RATE = np.geomspace(1e-7, 10, 200)
RNG = np.random.default_rng(0)
BATCHES = 2.3 + RNG.normal(0, 0.1, 200)  # what one batch is harder than another


def curve(fall_at: float, up_at: float, depth: float = 2.0) -> np.ndarray:
    """Falls by `depth` around one rate and rises steeply at another."""
    x = np.log10(RATE)
    return -depth / (1 + np.exp(-6 * (x - np.log10(fall_at)))) + 10.0 ** (4 * (x - np.log10(up_at)))


def found(change: np.ndarray, *, perfect: float = 0.0, diverged: bool = False):
    return suggest(RATE, BATCHES + change, BATCHES, perfect=perfect, diverged=diverged)


def test_the_steepest_point_where_the_loss_turns_up_much_later():
    suggestion = found(curve(1e-3, 5.0))
    assert suggestion.rate == pytest.approx(1e-3, rel=0.2)
    assert "the former is suggested" in suggestion.reason


def test_a_tenth_of_the_lowest_where_it_turns_up_soon():
    suggestion = found(curve(1e-2, 3e-2))
    lowest = RATE[int(np.argmin(suggestion.smoothed))]
    assert suggestion.rate == pytest.approx(lowest / 10, rel=0.06)
    assert "a tenth of the latter is suggested" in suggestion.reason


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_the_unit_of_the_loss_does_not_matter(scale):
    plain = found(curve(1e-3, 1e-1))
    scaled = suggest(RATE, scale * (BATCHES + curve(1e-3, 1e-1)), scale * BATCHES, perfect=0.0)
    assert scaled.rate == plain.rate


def test_a_loss_that_is_no_number_at_the_end_counts_as_high():
    change = curve(1e-3, 1e-1)
    change[150:] = np.nan
    assert found(change).rate == found(np.where(np.arange(200) < 150, change, 1e9)).rate
    assert np.all(np.isfinite(found(change).smoothed))


@pytest.mark.parametrize("depth", [0.0, 0.01])  # of 2.3: less than one part in a hundred
def test_a_loss_that_does_not_fall_gets_no_rate(depth):
    suggestion = found(curve(1e-3, 1e3, depth))
    assert suggestion.rate is None
    assert "the rate is not the problem: see flatline.check_setup" in suggestion.reason


def test_noise_alone_hardly_ever_gets_a_rate():
    wrong = [found(np.random.default_rng(seed).normal(0, 0.2, 200)).rate is not None for seed in range(400)]
    assert "by more than its noise" in found(np.random.default_rng(0).normal(0, 0.2, 200)).reason
    assert sum(wrong) <= 4  # 0.15 % of 2,000; what is left is then held against a training


def test_a_fall_beyond_the_same_noise_gets_one():
    noise = np.random.default_rng(0).normal(0, 0.2, 200)
    assert found(curve(1e-3, 1.0) + noise).rate is not None


def test_a_range_that_begins_too_high_is_said_to():
    change = np.zeros(30)
    change[20:] = 50.0 ** np.arange(10)
    suggestion = suggest(RATE[:30], BATCHES[:30] + change, BATCHES[:30], perfect=0.0, diverged=True)
    assert suggestion.rate is None
    assert "a range that begins below 1.0e-07 may hold a rate" in suggestion.reason


# ── held against a training at that rate ──


def test_a_training_that_falls_confirms_and_is_told():
    suggestion = found(curve(1e-3, 1.0))
    kept = confirmed(suggestion, BATCHES - np.linspace(0, 1.5, 200), BATCHES, null=2.3)
    assert kept.rate == suggestion.rate
    assert "200 steps at" in kept.reason and "best constant" not in kept.reason


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (BATCHES, "do not lower it"),
        (BATCHES - np.r_[np.zeros(160), np.full(40, 1.0)], "run away"),
        (BATCHES + np.linspace(0, 3, 200), "do not lower it"),
        (BATCHES - 0.01 + RNG.normal(0, 0.5, 200), "within its noise"),
    ],
    ids=["flat", "ran away", "rises", "noise"],
)
def test_a_training_that_does_not_takes_the_rate_back(loss, said):
    loss = loss[:190] if said == "run away" else loss
    taken = confirmed(found(curve(1e-3, 1.0)), loss, BATCHES, null=2.3)
    assert taken.rate is None
    assert (
        f"{len(loss)} steps at" in taken.reason and said in taken.reason and "see flatline.check_setup" in taken.reason
    )


def test_one_that_ends_at_the_best_constant_is_said_to():
    kept = confirmed(found(curve(1e-3, 1.0)), BATCHES - np.linspace(0, 1.5, 200), BATCHES, null=0.9)
    assert kept.rate is not None
    assert "not clearly below the best constant prediction (0.9)" in kept.reason


# ── smoothing ──


def test_differences_between_batches_cancel_out():
    smoothed, errors = smooth(RATE, BATCHES + curve(1e-3, 1e3), BATCHES)
    np.testing.assert_allclose(smoothed, BATCHES.mean() + curve(1e-3, 1e3), atol=0.12)
    assert errors[0] < 1e-3


def test_spread_is_the_standard_deviation_of_noise_and_no_trend_or_jump():
    noise = np.random.default_rng(0).normal(0, 3.0, 4000)
    assert spreads(noise, 3999)[-1] == pytest.approx(3.0, rel=0.05)
    assert spreads(noise + np.where(np.arange(4000) > 2000, 1e6, 0.0), 3999)[-1] == pytest.approx(3.0, rel=0.05)
    assert spreads(np.linspace(0, 1, 100), 21)[-1] < 0.02


def test_one_value_has_no_spread():
    assert spreads(np.array([1.0]), 5).tolist() == [0.0]
