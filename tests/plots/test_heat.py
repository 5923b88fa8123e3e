"""Maps of layers over steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from flatline.errors import CannotTell
from flatline.plots.frame import MAX_LABELS
from flatline.plots.heat import COLUMNS, columns, plot_heat_map


@pytest.fixture
def ax():
    return Figure().subplots()


def legend(ax):
    return [] if ax.get_legend() is None else [text.get_text() for text in ax.get_legend().get_texts()]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=100), st.integers(1, 60))
def test_a_column_shows_the_latest_sample_that_is_known_there(gaps, n_columns):
    step = np.cumsum(gaps)
    values = np.stack([step, -step], axis=1).astype(float)
    found = columns(step, values, n_columns)
    assert found.shape == (2, n_columns)
    assert np.isin(found[0], step).all() and (np.diff(found[0]) >= 0).all()
    edges = np.linspace(step[0], step[-1] + 1, n_columns + 1)
    assert (found[0] <= edges[1:]).all()


def test_a_column_of_several_samples_shows_their_median_and_what_was_not_measured():
    values = np.array([[1.0, np.nan], [5.0, np.nan], [2.0, 0.0], [9.0, 7.0]])
    np.testing.assert_array_equal(columns(np.arange(4), values, 1), [[2.0], [0.0]])
    np.testing.assert_array_equal(columns(np.arange(4), values[:, 1:], 4), [[np.nan, np.nan, 0.0, 7.0]])


def test_the_map_is_the_numbers_given(ax):
    values = np.array([[0.0, 0.5], [1.0, np.nan]])
    assert plot_heat_map(np.array([1, 5]), values, ("a", "b"), unit="share", bound=0.5, ax=ax) is ax
    (image,) = ax.images
    shown = image.get_array()
    assert shown.shape == (2, COLUMNS)
    assert (shown[0, 0], shown[0, -1], shown[1, 0]) == (0.0, 1.0, 0.5) and shown.mask[1, -1]
    assert image.get_extent() == [0.5, 5.5, 1.5, -0.5] and ax.get_xlim() == (0.5, 5.5)
    assert legend(ax) == ["not measured"] and ax.patch.get_hatch()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    bar = ax.figure.axes[1]
    assert bar.get_ylabel() == "share (line: 0.5)"
    assert any(set(line.get_ydata()) == {0.5} for line in bar.get_lines())


def test_zero_and_infinity_have_colours_of_their_own_on_a_log_scale(ax):
    values = np.array([[0.0, np.inf, 1e-3, 1e-30]])
    plot_heat_map(np.array([1]), values, tuple("abcd"), unit="g", log=True, ax=ax)
    assert legend(ax) == ["exactly 0", "infinite"]
    (image,) = ax.images
    colour = image.cmap(image.norm(image.get_array()[:, 0]))
    assert len({tuple(one) for one in colour}) == 4
    assert image.norm.vmin < 1e-3 <= image.norm.vmax and not image.get_array().mask.any()


def test_nothing_but_zeros_can_be_drawn(ax):
    plot_heat_map(np.array([1, 2]), np.zeros((2, 2)), ("a", "b"), unit="g", log=True, ax=ax)
    assert legend(ax) == ["exactly 0"]


def test_three_hundred_layers_have_names_for_some_and_for_those_in_question(ax):
    names = tuple(f"a_very_long_name_of_a_layer_{number}" for number in range(300))
    plot_heat_map(np.arange(10), np.ones((10, 300)), names, unit="g", always={names[17]}, ax=ax)
    told = [label.get_text() for label in ax.get_yticklabels()]
    assert len(told) <= MAX_LABELS + 1 and max(map(len, told)) < 24
    assert [ax.get_yticks()[row] for row, label in enumerate(told) if label.startswith("▸")] == [17]


def test_what_was_never_measured_is_said(ax):
    with pytest.raises(CannotTell, match="nothing was measured"):
        plot_heat_map(np.array([1]), np.full((1, 2), np.nan), ("a", "b"), unit="g", ax=ax)
