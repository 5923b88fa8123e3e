"""Keras callbacks that send what the monitor beside them records."""

import os
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import keras

from flatline.callbacks import FlightRecorder, users_line
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.loggers import targets
from flatline.loggers.curves import News
from flatline.loggers.targets import Target
from flatline.records.run_directory import reason


class _Logger(keras.callbacks.Callback):  # type: ignore[misc]
    """Sends at the end of every epoch and of `fit`; its faults end the sending, never the training."""

    def __init__(self, monitor: FlightRecorder, opening: Callable[[], Target]) -> None:
        super().__init__()
        if not isinstance(monitor, FlightRecorder):
            name, got = type(self).__name__, type(monitor).__name__
            raise FlatlineError(f"The `monitor` parameter of {name} must be a FlatlineMonitor. Got {got}.")
        self._news, self._opening = News(monitor.record), opening
        self._target: Target | None = None
        self._broken = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Keras calls this when `fit` begins."""
        record = self._news.record
        if record.facts is None or record.ended is not None:
            self._warn("has nothing from its monitor: in `callbacks` the monitor must come first")
        self._try()  # so that a missing run is told now, not when an epoch has been waited for

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keras calls this when an epoch has ended."""
        self._try()

    def on_train_end(self, logs: Any = None) -> None:
        """Keras calls this when `fit` has ended."""
        self._try()

    def _try(self) -> None:
        if self._broken:
            return
        try:
            self.send()
        except Exception as error:
            self._broken = True
            why = str(error) if isinstance(error, FlatlineError) else reason(error)
            self._warn(f"sends nothing more, training goes on: {why}")

    def _warn(self, what: str) -> None:
        warnings.warn(f"{type(self).__name__} {what}", FlatlineWarning, stacklevel=users_line())

    def send(self) -> None:
        """Send what is new now, as after a training that was interrupted."""
        if self._target is None:
            self._target = self._opening()
            weakref.finalize(self, self._target.close)
        targets.send(self._news, self._target)


class TensorBoardLogger(_Logger):
    """Send losses, gradients, updates, activations and findings to TensorBoard while a model trains.

    Curves are named as in `flatline/gradient_norm/dense_1`. Whatever goes wrong is told by one FlatlineWarning and
    ends the sending, not the training, which gives the same weights as without, to the bit.

    Parameters
    ----------
    monitor : FlightRecorder
        `FlatlineMonitor` or another that comes before this one in `callbacks`; one logger may serve many calls of
        `fit`, as the monitor does.
    log_dir : path
        Gets an event file of its own; made if it does not exist. The default writer of `tf.summary` is not touched.

    Raises
    ------
    FlatlineError
        When the package `tensorboard` is missing, or an argument is not of this kind.

    See Also
    --------
    flatline.loggers.send_to_tensorboard : sends a record afterwards.
    """

    def __init__(self, monitor: FlightRecorder, log_dir: str | os.PathLike[str]) -> None:
        super().__init__(monitor, targets.tensorboard(log_dir, caller="TensorBoardLogger"))


class WandbLogger(_Logger):
    """Send losses, gradients, updates, activations and findings to Weights & Biases while a model trains.

    Curves are named as in `flatline/gradient_norm/dense_1` and drawn over `flatline/step`. Findings go to the summary
    of the run, and their codes to its tags. Whatever goes wrong is told by one FlatlineWarning and ends the sending,
    not the training, which gives the same weights as without, to the bit.

    Parameters
    ----------
    monitor : FlightRecorder
        `FlatlineMonitor` or another that comes before this one in `callbacks`; one logger may serve many calls of
        `fit`, as the monitor does.
    run : wandb.Run, optional
        By default the one that is active when `fit` begins.

    Raises
    ------
    FlatlineError
        When the package `wandb` is missing, or an argument is not of this kind.

    Notes
    -----
    Every row that is logged moves on the step that W&B itself counts. If you call `wandb.log(…, step=…)` with steps of
    your own, which W&B ignores when they are below its count, draw your curves over a metric of yours
    (`define_metric`), or give a second run here: `wandb.init(reinit="create_new")`.

    See Also
    --------
    flatline.loggers.send_to_wandb : sends a record afterwards.
    """

    def __init__(self, monitor: FlightRecorder, run: Any = None) -> None:
        super().__init__(monitor, targets.wandb(run, caller="WandbLogger"))


class MlflowLogger(_Logger):
    """Send losses, gradients, updates, activations and findings to MLflow while a model trains.

    Metrics are named as in `flatline/gradient_norm/dense_1`; findings become tags of the run. Whatever goes wrong is
    told by one FlatlineWarning and ends the sending, not the training, which gives the same weights as without, to the
    bit.

    Parameters
    ----------
    monitor : FlightRecorder
        `FlatlineMonitor` or another that comes before this one in `callbacks`; one logger may serve many calls of
        `fit`, as the monitor does.
    run_id : str, optional
        By default that of the run that is active when `fit` begins.

    Raises
    ------
    FlatlineError
        When the package `mlflow` is missing, or an argument is not of this kind.

    Notes
    -----
    MLflow's databases have no infinity: they keep the largest finite number in its place.

    See Also
    --------
    flatline.loggers.send_to_mlflow : sends a record afterwards.
    """

    def __init__(self, monitor: FlightRecorder, run_id: str | None = None) -> None:
        super().__init__(monitor, targets.mlflow(run_id, caller="MlflowLogger"))
