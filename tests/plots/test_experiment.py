"""What is drawn of paired runs: the artists' data, not pixels."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.experiment import Paired
from flatline.plots.experiment import THICK, plot_paired_scores
from tests import experiments as given

STEP = np.array([0.0, 20.0, 40.0])
BEFORE = np.array([[0.1, 0.2, 0.3], [0.1, 0.1, 0.2], [0.2, 0.3, 0.4]])
PAIRED = Paired(step=STEP, before=BEFORE, after=BEFORE + 0.5)


@pytest.fixture
def ax():
    return Figure().subplots()


def test_each_run_is_a_thin_line_and_the_medians_are_thick(ax):
    assert plot_paired_scores(PAIRED, null=0.1, score="accuracy", ax=ax) is ax
    *runs, null = ax.get_lines()
    assert [line.get_linewidth() == THICK["linewidth"] for line in runs] == [False, False, False, True] * 2
    np.testing.assert_array_equal(runs[1].get_ydata(), BEFORE[1])
    np.testing.assert_array_equal(runs[3].get_xdata(), STEP)
    np.testing.assert_array_equal(runs[3].get_ydata(), [0.1, 0.2, 0.3])
    np.testing.assert_allclose(runs[7].get_ydata(), [0.6, 0.7, 0.8])
    assert set(null.get_ydata()) == {0.1}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "accuracy")


@pytest.mark.parametrize(("least", "said"), [(-1.0, "R² (-1: or worse)"), (-0.99, "R²")])
def test_runs_at_the_least_score_there_is_are_told(ax, least, said):
    runs = Paired(step=STEP, before=np.full((3, 3), least), after=BEFORE)
    assert plot_paired_scores(runs, score="R²", ax=ax).get_ylabel() == said


def test_the_two_sides_differ_in_more_than_colour_and_are_named(ax):
    plot_paired_scores(PAIRED, ax=ax)
    before, after = ax.get_lines()[0], ax.get_lines()[4]
    assert before.get_linestyle() != after.get_linestyle()
    told = [text.get_text() for text in ax.get_legend().get_texts()]
    assert told == ["as it is, median of 3 runs", "with the change, median of 3 runs"]


def test_a_single_pair_is_its_own_median(ax):
    plot_paired_scores(Paired(step=STEP, before=BEFORE[:1], after=BEFORE[:1] + 0.5), ax=ax)
    assert len(ax.get_lines()) == 2
    assert ax.get_legend().get_texts()[0].get_text() == "as it is"


@pytest.mark.parametrize(("points", "marked"), [(1, True), (2, True), (100, False)])
def test_few_points_are_marked(ax, points, marked):
    plot_paired_scores(given.paired(0.3, 0.9, points=points), ax=ax)
    assert (ax.get_lines()[-1].get_marker() == "o") is marked


def test_what_diverged_is_left_out_and_counts_as_worst(ax):
    gone = np.array([[0.1, -np.inf, np.nan], [0.1, -np.inf, 0.2], [0.2, 0.3, 0.4]])
    plot_paired_scores(Paired(step=STEP, before=gone, after=BEFORE), ax=ax)
    np.testing.assert_array_equal(ax.get_lines()[0].get_xydata(), [[0, 0.1]])
    assert ax.get_lines()[0].get_marker() == "o"
    np.testing.assert_array_equal(ax.get_lines()[3].get_xydata(), [[0, 0.1], [40, 0.2]])


def test_the_verdict_is_the_title(ax):
    plot_paired_scores(PAIRED, verdict=given.verdict(0.31, 0.97), ax=ax)
    assert ax.get_title() == "confirmed: 0.31 → 0.97 in 5 of 5 paired runs of 40 steps (p = 0.031)"


def test_styles_can_be_given_and_nothing_is_drawn_of_nothing(ax):
    plot_paired_scores(PAIRED, ax=ax, color="black")
    assert {line.get_color() for line in ax.get_lines()} == {"black"}
    empty = plot_paired_scores(Paired(), ax=Figure().subplots())
    assert (len(empty.get_lines()), empty.get_legend()) == (0, None)
