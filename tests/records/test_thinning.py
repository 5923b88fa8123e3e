"""Thinning: a curve keeps its shape, its spikes and the places where it is not finite."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatline.records.thinning import rows_to_keep

LENGTHS = st.integers(2, 400)


def thinned(step, cells):
    cells = np.reshape(np.asarray(cells, float), (len(step), -1))
    keep = rows_to_keep(np.asarray(step), cells)
    return step[keep], cells[keep]


@st.composite
def curves(draw):
    n, width = draw(LENGTHS), draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    step = np.cumsum(rng.integers(1, draw(st.integers(2, 50)), n))
    cells = rng.normal(size=(n, width)) * 10.0 ** rng.integers(-300, 300, width)
    share = draw(st.sampled_from([0, 0.02, 0.5, 1]))
    return step, np.where(rng.random((n, width)) < share, rng.choice([np.nan, np.inf, -np.inf], (n, width)), cells)


@given(curves())
def test_fewer_rows_are_left_in_order_and_the_newer_half_is_left_alone(curve):
    step, cells = curve
    keep = rows_to_keep(step, cells)
    n, half = len(step), len(step) // 2
    assert (np.diff(keep) > 0).all()
    assert list(keep[len(keep) - (n - half) :]) == list(range(half, n))
    assert keep[0] == 0
    if half > 8:
        assert len(keep) - (n - half) <= half * 5 / 8 + 1


@given(curves())
def test_extremes_of_a_curve_survive(curve):
    step, cells = curve
    if cells.shape[1] == 0:
        return
    _, left = thinned(step, cells[:, 0])
    finite, half = cells[np.isfinite(cells[:, 0]), 0], cells[: len(step) // 2, 0]
    if finite.size:
        assert np.nanmax(left[np.isfinite(left)]) == finite.max()
        assert np.nanmin(left[np.isfinite(left)]) == finite.min()
    if (~np.isfinite(half)).any() and np.isfinite(half).any():
        assert not np.isfinite(left[: len(step) // 2]).all()


def test_every_stretch_of_the_past_keeps_its_own_extremes_and_its_last_row():
    rng = np.random.default_rng(0)
    loss = rng.normal(size=1600)
    step, left = thinned(np.arange(1600), loss)
    for bucket in range(100):
        here = (step >= 8 * bucket) & (step < 8 * (bucket + 1))
        part = loss[8 * bucket : 8 * (bucket + 1)]
        assert {part.max(), part.min(), part[-1]} <= set(left[here, 0])


def test_few_rows_that_are_not_finite_are_all_kept():
    loss = np.ones(1600)
    loss[[3, 4, 5, 6, 400, 401, 402]] = [np.nan, np.inf, -np.inf, np.nan, np.nan, np.nan, np.inf]
    step, left = thinned(np.arange(1600), loss)
    assert list(step[~np.isfinite(left[:, 0])]) == [3, 4, 5, 6, 400, 401, 402]


def test_the_first_row_that_is_not_finite_stays_when_there_are_many():
    loss = np.where(np.arange(1600) >= 133, np.nan, 1.0)
    step, left = thinned(np.arange(1600), loss)
    assert step[~np.isfinite(left[:, 0])][0] == 133
    assert (~np.isfinite(left[:, 0])).sum() < 1200


def test_a_spike_in_a_small_column_is_not_outshone_by_a_large_one():
    rng = np.random.default_rng(0)
    large, small, level = 1e6 * (1 + rng.random(1600)), 1e-6 * (1 + rng.random(1600)), np.full(1600, 7.0)
    small[101] = 1e-5
    step, _ = thinned(np.arange(1600), np.stack([large, small, level], axis=1))
    assert 101 in step


def test_a_column_that_is_never_measured_says_nothing():
    rng = np.random.default_rng(0)
    loss = rng.random(1600)
    alone, _ = thinned(np.arange(1600), loss)
    beside, _ = thinned(np.arange(1600), np.stack([loss, np.full(1600, np.nan)], axis=1))
    assert set(beside) == set(alone)


def test_cells_whose_range_is_not_finite_are_compared_all_the_same():
    cells = np.random.default_rng(0).random((1600, 2)) * [1e308, 1.0]
    cells[::2, 0] *= -1
    cells[100] = [1.7e308, 0.5]
    step, _ = thinned(np.arange(1600), cells)
    assert 100 in step


@pytest.mark.parametrize("stride", [1, 1024])
def test_after_any_number_of_thinnings_the_past_is_resolved_evenly_and_keeps_its_extremes(stride):
    rng = np.random.default_rng(0)
    every = rng.random(100_000)
    every[777] = np.nan
    step, loss = np.arange(0), np.empty((0, 1))
    for at in range(0, 100_000, 250):
        step = np.append(step, np.arange(at, at + 250) * stride)
        loss = np.append(loss, every[at : at + 250, None], axis=0)
        while len(step) > 1000:
            step, loss = thinned(step, loss)
    length = 2048  # with 1000 rows: 100,000 steps in at most 62 buckets
    for start in range(0, 96_000 // length * length, length):
        whole = every[start : start + length]
        kept = loss[(step >= start * stride) & (step < (start + length) * stride), 0]
        assert len(kept) >= 3
        assert np.nanmin(kept) == np.nanmin(whole)
        assert np.nanmax(kept) == np.nanmax(whole)
        assert np.isnan(kept).any() == np.isnan(whole).any()
    assert step[0] == 0
