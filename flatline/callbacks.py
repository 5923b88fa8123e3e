"""The callback that records a training run; `flatline.monitor` has those that judge it as well."""

import contextlib
import functools
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from flatline.errors import FlatlineError, FlatlineWarning
from flatline.measure.exhibiting import exhibit
from flatline.measure.losses import LoopStep
from flatline.measure.recorder import Recorder
from flatline.records.record import RunRecord
from flatline.records.run_writer import RunWriter

_BETWEEN = ("flatline", "keras", "contextlib")


def users_line() -> int:
    """Stack level, for a warning of the caller, of the nearest frame that is the user's."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN:
        frame, level = frame.f_back, level + 1
    return level


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """Whatever goes wrong in a hook ends the recording, not the training."""

    @functools.wraps(method)
    def hook(self: "FlightRecorder", *args: Any, **kwargs: Any) -> Any:
        if self._broken:
            return None
        try:
            return method(self, *args, **kwargs)
        except (FlatlineWarning, FlatlineError):
            raise  # a warning that the user turned into an error, or an error that they asked for
        except Exception as error:
            if self._broken:  # told already, by a hook within this one
                return None
            self._broken = True
            what = f"everything after this: {type(error).__name__}: {str(error)[:200]} (in `{method.__name__}`)"
            self.record.miss(what)
            self.record.end("not known: the recording failed")
            warnings.warn(
                f"flatline stops recording, training goes on: {what}", FlatlineWarning, stacklevel=users_line()
            )
            return None

    return hook


class FlightRecorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Record losses, gradients, updates, activations and a probe of the outputs while a model trains.

    Training gives the same weights as without, to the bit. Many calls of `fit` for one model are one run; with another
    model, or other trainable layers, a new record begins. For training loops of your own there is `step`.

    Parameters
    ----------
    data : tuple of (x, y), default=None
        Rows for the probe and the null model; by default they are taken from the training batches.
    run_dir : str or Path, default=None
        Where the record is kept as well; nothing is written without it. Records after the first go to folders of the
        same name with `-2`, `-3`, … at the end.
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
        self._data, self._overhead = None if data is None else tuple(data), float(overhead)
        self._run_dir = None if run_dir is None else Path(run_dir)
        self._writer: RunWriter | None = None
        self._recorder: Recorder | None = None
        self._broken = self._open = False
        self._n_records = 0
        self._begin_record()

    def _begin_record(self) -> None:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        versions = {"python": platform.python_version(), "keras": keras.__version__, "platform": platform.platform()}
        self.record = RunRecord({"started": started, **versions})
        self._recorder = None
        self._n_records += 1
        self._n_epochs = self._unattended = 0
        self._batches: list[tuple[int, Any]] = []  # that have passed unattended
        if self._writer is not None:
            self._writer.close()
        if self._run_dir is not None:
            number = "" if self._n_records == 1 else f"-{self._n_records}"
            self._writer = RunWriter(f"{self._run_dir}{number}", self.record, tell=_tell)

    def set_model(self, model: Any) -> None:
        """Keras calls this before it traces the training step, which is the time to step into it."""
        super().set_model(model)
        self._attach(model)

    @_guarded
    def _attach(self, model: Any, optimizer: Any = None, loss: Any = None) -> None:
        if self._recorder is not None and self._recorder.is_of_another_run(model):
            self._begin_record()
        if self._recorder is None:
            self._recorder = Recorder(model, self.record, overhead=self._overhead, data=self._data, loss=loss)
        self._recorder.attach(optimizer)

    # ── a loop of the user's own ────────────────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def step(
        self,
        model: Any,
        x: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        *,
        optimizer: Any = None,
        loss: Any = None,
    ) -> Iterator[LoopStep]:
        """Record one step of a training loop of your own: forward pass, gradients and update happen inside.

        Parameters
        ----------
        model : keras.Model
            Compiled or not; the same in every step.
        x, y, sample_weight : array-like of shape (n_rows, ...), or structures of them, default=None
            The batch. A few rows of the first batches are kept, to know the null model's loss and for the probe.
        optimizer : keras.optimizers.Optimizer, default=None
            What changes the weights, through `apply` or `apply_gradients`; by default the model's own.
        loss : callable, default=None
            The loss of (y, outputs), where the model was not compiled with it; needed for the null model's loss.

        Yields
        ------
        LoopStep
            Assign the loss of this step to its `loss`. After `model.train_on_batch` that is not needed.

        Examples
        --------
        >>> monitor = flatline.FlatlineMonitor()  # doctest: +SKIP
        >>> for x, y in batches:
        ...     with monitor.step(model, x, y, optimizer=optimizer, loss=loss) as step:
        ...         with tf.GradientTape() as tape:
        ...             step.loss = loss(y, model(x, training=True))
        ...         gradients = tape.gradient(step.loss, model.trainable_variables)
        ...         optimizer.apply(gradients, model.trainable_variables)
        >>> monitor.finish()
        """
        now = LoopStep()
        data = (x, y, sample_weight)
        with self._loop_step_begins(now, model, data, optimizer, loss) or contextlib.nullcontext():
            yield now
        self._loop_step_ends(now)

    @_guarded
    def _loop_step_begins(self, step: LoopStep, model: Any, data: tuple[Any, Any, Any], *given: Any) -> Any:
        step.begin(model, data[0])
        if not self._open or self._running().model is not model:
            super().set_model(model)
            self._attach(model, *given)
            self._running().begin(epochs=None, steps=None)
            self._open = True
        return self._running().loop_step_begins(data)

    @_guarded
    def _loop_step_ends(self, step: LoopStep) -> None:
        self._running().loop_step_ends(step)
        self._step_ended()

    def finish(self) -> None:
        """End the run of a training loop of your own; after `fit` that is not needed."""
        self._finish("finished")

    def fail(self, error: BaseException) -> None:
        """End a run that an exception has ended: `watch` and `flatline run` see it, a callback alone does not."""
        interrupted = isinstance(error, KeyboardInterrupt)
        self._finish("interrupted" if interrupted else f"exception: {type(error).__name__}: {str(error)[:200]}")

    @_guarded
    def _finish(self, how: str) -> None:
        if not self._open:
            return
        self._open = False
        if self._batches:
            self._catch_up()
        self._unattended = 0
        recorder = self._running()
        recorder.end(how)
        exhibit(recorder)
        self._after_fit(recorder)
        if self._writer is not None:
            self._writer.flush()

    # ── hooks of Keras ──────────────────────────────────────────────────────────────────────────────────────────

    @_guarded
    def on_train_begin(self, logs: Any = None) -> None:
        """Keras calls this when `fit` begins."""
        if self._batches:  # the call of `fit` before was interrupted
            self._catch_up()
        self._unattended = 0
        self._running().begin(epochs=self.params.get("epochs"), steps=self.params.get("steps"))
        self._open = True
        if self._writer is not None:
            self._writer.flush()

    @_guarded
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keras calls this when an epoch begins."""
        self._running().epoch_begins()
        self._n_epochs += 1

    # These two are called at every step, and what they cost is paid in every step: as a rule they do next to nothing.

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Keras calls this before each step, or each `steps_per_execution` of them."""
        if not self._unattended:
            self._step_begins()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keras calls this after them."""
        if self._broken:
            return
        self._batches.append((batch, logs))
        if self._unattended > 1:
            self._unattended -= 1
        else:
            self._catch_up(attended=not self._unattended)

    @_guarded
    def _step_begins(self) -> None:
        self._running().step_begins()

    @_guarded
    def _catch_up(self, *, attended: bool = False) -> None:
        recorder = self._running()
        batches, self._batches = self._batches, []
        recorder.steps_end([(batch, logs or {}) for batch, logs in batches], attended=attended)
        self._step_ended()
        self._unattended = recorder.leave_alone()

    def _step_ended(self) -> None:
        self._after_step(self._running())
        if self._writer is not None:
            self._writer.flush(time.monotonic())

    @_guarded
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keras calls this when an epoch has ended."""
        if self._batches:
            self._catch_up()
        self._running().epoch_ends(logs or {})

    @_guarded
    def on_train_end(self, logs: Any = None) -> None:
        """Keras calls this when `fit` has ended."""
        self._finish("stopped" if self.model.stop_training else "finished")

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
