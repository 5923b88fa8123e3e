"""Maps of inputs and labels: undone by their inverse, and the same in a pipeline."""

import numpy as np
import pytest
import tensorflow as tf

from flatline.errors import FlatlineError
from flatline.fix import MapInput, MapLabels
from flatline.maps import Affine, Relabel, are_arrays, fit_inputs, fit_labels, mapped

RNG = np.random.default_rng(0)
COLUMNS = RNG.normal([3, -200, 0.01], [2, 50, 0.001], size=(40, 3))
STANDARDIZE = MapInput(how="standardize")
FROM_ONE = RNG.permutation(np.arange(30) % 3 + 1)
SIGNS = np.where(RNG.random(30) > 0.5, 1.0, -1.0)
LABELS = [
    (MapLabels(how="integers"), np.eye(4, dtype="float32")[FROM_ONE]),
    (MapLabels(how="one_hot"), FROM_ONE),
    (MapLabels(how="one_hot"), FROM_ONE[:, None]),
    (MapLabels(how="one_hot", classes=6), FROM_ONE),
    (MapLabels(how="zero_one"), SIGNS),
    (MapLabels(how="zero_one"), FROM_ONE[FROM_ONE < 3]),
    (MapLabels(how="from_zero"), FROM_ONE),
    (MapLabels(how="from_zero"), SIGNS[:, None].astype("int8")),
    (MapLabels(how="standardize"), COLUMNS),
    (MapLabels(how="rescale", factor=0.25), COLUMNS[:, 0]),
]
NAMES = [f"{edit.how} {y.shape}" for edit, y in LABELS]


def test_columns_are_standardised():
    one = fit_inputs(STANDARDIZE, COLUMNS)
    done = one(COLUMNS)
    assert done.dtype == "float32"
    np.testing.assert_allclose(done.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(done.std(0), 1, rtol=1e-5)
    np.testing.assert_allclose(one.inverse(done), COLUMNS, rtol=1e-5, atol=1e-5)


def test_features_are_the_last_axis():
    images = RNG.normal(size=(6, 4, 4, 3)) * [1, 10, 100]
    assert fit_inputs(STANDARDIZE, images).factor.shape == (3,)
    np.testing.assert_allclose(fit_inputs(STANDARDIZE, images)(images).std((0, 1, 2)), 1, rtol=1e-5)
    assert np.shape(fit_inputs(STANDARDIZE, COLUMNS[:, 0]).factor) == ()


def test_cells_that_are_no_numbers_take_no_part_and_stay():
    spoilt = COLUMNS.copy()
    spoilt[3, 0], spoilt[4, 1] = np.nan, np.inf
    one = fit_inputs(STANDARDIZE, spoilt)
    whole = np.ones(40, bool)
    whole[[3, 4]] = False
    np.testing.assert_allclose(one.offset[0], -np.delete(COLUMNS[:, 0], 3).mean() / np.delete(COLUMNS[:, 0], 3).std())
    done = one(spoilt)
    assert np.isnan(done[3, 0]) and np.isinf(done[4, 1])
    assert np.isfinite(done[whole]).all()


def test_a_column_without_a_number_is_left_alone():
    spoilt = np.c_[COLUMNS[:, 0], np.full(40, np.nan)]
    one = fit_inputs(STANDARDIZE, spoilt)
    np.testing.assert_allclose(one(np.array([[0.0, 5.0]]))[0, 1], 5.0)


def test_a_constant_column_is_centred_only():
    one = fit_inputs(STANDARDIZE, np.c_[COLUMNS[:, 0], np.full(40, 7.0)])
    np.testing.assert_allclose(one(np.array([[0.0, 9.0]]))[0, 1], 2.0)


@pytest.mark.parametrize(("edit", "y"), LABELS, ids=NAMES)
def test_inverse_is_inverse(edit, y):
    one = fit_labels(edit, y)
    flat = y[..., 0] if edit.how == "one_hot" and y.ndim > 1 else y
    np.testing.assert_allclose(one.inverse(one(y)), flat, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("edit", "y"), LABELS, ids=NAMES)
def test_a_pipeline_is_mapped_as_arrays_are(edit, y):
    one = fit_labels(edit, y)
    dataset = tf.data.Dataset.from_tensor_slices(y).batch(7).map(one.tensor)
    found = np.concatenate(list(dataset.as_numpy_iterator()))
    expected = one(y)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_a_pipeline_keeps_the_digits_of_large_inputs():
    seconds = 1.7e9 + np.arange(40.0)[:, None]  # time stamps: the steps between float32 numbers are 128 there
    one = fit_inputs(STANDARDIZE, seconds)
    for column in (seconds, seconds.astype("int64")):
        np.testing.assert_allclose(one.tensor(tf.constant(column)), one(column), atol=1e-5)


def test_labels_of_the_new_form():
    np.testing.assert_array_equal(fit_labels(MapLabels(how="zero_one"), SIGNS)(SIGNS), SIGNS > 0)
    first = fit_labels(MapLabels(how="from_zero"), FROM_ONE)(FROM_ONE)
    assert first.dtype == FROM_ONE.dtype and first.min() == 0
    rows = fit_labels(MapLabels(how="one_hot"), FROM_ONE)(FROM_ONE)
    np.testing.assert_array_equal(rows.argmax(-1), FROM_ONE)
    assert rows.shape == (30, 4)
    assert fit_labels(MapLabels(how="one_hot", classes=6), FROM_ONE)(FROM_ONE).shape == (30, 6)


def test_whole_numbers_come_back_whole():
    shares = (FROM_ONE / 255).astype("float32")
    (found,) = mapped([shares], (Affine(factor=255.0, offset=0.0),))
    assert found.dtype == "int64"
    np.testing.assert_array_equal(found, FROM_ONE)
    assert mapped(shares + 0.001, (Affine(factor=255.0, offset=0.0),)).dtype == "float32"


def test_structures():
    found = mapped({"a": COLUMNS, "b": FROM_ONE}, (Affine(factor=2.0, offset=1.0), None))
    np.testing.assert_allclose(found["a"], 2 * COLUMNS + 1, rtol=1e-6)
    np.testing.assert_array_equal(found["b"], FROM_ONE)
    assert are_arrays({"a": COLUMNS, "b": [FROM_ONE]})
    assert not are_arrays(None) and not are_arrays([]) and not are_arrays(tf.data.Dataset.range(3))


@pytest.mark.parametrize("fit", [lambda: fit_inputs(MapInput(how="whiten"), COLUMNS),
                                 lambda: fit_labels(MapLabels(how="whiten"), COLUMNS)])  # fmt: skip
def test_an_unknown_map_is_refused(fit):
    with pytest.raises(FlatlineError, match=r"must be .*Got 'whiten'"):
        fit()


def test_relabel_by_place_in_the_row():
    assert Relabel(how="integers", classes=3)(np.array([[0.1, 0.8, 0.1]])).tolist() == [1]
