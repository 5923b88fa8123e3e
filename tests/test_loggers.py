"""What is recorded arrives at TensorBoard, W&B and MLflow, read back there; the training does not feel it."""

import contextlib
import math
import os
import random
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import flatline
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.glossary import GLOSSARY
from flatline.loggers import (
    MlflowLogger,
    TensorBoardLogger,
    WandbLogger,
    send_to_wandb,
)
from flatline.loggers.curves import CURVES, labels
from flatline.logs import GradientLog, LossLog
from flatline.records.record import RunRecord
from tests.logger_targets import TARGETS, Mlflow, TensorBoard, Wandb
from tests.records.samples import NASTY, full

RNG = np.random.default_rng(0)
X = RNG.normal(size=(256, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")

pytestmark = [
    # SQLAlchemy says it of how MLflow uses it.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]


@pytest.fixture(autouse=True)
def at_home(monkeypatch, tmp_path):
    """Keep W&B and MLflow off the network and inside of the test's own directory."""
    for name in ("WANDB_DIR", "WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR", "WANDB_ARTIFACT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "of_wandb"))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "true")
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    yield
    if (wandb := sys.modules.get("wandb")) and wandb.run:
        wandb.run.finish()
    if mlflow := sys.modules.get("mlflow"):
        mlflow.end_run()


@pytest.fixture(params=TARGETS)
def target(request, tmp_path):
    return TARGETS[request.param](tmp_path)


def network(rate=1e-2):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, activation="tanh", name="first"),
            layers.Dropout(0.2),
            layers.Dense(8, activation="relu", name="hid.den"),
            layers.Dense(2, activation="softmax", name="last"),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(model, *callbacks, epochs=2, calls=1):
    keras.utils.set_random_seed(1)
    for _ in range(calls):
        model.fit(X, Y, epochs=epochs, batch_size=32, verbose=0, validation_data=(X, Y), callbacks=list(callbacks))
    return model.get_weights()


def world():
    numpy = [np.asarray(part).tobytes() for part in np.random.get_state()[1:]]
    return random.getstate(), numpy


@contextlib.contextmanager
def warned():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield told
    told[:] = [w for w in told if issubclass(w.category, FlatlineWarning)]


def test_what_a_monitor_records_arrives_once_and_the_training_does_not_feel_it(target, tmp_path):
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.9)
    with warned() as told:
        weights = trained(network(), monitor, target.logger(monitor), calls=3)
    assert told == []
    curves, logs = target.curves(), monitor.record.logs()
    losses = curves["flatline/training_loss"]
    assert [step for step, _ in losses] == list(range(48))
    np.testing.assert_allclose([value for _, value in losses], logs[LossLog].loss, rtol=1e-6)
    norms = curves["flatline/gradient_norm/hid.den"]
    column = logs[GradientLog].layers.index("hid.den")
    assert [step for step, _ in norms] == logs[GradientLog].step.tolist()
    np.testing.assert_allclose([value for _, value in norms], logs[GradientLog].gradient_norm[:, column], rtol=1e-6)
    epochs = curves["flatline/epoch_value/val_accuracy"]
    assert [step for step, _ in epochs] == [7, 15, 23, 31, 39, 47]
    assert {name.split("/")[1] for name in curves} <= set(GLOSSARY)
    assert all(np.array_equal(a, b) for a, b in zip(weights, trained(network(), calls=3), strict=True))
    assert list((tmp_path / "cwd").iterdir()) == []
    if isinstance(target, TensorBoard):
        assert len(list(target.path.iterdir())) == 1


def test_findings_arrive_with_their_step(target):
    monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.5)
    with warned():
        trained(network(rate=1e-9), monitor, target.logger(monitor), epochs=24)
    texts = target.texts()
    told = " ".join(texts.values())
    assert len(texts) == len(monitor.record.live) >= 2
    for step, finding in monitor.record.live:
        assert f"{finding.code} {finding.name}: {finding.message} (step {step})" in told
    if isinstance(target, Wandb):
        assert {"mine", "FL501"} <= set(target.run.tags)


def test_what_is_found_when_fit_has_ended_arrives(tmp_path):
    target, monitor = TensorBoard(tmp_path), flatline.FlightRecorder()
    late = flatline.Finding(message="late", code="FL501", name="flat-loss")
    finds = keras.callbacks.LambdaCallback(on_train_end=lambda logs: monitor.record.found(late, 7))
    trained(network(), monitor, finds, target.logger(monitor))
    assert target.texts() == {"flatline/finding/FL501": "FL501 flat-loss: late (step 7)"}


def test_a_saved_run_is_sent_like_a_live_one(target, tmp_path):
    monitor = flatline.FlightRecorder(run_dir=tmp_path / "run")
    trained(network(), monitor)
    target.send(flatline.load_run(tmp_path / "run"))
    assert len(target.curves()["flatline/training_loss"]) == 16


def test_a_long_record_arrives_whole(target, monkeypatch):
    if isinstance(target, Mlflow):
        log_batch = type(target.client).log_batch

        def of_a_server(client, run_id, metrics):
            assert len(metrics) <= 1_000  # a server refuses more, the database does not
            log_batch(client, run_id, metrics=metrics)

        monkeypatch.setattr(type(target.client), "log_batch", of_a_server)
    record = RunRecord()
    for step in range(2_500):
        record.add(LossLog, step=step, loss=step / 4)
    target.send(record)
    assert target.curves() == {"flatline/training_loss": [(step, step / 4) for step in range(2_500)]}


def test_every_quantity_of_a_record_is_sent_and_what_is_not_finite_survives(target):
    target.send(full())
    curves = target.curves()
    sent = {name.split("/")[1] for name in curves}
    assert sent | {"predicted_classes"} == {curve.quantity for curve in CURVES} | {"epoch_value"}  # it has no classes
    losses = [value for _, value in curves["flatline/training_loss"]]
    assert math.isnan(losses[1])
    big = sys.float_info.max if isinstance(target, Mlflow) else math.inf  # MLflow's database has no infinity
    assert losses[2:4] == [big, -big]
    assert len(curves["flatline/gradient_norm/out"]) == 5
    assert "flatline/gradient_norm/dense" not in curves  # NaN that nothing says was measured


def test_hostile_names_are_safe_and_told_apart(target):
    names = (*NASTY, "a/b", "a_b", "..", "dense", "dense", "Ω" * 9, "🙂" * 9, "x" * 10_000, "x" * 10_001, "")
    target.send(full(names))
    curves = target.curves()
    sent = [name for name in curves if name.startswith("flatline/weight_norm/")]
    assert len(sent) == len(names)
    assert all(len(name) <= 140 and name.count("/") <= 2 and name.isascii() and name.isprintable() for name in curves)
    for label_, value in zip(labels(names), np.float32(0.1) * np.arange(len(names)), strict=True):
        assert [v for _, v in curves[f"flatline/weight_norm/{label_}"]] == [pytest.approx(float(value))] * 5


def test_hostile_messages_are_one_line_of_text(target):
    record = RunRecord()
    for i, nasty in enumerate(NASTY):
        found = flatline.Finding(message=nasty, where=nasty, code="FL501", name="flat-loss")
        record.found(found, i)
    target.send(record)
    texts = target.texts()
    assert len(texts) == len(NASTY)
    assert all(text.isprintable() and len(text) <= 5_000 for text in texts.values())
    assert any("<script>" in text for text in texts.values())


@pytest.mark.parametrize("at", ["rows", "text", "flush", "opening"])
def test_a_fault_of_the_bridge_ends_the_sending_not_the_training(monkeypatch, tmp_path, at):
    def broken(*arguments):
        raise RuntimeError("no space left\non the device")

    if at == "opening":
        (tmp_path / "logs").write_text("a file")
    else:
        monkeypatch.setattr(f"flatline.loggers.targets._TensorBoard.{at}", broken)
    monitor = flatline.FlatlineMonitor(verbose=0)
    if at == "text":
        monitor.record.found(flatline.Finding(message="m", code="FL501", name="flat-loss"), 0)
    with warned() as told:
        weights = trained(network(), monitor, TensorBoardLogger(monitor, tmp_path / "logs"))
    assert len(told) == 1
    assert str(told[0].message).startswith("TensorBoardLogger sends nothing more, training goes on: ")
    assert "\n" not in str(told[0].message)
    assert told[0].filename == __file__
    assert all(np.array_equal(a, b) for a, b in zip(weights, trained(network()), strict=True))
    assert monitor.record.ended == "finished"


@pytest.mark.parametrize("logger", [WandbLogger, MlflowLogger])
def test_without_a_run_there_is_one_warning_and_nothing_is_started(logger, tmp_path):
    if logger is MlflowLogger:
        import mlflow

        mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/cwd/unused.db")
    monitor = flatline.FlatlineMonitor(verbose=0)
    with warned() as told:
        trained(network(), monitor, logger(monitor))
    assert [f"{logger.__name__} has no run: call" in str(w.message) for w in told] == [True]
    assert list((tmp_path / "cwd").iterdir()) == []


def test_a_monitor_that_comes_second_is_told(tmp_path):
    monitor = flatline.FlatlineMonitor(verbose=0)
    with warned() as told:
        trained(network(), TensorBoardLogger(monitor, tmp_path / "logs"), monitor)
    assert ["the monitor must come first" in str(w.message) for w in told] == [True]


def test_what_was_interrupted_can_be_sent(tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 5:
                raise KeyboardInterrupt

    monitor = flatline.FlatlineMonitor(verbose=0)
    logger = TensorBoardLogger(monitor, tmp_path / "logs")
    with pytest.raises(KeyboardInterrupt):
        trained(network(), monitor, logger, Interrupt())
    monitor._recorder.flush()
    logger.send()
    assert len(TensorBoard(tmp_path).curves()["flatline/training_loss"]) == 6


def test_the_users_summaries_are_untouched(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path / "mine"))
    monitor = flatline.FlatlineMonitor(verbose=0)
    with writer.as_default(step=3):
        trained(network(), monitor, TensorBoardLogger(monitor, tmp_path / "logs"))
        tf.summary.scalar("mine", 1.0)
        assert tf.summary.experimental.get_step() == 3
    writer.close()
    mine = EventAccumulator(str(tmp_path / "mine"))
    mine.Reload()
    assert mine.Tags()["tensors"] == ["mine"]
    assert mine.Tags()["scalars"] == []


def test_the_users_own_rows_at_wandb_are_kept(tmp_path):
    target, monitor = Wandb(tmp_path), flatline.FlatlineMonitor(verbose=0)
    mine = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: target.run.log({"mine": epoch}))
    trained(network(), mine, monitor, target.logger(monitor), mine, epochs=3)
    assert [row["mine"] for row in target.rows() if "mine" in row] == [0, 0, 1, 1, 2, 2]


def test_nothing_random_is_touched(target):
    record = full()
    random.seed(7)
    np.random.seed(7)
    keras.utils.set_random_seed(7)
    before = world()
    target.send(record)
    assert world() == before


@pytest.mark.parametrize(
    ("module", "extra", "make"),
    [
        ("tensorboard.summary.writer.event_file_writer", "tensorboard", lambda m: TensorBoardLogger(m, "logs")),
        ("wandb", "wandb", WandbLogger),
        ("mlflow", "mlflow", MlflowLogger),
        ("wandb", "wandb", lambda m: send_to_wandb(m.record)),
    ],
)
def test_a_missing_package_is_told_in_one_line(monkeypatch, module, extra, make):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FlatlineError, match=rf"needs `{extra}`: pip install 'keras-flatline\[{extra}\]'") as error:
        make(flatline.FlightRecorder())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: TensorBoardLogger("logs", "logs"),
        lambda: TensorBoardLogger(flatline.FlightRecorder(), 3),
        lambda: MlflowLogger(flatline.FlightRecorder(), 3),
    ],
)
def test_wrong_arguments_are_told_in_one_line(make):
    with pytest.raises(FlatlineError, match=r"^The `.*` parameter of .*Logger must be .*"):
        make()


def test_nothing_is_imported_before_it_is_needed(tmp_path):
    code = (
        "import sys, flatline, flatline.loggers\n"
        "assert not {'wandb', 'mlflow', 'tensorboard', 'keras', 'numpy'} & set(sys.modules)\n"
        "sys.modules['keras'] = sys.modules['tensorflow'] = None\n"
        "record = flatline.RunRecord()\n"
        "from flatline.logs import LossLog\n"
        "record.add(LossLog, step=0, loss=2.0)\n"
        f"flatline.loggers.send_to_tensorboard(record, {str(tmp_path / 'logs')!r})\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=os.environ | {"PYTHONWARNINGS": "error"})
    assert TensorBoard(tmp_path).curves() == {"flatline/training_loss": [(0, 2.0)]}


def test_names_are_found_where_they_are_said_to_be():
    for name in flatline.loggers.__all__:
        assert getattr(flatline.loggers, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'CometLogger'"):
        _ = flatline.loggers.CometLogger
