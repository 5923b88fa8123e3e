"""How a curve of any length is drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from flatline.plots.dense import COLUMNS, FEW, MANY, WINDOWS, gathered, plot_dense


@pytest.fixture
def ax():
    return Figure().subplots()


def rows(n, spike=None):
    values = np.random.default_rng(0).normal(1.0, 0.1, n)
    if spike is not None:
        values[spike] = 50.0
    return np.arange(n), values


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=300), st.integers(1, 50))
def test_columns_hold_every_row_once(gaps, n_columns):
    step = np.cumsum(gaps)
    values = np.sin(step)
    found = gathered(step, values, n_columns)
    assert 1 <= len(found.step) <= n_columns
    assert (np.diff(found.step) > 0).all()
    assert found.low.min() == values.min() and found.high.max() == values.max()
    assert (found.low <= found.middle).all() and (found.middle <= found.high).all()


def test_few_rows_are_drawn_as_they_are(ax):
    step, values = rows(5)
    plot_dense(ax, step, values, color="black")
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack([step, values]))
    assert line.get_marker() == "o"


def test_some_rows_are_drawn_below_their_median(ax):
    step, values = rows(FEW + 40)
    plot_dense(ax, step, values, label="loss")
    every, middle = ax.get_lines()
    np.testing.assert_array_equal(every.get_ydata(), values)
    assert middle.get_label() == "loss" and len(middle.get_xdata()) <= WINDOWS


def test_of_a_million_rows_the_envelope_keeps_the_spike_and_the_median_ignores_it(ax):
    step, values = rows(1_000_000, spike=654_321)
    main, everything = plot_dense(ax, step, values)
    (line,) = ax.get_lines()
    (envelope,) = ax.collections
    assert len(line.get_xdata()) == WINDOWS
    assert len(everything) == 2 * COLUMNS
    assert envelope.get_paths()[0].vertices[:, 1].max() == 50.0
    np.testing.assert_allclose(main, 1.0, atol=0.01)
    assert len(step) > MANY


def test_rows_that_are_no_number_are_left_out(ax):
    plot_dense(ax, np.arange(4), np.array([1.0, np.nan, np.inf, 2.0]))
    np.testing.assert_array_equal(ax.get_lines()[0].get_xydata(), [[0, 1.0], [3, 2.0]])
    plot_dense(ax, np.arange(2), np.full(2, np.nan))
