"""Profiles over depth."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.errors import CannotTell
from flatline.plots.depth import Bound, first_and_latest, plot_profile

NAMES = ("first", "$second_<b>", "third")


@pytest.fixture
def ax():
    return Figure().subplots()


def labelled(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_lines_are_the_numbers_given_and_the_first_layer_is_on_top(ax):
    first, latest = np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.5, 1.0])
    profiles = {"step 1": first, "step 9": latest}
    assert plot_profile(profiles, NAMES, quantity="share", bounds=[Bound(0.5, "bound")], ax=ax) is ax
    lines = labelled(ax)
    np.testing.assert_array_equal(lines["step 1"].get_xdata(), first)
    np.testing.assert_array_equal(lines["step 9"].get_xydata(), np.column_stack([latest, [0, 1, 2]]))
    assert set(lines["bound"].get_xdata()) == {0.5}
    assert lines["step 1"].get_linestyle() != lines["step 9"].get_linestyle()
    assert lines["step 1"].get_marker() != lines["step 9"].get_marker()
    assert ax.get_ylim() == (2.5, -0.5) and ax.get_xlabel() == "share"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", r"\$second_<b>", "third"]


def test_what_a_log_scale_cannot_show_stands_at_the_edge(ax):
    values = np.array([0.0, np.nan, 1e-3])
    plot_profile({"now": values}, NAMES, quantity="g", log=True, missing="no gradient", usual=(1e-5, 0.1), ax=ax)
    lines = labelled(ax)
    assert lines["exactly 0"].get_ydata().tolist() == [0] and lines["no gradient"].get_ydata().tolist() == [1]
    assert lines["exactly 0"].get_marker() != lines["no gradient"].get_marker()
    assert ax.get_xscale() == "log"
    assert [patch.get_label() for patch in ax.patches] == ["usual: 1e-05 to 0.1"]


def test_values_that_hardly_differ_are_not_blown_up(ax):
    plot_profile({"now": np.array([1.0, 1.1, 1.2])}, NAMES, quantity="g", log=True, ax=ax)
    low, high = ax.get_xlim()
    assert high / low == pytest.approx(100)


def test_nothing_but_zeros_can_be_drawn(ax):
    plot_profile({"now": np.zeros(3)}, NAMES, quantity="g", log=True, ax=ax)
    assert labelled(ax)["exactly 0"].get_ydata().tolist() == [0, 1, 2]


def test_many_layers_have_no_markers(ax):
    plot_profile({"now": np.linspace(0, 1, 300)}, tuple(map(str, range(300))), quantity="share", ax=ax)
    assert ax.get_lines()[0].get_marker() in ("", "None")


def test_the_first_and_the_latest_sample_are_those_in_which_anything_is_known():
    values = np.array([[np.nan, np.nan], [1.0, np.nan], [2.0, 3.0], [np.nan, np.nan]])
    found = first_and_latest(np.array([0, 10, 2000, 3000]), values)
    assert list(found) == ["step 10, the first", "step 2,000, the latest"]
    np.testing.assert_array_equal(found["step 2,000, the latest"], [2.0, 3.0])
    assert list(first_and_latest(np.array([5]), np.ones((1, 2)))) == ["step 5, the latest"]


@pytest.mark.parametrize("values", [np.full((2, 2), np.nan), np.empty((0, 2))])
def test_nothing_known_is_said(ax, values):
    with pytest.raises(CannotTell, match="nothing was measured"):
        first_and_latest(np.arange(len(values)), values)
    with pytest.raises(CannotTell, match="nothing was measured"):
        plot_profile({"now": np.full(3, np.nan)}, NAMES, quantity="g", ax=ax)
