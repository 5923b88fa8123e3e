"""Training loops of the user's own: `with monitor.step(...)` sees what a callback sees in `fit`."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import flatline
from flatline.errors import FlatlineWarning
from flatline.logs import ActivationLog, GradientLog, LossLog, RunFacts, UpdateLog
from flatline.measure.recorder import Recorder
from tests.test_monitor import X, Y, equal, warned

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def network() -> keras.Model:
    """Not compiled: the loop brings its loss and its optimizer along."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential([keras.Input((12,)), layers.Dense(24, activation="tanh"), layers.Dense(3)])


def eager(model, optimizer):
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = LOSS(y, model(x, training=True))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
        return loss

    return step


def traced(model, optimizer):
    return tf.function(eager(model, optimizer))


def trained(make, monitor=None, *, rate: float = 0.05, epochs: int = 2) -> list[np.ndarray]:
    model, optimizer = network(), keras.optimizers.SGD(rate)
    take = make(model, optimizer)
    for _ in range(epochs):
        for start in range(0, 512, 32):
            x, y = tf.constant(X[start : start + 32]), tf.constant(Y[start : start + 32])
            if monitor is None:
                take(x, y)
                continue
            with monitor.step(model, x, y, optimizer=optimizer, loss=LOSS) as step:
                step.loss = take(x, y)
    return model.get_weights()


@pytest.mark.parametrize("make", [eager, traced])
def test_a_loop_is_recorded_and_the_same_to_the_bit(make):
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.9)
    weights = trained(make, monitor)
    monitor.finish()
    assert equal(weights, trained(make))
    logs = monitor.record.logs()
    assert monitor.record.missing == ()
    assert len(logs[LossLog]) == 32
    assert np.isfinite(logs[ActivationLog].spread).all()
    assert logs[RunFacts].null == pytest.approx(1.05, abs=0.05)
    np.testing.assert_allclose(logs[UpdateLog].update_ratio, 0.05 * logs[GradientLog].relative, rtol=1e-2)
    assert monitor.report.ok


def test_a_loop_that_goes_nowhere_is_called():
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.2)
    with warned("FL805 updates-too-small") as told:
        trained(traced, monitor, rate=1e-9, epochs=40)
    assert {w.filename for w in told if issubclass(w.category, FlatlineWarning)} == {__file__}
    monitor.finish()
    assert "learning_rate" in [cause.value for cause in monitor.report.causes]


def test_a_loss_that_is_not_told_is_said_to_be_missing():
    model, optimizer, recorder = network(), keras.optimizers.SGD(0.1), flatline.FlightRecorder()
    take = eager(model, optimizer)
    with recorder.step(model, X[:32], Y[:32], optimizer=optimizer):
        take(X[:32], Y[:32])
    assert "the loss: nothing was assigned to `step.loss`" in recorder.record.missing


def test_an_exception_in_the_loop_is_the_users():
    model, recorder = network(), flatline.FlightRecorder()
    with pytest.raises(ZeroDivisionError), recorder.step(model, X[:32], Y[:32], optimizer=keras.optimizers.SGD()):
        raise ZeroDivisionError


@pytest.mark.parametrize("hook", ["begin", "loop_step_begins", "loop_step_ends"])
def test_a_fault_of_ours_ends_the_recording_not_the_loop(monkeypatch, hook):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(Recorder, hook, broken)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        weights = trained(eager, flatline.FlatlineMonitor(verbose=0))
    assert len([w for w in told if "training goes on" in str(w.message)]) == 1
    assert equal(weights, trained(eager))
