"""The callbacks on real trainings: nothing is changed, a flat run is called, nothing of ours raises."""

import contextlib
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import flatline
from flatline.backend.step import StepSampler
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.logs import ActivationLog, EpochLog, GradientLog, LossLog, RunFacts, UpdateLog
from flatline.measure.recorder import Recorder

RNG = np.random.default_rng(0)
X = RNG.normal(size=(512, 12)).astype("float32")
Y = (X[:, 0] > 0).astype("int64") + (X[:, 1] > 0)


def network(rate: float = 1e-2, **compiled) -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12,)),
            layers.Dense(24, activation="tanh"),
            layers.Dropout(0.2),
            layers.BatchNormalization(),
            layers.Dense(16, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    given = {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": keras.optimizers.Adam(rate),
        "metrics": ["accuracy"],
    }
    model.compile(**(given | compiled))
    return model


def trained(model: keras.Model, *callbacks, epochs: int = 3) -> list[np.ndarray]:
    keras.utils.set_random_seed(1)
    model.fit(X, Y, epochs=epochs, batch_size=32, verbose=0, callbacks=list(callbacks))
    return model.get_weights()


@contextlib.contextmanager
def warned(text: str = ""):
    """Like pytest.warns, but what Keras itself warns of is not told again from a place where it is an error."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield told
    assert any(issubclass(w.category, FlatlineWarning) and text in str(w.message) for w in told)


def equal(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    "compiled", [{}, {"steps_per_execution": 4}, {"run_eagerly": True}, {"jit_compile": True}], ids=str
)
def test_training_is_the_same_to_the_bit(compiled):
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.5)
    watched = trained(network(**compiled), monitor, epochs=2)
    assert equal(watched, trained(network(**compiled), epochs=2))
    assert monitor.record.missing == ()
    assert len(monitor.record.logs()[GradientLog]) >= 1


def test_a_recurrent_layer_that_draws_masks_in_inference_too_is_left_alone():
    def recurrent():
        keras.utils.set_random_seed(0)
        layers = keras.layers
        model = keras.Sequential([keras.Input((4, 3)), layers.LSTM(8, dropout=0.2), layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    weights = []
    for callbacks in ([], [flatline.FlatlineMonitor(verbose=0, overhead=0.5)]):
        model = recurrent()
        keras.utils.set_random_seed(1)
        model.fit(X.reshape(512, 4, 3), Y, epochs=2, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    assert equal(*weights)


class Noise(keras.layers.Layer):
    """Draws numbers whose state is kept with the node of the graph: another graph would draw others."""

    def call(self, x):
        return x + tf.random.normal(tf.shape(x), stddev=0.1)


def test_random_operations_of_tensorflow_itself_draw_the_same():
    weights = []
    for callbacks in ([], [flatline.FlatlineMonitor(verbose=0, overhead=0.5)]):
        keras.utils.set_random_seed(0)
        layers = keras.layers
        model = keras.Sequential([keras.Input((12,)), layers.Dense(8, "relu"), Noise(), layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        keras.utils.set_random_seed(1)
        model.fit(X, Y, epochs=2, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    assert equal(*weights)
    assert len(callbacks[0].record.logs()[GradientLog]) >= 8


class Adversaries(keras.Model):
    """Two networks with an optimizer each, of which Keras knows neither."""

    def __init__(self):
        super().__init__()
        self.first = keras.Sequential([keras.Input((12,)), keras.layers.Dense(4, name="first")])
        self.second = keras.Sequential([keras.Input((12,)), keras.layers.Dense(4, name="second")])

    def compile(self, one, other):
        super().compile()
        self.one, self.other = one, other

    def train_step(self, x):
        for network, optimizer in ((self.first, self.one), (self.second, self.other)):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(network(x) - 1.0))
            optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)
        return {"loss": loss}


def test_the_first_optimizer_that_a_step_calls_is_sampled():
    model, recorder = Adversaries(), flatline.FlightRecorder(overhead=0.9)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    model.fit(X, epochs=2, verbose=0, callbacks=[recorder])
    log = recorder.record.logs()[GradientLog]
    assert log.layers == ("first",)
    assert np.isfinite(log.gradient_norm).all()


def test_a_step_without_an_optimizer_that_is_known_is_asked_no_more():
    class Hidden(Adversaries):
        def compile(self, one, other):
            keras.Model.compile(self)
            self.hidden = {"one": one, "other": other}

        def train_step(self, x):
            self.__dict__.update(one=self.hidden["one"], other=self.hidden["other"])
            metrics = super().train_step(x)
            del self.__dict__["one"], self.__dict__["other"]
            return metrics

    model, recorder = Hidden(), flatline.FlightRecorder(overhead=0.9)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    model.fit(X, epochs=4, verbose=0, callbacks=[recorder])
    assert "gradients: the training step calls no optimizer that is known" in recorder.record.missing
    assert len(recorder.record.logs()[LossLog]) == 64


def test_a_run_that_learns_is_no_alarm():
    monitor = flatline.FlatlineMonitor(verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FlatlineWarning)
        trained(network(), monitor, epochs=10)
    assert monitor.report.ok
    assert monitor.record.ended == "finished"


def test_a_flat_run_is_called_with_its_cause_while_it_trains():
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.2)
    with warned("FL501 flat-loss"):
        trained(network(rate=1e-9), monitor, epochs=10)
    assert "learning_rate" in [cause.value for cause in monitor.report.causes]
    first = min(step for step, _ in monitor.record.live)
    assert first <= 0.25 * 160


def test_losses_are_those_of_single_steps():
    monitor = flatline.FlightRecorder()
    trained(network(), monitor, epochs=2)
    log = monitor.record.logs()[LossLog]
    assert log.step.tolist() == list(range(32))
    epochs = monitor.record.logs()[EpochLog]
    np.testing.assert_allclose(log.loss[:16].mean(), epochs.values["loss"][0], rtol=1e-4)
    np.testing.assert_allclose(log.loss[16:].mean(), epochs.values["loss"][1], rtol=1e-4)


def test_the_sampled_loss_is_that_of_its_step():
    recorder = flatline.FlightRecorder(overhead=0.9)
    trained(network(), recorder, epochs=2)
    logs = recorder.record.logs()
    sampled, losses = logs[GradientLog], logs[LossLog]
    np.testing.assert_allclose(sampled.loss, losses.loss[sampled.step], rtol=1e-3)


def test_sampled_gradients_and_updates_are_those_of_plain_descent():
    model = network(optimizer=keras.optimizers.SGD(0.05))
    recorder = flatline.FlightRecorder(overhead=0.9)
    trained(model, recorder, epochs=2)
    logs = recorder.record.logs()
    gradients, updates = logs[GradientLog], logs[UpdateLog]
    np.testing.assert_allclose(updates.update_ratio, 0.05 * gradients.relative, rtol=1e-2)


def test_how_large_the_weights_were_when_the_run_began_is_kept():
    model, monitor = network(0.1), flatline.FlatlineMonitor(verbose=0)
    began = [float(np.linalg.norm(w)) for w in model.get_weights() if w.ndim == 2]
    for _ in range(2):
        trained(model, monitor)
    known = [layer.weight_norm for layer in monitor.record.logs()[RunFacts].layers if layer.has_kernel]
    assert known == pytest.approx(began, rel=1e-6)
    now = [float(np.linalg.norm(w)) for w in model.get_weights() if w.ndim == 2]
    assert min(np.divide(now, began)) > 1.1


def test_many_calls_of_fit_are_one_run():
    model, monitor = network(), flatline.FlatlineMonitor(verbose=0)
    for _ in range(3):
        model.fit(X, Y, verbose=0, callbacks=[monitor])
    assert len(monitor.record.logs()[LossLog]) == 48
    assert monitor.record.logs()[RunFacts].planned_steps == 48


def test_a_second_monitor_finds_the_first_ones_sampler():
    model = network()
    trained(model, flatline.FlatlineMonitor(verbose=0), epochs=1)
    sampler = StepSampler.of(model)
    second = flatline.FlatlineMonitor(verbose=0)
    trained(model, second, epochs=1)
    assert StepSampler.of(model) is sampler
    assert len(second.record.logs()[GradientLog]) >= 1


def test_nothing_of_ours_is_saved(tmp_path):
    model = network()
    trained(model, flatline.FlatlineMonitor(verbose=0), epochs=1)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert StepSampler.of(again) is None
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


HOOKS = ["attach", "begin", "epoch_begins", "step_begins", "steps_end", "leave_alone", "epoch_ends", "end"]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_fault_of_ours_ends_the_recording_not_the_training(monkeypatch, hook):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(Recorder, hook, broken)
    monitor = flatline.FlatlineMonitor(verbose=0)
    with warned("training goes on") as told:
        weights = trained(network(), monitor, epochs=2)
    assert len([w for w in told if "training goes on" in str(w.message)]) == 1
    assert "ZeroDivisionError" in monitor.record.missing[0]
    monkeypatch.undo()
    assert equal(weights, trained(network(), epochs=2))


def test_a_flat_run_is_stopped_and_a_slow_one_is_not():
    model = network(rate=1e-9)
    with warned():
        trained(model, flatline.StopOnFlatline(verbose=0), epochs=30)
    assert len(model.history.epoch) < 20
    model = network(rate=3e-4)
    trained(model, flatline.StopOnFlatline(verbose=0), epochs=8)
    assert len(model.history.epoch) == 8


def test_a_stopped_run_may_raise():
    with warned(), pytest.raises(FlatlineError, match="the training loss is flat"):
        trained(network(rate=1e-9), flatline.StopOnFlatline(verbose=0, raise_error=True), epochs=30)


def test_the_record_on_disk_is_judged_as_it_was_live(tmp_path):
    monitor = flatline.FlatlineMonitor(verbose=0, run_dir=tmp_path / "run", overhead=0.2)
    with warned():
        trained(network(rate=1e-9), monitor, epochs=10)
    report = flatline.judge(flatline.load_run(tmp_path / "run"))
    assert {f.code for f in report.findings} == {f.code for f in monitor.report.findings}


@pytest.mark.parametrize(
    "given",
    [
        {"overhead": 3},
        {"overhead": "no"},
        {"data": 1},
        {"select": ("FL999",)},
        {"patience": -1},
        {"monitor": 3},
        {"start_from_epoch": 0.5},
    ],
    ids=str,
)
def test_wrong_arguments_are_told_in_one_line(given):
    with pytest.raises(FlatlineError) as error:
        flatline.FlatlineMonitor(**given)
    assert "\n" not in str(error.value)


class Pictures(keras.Model):
    """Built in the first step only, as subclassed models are."""

    def __init__(self):
        super().__init__()
        self.first = keras.layers.Dense(8, activation="relu")
        self.last = keras.layers.Dense(3)

    def call(self, x):
        return self.last(self.first(x))


def test_a_subclassed_model_on_a_pipeline_is_sampled_too():
    keras.utils.set_random_seed(0)
    model, recorder = Pictures(), flatline.FlightRecorder()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(tf.data.Dataset.from_tensor_slices((X, Y)).batch(32), epochs=2, verbose=0, callbacks=[recorder])
    assert recorder.record.missing == ()
    log = recorder.record.logs()[ActivationLog]
    assert len(log.layers) == 2
    assert tuple(layer.name for layer in recorder.record.facts.layers) == log.layers
    assert np.isfinite(log.mean).all()


def test_penalties_are_told_apart_from_the_data_loss():
    model, monitor = network(loss="mse"), flatline.FlatlineMonitor(verbose=0)
    model.layers[0].kernel.regularizer = keras.regularizers.L2(0.1)
    model.fit(X, np.eye(3)[Y], epochs=2, verbose=0, callbacks=[monitor])
    kernel = 0.1 * float(np.square(model.layers[0].kernel.numpy()).sum())
    assert monitor.record.logs()[LossLog].penalty_at(np.array([39]))[0] == pytest.approx(kernel, rel=0.5)
    assert monitor.record.missing == ()


def test_rows_in_the_order_of_their_targets_are_no_null_model():
    order = np.argsort(Y, kind="stable")
    monitor = flatline.FlatlineMonitor(verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FlatlineWarning)
        network().fit(X[order], Y[order], epochs=6, shuffle=False, verbose=0, callbacks=[monitor])
    assert np.isnan(monitor.record.facts.null)
    assert "the null model's loss: the first rows are in the order of their targets" in monitor.record.missing


def test_weights_that_are_no_number_are_found_although_the_loss_is_one():
    spoilt = X.copy()
    spoilt[3, 5] = np.nan
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    recorder = flatline.FlightRecorder(overhead=0.9)
    model.fit(spoilt, Y, epochs=4, verbose=0, callbacks=[recorder])
    assert np.isnan(model.layers[0].kernel.numpy()).any()
    assert recorder.record.logs()[GradientLog].nonfinite_weights[-1, 0] == 1
    report = flatline.judge(recorder.record, select=["FL503"])
    assert [finding.severity.name for finding in report.findings] == ["ERROR"]


def test_another_model_begins_another_record(tmp_path):
    monitor = flatline.FlatlineMonitor(verbose=0, run_dir=tmp_path / "run")
    for epochs in (1, 2):
        trained(network(), monitor, epochs=epochs)
    assert len(monitor.record.logs()[LossLog]) == 32
    assert [len(flatline.load_run(tmp_path / name).logs()[LossLog]) for name in ("run", "run-2")] == [16, 32]


def test_unfreezing_layers_begins_another_record():
    model, monitor = network(), flatline.FlatlineMonitor(verbose=0)
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    trained(model, monitor, epochs=1)
    frozen = monitor.record
    model.layers[0].trainable = True
    model.compile("adam", "sparse_categorical_crossentropy")
    trained(model, monitor, epochs=1)
    assert monitor.record is not frozen
    assert len(monitor.record.logs()[GradientLog].layers) == len(frozen.logs()[GradientLog].layers) + 1
    assert monitor.record.missing == ()


def test_what_keras_callbacks_call_patience_and_start_is_meant_here_too():
    for waiting in ({"start_from_epoch": 20}, {"monitor": "accuracy", "patience": 30}):
        monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.2, **waiting)
        with warned():
            trained(network(rate=1e-9), monitor, epochs=10)
        assert min(step for step, _ in monitor.record.live) == 160  # at the end, when the report is made


def test_a_quantity_that_fit_does_not_report_is_said_to_be_missing():
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.2, monitor="val_loss")
    with warned():
        trained(network(rate=1e-9), monitor, epochs=10)
    assert any("there is no 'val_loss'; `fit` reports accuracy, loss" in what for what in monitor.record.missing)


class Interrupt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 7:
            raise KeyboardInterrupt


def test_an_interrupted_fit_is_gone_on_with():
    model, monitor = network(), flatline.FlatlineMonitor(verbose=0, overhead=0.001)
    trained(model, monitor, epochs=8)  # long enough for most steps to pass unattended
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=32, verbose=0, callbacks=[monitor, Interrupt()])
    trained(model, monitor, epochs=1)
    assert monitor.record.logs()[LossLog].step.tolist() == list(range(9 * 16 + 8))
    assert monitor.record.missing == ()


def test_every_step_is_counted_although_most_pass_unattended():
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.001)
    model = network()
    history = model.fit(X, Y, epochs=40, batch_size=8, verbose=0, callbacks=[monitor])
    log = monitor.record.logs()[LossLog]
    assert log.step.tolist() == list(range(40 * 64))
    of_epochs = log.loss.reshape(40, 64).mean(axis=1)
    np.testing.assert_allclose(of_epochs, history.history["loss"], rtol=1e-4)
    assert len(monitor.record.logs()[GradientLog]) < 40
