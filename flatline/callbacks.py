"""The callback that records a training run; `flatline.monitor` has those that judge it as well."""

import functools
import platform
import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from flatline.errors import FlatlineError, FlatlineWarning
from flatline.measure.recorder import Recorder
from flatline.record import RunRecord
from flatline.run_writer import RunWriter


def users_line() -> int:
    """Stack level, for a warning of the caller, of the nearest frame outside of Keras and of this package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("flatline", "keras"):
        frame, level = frame.f_back, level + 1
    return level


def _guarded(method: Callable[..., None]) -> Callable[..., None]:
    """Whatever goes wrong in a hook ends the recording, not the training."""

    @functools.wraps(method)
    def hook(self: "FlightRecorder", *args: Any, **kwargs: Any) -> None:
        if self._broken:
            return
        try:
            method(self, *args, **kwargs)
        except (FlatlineWarning, FlatlineError):
            raise  # a warning that the user turned into an error, or an error that they asked for
        except Exception as error:
            self._broken = True
            what = f"everything after `{method.__name__}` raised {type(error).__name__}: {str(error)[:200]}"
            self.record.miss(what)
            warnings.warn(
                f"flatline stops recording, training goes on: {what}", FlatlineWarning, stacklevel=users_line()
            )

    return hook


class FlightRecorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Record losses, gradients, updates, activations and a probe of the outputs while a model trains.

    Training gives the same weights as without, to the bit, and one recorder may serve many calls of `fit`.

    Parameters
    ----------
    data : tuple of (x, y), default=None
        Rows for the probe and the null model; by default they are taken from the training batches.
    run_dir : str or Path, default=None
        Where the record is kept as well; nothing is written without it.
    overhead : float, default=0.01
        Share of the training time that may be spent on sampling, unit 1.

    Raises
    ------
    FlatlineError
        When an argument is not of this kind, or the directory holds another run.
    """

    def __init__(self, data: Any = None, *, run_dir: str | Path | None = None, overhead: float = 0.01) -> None:
        super().__init__()
        name = type(self).__name__
        if isinstance(overhead, bool) or not isinstance(overhead, (int, float)) or not 0 < overhead < 1:
            raise FlatlineError(f"The `overhead` parameter of {name} must be a float in (0, 1). Got {overhead!r}.")
        if data is not None and not (isinstance(data, (tuple, list)) and len(data) == 2):
            raise FlatlineError(f"The `data` parameter of {name} must be (x, y). Got {type(data).__name__}.")
        started = datetime.now(UTC).isoformat(timespec="seconds")
        versions = {"python": platform.python_version(), "keras": keras.__version__, "platform": platform.platform()}
        self.record = RunRecord({"started": started, **versions})
        self._data, self._overhead = None if data is None else tuple(data), float(overhead)
        self._writer = None if run_dir is None else RunWriter(run_dir, self.record, tell=_tell)
        self._recorder: Recorder | None = None
        self._broken = False
        self._batch = 0

    def set_model(self, model: Any) -> None:
        """Keras calls this before it traces the training step, which is the time to step into it."""
        super().set_model(model)
        self._attach(model)

    @_guarded
    def _attach(self, model: Any) -> None:
        if self._recorder is None or self._recorder.model is not model:
            self._recorder = Recorder(model, self.record, overhead=self._overhead, data=self._data)
        self._recorder.attach()

    @_guarded
    def on_train_begin(self, logs: Any = None) -> None:
        """Keras calls this when `fit` begins."""
        self._running().begin(epochs=self.params.get("epochs"), steps=self.params.get("steps"))
        if self._writer is not None:
            self._writer.flush()

    @_guarded
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keras calls this when an epoch begins."""
        self._running().epoch_begins()
        self._batch = 0

    @_guarded
    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Keras calls this before each step, or each `steps_per_execution` of them."""
        self._running().step_begins()

    @_guarded
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keras calls this after them."""
        recorder = self._running()
        recorder.step_ends(batch + 1 - self._batch, logs or {})
        self._batch = batch + 1
        self._after_step(recorder)
        if self._writer is not None:
            self._writer.flush(time.monotonic())

    @_guarded
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keras calls this when an epoch has ended."""
        self._running().epoch_ends(logs or {})

    @_guarded
    def on_train_end(self, logs: Any = None) -> None:
        """Keras calls this when `fit` has ended."""
        recorder = self._running()
        recorder.end("stopped" if self.model.stop_training else "finished")
        self._after_fit(recorder)
        if self._writer is not None:
            self._writer.flush()

    def _running(self) -> Recorder:
        if self._recorder is None:
            raise RuntimeError("a step came before `on_train_begin`")
        return self._recorder

    def _after_step(self, recorder: Recorder) -> None:
        """For those who judge."""

    def _after_fit(self, recorder: Recorder) -> None:
        """For those who judge."""


def _tell(problem: str) -> None:
    warnings.warn(f"flatline stops writing the run: {problem}", FlatlineWarning, stacklevel=users_line())
