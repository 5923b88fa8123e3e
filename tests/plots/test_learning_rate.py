"""What is drawn: the artists' data, not pixels."""

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from flatline.learning_rate import RateCurve
from flatline.plots.learning_rate import plot_learning_rate_curve

RATE = np.array([1e-3, 1e-2, 1e-1, 1.0])
LOSS = np.array([2.0, 1.5, 1.0, np.nan])
SMOOTHED = np.array([2.0, 1.4, 1.1, 60.0])


@pytest.fixture
def ax():
    return Figure().subplots()


def test_points_curve_and_lines_are_the_numbers_given(ax):
    assert plot_learning_rate_curve(RATE, LOSS, smoothed=SMOOTHED, suggested=0.01, current=0.1, null=1.9, ax=ax) is ax
    points, curve, null, current, suggested = ax.get_lines()
    np.testing.assert_array_equal(points.get_xydata(), np.column_stack([RATE, LOSS])[:3])
    np.testing.assert_array_equal(curve.get_xydata(), np.column_stack([RATE, SMOOTHED]))
    assert (set(null.get_ydata()), set(current.get_xdata()), set(suggested.get_xdata())) == ({1.9}, {0.1}, {0.01})
    assert current.get_linestyle() != suggested.get_linestyle()
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "learning rate", "loss")
    assert [text.get_text() for text in ax.get_legend().get_texts()][-2:] == [
        "present rate, 0.1",
        "suggested rate, 0.01",
    ]


def test_a_loss_that_runs_away_does_not_hide_the_fall(ax):
    plot_learning_rate_curve(RATE, LOSS, smoothed=SMOOTHED, ax=ax)
    low, high = ax.get_ylim()
    assert low < 1.1 and 2.0 < high < 5.0


def test_a_fall_over_decades_is_drawn_on_a_logarithmic_axis(ax):
    plot_learning_rate_curve(RATE, LOSS, smoothed=np.array([1e4, 1e3, 1.0, 1e9]), ax=ax)
    low, high = ax.get_ylim()
    assert ax.get_yscale() == "log" and low < 1.0 and 1e4 < high < 1e6


def test_without_a_smoothed_curve_the_losses_are_the_line(ax):
    plot_learning_rate_curve(RATE, LOSS, ax=ax, linewidth=5)
    (line,) = ax.get_lines()
    assert (line.get_linewidth(), line.get_linestyle()) == (5, "-")


@pytest.mark.parametrize("current", [0.0, -1.0, float("nan"), None])
def test_a_rate_that_has_no_place_on_the_axis_is_not_drawn(ax, current):
    plot_learning_rate_curve(RATE, LOSS, current=current, ax=ax)
    assert len(ax.get_lines()) == 1


def test_no_steps_and_no_numbers_are_no_reason_to_fail(ax):
    plot_learning_rate_curve(np.array([]), np.array([]), ax=ax)
    plot_learning_rate_curve(RATE, np.full(4, np.nan), smoothed=np.full(4, np.nan), ax=ax)


def rate_curve(suggested):
    return RateCurve(
        rate=RATE, loss=LOSS, smoothed=SMOOTHED, suggested=suggested, reason="0.01 < 0.1", current=0.1, null=1.9
    )


def test_a_curve_draws_itself_where_asked_or_in_a_new_figure(ax):
    assert rate_curve(0.01).plot(ax) is ax
    before = pyplot.get_fignums()
    new = rate_curve(None).plot()
    assert len(new.get_lines()) == 4
    pyplot.close(new.figure)
    assert pyplot.get_fignums() == before


def test_a_curve_says_its_rate_and_reason():
    assert str(rate_curve(0.01)) == "suggested learning rate 0.01 (now 0.1)\n0.01 < 0.1"
    assert str(rate_curve(None)).startswith("no learning rate to suggest (now 0.1)\n")
    assert "<strong>suggested learning rate 0.01" in rate_curve(0.01)._repr_html_()
    assert "0.01 &lt; 0.1" in rate_curve(0.01)._repr_html_()
