"""Pictures of the data and of the answers: the artists' data, the bounds of the checks, and data that are ugly."""

import warnings

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from flatline.checks.class_imbalance import NOTABLE_RATIO
from flatline.checks.input_scale import MAX_RMS, MIN_PEAK
from flatline.checks.targets_scale import LARGEST_RMS, SMALLEST_RMS
from flatline.exhibits import (
    SHOWS_DATA,
    Confusion,
    FirstBatch,
    LabelCounts,
    Predictions,
    ReceivedInputs,
    TargetValues,
)
from flatline.facts import Task
from flatline.measure.answers import Asked, answer_facts
from flatline.measure.shown_rows import shown_rows
from flatline.measure.spread import spread
from flatline.measure.targets import target_facts
from flatline.plots.confusion import plot_confusion
from flatline.plots.first_batch import plot_first_batch
from flatline.plots.input_distributions import plot_input_distributions
from flatline.plots.label_counts import plot_label_counts
from flatline.plots.picture import all_pictures
from flatline.plots.predicted_values import plot_predicted_values
from flatline.plots.target_distribution import plot_target_distribution

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(300, 3)) * [1, 40, 2000] + [0, 100, 0]
Z = (TABLE - TABLE.mean(0)) / TABLE.std(0)


@pytest.fixture
def ax():
    return Figure(figsize=(7, 4)).subplots()


def heights(ax):
    """Where lines lie across the whole picture."""
    lines = [line for line in ax.get_lines() if len(line.get_ydata()) == 2]
    return {float(line.get_ydata()[0]) for line in lines if line.get_ydata()[0] == line.get_ydata()[1]}


def texts(ax):
    told = [ax.get_title(), ax.get_title(loc="left"), *(text.get_text() for text in ax.texts)]
    return " ".join(" ".join(told).split())  # however its lines are broken


def inputs(before, after, **more):
    one = spread(np.asarray(before, "float32"), name="X", room=128)
    other = spread(np.asarray(after, "float32"), name="dense", room=128, **more)
    return ReceivedInputs(before=(one,), after=(other,), training=True)


def labels(y, units=10, task=Task.MULTICLASS):
    return target_facts([Asked(name="out", task=task, y=np.asarray(y), shape=(units,))])[LabelCounts]


def values(y, **given):
    y = np.asarray(y, "float32")
    return target_facts([Asked(name="out", task=Task.REGRESSION, y=y, shape=y.shape[1:] or (1,), **given)])[
        TargetValues
    ]


def answered(y, outputs, task=Task.MULTICLASS):
    head = Asked(name="out", task=task, y=np.asarray(y), shape=np.shape(outputs)[1:])
    return answer_facts([head], [np.asarray(outputs, "float32")], n_steps=300, rehearsed=True)


# ── inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_inputs_stand_beside_what_the_model_makes_of_them(ax):
    drawn = inputs(TABLE, Z, through=("normalise",))
    assert plot_input_distributions(drawn, ax=ax) is ax
    medians = [line.get_ydata() for line in ax.get_lines() if line.get_marker() == "_"]
    np.testing.assert_array_equal(medians[0], drawn.before[0].quantiles[:, 3])
    np.testing.assert_array_equal(medians[1], drawn.after[0].quantiles[:, 3])
    assert {1.0, -1.0, MAX_RMS, -MAX_RMS} <= heights(ax)
    assert "fed as X" in texts(ax) and "after normalise" in texts(ax) and "largest: column 2, 1" in texts(ax)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "2"] * 2


def test_an_input_that_is_received_as_it_is_fed_is_drawn_once(ax):
    plot_input_distributions(inputs(Z, Z), ax=ax)
    assert ax.get_xlim() == (0, 1) and "as it is fed" in texts(ax) and "fed as" not in texts(ax)


def test_thousands_of_features_are_bands_in_the_order_of_their_scale(ax):
    wide = RNG.normal(size=(60, 3000)) * np.exp(RNG.normal(0, 3, 3000))
    plot_input_distributions(inputs(wide, wide), ax=ax)
    (medians,) = [line for line in ax.get_lines() if line.get_marker() == "."]
    assert len(medians.get_xdata()) == 128 and (np.diff(medians.get_xdata()) > 0).all()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["3,000 columns, smallest to largest"]
    assert f"largest: column {np.argmax(np.square(wide).mean(0))}" in texts(ax)


def test_inputs_that_are_too_small_have_their_own_bound(ax):
    plot_input_distributions(inputs(Z / 1e4, Z / 1e4), ax=ax)
    assert {MIN_PEAK, -MIN_PEAK} <= heights(ax) and MAX_RMS not in heights(ax)


def test_numbers_of_tokens_are_held_against_the_table(ax):
    ids = RNG.integers(0, 90, (50, 40))
    plot_input_distributions(inputs(ids, ids, lookup=80), ax=ax)
    assert "the table ends at 80" in texts(ax) and ax.get_yscale() == "linear" and MAX_RMS not in heights(ax)


def test_a_few_cells_far_out_are_marked_at_the_edge(ax):
    far = Z.copy()
    far[0, 0], far[1, 0] = 1e30, -1e30
    plot_input_distributions(inputs(far, far), ax=ax)
    assert ax.get_ylim()[1] < 1e5 and "▲ up to 1e+30" in texts(ax) and "▼ down to −1e+30" in texts(ax)


# ── targets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_targets_are_a_histogram_with_their_mean_and_what_the_output_can_reach(ax):
    y = RNG.normal(300, 30, 500)
    plot_target_distribution(values(y, low=0.0, high=1.0), ax=ax)
    at = sorted(float(line.get_xdata()[0]) for line in ax.get_lines())
    assert at == [0.0, 1.0, LARGEST_RMS, pytest.approx(y.mean())]
    assert ax.patches[0].get_data().values.sum() == 500
    assert "too large (here 3" in "\n".join(text.get_text() for text in ax.get_legend().get_texts())


def test_tiny_targets_are_held_against_the_other_bound(ax):
    plot_target_distribution(values(RNG.normal(0, 1e-5, 90)), ax=ax)
    assert {SMALLEST_RMS, -SMALLEST_RMS} <= {float(line.get_xdata()[0]) for line in ax.get_lines()}


def test_a_heavy_tail_is_drawn_over_decades(ax):
    plot_target_distribution(values(RNG.lognormal(8, 3, 500)), ax=ax)
    assert ax.get_xscale() == "symlog"


def test_several_columns_are_boxes(ax):
    plot_target_distribution(values(TABLE), ax=ax)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "2"] and LARGEST_RMS in heights(ax)


# ── labels ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_labels_are_bars_against_the_most_frequent_one(ax):
    plot_label_counts(labels([0] * 40 + [1] * 9 + [11]), ax=ax)
    assert [bar.get_height() for bar in ax.patches] == [40, 9, *[0] * 8, 1]
    assert {40.0, 40 / NOTABLE_RATIO} <= heights(ax)
    assert "always 0: right in 80.0%" in texts(ax) and "labels that never occur: 8" in texts(ax)
    assert [bar.get_hatch() for bar in ax.patches][-2:] == [None, "////"] and "no unit" in texts(ax)


def test_a_thousand_labels_are_a_curve_from_the_most_frequent_to_the_rarest(ax):
    y = np.minimum(RNG.geometric(0.01, 2000) - 1, 999)
    plot_label_counts(labels(y, 1000), ax=ax)
    counts = ax.get_lines()[0].get_ydata()
    np.testing.assert_array_equal(counts, np.sort(np.unique(y, return_counts=True)[1])[::-1])
    assert ax.get_yscale() == "log"


def test_independent_labels_are_no_classes_to_guess(ax):
    plot_label_counts(labels(RNG.random((50, 4)) < 0.9, 4, Task.MULTILABEL), ax=ax)
    assert "of the rows" in texts(ax) and "right" not in texts(ax)


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_confusion_is_told_in_cells_with_the_column_of_guessing_framed(ax):
    y = np.array([0] * 6 + [1] * 3 + [2])
    plot_confusion(answered(y, np.eye(3)[np.r_[[0] * 5, [1] * 4, 2]])[Confusion], ax=ax)
    shares = ax.images[0].get_array()
    np.testing.assert_allclose(shares, [[5 / 6, 1 / 6, 0], [0, 1, 0], [0, 0, 1]])
    (frame,) = ax.patches
    assert (frame.get_x(), frame.get_width(), frame.get_height()) == (-0.5, 1, 3)
    assert "right in 90.0% of 10; always answering 0 is in 60.0%" in ax.get_title()
    assert "after 300 rehearsed steps" in ax.get_title()


def test_confusion_of_a_thousand_classes_is_points_larger_where_answers_agree_oftener(ax):
    y = RNG.integers(0, 1000, 2000)
    found = answered(y, np.eye(1000)[np.where(y % 2, y, 7)])[Confusion]
    plot_confusion(found, ax=ax)
    wrong, right = [each for each in ax.collections if isinstance(each, PathCollection)]
    assert len(wrong.get_offsets()) + len(right.get_offsets()) == len(found.count)
    assert set(wrong.get_offsets()[:, 0].tolist()) == {7.0}
    assert (right.get_offsets()[:, 0] == right.get_offsets()[:, 1]).all()


def test_values_are_points_beside_the_diagonal_and_the_mean(ax):
    y = RNG.normal(5, 1, 100)
    plot_predicted_values(answered(y, 2 * y[:, None], Task.REGRESSION)[Predictions], ax=ax)
    points, right, mean = ax.get_lines()
    np.testing.assert_allclose(points.get_xydata(), np.c_[y, 2 * y], rtol=1e-6)
    np.testing.assert_array_equal(right.get_xdata(), right.get_ydata())
    assert set(mean.get_ydata()) == {y.mean()}


def test_answers_far_too_large_leave_the_true_values_readable(ax):
    y = RNG.normal(5, 1, 100)
    plot_predicted_values(answered(y, 1e9 * y[:, None], Task.REGRESSION)[Predictions], ax=ax)
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "symlog")


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def batch(*parts, **more):
    made = tuple(shown_rows(np.asarray(array), name=name, room=20_000, **given) for name, array, given in parts)
    return FirstBatch(parts=made, **more)


def test_images_are_drawn_with_their_label_and_range(ax):
    images = RNG.uniform(0, 3, (16, 9, 9, 1))
    images[4, 0, 0] = np.nan
    plot_first_batch(batch(("conv", images, {}), labels={"out": tuple(f"class {i}" for i in range(16))}), ax=ax)
    assert len(ax.images) == 16 and ax.images[0].get_array().dtype == np.uint8
    assert "class 15" in texts(ax) and "(1 NaN or ∞)" in texts(ax) and "received by conv: 9 × 9 × 1" in texts(ax)
    assert f"{images[0].min():.3g} … {images[0].max():.3g}" in texts(ax)


@pytest.mark.parametrize(
    ("random", "training", "told"),
    [
        ((), True, "; as in training"),
        (("flip",), True, "\nwith flip, as in training"),
        (("flip", "turn", "zoom", "noise"), True, "\nwith flip, turn and 2 more, as in training"),
        (("flip",), False, "\nwithout flip, as in prediction"),
        ((), False, "; as in prediction"),
    ],
)
@pytest.mark.parametrize("images", [True, False])
def test_it_says_whether_augmentation_acts(ax, random, training, told, images):
    rows = RNG.uniform(size=(4, 9, 9, 3)) if images else Z[:4]
    plot_first_batch(batch(("conv", rows, {}), labels={}, training=training, random=random), ax=ax)
    said = [ax.get_title(loc="left"), *(text.get_text() for text in ax.texts)]
    assert [text.endswith(told) for text in said if "received by" in text] == [True]


def test_a_table_is_a_strip_with_its_numbers(ax):
    plot_first_batch(batch(("dense", Z[:16], {}), labels={"out": ("1",) * 16}), ax=ax)
    np.testing.assert_allclose(ax.images[0].get_array(), Z[:16].astype("float32"))
    assert f"{Z[3, 1]:.3g}" in texts(ax)


def test_parts_stand_side_by_side(ax):
    ids, curves = RNG.integers(0, 9, (16, 30)), RNG.normal(size=(16, 50, 2))
    parts = ("conv", RNG.uniform(size=(16, 9, 9, 3)), {}), ("words", ids, {"tokens": True}), ("lstm", curves, {})
    plot_first_batch(batch(*parts, labels={"a": ("1",) * 16, "b": ("2",) * 16}), ax=ax)
    assert len(ax.images) == 8 + 1 and "1 · 2" in texts(ax)
    drawn = [line for line in ax.get_lines() if len(line.get_xdata()) == 50]
    assert len(drawn) == 16 and len({line.get_linestyle() for line in drawn}) == 2


# ── whatever the data are ───────────────────────────────────────────────────────────────────────────────────────────

ODD = [
    np.full((30, 3), np.nan),
    np.zeros((30, 3)),
    np.full((30, 3), -7e30),
    np.where(RNG.random((30, 3)) < 0.5, np.nan, TABLE[:30]),
    np.repeat([[1e-30], [1e30], [np.inf]], 10, axis=0),
    RNG.normal(size=(1, 1)),
]
HOSTILE = ("$x_{", "_hidden", "層\n<script>", "a" * 500, "\ud800", "")


@pytest.mark.parametrize(("array", "name"), list(zip(ODD, HOSTILE, strict=True)), ids=range(len(ODD)))
def test_ugly_data_and_names_are_drawn_or_a_reason_stands_in_their_place(array, name):
    given = {"name": name, "y": array[:, 0], "shape": (1,)}
    either = [Asked(task=Task.REGRESSION, **given), Asked(task=Task.BINARY, **given)]
    facts = {
        ReceivedInputs: ReceivedInputs(
            before=(spread(array, name=name, room=9),), after=(spread(array / 2, name=name, room=9),), training=False
        ),
        FirstBatch: batch((name, array[:16], {}), labels={name: (name,) * 16}),
        **target_facts(either),
        **answer_facts(either, [array[:, :1]] * 2, n_steps=0, rehearsed=False),
    }
    shown = [each for each in all_pictures() if set(each.needs.values()) & set(SHOWS_DATA)]
    assert len(shown) == 6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        for each in shown:
            figure = Figure(figsize=each.size)
            reason = each.draw(facts, figure.subplots())
            figure.draw_without_rendering()
            assert reason is None or "finite" in reason or "no numbers" in reason


def test_names_that_would_run_do_not():
    facts = {FirstBatch: batch(("<script>", Z[:2], {}), labels={"<script>": ("<script>",) * 2})}
    drawing, reason = plot_first_batch.svg(facts)
    assert reason is None and b"<svg" in drawing and b"<script" not in drawing
