"""Thin writers: each puts rows and texts into one target, and nothing else."""

import importlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from flatline.errors import FlatlineError
from flatline.loggers.curves import PREFIX, News, Row
from flatline.records.record import RunRecord

METRICS_PER_CALL = 1_000  # the most that MLflow takes in one


class Target(Protocol):
    """Where rows and texts go."""

    def rows(self, rows: Iterator[Row]) -> None:
        """Take values of curves."""

    def text(self, step: int, name: str, text: str) -> None:
        """Take a finding."""

    def flush(self) -> None:
        """Let others read it."""

    def close(self) -> None:
        """Let go of what is held."""


def send(news: News, target: Target) -> None:
    """Send what is new."""
    target.rows(news.rows())
    for step, name, text in news.texts():
        target.text(step, name, text)
    target.flush()


def send_to_tensorboard(record: RunRecord, log_dir: str | os.PathLike[str]) -> None:
    """Send a record to TensorBoard.

    Parameters
    ----------
    record : RunRecord
        For example from `flatline.load_run`.
    log_dir : path
        Gets an event file of its own; made if it does not exist.

    Raises
    ------
    FlatlineError
        When the package `tensorboard` is missing.
    """
    _send_all(record, tensorboard(log_dir, caller="send_to_tensorboard"))


def send_to_wandb(record: RunRecord, run: Any = None) -> None:
    """Send a record to Weights & Biases.

    Parameters
    ----------
    record : RunRecord
        For example from `flatline.load_run`.
    run : wandb.Run, optional
        By default the active one.

    Raises
    ------
    FlatlineError
        When the package `wandb` is missing, or no run is active.

    Notes
    -----
    As for `WandbLogger`, the steps of the curves are the values of `flatline/step`.
    """
    _send_all(record, wandb(run, caller="send_to_wandb"))


def send_to_mlflow(record: RunRecord, run_id: str | None = None) -> None:
    """Send a record to MLflow.

    Parameters
    ----------
    record : RunRecord
        For example from `flatline.load_run`.
    run_id : str, optional
        By default that of the active run.

    Raises
    ------
    FlatlineError
        When the package `mlflow` is missing, or no run is active.
    """
    _send_all(record, mlflow(run_id, caller="send_to_mlflow"))


def _send_all(record: RunRecord, opening: Callable[[], Target]) -> None:
    target = opening()
    try:
        send(News(record), target)
    finally:
        target.close()


# ── TensorBoard ─────────────────────────────────────────────────────────────────────────────────────────────────────


def tensorboard(log_dir: str | os.PathLike[str], *, caller: str) -> Callable[[], Target]:
    """Check the arguments now and return what opens the target."""
    if not isinstance(log_dir, str | os.PathLike):
        raise FlatlineError(f"The `log_dir` parameter of {caller} must be a path. Got {type(log_dir).__name__}.")
    _package("tensorboard.summary.writer.event_file_writer", "tensorboard", caller)
    return lambda: _TensorBoard(os.fspath(log_dir))


class _TensorBoard:
    """Has a file of its own; the default writer of `tf.summary` is the user's."""

    def __init__(self, log_dir: str) -> None:
        writers = importlib.import_module("tensorboard.summary.writer.event_file_writer")
        protos = "tensorboard.compat.proto."
        self._event = importlib.import_module(protos + "event_pb2").Event
        self._summary = importlib.import_module(protos + "summary_pb2").Summary
        self._tensor = importlib.import_module(protos + "tensor_pb2").TensorProto
        self._string = importlib.import_module(protos + "types_pb2").DT_STRING
        metadata = importlib.import_module("tensorboard.plugins.text.metadata")
        self._text = metadata.create_summary_metadata(None, None)
        self._writer = writers.EventFileWriter(log_dir, filename_suffix=f".{PREFIX}")

    def rows(self, rows: Iterator[Row]) -> None:
        for step, values in rows:
            self._add(step, [self._summary.Value(tag=name, simple_value=value) for name, value in values.items()])

    def text(self, step: int, name: str, text: str) -> None:
        tensor = self._tensor(dtype=self._string, string_val=[text.encode()])
        self._add(step, [self._summary.Value(tag=name, tensor=tensor, metadata=self._text)])

    def _add(self, step: int, values: list[Any]) -> None:
        self._writer.add_event(self._event(wall_time=time.time(), step=step, summary=self._summary(value=values)))

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


# ── Weights & Biases ────────────────────────────────────────────────────────────────────────────────────────────────


def wandb(run: Any, *, caller: str) -> Callable[[], Target]:
    """Check the arguments now and return what opens the target."""
    if run is not None:
        return lambda: _Wandb(run)
    package = _package("wandb", "wandb", caller)

    def opening() -> Target:
        if package.run is None:
            raise FlatlineError(f"{caller} has no run: call wandb.init() before, or give `run`")
        return _Wandb(package.run)

    return opening


class _Wandb:
    """Has a step of its own: W&B leaves out rows whose step is below that of the row before, whoever sent it."""

    def __init__(self, run: Any) -> None:
        self._run, self._step = run, f"{PREFIX}/step"
        run.define_metric(self._step, hidden=True)
        run.define_metric(f"{PREFIX}/*", step_metric=self._step)

    def rows(self, rows: Iterator[Row]) -> None:
        for step, values in rows:
            self._run.log({self._step: step, **values})

    def text(self, step: int, name: str, text: str) -> None:
        self._run.summary[name] = text
        tag, tags = name.split("/")[2], tuple(self._run.tags or ())
        if tag not in tags:
            self._run.tags = (*tags, tag)

    def flush(self) -> None:
        """W&B sends by itself."""

    def close(self) -> None:
        """The run is the user's."""


# ── MLflow ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def mlflow(run_id: str | None, *, caller: str) -> Callable[[], Target]:
    """Check the arguments now and return what opens the target."""
    if run_id is not None and not isinstance(run_id, str):
        raise FlatlineError(f"The `run_id` parameter of {caller} must be a str. Got {type(run_id).__name__}.")
    package = _package("mlflow", "mlflow", caller)

    def opening() -> Target:
        if run_id is not None:
            return _Mlflow(package, run_id)
        if (active := package.active_run()) is None:
            raise FlatlineError(f"{caller} has no run: call mlflow.start_run() before, or give `run_id`")
        return _Mlflow(package, active.info.run_id)

    return opening


class _Mlflow:
    """Writes through a client, which knows no active run that it could change."""

    def __init__(self, package: Any, run_id: str) -> None:
        self._client, self._run_id = package.MlflowClient(), run_id
        self._metric = package.entities.Metric

    def rows(self, rows: Iterator[Row]) -> None:
        now = int(1000 * time.time())
        metrics = (self._metric(name, value, now, step) for step, values in rows for name, value in values.items())
        while batch := list(itertools.islice(metrics, METRICS_PER_CALL)):
            self._client.log_batch(self._run_id, metrics=batch)

    def text(self, step: int, name: str, text: str) -> None:
        self._client.set_tag(self._run_id, name, text)

    def flush(self) -> None:
        """Each call has been carried out."""

    def close(self) -> None:
        """The run is the user's."""


def _package(module: str, extra: str, caller: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise FlatlineError(f"{caller} needs `{extra}`: pip install 'keras-flatline[{extra}]' ({error})") from error
