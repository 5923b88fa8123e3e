"""The scan against its slow twin: NumPy in float64 over the whole array."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flatline.measure import scan as scan_module
from flatline.measure.scan import CHUNK_CELLS, Scan, scan_source, spread
from flatline.measure.sources import open_source

RNG = np.random.default_rng(7)
NEVER = float("inf")


def scanned(array, *, limit=NEVER, batches=None, deadline=NEVER):
    scan = Scan(shape=array.shape[1:], limit=limit)
    if batches is None:
        scan_source(open_source(array, "X"), scan, deadline=deadline)
    else:
        for start in range(0, len(array), batches):
            scan.add(array[start : start + batches], start)
    return scan.facts(name="x", shape=array.shape[1:], dtype=str(array.dtype), n_rows=len(array))


def check_against_twin(facts, array):
    cells = array.astype(np.float64).reshape(-1, array.shape[-1] if array.ndim > 1 else 1)
    cells = np.where(np.isfinite(cells), cells, np.nan)
    spread_ = np.nanstd(cells, axis=0)
    np.testing.assert_allclose(facts.feature_mean, np.nanmean(cells, axis=0), rtol=1e-4, atol=1e-4 * spread_.max())
    np.testing.assert_allclose(facts.feature_std, spread_, rtol=1e-4, atol=1e-9)
    np.testing.assert_array_equal(facts.feature_min, np.nanmin(cells, axis=0))
    np.testing.assert_array_equal(facts.feature_max, np.nanmax(cells, axis=0))
    np.testing.assert_allclose(facts.mean, np.nanmean(cells), rtol=1e-4, atol=1e-4 * np.nanstd(cells))
    np.testing.assert_allclose(facts.std, np.nanstd(cells), rtol=1e-4, atol=1e-9)
    assert (facts.minimum, facts.maximum) == (np.nanmin(cells), np.nanmax(cells))
    assert facts.n_nonfinite == np.isnan(cells).sum()


ARRAYS = {
    "table": RNG.normal(3, 2, (5000, 7)).astype("float32"),
    "one row": RNG.normal(size=(1, 4)).astype("float32"),
    "one column": RNG.normal(5, 1, (3000, 1)).astype("float32"),
    "no feature axis": RNG.normal(5, 1, 10_001).astype("float32"),
    "grey images": RNG.integers(0, 256, (90, 28, 28, 1)).astype("float32"),
    "images": RNG.uniform(0, 255, (40, 32, 32, 3)).astype("float32"),
    "more than a chunk": RNG.random((CHUNK_CELLS // 50, 101), dtype="float32"),
    "wider than a piece": RNG.normal(size=(30, 19_999)).astype("float32"),
    "mean 1e4, std 1": RNG.normal(1e4, 1, (20_000, 5)).astype("float32"),
    "mean 1e6, std 1": RNG.normal(1e6, 1, (20_000, 5)),
    "features far apart": (RNG.normal(size=(4000, 4)) * [1, 1e-3, 1e3, 1] + [0, 5, -1e5, 1e4]).astype("float32"),
    "drifting": (np.arange(30_000)[:, None] + RNG.normal(size=(30_000, 3))).astype("float32"),
    "zeros, then far away": np.concatenate([np.zeros((20_000, 2)), RNG.normal(1e4, 1, (20_000, 2))]).astype("float32"),
    "no sign": RNG.random((3000, 5), dtype="float32"),
    "all negative": -RNG.random((3000, 5), dtype="float32") - 1,
    "all negative, no features": -RNG.random(3000, dtype="float32") - 1,
    "some negative": RNG.random((300_000, 5), dtype="float32") - np.asarray([0, 0.5, 2, 0, 0.01], "float32"),
    "signed zeros": np.asarray([[0.0, -0.0, 1.0, -1.0], [-0.0, -0.0, 0.0, -0.0]] * 50, "float32"),
    "constant": np.full((3000, 3), 0.1, "float32"),
    "float64": RNG.normal(size=(3000, 3)) * 1e-12,
    "float16": RNG.normal(size=(3000, 3)).astype("float16"),
    "uint8": RNG.integers(0, 256, (300, 16, 16, 3), dtype="uint8"),
    "int64": RNG.integers(-(2**40), 2**40, (3000, 3)),
    "int8": RNG.integers(-128, 128, (3000, 3), dtype="int8"),
    "bool": RNG.random((3000, 3)) < 0.1,
    "column order": np.asfortranarray(RNG.normal(size=(3000, 30)).astype("float32")),
    "strided": RNG.normal(size=(3000, 60)).astype("float32")[::2, ::3],
    "large": (RNG.normal(size=(500, 3)) * 1e30).astype("float32"),
    "with missing cells": np.where(RNG.random((4000, 6)) < 0.01, np.nan, RNG.normal(9, 1, (4000, 6))).astype("float32"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_statistics_equal_the_slow_twin(name):
    check_against_twin(scanned(ARRAYS[name]), ARRAYS[name])


@pytest.mark.parametrize("name", ["table", "images", "mean 1e4, std 1", "zeros, then far away", "with missing cells"])
@pytest.mark.parametrize("batch", [1, 333])
def test_batches_give_what_the_whole_gives(name, batch):
    array = ARRAYS[name][:200] if batch == 1 else ARRAYS[name]
    check_against_twin(scanned(array, batches=batch), array)


def test_two_threads_give_what_one_gives(monkeypatch):
    monkeypatch.setattr(scan_module, "THREADED_CELLS", 0)
    monkeypatch.setattr(scan_module, "CHUNK_CELLS", 1000)
    for name in ("table", "drifting", "with missing cells"):
        array = np.ascontiguousarray(ARRAYS[name])
        facts = scanned(array)
        check_against_twin(facts, array)
        assert facts.complete and facts.nonfinite_rows == tuple(np.flatnonzero(np.isnan(array).any(axis=1))[:8])


def test_constant_features_have_exactly_no_spread():
    facts = scanned(ARRAYS["constant"])
    assert facts.std == 0 and (facts.feature_std == 0).all()


def test_features_are_not_described_when_there_are_too_many():
    array = RNG.normal(3, 1, (5, 20_001)).astype("float32")
    facts = scanned(array)
    assert facts.feature_mean.shape == (0,)
    assert facts.mean == pytest.approx(array.mean(dtype="float64"), rel=1e-4)


def test_batches_of_different_width_leave_the_whole_array():
    narrow, wide = RNG.normal(size=(8, 5)).astype("float32"), RNG.normal(size=(8, 9)).astype("float32")
    scan = Scan(shape=(5,))
    for block in (narrow, wide, narrow):
        scan.add(block, 0)
    facts = scan.facts(name="x", shape=(None,), dtype="float32", n_rows=24)
    cells = np.concatenate([narrow.ravel(), wide.ravel(), narrow.ravel()])
    assert facts.feature_mean.shape == (0,)
    assert facts.std == pytest.approx(cells.std(dtype="float64"), rel=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@given(row=st.integers(0, 2999), feature=st.integers(0, 6), offset=st.sampled_from([0.0, 1e4]))
@settings(max_examples=15, deadline=None)
def test_one_non_finite_cell_anywhere_is_found(bad, row, feature, offset):
    array = ARRAYS["table"][:3000] + np.float32(offset)
    array[row, feature] = bad
    facts = scanned(array)
    assert (facts.n_nonfinite, facts.nonfinite_rows, facts.nonfinite_features) == (1, (row,), (feature,))
    assert np.isfinite([facts.mean, facts.std, facts.minimum, facts.maximum]).all()


@given(order=st.permutations(range(40)), batch=st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter(order, batch):
    array = np.repeat(ARRAYS["table"][:40], 5, axis=1) * np.float32(100)
    one, other = scanned(array), scanned(array[order], batches=batch)
    np.testing.assert_allclose(other.feature_mean, one.feature_mean, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(other.feature_std, one.feature_std, rtol=1e-5)
    np.testing.assert_array_equal(other.feature_min, one.feature_min)
    assert other.std == pytest.approx(one.std, rel=1e-5)


def test_finite_cells_that_overflow_in_keras_count_as_non_finite():
    array = RNG.normal(size=(100, 3))
    array[7, 1] = 1e39
    facts = scanned(array, limit=float(np.finfo("float32").max))
    assert (facts.n_nonfinite, facts.nonfinite_rows, facts.nonfinite_features) == (1, (7,), (1,))
    assert facts.maximum < 10


def test_nothing_but_non_finite_cells():
    facts = scanned(np.full((10, 2), np.nan, "float32"))
    assert facts.n_nonfinite == 20
    assert np.isnan([facts.mean, facts.std, facts.minimum, *facts.feature_mean, *facts.feature_max]).all()


def test_a_spent_deadline_leaves_a_part_that_says_so():
    facts = scanned(np.broadcast_to(np.float32(1), (9 * CHUNK_CELLS, 1)), deadline=0.0)
    assert facts.n_read == facts.n_scanned == 2 * CHUNK_CELLS and not facts.complete


@given(st.integers(0, 400))
def test_spread_is_a_permutation_with_the_ends_first(n):
    order = list(spread(n))
    assert sorted(order) == list(range(n))
    assert order[: min(n, 2)] == [0, n - 1][: min(n, 2)]


@given(st.integers(100, 2000))
def test_every_beginning_of_spread_covers_the_whole(n):
    beginning = sorted(list(spread(n))[:20])
    assert np.diff(beginning).max() <= n / 5
