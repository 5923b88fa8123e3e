"""The menu of logs that a detector may ask for: rows over training steps, the oldest first, any of them thinned.

Every log is a table: `step` names the rows, and each other array has one row for each step. `step` counts the calls
of the optimizer since the recording began, over all calls of `fit`, and starts at 0. A quantity that was not measured
in a row is NaN; a log that was never filled has no rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from flatline.facts import Array
from flatline.finding import Finding


def _column() -> Array:
    return np.empty(0)


def _table() -> Array:
    return np.empty((0, 0))


SPARSE: Mapping[str, bool] = {"sparse": True}
"""Metadata of a column that is known in few rows, and that `between` fills."""


def between(at: Array, step: Array, values: Array) -> Array:
    """Tell a sparse column at any steps: between two known values what lies between them, at the ends the nearest.

    Positive values are taken to change by a share a step, as penalties do when they shrink the weights. In a run whose
    penalty fell from 80 to 3e-3 while every fiftieth step was sampled, the data loss was so right to a tenth; with the
    latest known value, or on a straight line, it came out below zero.
    """
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(at), np.nan)
    step, values = step[known], values[known]
    told: Array
    if values.min() > 0:
        told = np.exp(np.interp(at, step, np.log(values)))
    else:
        told = np.interp(at, step, values)
    return told


@dataclass(frozen=True, kw_only=True)
class RunLayer:
    """A layer with weights of its own or an activation, as it stood when the run began."""

    name: str
    kind: str  # class name, e.g. "Dense"
    activation: str | None  # declared: "relu", "linear", …; None when the layer has none
    trainable: bool
    n_trainable: int
    is_output: bool = False
    has_kernel: bool = False  # a trainable weight of two axes or more: its norms are the kernel's, else all weights'
    weight_norm: float = float("nan")  # of its kernel when the run began; NaN where it was not built or has none


@dataclass(frozen=True, kw_only=True)
class RunHead:
    """One output of the model, what it is asked to do, and what guessing would give."""

    name: str
    task: str  # value of `flatline.facts.Task`
    loss: str  # canonical name, or "custom"
    units: int
    n_classes: int | None = None
    majority_share: float = float("nan")  # of the most frequent class in the rows seen
    target_std: float = float("nan")
    from_logits: bool | None = None  # whether the loss takes scores rather than probabilities


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a run is: known when training begins, or as soon as its first batches have been seen."""

    model: str
    kind: str  # "Sequential", "Functional", "subclassed"
    optimizer: str  # class name
    layers: tuple[RunLayer, ...] = ()
    heads: tuple[RunHead, ...] = ()
    learning_rate: float = float("nan")  # when the run began
    scheduled: bool = False  # the rate changes by a schedule or a callback
    planned_steps: int | None = None  # of all calls of `fit` so far together
    steps_per_epoch: int | None = None
    batch_size: int | None = None
    null: float = float("nan")  # data loss of the best constant prediction; NaN while unknown
    perfect: float = float("nan")  # lowest data loss there can be
    n_null: int = 0  # rows that `null` was computed from
    custom_train_step: bool = False
    accumulation: int = 1  # steps between two changes of the weights

    def layer(self, name: str) -> RunLayer | None:
        """The layer of this name."""
        return next((layer for layer in self.layers if layer.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Log:
    """A table over steps; a detector reads `log[:t]`, so that what it says at a time depends on nothing later."""

    step: Array = field(default_factory=lambda: np.empty(0, "int64"))  # (n,) increasing

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.step)

    def until(self, step: int) -> Self:
        """Rows of steps below `step`."""
        n = int(np.searchsorted(self.step, step))
        fields = {name: _first(n, value) for name, value in vars(self).items()}
        return type(self)(**fields)


def _first(n: int, value: Any) -> Any:
    """First `n` rows of an array or of a dict of arrays; constants stay as they are."""
    if isinstance(value, np.ndarray):
        return value[:n]
    return {name: rows[:n] for name, rows in value.items()} if isinstance(value, Mapping) else value


@dataclass(frozen=True, kw_only=True)
class LossLog(Log):
    """Training loss as the optimizer saw it, penalties included."""

    loss: Array = field(default_factory=_column)  # (n,) mean over the steps since the row before
    penalty: Array = field(
        default_factory=_column, metadata=SPARSE
    )  # (n,) sum of regularisation and `add_loss` terms in it; NaN where it was not sampled

    @property
    def data(self) -> Array:
        """Loss (n,) of the data alone: penalties taken off."""
        data: Array = self.loss - self.penalty_at(self.step)
        return data

    def penalty_at(self, step: Array) -> Array:
        """Penalty at these steps, from the rows in which it is known; 0 where it is known in none."""
        if len(self.penalty) != len(self):  # a log made without it
            return np.zeros(len(step))
        return np.nan_to_num(between(step, self.step, self.penalty), nan=0.0)


@dataclass(frozen=True, kw_only=True)
class EpochLog(Log):
    """What `fit` reports at the end of each epoch; `step` is the last step of the epoch."""

    values: Mapping[str, Array] = field(default_factory=dict)  # name ("loss", "val_loss", "accuracy", …) → (n,)
    validation_noise: float = float("nan")  # standard error of the latest validation loss over its batches


@dataclass(frozen=True, kw_only=True)
class GradientLog(Log):
    """True gradients, sampled inside the training step; one column for each of `layers`."""

    layers: tuple[str, ...] = ()
    loss: Array = field(default_factory=_column)  # (n,) of this very batch; NaN where the step does not tell
    gradient_norm: Array = field(default_factory=_table)  # (n, n_layers) of the kernel; NaN: no gradient reaches it
    weight_norm: Array = field(default_factory=_table)
    nonfinite_gradients: Array = field(default_factory=_table)  # (n, n_layers) 1 where any cell is no finite number
    nonfinite_weights: Array = field(default_factory=_table)  # before the update

    @property
    def relative(self) -> Array:
        """‖g‖/‖W‖ (n, n_layers); NaN where the weights are zero."""
        weight = np.where(self.weight_norm > 0, self.weight_norm, np.nan)
        with np.errstate(invalid="ignore"):  # both are infinite where a run has diverged
            relative: Array = self.gradient_norm / weight
        return relative


@dataclass(frozen=True, kw_only=True)
class UpdateLog(Log):
    """Real updates ‖ΔW‖/‖W‖ of the same steps, over fixed entries of each kernel."""

    layers: tuple[str, ...] = ()
    update_ratio: Array = field(default_factory=_table)  # (n, n_layers)
    learning_rate: Array = field(default_factory=_column)  # (n,) of that step
    skipped: Array = field(
        default_factory=_column
    )  # (n,) 1 where the optimizer meant to leave the weights alone: loss scaling, accumulation


@dataclass(frozen=True, kw_only=True)
class ActivationLog(Log):
    """Outputs of layers on the training batch, in training mode, of the same steps."""

    layers: tuple[str, ...] = ()
    mean: Array = field(default_factory=_table)  # (n, n_layers)
    spread: Array = field(default_factory=_table)  # standard deviation of all cells
    saturated_share: Array = field(
        default_factory=_table
    )  # of (sample, unit) pairs with |f′| < 1 % of its largest value; NaN: no such f
    nonfinite: Array = field(default_factory=_table)  # 1 where any cell is no finite number


@dataclass(frozen=True, kw_only=True)
class ProbeLog(Log):
    """What the network makes of a fixed set of samples outside the training step, in inference mode."""

    layers: tuple[str, ...] = ()
    dead_share: Array = field(
        default_factory=_table
    )  # (n, n_layers) of units that are zero for every sample; NaN: no rectifier
    heads: tuple[str, ...] = ()
    distinct_classes: Array = field(
        default_factory=_table
    )  # (n, n_heads) classes predicted at all; NaN where there are no classes
    output_spread: Array = field(
        default_factory=_table
    )  # (n, n_heads) largest std over samples of any unit, as `predict` returns it
    input_dependence: Array = field(default_factory=_column)  # (n,) ‖f(x) − f(x′)‖/‖f(x)‖ over permuted samples
    n_samples: int = 0


@dataclass(frozen=True, kw_only=True)
class SightLog(Log):
    """What a network looks at: its filters, and the gradients of its answers at a few samples in inference mode."""

    layers: tuple[str, ...] = ()  # convolutions, in the order of their calls
    kernel_correlation: Array = field(
        default_factory=_table
    )  # (n, n_layers) of neighbouring cells of the kernels; NaN: fewer than 3 × 3 cells
    kernel_chance: Array = field(default_factory=_table)  # (n, n_layers) standard deviation of that for random kernels
    duplicate_share: Array = field(
        default_factory=_table
    )  # (n, n_layers) of the channels that vary at all: |correlation| above 0.99 with another
    inputs: tuple[str, ...] = ()
    blind_share: Array = field(
        default_factory=_table
    )  # (n, n_inputs) of the cells that vary: no output changes with them; NaN: not known
    smoothness: Array = field(
        default_factory=_table
    )  # (n, n_inputs) correlation of neighbouring pixels; NaN: no images
    border_saliency: Array = field(
        default_factory=_table
    )  # (n, n_inputs) share of a narrow frame in |gradient × deviation from the mean image|; NaN: no images
    border_variation: Array = field(default_factory=_table)  # (n, n_inputs) its share in |deviation|
    heads: tuple[str, ...] = ()
    class_alignment: Array = field(
        default_factory=_table
    )  # (n, n_heads) share of one direction in what tells four classes apart; NaN: fewer classes
    n_samples: int = 0


@dataclass(frozen=True, kw_only=True)
class ReplayLog(Log):
    """A batch passed through the network once more after the loss was no number; a column for each call of a layer."""

    layers: tuple[str, ...] = ()  # in the order in which they were done
    nonfinite_outputs: Array = field(default_factory=_table)  # (n, n_layers) cells
    nonfinite_data: Array = field(default_factory=_column)  # (n,) cells of the batch itself
    spoilt_weights: Array = field(
        default_factory=_column
    )  # (n,) that were no numbers, and had fresh ones for this pass


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What was found while a run went on, each with the step at which it was found: drawn into its curves."""

    found: tuple[tuple[int, Finding], ...] = ()
