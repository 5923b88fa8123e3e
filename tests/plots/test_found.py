"""Pictures beside a finding: sorted labels, validation data, right answers, what the outputs change with."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

from flatline.checks import mode_gap, samples_interact, sorted_labels
from flatline.detectors import duplicate_channels, ignored_input
from flatline.errors import CannotTell
from flatline.logs import SightLog
from flatline.plots.dependence import ENDS, plot_dependence
from flatline.plots.label_order import MOST, plot_label_order
from flatline.plots.right_answers import plot_loss_of_right_answers
from flatline.plots.sight import plot_blind_inputs, plot_duplicates
from flatline.plots.validation import plot_validation_scale
from tests.checks import make as facts
from tests.plots.test_built import beside, ends
from tests.plots.test_depth import labelled
from tests.plots.test_outputs import bars

LABELS = np.sort(facts.CLASSES)


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.mark.parametrize("y", [LABELS, LABELS[:, None], np.eye(3)[LABELS]])
def test_sorted_labels_are_a_staircase(ax, y):
    plot_label_order(facts.data(y=y, label_order=1.0), facts.plan(validation_split=0.2), ax=ax)
    rows, held_out = ax.get_lines()
    assert rows.get_ydata().tolist() == LABELS.tolist()
    assert f"bound, {sorted_labels.MAX_ORDER:g}" in rows.get_label()
    assert held_out.get_xdata()[0] == 0.8


def test_many_rows_are_thinned_and_keep_their_places(ax):
    rows = np.arange(4 * MOST)
    plot_label_order(facts.data(X=np.zeros((len(rows), 2)), y=facts.array(rows, sample=rows)), ax=ax)
    (line,) = ax.get_lines()
    assert len(line.get_xdata()) == MOST
    np.testing.assert_allclose(line.get_xdata(), (line.get_ydata() + 0.5) / len(rows))


def test_validation_data_of_another_scale_stand_below_those_of_training(ax):
    data, validation = facts.data(), facts.validation(X=facts.ROWS * 255)
    plot_validation_scale(data, validation, ax=ax)
    (x,), (other,) = data.inputs, validation.inputs  # labels are whole numbers, which have no scale
    (first, trained), (second, held_out) = bars(ax).items()
    assert first == f"X, training\n{x.mean:.3g} ± {x.std:.3g}" and second.startswith("X, validation\n")
    np.testing.assert_allclose(trained, (x.mean - x.std, x.mean + x.std))
    np.testing.assert_allclose(held_out, (other.mean - other.std, other.mean + other.std))
    assert ax.patches[1].get_hatch() and not ax.patches[0].get_hatch()


def test_right_answers_stand_beside_guessing_and_the_start(ax):
    plot_loss_of_right_answers(facts.objective(facts.head(perfect=2.0, null=1.0, initial=1.3)), ax=ax)
    lines = labelled(ax)
    assert lines["right answers"].get_xdata() == [2.0] and lines["the network as it starts"].get_xdata() == [1.3]
    assert set(lines["best constant answer"].get_xdata()) == {1.0}
    wrong = lines["right answers"].get_color()
    ax.clear()
    plot_loss_of_right_answers(facts.objective(facts.head(perfect=0.0, null=1.0)), ax=ax)
    assert labelled(ax)["right answers"].get_color() != wrong


def test_what_the_outputs_change_with_stands_in_its_band(ax):
    model = facts.model(input_dependence=0.3, mode_gap=2.3, inference_noise=0.0, cross_sample=np.nan)
    plot_dependence(model, ax=ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["another input", "training mode", "the same again"]
    assert beside(ax) == ["0.3", "2.3", "0"]
    marks = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    assert [line.get_marker() for line in marks] == ["o", "X", "o"]
    assert all(ENDS[0] < line.get_xdata()[0] < ENDS[1] for line in marks)
    band = ax.patches[1]
    assert band.get_x() + band.get_width() == pytest.approx(mode_gap.MAX_GAP)
    ax.clear()
    plot_dependence(dataclasses.replace(model, cross_sample=0.2), ax=ax)
    assert ax.patches[3].get_x() + ax.patches[3].get_width() == pytest.approx(samples_interact.MAX_INFLUENCE)


def sight(duplicates, blind):
    return SightLog(
        step=np.array([3, 7]), layers=("conv", "conv_1"), duplicate_share=np.array([[0.9, 0.9], duplicates]),
        inputs=("image", "table"), blind_share=np.array([[1.0, 1.0], blind]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("draw", "bound"),
    [(plot_duplicates, duplicate_channels.MAX_DUPLICATES), (plot_blind_inputs, ignored_input.MAX_BLIND)],
)
def test_the_latest_look_is_drawn_against_the_bound(ax, draw, bound):
    draw(sight([0.2, bound + 0.1], [0.2, bound + 0.1]), ax=ax)
    assert ends(ax.collections[1]) == {0: 0.2} and ends(ax.collections[2]) == {1: bound + 0.1}
    assert labelled(ax)[f"bound, {bound:g}"].get_xdata()[0] == bound
    ax.clear()
    draw(sight([np.nan, bound], [np.nan, bound]), ax=ax)  # what is known alone; the bound itself is healthy
    assert ends(ax.collections[1]) == {0: bound}


@pytest.mark.parametrize(
    ("draw", "given", "reason"),
    [
        (plot_label_order, [facts.data(label_order_is_known=False)], "the order of the labels is not known"),
        (plot_label_order, [dataclasses.replace(facts.data(), targets=())], "the order of the labels is not known"),
        (plot_validation_scale, [facts.data(), facts.validation(X=facts.ROWS * np.nan)], "no array has finite numbers"),
        (plot_loss_of_right_answers, [facts.objective(facts.head(perfect=np.nan))], "of right answers is not known"),
        (plot_dependence, [facts.model(input_dependence=np.nan, mode_gap=np.nan, cross_sample=np.nan,
                                       inference_noise=np.nan)], "was not measured"),
        (plot_duplicates, [sight([np.nan] * 2, [0, 0])], "of no convolution were compared"),
        (plot_duplicates, [SightLog()], "of no convolution were compared"),
        (plot_blind_inputs, [SightLog()], "what depends on the inputs is not known"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_said(ax, draw, given, reason):
    with pytest.raises(CannotTell, match=reason):
        draw(*given, ax=ax)
