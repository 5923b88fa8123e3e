"""Reading a `tf.data` set must not change what it yields afterwards, to the bit."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from flatline.errors import FlatlineError
from flatline.measure import datasets
from flatline.measure.data import gather

X = np.arange(60, dtype="float32").reshape(60, 1)
Y = np.arange(60) % 3
Data = tf.data.Dataset
COUNTER = tf.Variable(0.0)
GENERATOR = tf.random.Generator.from_seed(1)
LAYER = keras.layers.RandomBrightness(0.5, value_range=(0, 255), seed=3)


def source():
    return Data.from_tensor_slices((X, Y))


def from_generator():
    return Data.from_generator(
        lambda: zip(X, Y, strict=True), output_signature=(tf.TensorSpec((1,), tf.float32), tf.TensorSpec((), tf.int64))
    )


def count(x, y):
    COUNTER.assign_add(1.0)
    return x + COUNTER, y


def noise(x, y):
    return x + tf.random.uniform([]), y


def in_python(x, y):
    return tf.numpy_function(lambda value: value * 2, [x], tf.float32), y


def brighter(x, y):
    return LAYER(x[:, None, None, :], training=True)[:, 0, 0, :], y


def in_parts():
    return Data.range(6).interleave(lambda i: source().shard(6, i).shuffle(10), cycle_length=3)


def oversampled():
    parts = [source().shuffle(60).repeat(), source().shuffle(60, seed=1).repeat()]
    return Data.sample_from_datasets(parts, weights=[0.3, 0.7])


def zipped():
    return Data.zip((Data.from_tensor_slices(X).shuffle(60, seed=4), Data.from_tensor_slices(Y).shuffle(60, seed=4)))


CHAINS = {
    "shuffle": lambda path: source().shuffle(60).batch(8),
    "shuffled once": lambda path: source().shuffle(60, reshuffle_each_iteration=False).batch(8),
    "seeded": lambda path: source().shuffle(60, seed=5).batch(8).prefetch(2),
    "two shuffles, remainder dropped": lambda path: source().shuffle(60).map(noise).shuffle(9).batch(8, True),
    "cache": lambda path: source().map(noise).cache().shuffle(60).batch(8).repeat(2),
    "cache in a file": lambda path: source().cache(str(path / "cache")).shuffle(60, seed=2).batch(8),
    "snapshot": lambda path: source().shuffle(60, seed=2).snapshot(str(path / "snapshot")).batch(8),
    "generator": lambda path: from_generator().shuffle(60, seed=1).batch(8),
    "Python function": lambda path: source().map(in_python, num_parallel_calls=2).shuffle(60).batch(8),
    "interleave": lambda path: in_parts().shuffle(30).batch(8),
    "sampled from two": lambda path: oversampled().batch(8).take(6),
    "zip of shuffles": lambda path: zipped().batch(8),
    "padded batches": lambda path: source().shuffle(50).padded_batch(8),
    "filter, skip and take": lambda path: source().shuffle(50).filter(lambda x, y: y > 0).skip(2).take(30).batch(8),
    "variable": lambda path: source().map(count).shuffle(60).batch(8),
    "variable, by way of the graph": lambda path: source().map(count).shuffle(60).padded_batch(8),
    "random generator": lambda path: source().map(lambda x, y: (x + GENERATOR.normal([]), y)).shuffle(60).batch(8),
    "random layer": lambda path: source().shuffle(60).batch(8).map(brighter),
    "random source": lambda path: (
        Data.zip(source(), Data.random(seed=4, rerandomize_each_iteration=True))
        .map(lambda pair, number: (pair[0] + tf.cast(number % 100, tf.float32), pair[1]))
        .batch(8)
    ),
}


def start(chain, path):
    """Make the set with all random state as it was the last time."""
    tf.random.set_seed(7)
    COUNTER.assign(0.0)
    GENERATOR.reset_from_seed(1)
    for variable in LAYER.variables:
        variable.assign(np.asarray([3, 0], variable.dtype))
    path.mkdir()
    return CHAINS[chain](path)


def epochs(data, n=3):
    return [[(x.numpy().tobytes(), y.numpy().tobytes()) for x, y in data] for _ in range(n)]


@pytest.mark.parametrize("chain", CHAINS)
def test_a_set_yields_the_same_after_it_was_read(chain, tmp_path):
    untouched = epochs(start(chain, tmp_path / "untouched"))
    data = start(chain, tmp_path / "read")
    gather(data, fit_args={}, seconds=2.0)
    assert not list((tmp_path / "read").iterdir())  # no cache begun on disk
    assert float(COUNTER) == 0
    after = tf.random.uniform([])
    assert epochs(data) == untouched
    tf.random.set_seed(7)
    CHAINS[chain](tmp_path / "third")
    assert after == tf.random.uniform([])  # later operations draw the same seeds


def test_a_cache_is_neither_filled_nor_half_filled():
    made = []

    def note(x, y):
        made.append(1)
        return x, y

    def noted(x, y):
        x, y = tf.numpy_function(note, [x, y], (tf.float32, tf.int64))
        return tf.ensure_shape(x, (1,)), tf.ensure_shape(y, ())

    data = source().map(noted).cache().batch(8)
    gather(data, fit_args={})
    made.clear()
    list(data)
    assert len(made) == 60


@pytest.mark.parametrize("chain", ["shuffle", "zip of shuffles", "cache", "padded batches"])
@pytest.mark.parametrize("passes", [1, 2, -1])
def test_a_copy_yields_the_rows_of_one_pass(chain, passes, tmp_path):
    copied = datasets.independent_copy(CHAINS[chain](tmp_path).repeat(passes).prefetch(2))
    assert sorted(np.concatenate([y for _, y in copied.as_numpy_iterator()])) == sorted(Y)


def test_a_large_set_is_copied_without_its_graph(monkeypatch):
    monkeypatch.setattr(datasets, "EMBEDDED_BYTES", 0)
    assert gather(source().shuffle(60).batch(8).prefetch(1), fit_args={}).data.n_rows == 60


def test_a_set_that_cannot_be_copied_is_refused_if_it_has_an_order_of_its_own(monkeypatch):
    monkeypatch.setattr(datasets, "EMBEDDED_BYTES", 0)
    with pytest.raises(FlatlineError, match=r"The X parameter of check_setup must be data that can be copied\. Got .*"):
        gather(zipped().batch(8), fit_args={})


def test_buffers_that_take_too_long_to_fill_are_cut(monkeypatch):
    limits = []
    copy = datasets.independent_copy

    def noted(dataset, *, buffer_limit=None):
        limits.append(buffer_limit)
        return copy(dataset, buffer_limit=buffer_limit)

    monkeypatch.setattr(datasets, "independent_copy", noted)
    slow = Data.range(10**6).map(lambda i: (tf.cast(i[None], tf.float32), i)).shuffle(10**6).batch(32)
    facts = gather(slow, fit_args={}, seconds=0.2).data
    assert limits[-1] is not None and limits[-1] < 10**6
    assert facts.n_rows == 32 * -(-(10**6) // 32) and not facts.inputs[0].complete


def test_random_states_of_python_and_numpy_are_not_drawn_from():
    states = random.getstate(), np.random.get_state()[1].tolist()
    gather(source().shuffle(60).batch(8), fit_args={})
    gather(X, Y, fit_args={})
    assert states == (random.getstate(), np.random.get_state()[1].tolist())
