"""What is drawn of the metrics that `fit` reports."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.errors import CannotTell
from flatline.logs import EpochLog, RunHead
from flatline.plots.metrics import plot_metrics
from tests.detectors import make


def head(name="out", share=0.4):
    return RunHead(name=name, task="multi-class classification", loss="x", units=3, n_classes=3, majority_share=share)


def epochs(**values):
    n = len(next(iter(values.values())))
    return EpochLog(step=99 + 100 * np.arange(n), values={name: np.array(rows) for name, rows in values.items()})


@pytest.fixture
def ax():
    return Figure().subplots()


def test_training_validation_and_guessing(ax):
    log = epochs(accuracy=[0.4, 0.5], val_accuracy=[0.4, np.nan], loss=[1.0, 0.9], learning_rate=[1e-3, 1e-4])
    assert plot_metrics(log, make.run(heads=(head(),)), ax=ax) is ax
    training, validation, guessing = ax.get_lines()
    np.testing.assert_array_equal(training.get_xydata(), [[99, 0.4], [199, 0.5]])
    np.testing.assert_array_equal(validation.get_xydata(), [[99, 0.4]])
    assert training.get_linestyle() != validation.get_linestyle()
    assert set(guessing.get_ydata()) == {0.4} and guessing.get_label() == "always the largest class, 0.4"
    assert ax.get_ylabel() == "accuracy" and ax.get_ylim() == (-0.03, 1.03)


def test_metrics_of_another_scale_are_left_out(ax):
    plot_metrics(epochs(mae=[40.0, 20.0], accuracy=[0.1, 0.2], mse=[900.0, 400.0]), ax=ax)
    assert [line.get_label() for line in ax.get_lines()] == ["mae", "mse"]


@pytest.mark.parametrize(
    ("name", "heads", "drawn"),
    [
        ("a_accuracy", (head("a", 0.4), head("b", 0.6)), True),
        ("accuracy", (head("a", 0.4), head("b", 0.6)), False),
        ("auc", (head(),), False),
        ("accuracy", (head(share=np.nan),), False),
    ],
)
def test_guessing_is_drawn_where_it_is_known_of_this_output(ax, name, heads, drawn):
    plot_metrics(epochs(**{name: [0.5, 0.6]}), make.run(heads=heads), ax=ax)
    assert len(ax.get_lines()) == 1 + drawn


def test_losses_alone_are_no_metric(ax):
    with pytest.raises(CannotTell, match="no metric but losses"):
        plot_metrics(epochs(loss=[1.0], val_loss=[1.0], out_loss=[1.0], lr=[0.1], gone=[np.nan]), ax=ax)
