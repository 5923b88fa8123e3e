"""Losses of single steps, from the means that Keras reports."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np


class StepLosses:
    """Turns the mean over an epoch so far, which Keras reports, into the loss of the latest steps."""

    def __init__(self, model: Any, *, own_train_step: bool) -> None:
        self._model = model
        self._running: bool | None = None if own_train_step else True  # not known before the second step of an epoch
        self._previous, self._n = 0.0, 0

    def begin(self) -> None:
        """Keras starts its means anew."""
        self._previous, self._n = 0.0, 0

    def of_steps(self, logs: Mapping[str, float], n_steps: int) -> float | None:
        """Return the mean loss of the latest steps; None where none is reported."""
        loss = logs.get("loss")
        if loss is None:
            return None
        before, total = self._n, self._n + n_steps
        self._n = total
        if before and self._running is None:
            # A training step of the user's own may report the loss of the batch instead.
            self._running = any(abs(mean - loss) <= 1e-6 * abs(loss) + 1e-12 for mean in self._means())
        found = loss if not self._running and before else (loss * total - self._previous * before) / n_steps
        self._previous = loss
        return found

    def _means(self) -> list[float]:
        return [float(keras.ops.convert_to_numpy(m.result())) for m in self._model.metrics if m.name == "loss"]


class LoopStep:
    """One step of a training loop that is not Keras' own.

    Attributes
    ----------
    loss : float or tensor
        To be assigned: the training loss of this step, penalties included. After `model.train_on_batch` it is read
        from the model.
    """

    def __init__(self) -> None:
        self.loss: Any = None
        self._model: Any = None
        self._n_rows = 0
        self._before: tuple[float, float] | None = None

    def begin(self, model: Any, x: Any) -> None:
        """Remember what the model has reported so far."""
        self._model, self._n_rows = model, 0 if x is None else len(keras.tree.flatten(x)[0])
        self._before = self._tracked()

    def value(self) -> float | None:
        """Return the loss as a number; None where it is unknown."""
        if self.loss is not None:
            return float(np.mean(keras.ops.convert_to_numpy(self.loss)))
        if self._before is None:
            return None
        (total, count), (total_before, before) = self._tracked() or self._before, self._before
        if count <= before or count == self._n_rows:  # set to zero meanwhile: newer Keras does so in each call
            total_before, before = 0.0, 0.0
        return (total - total_before) / (count - before) if count > before else None

    def _tracked(self) -> tuple[float, float] | None:
        """Sum and count of the losses that `train_on_batch` reports the mean of."""
        tracker = getattr(self._model, "_loss_tracker", None)
        if tracker is None:
            return None
        return float(keras.ops.convert_to_numpy(tracker.total)), float(keras.ops.convert_to_numpy(tracker.count))
