"""`gather` on everything that `fit` takes, and on what it does not."""

import builtins
import sys

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from flatline.errors import FlatlineError
from flatline.measure.data import gather
from flatline.measure.rows import class_labels, contradictions, fair_rows, label_clumping, label_order, unseen_in_tail
from flatline.measure.sources import open_source

RNG = np.random.default_rng(3)
X = RNG.normal(3, 2, (500, 4)).astype("float32")
Y = RNG.integers(0, 3, 500)
INF = float("inf")


class Batches(keras.utils.PyDataset):
    """Changes its own list while it is read, and draws from its own generator."""

    def __init__(self, n=16):
        super().__init__()
        self.order = list(range(n))
        self.rng = np.random.default_rng(0)

    def __len__(self):
        return len(self.order)

    def __getitem__(self, i):
        self.order[0] += 1
        self.rng.random()
        return X[i * 32 : i * 32 + 32], Y[i * 32 : i * 32 + 32]


class Again:
    """Can be iterated as often as one likes."""

    def __iter__(self):
        return ((X[i : i + 50], Y[i : i + 50]) for i in range(0, 500, 50))


SEEN = []


class Seen(keras.Model):
    """Notes what reaches the training step."""

    def train_step(self, data):
        SEEN.append(keras.utils.unpack_x_y_sample_weight(data)[:2])
        return {"loss": 0.0}


def fed_by_keras(x, y):
    model = Seen()
    model.compile(run_eagerly=True)
    model.fit(x, y, batch_size=500, shuffle=False, verbose=0)
    return keras.tree.map_structure(np.asarray, SEEN.pop())


ARRAYS = {
    "float32": (X, Y),
    "float64": (X.astype("float64"), Y.astype("float64")),
    "float16": (X.astype("float16"), Y),
    "bytes": (X.astype("uint8"), Y.astype("int8")),
    "booleans": (X > 3, Y > 1),
    "no feature axis": (X[:, 0], Y),
    "column targets": (X, Y[:, None]),
    "tensors": (tf.constant(X), tf.constant(Y)),
    "frame": (pd.DataFrame(X.astype("float64")), pd.Series(Y)),
    "frame of numbers of all kinds": (
        pd.DataFrame({"a": Y, "b": X[:, 0].astype("float64"), "c": Y > 1}),
        pd.Series(X[:, 1]),
    ),
    "frame of integers": (pd.DataFrame({"a": Y, "b": Y}), pd.Series(Y)),
    "several inputs": ([X, X[:, :1]], (Y, X[:, 2])),
    "dict": ({"b": X, "a": X[:, :1]}, {"out": Y}),
    "its own target": (X, X),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_the_sample_is_what_keras_feeds(kind):
    x, y = ARRAYS[kind]
    got = gather(x, y, fit_args={})
    expected = fed_by_keras(x, y)
    for mine, theirs in zip(keras.tree.flatten((got.x, got.y)), keras.tree.flatten(expected), strict=True):
        assert mine.dtype == theirs.dtype and mine.shape == theirs.shape
        np.testing.assert_array_equal(mine, theirs)


FACTS = {
    **{kind: ARRAYS[kind] for kind in ("float32", "tensors", "frame")},
    "nested lists": (X.astype("float64").tolist(), Y.tolist()),
    "variable": (keras.Variable(X), Y),
    "sparse tensor": (tf.sparse.from_dense(X), Y),
    "sparse matrix": (scipy.sparse.csr_matrix(X), Y),
    "tf.data": (tf.data.Dataset.from_tensor_slices((X, Y)).batch(32), None),
    "tf.data, endless": (tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(500).repeat().batch(32), None),
    "tf.data, sparse": (tf.data.Dataset.from_tensor_slices((tf.sparse.from_dense(X), Y)).batch(32), None),
    "PyDataset": (Batches(), None),
    "iterable": (Again(), None),
}


@pytest.mark.parametrize("kind", FACTS)
def test_all_kinds_give_the_same_facts(kind):
    got = gather(*FACTS[kind], fit_args={}, n_sample=100)
    (x,), (y,) = got.data.inputs, got.data.targets
    assert (x.n_read, x.n_rows, x.shape, y.shape, y.integral, y.values) == (500, 500, (4,), (), True, (0, 1, 2))
    np.testing.assert_allclose(x.feature_mean, X.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose((x.std, x.minimum), (X.std(), X.min()), rtol=1e-5)
    assert (x.complete, x.n_nonfinite, x.integral, x.values) == (True, 0, False, ())
    assert got.x.shape == (100, 4) and got.x.dtype == "float32" and got.y.size == 100
    together = {(*row.tolist(), label) for row, label in zip(X, Y, strict=True)}
    assert {(*row.tolist(), label) for row, label in zip(got.x, got.y.reshape(-1), strict=True)} <= together
    assert abs(got.data.label_order) < 0.15 and got.data.label_order_is_known


def test_facts_show_the_users_own_type_and_the_sample_that_of_keras():
    got = gather(X.astype("float64"), (Y > 1), fit_args={})
    assert (got.data.inputs[0].dtype, got.data.targets[0].dtype) == ("float64", "bool")
    assert got.data.inputs[0].sample.dtype == "float32" and got.data.targets[0].zero_share == np.mean(Y <= 1)


def test_a_cell_that_keras_would_cast_to_infinity_is_not_finite():
    x = X.astype("float64")
    x[7, 1] = 1e39
    facts = gather(x, fit_args={}).data.inputs[0]
    assert (facts.n_nonfinite, facts.nonfinite_rows, facts.nonfinite_features) == (1, (7,), (1,))


def test_names():
    def named(x, y, **names):
        facts = gather(x, y, fit_args={}, **names).data
        return [array.name for array in (*facts.inputs, *facts.targets)]

    assert named(X, Y) == ["X", "y"]
    assert named([X, X], Y, input_names=("left", "right"), output_names=("class",)) == ["left", "right", "class"]
    assert named([X, X], [Y, Y]) == ["X[0]", "X[1]", "y[0]", "y[1]"]
    assert named({"b": X, "a": X}, {"out": Y}, input_names=("a", "b")) == ["a", "b", "out"]


def test_a_memory_map_is_read_and_left_alone(tmp_path):
    file = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype="float32", shape=(500, 4))
    file[:] = X
    changed = np.load(tmp_path / "x.npy", mmap_mode="c")
    changed[0] = 77  # in memory only: dropping its pages would lose it
    for array in (file, np.asarray(file)[10:], changed):
        before = np.array(array)
        got = gather(array, Y[: len(array)], fit_args={}, n_sample=60)
        np.testing.assert_array_equal(array, before)
        np.testing.assert_array_equal(got.x, before[got.rows])
        assert got.data.inputs[0].maximum == before.max()


@given(n=st.integers(1, 60), features=st.integers(1, 5), n_sample=st.integers(1, 70), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_input_is_unchanged_and_the_sample_is_of_it(n, features, n_sample, seed):
    x, y = RNG.normal(size=(n, features)), RNG.integers(0, 3, n)
    copies = x.copy(), y.copy()
    got = gather(x, y, fit_args={}, n_sample=n_sample, seed=seed)
    np.testing.assert_array_equal(x, copies[0])
    np.testing.assert_array_equal(y, copies[1])
    np.testing.assert_array_equal(got.x, x[got.rows].astype("float32"))
    np.testing.assert_array_equal(got.y, y[got.rows])
    assert len(got.rows) == min(n, n_sample) and not got.x.flags.writeable


@given(n=st.integers(1, 3000), share=st.integers(1, 3000), seed=st.integers(0, 5))
def test_rows_are_drawn_fairly(n, share, seed):
    rows = fair_rows(n, share, np.random.default_rng(seed))
    assert len(rows) == min(n, share) and (np.diff(rows) > 0).all() and rows[-1] == n - 1
    assert len(rows) == 1 or (rows[0] == 0 and np.diff(rows).max() <= 2 * -(-n // len(rows)))


def test_rows_are_not_drawn_with_a_period():
    assert set(fair_rows(10_000, 1000, np.random.default_rng(0)) % 10) == set(range(10))


# ── rows together ───────────────────────────────────────────────────────────────────────────────────────────────

ORDERS = {
    "sorted": ([np.repeat([0, 1], 500)], 1.0, 0.01),
    "random": ([RNG.integers(0, 5, 20_000)], 0.0, 0.02),
    "random, unbalanced": ([(RNG.random(20_000) < 0.05).astype(int)], 0.0, 0.05),
    "alternating": ([np.arange(1000) % 2], -1.0, 0.01),
    "runs of ten": ([np.repeat(RNG.integers(0, 10, 2000), 10)], 0.9, 0.02),
    "two sorted runs": ([np.repeat([0, 1], 500), np.repeat([1, 2], 500)], 1.0, 0.01),
}


@pytest.mark.parametrize("case", ORDERS)
def test_label_order(case):
    runs, expected, within = ORDERS[case]
    assert label_order(runs) == pytest.approx(expected, abs=within)


@pytest.mark.parametrize("runs", [[], [np.zeros(1)], [np.zeros(50)], [np.arange(2000)]])
def test_label_order_of_no_labels_is_unknown(runs):
    assert np.isnan(label_order(runs))


CLUMPS = {
    "one class a batch": (np.repeat([[0], [1]], 32, axis=1), 1.0, 0.01),
    "random": (RNG.integers(0, 5, (500, 32)), 0.0, 0.02),
    "balanced, sorted inside": (np.repeat([[0, 1]] * 50, 16, axis=1), 0.0, 0.05),
    "batches of one, sorted": (np.repeat([0, 1], 500)[:, None], 1.0, 0.01),
    "one class": (np.zeros((5, 5)), np.nan, 0),
    "no labels": ([], np.nan, 0),
}


@pytest.mark.parametrize("case", CLUMPS)
def test_label_clumping(case):
    batches, expected, within = CLUMPS[case]
    assert label_clumping(list(batches)) == pytest.approx(expected, abs=within, nan_ok=True)


def test_pipelines_in_the_order_of_their_labels():
    order = np.argsort(Y, kind="stable")
    data = tf.data.Dataset.from_tensor_slices((X[order], Y[order]))
    assert gather(data.batch(32), fit_args={}).data.label_order > 0.85
    assert abs(gather(data.shuffle(500).batch(32), fit_args={}).data.label_order) < 0.1


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([1, 2, 1], [1, 2, 1]),
        ([[1.0], [2.0]], [1, 2]),
        ([True, False], [1, 0]),
        ([[0, 1], [1, 0]], [1, 0]),
        ([0.5, 1.0], None),
        ([np.nan, 1.0], None),
        ([[1, 1], [1, 0]], None),
        ([[0.9, 0.1]], None),
        (np.zeros((2, 3, 3)), None),
    ],
)
def test_class_labels(targets, expected):
    labels = class_labels(np.asarray(targets))
    assert labels is None if expected is None else labels.tolist() == expected


def test_labels_that_only_the_held_out_rows_have():
    one_hot = np.eye(4)[np.repeat(range(4), 125)]
    unseen = gather(X, one_hot, fit_args={"validation_split": 0.25}).data
    assert unseen.tail_classes_unseen == (3.0,) and unseen.label_order > 0.95
    assert gather(X, one_hot, fit_args={}).data.tail_classes_unseen == ()
    assert gather(X, one_hot, fit_args={"validation_split": 0.2}).data.tail_classes_unseen == ()
    both = {"validation_split": 0.2, "validation_data": (X, one_hot)}
    assert gather(X, one_hot, fit_args=both).data.tail_classes_unseen == ()
    assert unseen_in_tail(np.asarray([0, 1, 1, 2]), 3) == (2.0,)


def test_rows_that_contradict_each_other():
    x = np.concatenate([X, X[:30], X[:10]])
    y = np.concatenate([Y, Y[:20], (Y[20:30] + 1) % 3, Y[:10]])
    got = gather([x, x[:, :1]], y, fit_args={}).data
    assert (got.n_compared, got.n_duplicates, got.n_conflicts) == (540, 40, 10)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    got = gather(data, fit_args={}).data
    assert (got.n_compared, got.n_duplicates, got.n_conflicts) == (540, 40, 10)
    other = open_source(np.arange(540), "X")  # equal in one input alone is not equal
    assert contradictions([open_source(x, "X"), other], [], rng=RNG, deadline=INF) == (0, 0, 540)


def test_an_endless_repeat_is_no_duplicate():
    got = gather(tf.data.Dataset.from_tensor_slices((X, Y)).batch(32).repeat(), fit_args={"steps_per_epoch": 9})
    assert (got.data.n_duplicates, got.data.n_rows, got.plan.steps_per_epoch) == (0, 500, 9)


# ── pipelines ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_py_dataset_is_left_as_it_is():
    data = Batches()
    before = list(data.order), data.rng.bit_generator.state
    gather(data, fit_args={})
    assert (data.order, data.rng.bit_generator.state) == before


def test_sample_weights():
    weight = np.arange(500)
    got = gather(X, Y, fit_args={"sample_weight": weight}, n_sample=50)
    np.testing.assert_array_equal(got.sample_weight, got.rows)
    assert got.data.has_sample_weight and not gather(X, Y, fit_args={}).data.has_sample_weight
    got = gather(tf.data.Dataset.from_tensor_slices((X, Y, weight)).batch(32), fit_args={}, n_sample=50)
    np.testing.assert_array_equal(X[got.sample_weight.astype(int)], got.x)
    assert got.data.has_sample_weight


def test_the_sample_of_a_pipeline_is_fair_and_in_order():
    data = tf.data.Dataset.range(4000).map(lambda i: (tf.cast(i, tf.float32)[None], i)).batch(32)
    got = gather(data, fit_args={}, n_sample=400)
    assert (np.diff(got.y) > 0).all() and (np.histogram(got.y, bins=8, range=(0, 4000))[0] > 25).all()


def test_batches_of_sequences_of_different_length():
    data = tf.data.Dataset.range(1, 40).map(lambda n: (tf.ones(n), n)).padded_batch(4)
    facts = gather(data, fit_args={}).data.inputs[0]
    assert facts.shape == (None,) and facts.sample.shape == (39, 39) and facts.feature_mean.size == 0
    assert facts.n_read == facts.n_rows == 39


def test_batches_of_inputs_alone():
    got = gather(tf.data.Dataset.from_tensor_slices({"a": X, "b": X}).batch(32), fit_args={}, output_names=("out",))
    assert [array.name for array in got.data.inputs] == ["a", "b"] and got.y is None and got.data.targets == ()


def test_an_endless_generator_ends_in_time():
    def rows():
        while True:
            yield np.ones(3)

    data = tf.data.Dataset.from_generator(rows, output_signature=tf.TensorSpec((3,))).batch(32)
    got = gather(data, fit_args={}, seconds=0.5, n_sample=64).data
    assert got.n_rows is None and not got.inputs[0].complete and got.inputs[0].n_read >= 64


def test_validation_data():
    for given_, fit_args in (((X * 2, Y), {}), (None, {"validation_data": (X * 2, Y)})):
        got = gather(X, Y, fit_args=fit_args, validation_data=given_)
        assert got.validation.inputs[0].mean == pytest.approx(2 * got.data.inputs[0].mean, rel=1e-4)
        assert got.validation.targets[0].values == (0, 1, 2)
    got = gather(X, Y, fit_args={}, validation_data=tf.data.Dataset.from_tensor_slices((X, Y)).batch(9))
    assert got.validation.inputs[0].complete
    assert gather(X, Y, fit_args={}).validation is None


# ── plan ────────────────────────────────────────────────────────────────────────────────────────────────────────

PLANS = {
    "nothing": ({}, (False, None, 32, 16, True, 0.0)),
    "epochs": ({"epochs": 5}, (True, 5, 32, 16, True, 0.0)),
    "default of one epoch": ({"shuffle": False}, (True, 1, 32, 16, False, 0.0)),
    "batch and split": ({"batch_size": 100, "validation_split": 0.25}, (True, 1, 100, 4, True, 0.25)),
    "split beside validation data": ({"validation_split": 0.2, "validation_data": (X, Y)}, (True, 1, 32, 16, True, 0)),
    "steps": ({"steps_per_epoch": 10}, (True, 1, 50, 10, True, 0.0)),
    "resumed": ({"epochs": 5, "initial_epoch": 2}, (True, 3, 32, 16, True, 0.0)),
}


@pytest.mark.parametrize("case", PLANS)
def test_plan(case):
    fit_args, expected = PLANS[case]
    plan = gather(X, Y, fit_args=fit_args).plan
    split = plan.validation_split
    assert (plan.given, plan.epochs, plan.batch_size, plan.steps_per_epoch, plan.shuffle, split) == expected


def test_plan_of_pipelines():
    plan = gather(tf.data.Dataset.from_tensor_slices((X, Y)).batch(32).repeat(2), fit_args={"epochs": 3}).plan
    assert (plan.batch_size, plan.steps_per_epoch, plan.shuffle, plan.n_steps) == (32, 32, None, 96)
    assert gather(Batches(), fit_args={}).plan.steps_per_epoch == 16


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────


class Breaks(keras.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        raise OSError("disk on fire\nand more")


def tensors(x, y=Y):
    return tf.data.Dataset.from_tensor_slices((x, y))


WORDS = np.asarray(["red", "blue"] * 250)
REFUSED = {
    "list of unequal samples": ([X[:4], X[:5], X[:6]], Y[:3], "for 3 inputs, np.stack makes one array of it."),
    "generator": (
        (i for i in range(3)),
        None,
        "The X parameter of check_setup must be data that can be read again. Got a generator, which reading would use "
        "up; pass a tf.data.Dataset, a keras.utils.PyDataset or arrays.",
    ),
    "iterator": (iter([X]), None, "must be data that can be read again. Got a list_iterator, which"),
    "nothing": (None, None, "The X parameter of check_setup must be arrays, tensors, frames, a tf.data.Dataset or a "),
    "empty": (X[:0], Y[:0], "X parameter of check_setup must be data with at least one row. Got shape (0, 4)."),
    "lengths": (X, Y[:-1], "The y parameter of check_setup must be as long as X (500 rows). Got 499 rows."),
    "lengths of inputs": (
        [X, X[1:]],
        Y,
        "X parameter of check_setup must be inputs of equal length. Got 500 rows in X[0]",
    ),
    "list of samples": (
        [X, X, X],
        Y[:3],
        "Keras takes a list of 3 arrays for 3 inputs, np.stack makes one array of it.",
    ),
    "strings": (
        WORDS,
        Y,
        "must be numeric arrays. Got dtype <U4 (first value: np.str_('red')); encode or convert it, ",
    ),
    "string labels": (X, WORDS, "The y parameter of check_setup must be numeric arrays. Got dtype <U4 (first value: "),
    "objects": (X.astype(object), Y, "must be numeric arrays. Got dtype object (first value: "),
    "complex": (X.astype("complex64"), Y, "The X parameter of check_setup must be numeric arrays. Got dtype complex64"),
    "dates": (X, np.full(500, np.datetime64("2020-01-01")), "must be numeric arrays. Got dtype datetime64[D] (first"),
    "frame with words": (pd.DataFrame({"a": Y, "city": WORDS}), Y, "in column 'city' (first value: 'red'); encode"),
    "ragged lists": (
        [[1, 2], [3]],
        [0, 1],
        "must be arrays of equal rows. Got a list of rows of unequal length; pad it",
    ),
    "ragged tensor": (tf.ragged.constant([[1], [2, 3]]), [0, 1], "Got a ragged tensor; pass X.to_tensor()."),
    "ragged data set": (tensors(tf.ragged.constant([[1], [2, 3]]), [0, 1]).batch(2), None, "call .to_tensor() on them"),
    "scalar": (3.0, None, "The X parameter of check_setup must be arrays with a sample axis. Got 3.0."),
    "text data set": (tensors(WORDS).batch(32), None, "must be numeric data. Got dtype string; encode it in the pipe"),
    "no batches": (tensors(X), None, "must be data in batches. Got elements without a sample axis; call .batch(32)."),
    "no batches, other ranks": (tensors(X, X[:, :2]), None, "Got 2 and 4 rows in one batch; is the set batched?"),
    "empty data set": (tensors(X).batch(32).take(0), None, "must be data with at least one row. Got no batches."),
    "targets twice": (
        tensors(X).batch(32),
        Y,
        "The y parameter of check_setup must be None beside data of kind tf.data",
    ),
    "broken": (
        Breaks(),
        None,
        "X parameter of check_setup must be readable. Got OSError: disk on fire after 0 batches.",
    ),
    "broken half way": (
        tensors(X).batch(32).map(lambda x, y: (tf.debugging.check_numerics(1 / (x[0, 0] - X[96, 0]), "odd") + x, y)),
        None,
        "after 3 batches.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    x, y, message = REFUSED[case]
    with pytest.raises(FlatlineError) as raised:
        gather(x, y, fit_args={})
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_refused_generator_is_not_read():
    rows = (i for i in range(3))
    with pytest.raises(FlatlineError):
        gather(rows, fit_args={})
    assert next(rows) == 0


@pytest.mark.parametrize(
    ("fit_args", "message"),
    [
        ({"epoch": 3}, "The fit_args parameter of check_setup must be arguments of fit (batch_size, epochs, verbose, "),
        ({"epochs": 0}, "epochs a positive whole number. Got 0."),
        ({"validation_split": 20}, "validation_split in [0, 1). Got 20."),
        (
            {"sample_weight": Y[1:]},
            "The sample_weight parameter of check_setup must be as long as X (500 rows). Got 499",
        ),
        ({"validation_data": (X, Y[1:])}, "The validation_data parameter of check_setup must be as long as X (500"),
        (3, "The fit_args parameter of check_setup must be a mapping of arguments of fit. Got a int."),
    ],
)
def test_refused_arguments(fit_args, message):
    with pytest.raises(FlatlineError) as raised:
        gather(X, Y, fit_args=fit_args)
    assert message in str(raised.value)


def test_pandas_is_never_imported(monkeypatch):
    real = builtins.__import__

    def without_pandas(name, *rest, **more):
        assert not name.startswith("pandas")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert gather(X, Y, fit_args={}).data.n_rows == 500
