"""Pictures of gradients, updates, units and outputs: each against the bound that its check judges by."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.detectors import dead_units, saturated_units, updates_too_large, updates_too_small, vanishing_gradient
from flatline.errors import CannotTell
from flatline.logs import ActivationLog, ProbeLog
from flatline.plots.activations import plot_activations
from flatline.plots.gradients import plot_gradient_map, plot_gradient_profile
from flatline.plots.rate import plot_learning_rate
from flatline.plots.start import plot_initial_gradients, plot_initial_signal, plot_initial_units
from flatline.plots.units import plot_dead_map, plot_dead_profile, plot_saturated_map, plot_saturated_profile
from flatline.plots.updates import plot_first_update, plot_update_map, plot_update_profile
from tests.checks import make as facts
from tests.detectors import make
from tests.plots.test_depth import labelled

RATIOS = {"a": 1e-7, "b": 1e-3, "c": 1e-2}
GRADIENTS = make.gradients(RATIOS, n=4)


@pytest.fixture
def ax():
    return Figure().subplots()


def activations(n=3, layers=("dense", "out")):
    shape = (n, len(layers))
    saturated = np.full(shape, np.nan)
    saturated[:, 0] = np.linspace(0.1, 0.9, n)
    return ActivationLog(
        step=np.arange(n),
        layers=layers,
        mean=np.linspace(0, 1, n)[:, None] * np.ones(shape),
        spread=np.full(shape, 0.5),
        saturated_share=saturated,
        nonfinite=np.zeros(shape),
    )


def probe(share):
    share = np.asarray(share, float)
    return ProbeLog(step=np.arange(len(share)), layers=("a", "out"), dead_share=share)


def test_gradients_are_relative_and_bounded_by_the_largest(ax):
    plot_gradient_profile(GRADIENTS, ax=ax)
    lines = labelled(ax)
    np.testing.assert_allclose(lines["step 45, the latest"].get_xdata(), list(RATIOS.values()))
    assert lines["0.001 of the largest"].get_xdata()[0] == pytest.approx(vanishing_gradient.MIN_RATIO * 1e-2)


def test_two_layers_are_too_few_for_a_gradient_to_vanish(ax):
    plot_gradient_profile(make.gradients({"a": 1e-7, "b": 1.0}), ax=ax)
    assert "0.001 of the largest" not in labelled(ax)


def test_updates_stand_against_the_usual_band(ax):
    plot_update_profile(make.updates(RATIOS, skipped=[1] * 19 + [0]), ax=ax)
    assert set(labelled(ax)) >= {"step 285, the latest", "rule of thumb, 0.001", "weights replaced, 0.5"}
    assert not any("first" in label for label in labelled(ax))  # those rows were left out on purpose
    (band,) = ax.patches
    assert band.get_x() == updates_too_small.SLOW
    assert band.get_x() + band.get_width() == pytest.approx(updates_too_large.FAST)


def test_the_first_update_of_a_set_up(ax):
    plot_first_update(facts.optimizer(update_ratios={"a": 1e-3, "b": np.nan}), ax=ax)
    assert labelled(ax)["Adam at 0.001"].get_xdata()[0] == 1e-3
    with pytest.raises(CannotTell, match="no first step"):
        plot_first_update(facts.optimizer(update_ratios={}), ax=ax)


def test_only_layers_that_can_die_are_drawn(ax):
    plot_dead_profile(probe([[0.1, np.nan], [0.9, np.nan]]), ax=ax)
    assert labelled(ax)["step 1, the latest"].get_xdata().tolist() == [0.9]
    assert labelled(ax)["bound, 0.5"].get_xdata()[0] == dead_units.MAX_DEAD
    for draw in (plot_dead_profile, plot_dead_map):
        with pytest.raises(CannotTell, match="no layer has units that can die"):
            draw(probe(np.full((2, 2), np.nan)), ax=Figure().subplots())


def test_only_layers_that_saturate_are_drawn(ax):
    plot_saturated_profile(activations(), ax=ax)
    assert labelled(ax)["step 2, the latest"].get_xdata().tolist() == [0.9]
    assert labelled(ax)["bound, 0.5"].get_xdata()[0] == saturated_units.MAX_SATURATED


@pytest.mark.parametrize(
    ("draw", "log"),
    [
        (plot_gradient_map, GRADIENTS),
        (plot_update_map, make.updates(RATIOS)),
        (plot_dead_map, probe([[0.1, np.nan], [0.9, np.nan]])),
        (plot_saturated_map, activations()),
    ],
)
def test_maps_have_a_row_for_each_layer_that_is_concerned(ax, draw, log):
    draw(log, ax=ax)
    rows = ax.images[0].get_array().shape[0]
    assert rows == len(ax.get_yticks()) in (1, 3)


def test_steps_that_were_all_left_out_are_no_map(ax):
    with pytest.raises(CannotTell, match="left every sampled step out"):
        plot_update_map(make.updates(RATIOS, skipped=1), ax=ax)


def test_outputs_are_bars_of_one_deviation_around_their_mean(ax):
    plot_activations(activations(), ax=ax)
    first, latest = ax.containers
    np.testing.assert_array_equal(latest[0].get_xdata(), [1.0, 1.0])
    np.testing.assert_array_equal(latest[2][0].get_segments()[0][:, 0], [0.5, 1.5])
    assert first[0].get_marker() != latest[0].get_marker()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["step 0, the first", "step 2, the latest"]


def test_outputs_of_many_layers_are_a_band(ax):
    plot_activations(activations(layers=tuple(f"layer_{number}" for number in range(100))), ax=ax)
    assert len(ax.collections) == 1 and len(ax.containers) == 0
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["step 0, the first", "step 2, the latest"]


def test_outputs_that_are_no_numbers_are_not_drawn(ax):
    log = activations()
    log.mean[:] = np.nan
    with pytest.raises(CannotTell, match="no output of a layer was a finite number"):
        plot_activations(log, ax=ax)


def test_a_network_at_its_start(ax):
    layers = (
        facts.layer("a", output_rms=2.0, output_spread=0.0, gradient_norm=None, dead_share=0.7, saturated_share=np.nan),
        facts.layer("b", output_rms=0.5, output_spread=0.4, dead_share=np.nan, saturated_share=0.2),
        facts.layer("pool", kernel_shape=(), dead_share=np.nan, saturated_share=np.nan),
    )
    model = facts.model(*layers)
    plot_initial_signal(model, ax=ax)
    assert labelled(ax)["size, root mean square"].get_xdata().tolist() == [2.0, 0.5, 0.7]
    assert labelled(ax)["exactly 0: spread over samples"].get_ydata().tolist() == [0]
    ax = Figure().subplots()
    plot_initial_units(model, ax=ax)
    assert labelled(ax)["dead"].get_xdata()[0] == 0.7 and labelled(ax)["saturated"].get_xdata()[1] == 0.2
    assert "" not in labelled(ax)
    ax = Figure().subplots()
    plot_initial_gradients(model, ax=ax)
    assert labelled(ax)["no gradient reaches it"].get_ydata().tolist() == [0]
    assert labelled(ax)["at initialisation"].get_xdata()[1] == pytest.approx(0.05)


def test_a_network_of_which_nothing_was_measured(ax):
    unknown = {"output_rms": np.nan, "dead_share": np.nan, "saturated_share": np.nan, "n_trainable": 0}
    model = facts.model(facts.layer(**unknown))
    for draw in (plot_initial_signal, plot_initial_units, plot_initial_gradients):
        with pytest.raises(CannotTell):
            draw(model, ax=ax)


def test_a_rate_that_changes_is_drawn_and_one_that_does_not_is_told(ax):
    plot_learning_rate(make.updates(RATIOS, rate=np.geomspace(1e-1, 1e-4, 20)), ax=ax)
    assert ax.get_lines()[0].get_ydata()[0] == 1e-1 and ax.get_yscale() == "log"
    with pytest.raises(CannotTell, match=r"is 0\.001 in every sampled step"):
        plot_learning_rate(make.updates(RATIOS), ax=ax)
    with pytest.raises(CannotTell, match="not known"):
        plot_learning_rate(make.updates(RATIOS, rate=np.nan), ax=ax)
