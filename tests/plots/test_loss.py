"""What is drawn of the losses of a run: the artists' data, not pixels."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.errors import CannotTell
from flatline.logs import EpochLog, LossLog, Marks
from flatline.plots.loss import plot_loss
from flatline.progress import progress
from tests.detectors import make
from tests.plots.test_marks import FLAT


@pytest.fixture
def ax():
    return Figure().subplots()


def labelled(ax):
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


def spans(ax):
    return {patch.get_label(): patch for patch in ax.patches}


def test_the_loss_is_drawn_against_guessing_and_a_perfect_fit(ax):
    epochs = EpochLog(
        step=np.array([99, 199, 299]), values={"loss": [1.0, 1.0, 1.0], "val_loss": np.array([1.1, np.nan, 1.2])}
    )
    assert plot_loss(make.FLAT, make.run(), epochs, Marks(found=((41, FLAT),)), ax=ax) is ax
    lines = labelled(ax)
    assert list(lines) == ["training loss", "validation loss", "best constant prediction, 1", "perfect fit"]
    assert set(lines["best constant prediction, 1"].get_ydata()) == {1.0}
    assert set(lines["perfect fit"].get_ydata()) == {0.0}
    np.testing.assert_array_equal(lines["validation loss"].get_xydata(), [[99, 1.1], [299, 1.2]])
    assert [text.get_text() for text in ax.texts] == ["1"]
    assert ax.get_yscale() == "linear" and ax.get_ylim()[0] < 0.0


@pytest.mark.parametrize(
    ("log", "label"),
    [
        (make.FLAT, "flat: no better than guessing"),
        (make.PLATEAU, "plateau: no gain any more"),
        (make.LEARNING, None),
        (make.CONVERGED, None),
    ],
)
def test_where_nothing_is_gained_is_shaded(ax, log, label):
    plot_loss(log, make.run(), ax=ax)
    found = spans(ax)
    assert list(found) == ([] if label is None else [label])
    if label is not None:
        assert found[label].get_x() == progress(make.run(), log).since
        assert found[label].get_x() + found[label].get_width() == 299


def test_what_diverged_is_shaded_in_another_pattern_and_its_first_step_named(ax):
    values = np.concatenate([np.geomspace(1.0, 1e12, 40), np.full(60, np.nan)])
    plot_loss(LossLog(step=np.arange(100), loss=values, penalty=np.zeros(100)), make.run(), ax=ax)
    lost = labelled(ax)["no number, from step 40"]
    assert lost.get_xdata().tolist() == [40]
    assert spans(ax)["diverged"].get_x() == 40 and spans(ax)["diverged"].get_hatch()
    assert ax.get_yscale() == "log"


def test_penalties_are_drawn_apart_where_they_matter(ax):
    plot_loss(make.penalised(make.FLAT, 80.0, 0.01), make.run(), ax=ax)
    assert labelled(ax)["with penalties"].get_ydata()[0] > 60
    assert np.median(labelled(ax)["training loss"].get_ydata()) == pytest.approx(1.0, abs=0.1)
    other = Figure().subplots()
    plot_loss(make.penalised(make.FLAT, 1e-4, 1e-4), make.run(), ax=other)
    assert "with penalties" not in labelled(other)


def test_a_spike_leaves_the_picture_and_what_must_be_seen_stays(ax):
    log = make.losses(1.0, 0.8, n=3000)
    log.loss[1500] = 1e6
    plot_loss(log, make.run(), ax=ax)
    assert ax.get_yscale() == "linear" and 1.0 < ax.get_ylim()[1] < 2.0


def test_single_batches_without_loss_do_not_stretch_a_log_scale(ax):
    log = make.losses(10.0, 0.01, n=3000, noise=0.0)
    log.loss[::100] = 1e-9
    plot_loss(log, make.run(), ax=ax)
    assert ax.get_yscale() == "log" and 1e-5 < ax.get_ylim()[0] < 0.01
    assert "perfect fit" not in labelled(ax)  # 0 has no place


def test_losses_below_zero_have_a_scale_too(ax):
    log = LossLog(step=np.arange(100), loss=-np.geomspace(0.1, 1e9, 100), penalty=np.zeros(100))
    plot_loss(log, ax=ax)
    assert ax.get_yscale() == "symlog"


def test_a_single_step_and_no_facts_are_enough(ax):
    plot_loss(LossLog(step=np.array([0]), loss=np.array([2.0])), ax=ax)
    assert ax.get_lines()[0].get_marker() == "o"


def test_no_finite_loss_is_said(ax):
    with pytest.raises(CannotTell, match="no loss was a finite number"):
        plot_loss(LossLog(step=np.arange(2), loss=np.full(2, np.nan)), ax=ax)
