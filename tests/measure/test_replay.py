"""A batch passed through again names the layer where numbers stop, and leaves no trace."""

import keras
import numpy as np

import flatline
from flatline.logs import ReplayLog
from flatline.measure.replay import replay

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 8)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def network(*inside) -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(16, "relu"), layers.BatchNormalization(), *inside, layers.Dense(1, "sigmoid")]
    )
    model.compile("sgd", "binary_crossentropy")
    return model


def spoilt(model: keras.Model) -> keras.Model:
    """As after a step with a gradient that is NaN."""
    for weight in model.trainable_variables:
        weight.assign(np.full(weight.shape, np.nan))
    return model


def first(found) -> str:
    bad = found["nonfinite_outputs"] > 0
    return found["layers"][int(bad.argmax())] if bad.any() else ""


def test_the_layer_that_makes_it_is_named_although_all_weights_are_spoilt():
    logarithm = keras.layers.Lambda(lambda t: keras.ops.log(t), name="logarithm")
    found = replay(spoilt(network(logarithm)), (X, Y))
    assert first(found) == "logarithm"
    assert found["spoilt_weights"] == 6
    assert found["nonfinite_data"] == 0


def test_a_sound_network_has_no_such_layer():
    assert first(replay(spoilt(network()), (X, Y))) == ""


def test_cells_of_the_batch_are_counted_targets_too():
    x, y = X.copy(), Y.copy()
    x[3, 2] = y[5, 0] = np.nan
    assert replay(network(), (x, y))["nonfinite_data"] == 2


def test_the_model_is_as_it_was():
    model = spoilt(network(keras.layers.Dropout(0.5)))
    before = [keras.ops.convert_to_numpy(v).copy() for v in model.variables]
    replay(model, (X, Y))
    for was, now in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(was, keras.ops.convert_to_numpy(now))


def test_it_happens_once_and_at_once_in_a_run():
    model = network(keras.layers.Lambda(lambda t: keras.ops.log(t), name="logarithm"))
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.001)
    model.fit(X, Y, batch_size=4, epochs=12, verbose=0, callbacks=[monitor])
    log = monitor.record.logs()[ReplayLog]
    assert len(log) == 1
    assert log.step[0] <= 3
    (finding,) = [f for f in monitor.report.findings if f.code == "FL503"]
    assert finding.where == "logarithm"
