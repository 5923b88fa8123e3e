"""What an output can be against what it is asked to be."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.errors import CannotTell
from flatline.facts import Task
from flatline.plots.outputs import plot_class_numbers, plot_output_range
from tests.checks import make as facts


@pytest.fixture
def ax():
    return Figure().subplots()


def bars(ax):
    labels = [label.get_text() for label in ax.get_yticklabels()]
    ranges = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    return dict(zip(labels, ranges, strict=True))


def prices(**given):
    target = facts.array(np.array([1e4, 2e4, 9e4]), name="y")
    known = {"task": Task.REGRESSION, "encoding": "values", "loss": "mean_squared_error", "target": target}
    return facts.objective(facts.head(**(known | given)))


def test_scores_where_probabilities_are_asked(ax):
    plot_output_range(facts.objective(facts.head(low=-60.0, high=70.0)), ax=ax)
    assert bars(ax) == {"output\n-60 … 70": (-60.0, 70.0), "asked: probability\n0 … 1": (0.0, 1.0)}
    solid, striped = ax.patches
    assert striped.get_hatch() and not solid.get_hatch()


def test_scores_where_scores_are_asked(ax):
    plot_output_range(facts.objective(facts.head(low=-60.0, high=70.0, from_logits=True)), ax=ax)
    assert list(bars(ax)) == ["output\n-60 … 70"]


def test_quantities_out_of_reach_are_seen_on_a_scale_that_shows_both(ax):
    plot_output_range(prices(low=1e-30, high=1.0), ax=ax)
    assert bars(ax) == {"output\n0 … 1": (0.0, 1.0), "asked: targets\n1e+04 … 9e+04": (1e4, 9e4)}
    assert ax.get_xscale() == "symlog"


def test_an_output_that_is_always_the_same_is_a_point(ax):
    plot_output_range(prices(low=1.0, high=1.0), ax=ax)
    assert next(iter(bars(ax))) == "output\nalways 1"
    assert [line.get_marker() for line in ax.get_lines()] == ["D"]


def test_class_numbers_without_a_unit(ax):
    target = facts.array(np.arange(1, 4), name="y")
    plot_class_numbers(facts.objective(facts.head(target=target)), ax=ax)
    assert bars(ax) == {"units\n0 … 2": (0.0, 2.0), "labels\n1 … 3": (1.0, 3.0)}


def test_several_outputs_are_told_apart(ax):
    plot_output_range(facts.objective(facts.head(name="a"), facts.head(name="b")), ax=ax)
    labels = [label.get_text().partition("\n")[0] for label in ax.get_yticklabels()]
    assert labels == ["a: output", "asked: probability", "b: output", "asked: probability"]


def test_what_is_not_known_is_said(ax):
    with pytest.raises(CannotTell, match="what the output can be is not known"):
        plot_output_range(facts.objective(facts.head(low=np.nan, high=np.nan)), ax=ax)
    with pytest.raises(CannotTell, match="no labels are class numbers"):
        plot_class_numbers(prices(), ax=ax)
