"""What is drawn: the artists' data, not pixels."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.plots.trainability import plot_rehearsal, plot_training_curves
from tests.checks import make as facts

CURVES = {"as is": np.array([7.4, 7.4, 7.4]), "reference": np.array([1.0, 0.1, 0.001])}


@pytest.fixture
def ax():
    return Figure().subplots()


def test_lines_are_the_numbers_given_and_the_null_line_is_the_bound(ax):
    assert plot_training_curves(CURVES, null=0.69, ax=ax) is ax
    first, second, null = ax.get_lines()
    np.testing.assert_array_equal(first.get_xydata(), [[0, 7.4], [1, 7.4], [2, 7.4]])
    np.testing.assert_array_equal(second.get_ydata(), CURVES["reference"])
    assert set(null.get_ydata()) == {0.69}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "as is",
        "reference",
        "best constant prediction",
    ]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "loss", "log")


def test_lines_differ_in_more_than_colour(ax):
    plot_training_curves({str(n): np.arange(3.0) for n in range(6)}, ax=ax)
    assert len({line.get_linestyle() + str(line._unscaled_dash_pattern) for line in ax.get_lines()}) == 6


def test_of_many_the_first_and_those_that_end_lowest_are_told_apart(ax):
    ends = (9.0, 3.0, np.nan, 1.0, 7.0, 2.0, 8.0, 4.0, 5.0)
    plot_training_curves({f"{end:.0f}": np.array([9.5, end]) for end in ends}, null=9.7, ax=ax)
    assert len(ax.get_lines()) == 10
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["9", "3", "3 other variations", "1", "2", "4", "5", "best constant prediction"]


@pytest.mark.parametrize("n", [500, 2000])
def test_those_that_are_not_told_apart_are_a_line_without_the_noise_behind_it(ax, n):
    plot_training_curves({str(end): np.linspace(9.0, end, n) for end in range(7)}, ax=ax)
    of_grey = [part for part in (*ax.lines, *ax.collections) if part.get_alpha() == 0.5]
    assert len(ax.lines) + len(ax.collections) == 6 * 2 + len(of_grey) and len(of_grey) == 1


def test_steps_that_are_not_finite_are_left_out_and_said(ax):
    plot_training_curves({"as is": np.array([1.0, np.inf, 3.0, np.nan])}, ax=ax)
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_xydata(), [[0, 1], [2, 3]])
    assert line.get_label() == "as is (diverged)"


def test_an_unknown_null_is_not_drawn_and_a_flat_loss_stays_linear(ax):
    plot_training_curves({"as is": np.array([2.0, 1.0])}, null=float("nan"), ax=ax)
    assert len(ax.get_lines()) == 1
    assert ax.get_yscale() == "linear"


def test_a_single_step_is_visible(ax):
    plot_training_curves({"as is": np.array([2.0])}, ax=ax)
    assert ax.get_lines()[0].get_marker() == "o"


def test_a_negative_loss_is_no_reason_to_fail(ax):
    plot_training_curves({"as is": np.array([1000.0, -5.0])}, null=0.0, ax=ax)
    assert ax.get_yscale() == "linear"


def test_styles_can_be_given(ax):
    plot_training_curves(CURVES, ax=ax, linewidth=5, color="black")
    assert {(line.get_linewidth(), line.get_color()) for line in ax.get_lines()} == {(5.0, "black")}


def test_no_curves_make_an_empty_drawing(ax):
    assert plot_training_curves({}, ax=ax).get_legend() is None


def test_a_rehearsal_is_drawn_and_what_has_other_targets_left_out(ax):
    rehearsal = facts.rehearsal(facts.arm(), facts.arm("scaled", rescaled=True))
    plot_rehearsal(rehearsal, ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["as is", "best constant prediction"]
