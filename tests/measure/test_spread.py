"""Quantiles, thumbnails and comparisons of answers against slow twins in NumPy and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, r2_score

from flatline.exhibits import QUANTILES, Confusion, HeadLabels, LabelCounts, Predictions, TargetValues
from flatline.facts import Task
from flatline.measure.answers import Asked, answer_facts, unanswered
from flatline.measure.shown_rows import shown_rows
from flatline.measure.spread import spread
from flatline.measure.targets import label_texts, target_facts

RNG = np.random.default_rng(0)


def asked(y, units=1, task=Task.REGRESSION, name="out", **given):
    return Asked(name=name, task=task, y=np.asarray(y), shape=(units,), **given)


def answers(head, predicted):
    return answer_facts([head], [np.asarray(predicted, "float32")], n_steps=7, rehearsed=True)


# ── quantiles ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shape", [(200,), (200, 3), (50, 6, 5, 3), (40, 7, 4)])
def test_quantiles_are_those_of_numpy_over_finite_cells(shape):
    array = RNG.normal(size=shape).astype("float32")
    array.reshape(-1)[::17] = np.nan
    array.reshape(-1)[5] = np.inf
    found = spread(array, name="x", room=100)
    columns = array.reshape(-1, shape[-1] if len(shape) > 1 else 1)
    for i, column in enumerate(columns.T):
        finite = column[np.isfinite(column)].astype("float64")
        np.testing.assert_allclose(found.quantiles[i], np.quantile(finite, QUANTILES), rtol=1e-6, atol=1e-7)
        assert found.scale[i] == pytest.approx(np.sqrt(np.mean(finite**2)), rel=1e-6)
    assert (found.n_cells, found.n_nonfinite) == (array.size, int((~np.isfinite(array)).sum()))
    assert found.rms == pytest.approx(np.sqrt(np.mean(array[np.isfinite(array)].astype("float64") ** 2)), rel=1e-6)
    assert not np.isfinite(array.reshape(-1)[5])  # the array is the user's


def test_channels_that_come_first_are_the_features():
    array = RNG.normal(size=(20, 3, 8, 8)).astype("float32")
    first, last = spread(array, name="x", room=9, axis=1), spread(np.moveaxis(array, 1, -1), name="x", room=9)
    assert first.n_features == 3
    np.testing.assert_array_equal(first.quantiles, last.quantiles)


def test_a_feature_without_a_finite_cell_is_nan_and_a_constant_one_is_counted():
    array = np.column_stack([np.full(9, np.nan), np.full(9, 7.0), np.arange(9.0)])
    found = spread(array, name="x", room=9)
    assert np.isnan(found.quantiles[0]).all() and np.isnan(found.scale[0])
    assert found.n_constant == 1


def test_of_many_features_the_smallest_and_largest_are_kept_and_ranks_tell_their_places():
    scale = np.exp(RNG.normal(0, 3, 1000))
    found = spread(RNG.normal(size=(40, 1000)) * scale, name="x", room=60)
    all_of_them = spread(np.asarray(RNG.normal(size=(40, 1000)) * scale), name="x", room=1000)
    assert len(found.feature) == 60 and found.n_features == 1000 == len(all_of_them.feature)
    assert set(np.argsort(scale)[:3]) <= set(found.feature) and set(np.argsort(scale)[-3:]) <= set(found.feature)
    assert (np.diff(found.scale[np.argsort(found.rank)]) >= 0).all()
    assert (found.rank.min(), found.rank.max()) == (0, 999)


def test_a_big_array_is_sampled_evenly_over_rows_and_places():
    places = np.broadcast_to(np.arange(64, dtype="float32").reshape(1, 8, 8, 1), (4096, 8, 8, 1))
    rows = np.broadcast_to(np.arange(4096, dtype="float32").reshape(-1, 1, 1, 1), places.shape)
    for array in (places, rows):
        found = spread(array, name="x", room=9)
        assert found.n_cells < 5000 and found.n_rows == 4096
        np.testing.assert_allclose(found.quantiles[0, [1, 3, 5]], np.quantile(array, [0.05, 0.5, 0.95]), rtol=0.1)


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_thumbnails_are_means_over_blocks_scaled_from_the_lowest_to_the_highest_value():
    images = RNG.normal(size=(4, 130, 100, 3)).astype("float32")
    images[1, :2, :2, 0] = np.nan
    found = shown_rows(images, name="conv", room=4 * 33 * 33 * 3)
    low, high = np.nanmin(images), np.nanmax(images)
    block = -(-130 // 33)
    for row, y, x, colour in ((0, 0, 0, 0), (1, 0, 0, 0), (2, 32, 24, 2), (3, 7, 9, 1)):
        cells = images[row, y * block : (y + 1) * block, x * block : (x + 1) * block, colour]
        assert found.values[row, y, x, colour] == round(255 * float((np.nanmean(cells) - low) / (high - low)))
    assert found.values.shape == (4, 33, 25, 3) and found.form == "image"
    np.testing.assert_allclose(found.low, np.nanmin(images, axis=(1, 2, 3)))
    assert found.n_nonfinite.tolist() == [0, 4, 0, 0] and (found.black, found.white) == (low, high)


def test_a_row_far_outside_does_not_take_the_contrast_of_the_others():
    images = RNG.uniform(0, 1, size=(5, 8, 8, 1))
    images[2] *= 1000
    found = shown_rows(images, name="conv", room=10_000)
    assert found.white < 2 and found.values[0].std() > 50 and found.high[2] > 500


@pytest.mark.parametrize(
    ("shape", "tokens", "form", "kept"),
    [
        ((16, 5), False, "table", (16, 5)),
        ((16,), False, "table", (16, 1)),
        ((16, 3000), False, "table", (16, 64)),
        ((16, 200), True, "tokens", (16, 64)),
        ((16, 100, 2), False, "sequence", (16, 64, 2)),
        ((16, 28, 28), False, "image", (16, 28, 28)),
        ((16, 12, 12, 4), False, "image", (16, 12, 12, 3)),
        ((16, 12, 12, 9), False, "image", (16, 12, 12)),
        ((16, 4, 12, 12, 1), False, "image", (16, 12, 12)),
    ],
)
def test_rows_take_the_form_that_shows_them(shape, tokens, form, kept):
    found = shown_rows(np.ones(shape), name="x", room=56_000, tokens=tokens)
    assert (found.form, found.values.shape, found.shape) == (form, kept, shape[1:])
    assert found.values.nbytes <= 56_000


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("one_hot", [False, True])
def test_confusion_is_that_of_scikit_learn(one_hot):
    y, outputs = RNG.choice(4, 300, p=[0.4, 0.3, 0.2, 0.1]), RNG.normal(size=(300, 4))
    head = asked(np.eye(4)[y] if one_hot else y, 4, Task.MULTICLASS)
    found = answers(head, outputs)[Confusion]
    counts = np.zeros((4, 4), int)
    counts[found.true, found.predicted] = found.count
    np.testing.assert_array_equal(counts, confusion_matrix(y, outputs.argmax(-1)))
    assert found.accuracy == accuracy_score(y, outputs.argmax(-1))
    assert found.null == np.bincount(y).max() / 300 and found.majority == np.bincount(y).argmax()
    assert (found.n, found.n_steps, found.rehearsed) == (300, 7, True)


@pytest.mark.parametrize(("from_logits", "cut"), [(True, 0.0), (False, 0.5)])
def test_one_unit_is_cut_where_its_loss_says(from_logits, cut):
    y, outputs = RNG.integers(0, 2, 200), RNG.uniform(0, 1, (200, 1)) - (0.5 if from_logits else 0.0)
    found = answers(asked(y, 1, Task.BINARY, from_logits=from_logits), outputs)[Confusion]
    assert found.accuracy == np.mean((outputs[:, 0] > cut) == y)


def test_answers_that_are_no_numbers_are_counted_and_nothing_is_told_of_them_alone():
    y = RNG.integers(0, 3, 50)
    outputs = np.eye(3)[y]
    outputs[:10, 1] = np.nan
    found = answers(asked(y, 3, Task.MULTICLASS), outputs)[Confusion]
    assert (found.n, found.n_nonfinite, found.accuracy) == (40, 10, 1.0)
    nothing = answers(asked(y, 3, Task.MULTICLASS), outputs * np.nan)
    assert nothing == {Confusion: "all 50 answers are no numbers"}


def test_of_very_many_pairs_the_frequent_are_kept():
    y, outputs = np.repeat(np.arange(3000), 1), np.zeros((3000, 3000), "float32")
    outputs[np.arange(3000), np.where(y < 900, 5, y)] = 1
    found = answers(asked(y, 3000, Task.MULTICLASS), outputs)[Confusion]
    assert len(found.count) == 1024 and found.n_left_out == 3000 - 1024 and len(found.label) <= 2049
    assert found.accuracy == pytest.approx(2101 / 3000)


def test_values_are_those_of_the_worst_column():
    y = RNG.normal(size=(400, 3)) * [1, 10, 100]
    predicted = y + RNG.normal(size=y.shape) * [0.1, 8, 10]
    found = answers(asked(y, 3), predicted)[Predictions]
    assert (found.column, found.n_columns, found.n) == (1, 3, 400)
    assert found.r2 == pytest.approx(r2_score(y[:, 1], predicted[:, 1].astype("float32")), rel=1e-4)
    assert found.mean == pytest.approx(y[:, 1].mean())
    np.testing.assert_allclose(found.true, y[:, 1], rtol=1e-6)


def test_pixels_are_taken_together_and_points_bounded():
    y = RNG.uniform(size=(50, 28, 28, 100))
    found = answers(Asked(name="out", task=Task.RECONSTRUCTION, y=y, shape=y.shape[1:]), y)[Predictions]
    assert (found.column, found.r2, len(found.true)) == (None, pytest.approx(1.0), 1000)


def test_of_masks_evenly_spaced_pixels_are_compared():
    y = RNG.integers(0, 3, (9, 200, 200))
    head = Asked(name="out", task=Task.MULTICLASS, y=y, shape=(200, 200, 3))
    outputs = np.eye(3, dtype="float32")[np.where(RNG.random(y.shape) < 0.4, y, 0)]
    found = answer_facts([head], [outputs], n_steps=0, rehearsed=True)[Confusion]
    assert found.n == 120_000 and found.accuracy == pytest.approx(np.mean(outputs.argmax(-1) == y), abs=0.005)
    (head,) = target_facts([head])[LabelCounts].heads
    np.testing.assert_allclose(head.count / head.n, 1 / 3, atol=0.01)


def test_constant_true_values_have_no_score():
    found = answers(asked(np.ones(20)), RNG.normal(size=(20, 1)))[Predictions]
    assert np.isnan(found.r2) and found.n == 20


def test_of_several_outputs_the_one_closest_to_guessing_is_told():
    y = RNG.integers(0, 3, 90)
    heads = [asked(y, 3, Task.MULTICLASS, "good"), asked(y, 3, Task.MULTICLASS, "bad")]
    found = answer_facts(heads, [np.eye(3)[y], np.eye(3)[(y + 1) % 3]], n_steps=1, rehearsed=False)[Confusion]
    assert (found.name, found.accuracy, found.n_heads) == ("bad", 0.0, 2)


def test_a_reason_stands_where_a_fact_would():
    assert unanswered([asked([1.0])], "why") == {Predictions: "why"}
    assert unanswered([asked([1], 1, Task.BINARY), asked([1.0])], "why") == {Confusion: "why", Predictions: "why"}


# ── targets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def counted(*given, **more) -> HeadLabels:
    return target_facts([asked(*given, **more)])[LabelCounts].heads[0]


def test_labels_are_counted_absent_ones_too():
    found = counted([0, 0, 2, 2, 2, 7], 5, Task.MULTICLASS)
    assert dict(zip(found.label.tolist(), found.count.tolist(), strict=True)) == {0: 2, 1: 0, 2: 3, 3: 0, 4: 0, 7: 1}
    assert (found.n, found.units, found.majority_share) == (6, 5, 0.5)


def test_labels_that_are_nan_are_counted_apart():
    found = counted(np.array([0, 1, 1, np.nan]), 1, Task.BINARY)
    assert (found.label.tolist(), found.n, found.n_nonfinite) == ([0, 1], 3, 1)


def test_independent_labels_are_counted_by_row():
    found = counted(np.array([[1, 0, 1], [1, 0, 0]]), 3, Task.MULTILABEL)
    assert (found.count.tolist(), found.n, found.exclusive, found.majority_share) == ([2, 0, 1], 2, False, 1.0)


def test_of_too_many_labels_the_rarest_are_left_out():
    found = counted(np.concatenate([np.arange(3000), np.arange(2000, 2500)]), 3000, Task.MULTICLASS)
    assert len(found.label) == 1024 and found.n_left_out == 3000 - 1024 and set(range(2000, 2500)) <= set(found.label)


@pytest.mark.parametrize("values", [RNG.normal(5, 2, 900), RNG.lognormal(3, 3, 900), np.full(30, 4.0)])
def test_a_histogram_holds_every_value(values):
    (head,) = target_facts([asked(values)])[TargetValues].heads
    assert head.count.sum() == len(values) and (np.diff(head.edges) > 0).all()
    assert (head.mean, head.std) == (pytest.approx(values.mean()), pytest.approx(values.std()))
    np.testing.assert_array_equal(head.count, np.histogram(values, head.edges)[0])
    assert np.isfinite(head.linear_width) == (values.max() > 1000)


def test_values_that_are_nan_are_counted():
    (head,) = target_facts([asked(np.array([1.0, np.nan, 3.0]))])[TargetValues].heads
    assert (head.spread.n_nonfinite, head.count.sum()) == (1, 2)


@pytest.mark.parametrize(
    ("y", "task", "text"),
    [
        (np.array([3]), Task.MULTICLASS, "3"),
        (np.eye(4)[[2]], Task.MULTICLASS, "2"),
        (np.array([[1.23456, np.nan]]), Task.REGRESSION, "1.235, nan"),
        (np.ones((1, 9)), Task.MULTILABEL, "0, 1, 2, 3, …"),
        (np.zeros((1, 9)), Task.MULTILABEL, "none"),
        (np.zeros((1, 64, 48, 1)), Task.MULTICLASS, "64 × 48 × 1"),
    ],
)
def test_labels_are_told_in_a_few_characters(y, task, text):
    assert label_texts(y, task) == (text,)
