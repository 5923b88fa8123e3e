"""What an output is asked to do, inferred from labels, loss and output together; unknown rather than guessed."""

from typing import Any

import numpy as np

from flatline.facts import Array, ArrayFacts, Task

CATEGORICAL = ("categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge")
SPARSE = ("sparse_categorical_crossentropy",)
BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
HINGE = ("hinge", "squared_hinge")
DISTANCE = (
    "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
    "huber", "log_cosh", "poisson", "kl_divergence",
)  # fmt: skip
MAX_CLASSES = 64
ONE_HOT_ROWS = 20  # rows that must all hold exactly one 1 before multi-label is ruled out


def encoding(target: ArrayFacts | None) -> str:
    """How the targets are written: "one_hot", "soft", "multi_hot", "integers", "values" or "none"."""
    if target is None or not target.sample.size:
        return "none"
    sample = np.asarray(target.sample)
    wide = sample.ndim >= 2 and sample.shape[-1] > 1
    if set(target.values) <= {0.0, 1.0} and target.integral:
        if wide:
            one_each = np.all(sample.sum(axis=-1) == 1) and np.all((sample == 1).sum(axis=-1) == 1)
            return "one_hot" if one_each and sample.shape[-1] > 1 else "multi_hot"
        return "integers"
    if wide and sample.dtype.kind == "f" and target.minimum >= 0 and np.allclose(sample.sum(-1), 1, atol=1e-3):
        return "soft"
    if target.integral and (not wide or sample.dtype.kind in "iub"):
        return "integers"
    return "values"


def class_counts(target: ArrayFacts | None, how: str) -> tuple[tuple[float, int], ...]:
    """Rows by label in the sample; empty where labels are not classes."""
    if target is None or how not in ("one_hot", "integers") or not target.sample.size:
        return ()
    sample = np.asarray(target.sample)
    labels = sample.argmax(-1) if how == "one_hot" else sample
    values, counts = np.unique(labels, return_counts=True)
    if how == "one_hot":
        known = dict(zip(values.tolist(), counts.tolist(), strict=True))
        return tuple((float(label), int(known.get(label, 0))) for label in range(sample.shape[-1]))
    if len(values) > 10 * MAX_CLASSES:
        return ()
    return tuple((float(v), int(c)) for v, c in zip(values, counts, strict=True))


def n_classes(target: ArrayFacts | None, how: str, task: Task) -> int | None:
    """How many classes the labels ask for."""
    if target is None or task not in (Task.BINARY, Task.MULTICLASS):
        return None
    if how in ("one_hot", "soft"):
        return int(target.shape[-1] or 0)
    return 2 if task is Task.BINARY else len(target.values) or int(target.maximum) + 1


def infer(loss: str, target: ArrayFacts | None, how: str, output_shape: tuple[Any, ...], x: Array | None) -> Task:
    """Return the task of one output.

    Parameters
    ----------
    loss : str
        Canonical name of the loss; "custom" for the user's own.
    target : ArrayFacts or None
        The targets.
    how : str
        From `encoding`.
    output_shape : tuple
        Of one sample.
    x : ndarray or None
        Sample of the only input, to recognise targets that are the input.
    """
    if target is None or how == "none":
        return Task.UNKNOWN
    y = np.asarray(target.sample)
    same_as_input = x is not None and x.shape == y.shape and x.size > len(x) and np.allclose(x, y, equal_nan=True)
    if same_as_input:
        return Task.RECONSTRUCTION
    units = int(output_shape[-1] or 1) if output_shape else 1
    values = target.values
    pair = len(values) == 2 and set(values) <= {-1.0, 0.0, 1.0}
    if loss in SPARSE:
        return Task.MULTICLASS
    if loss in CATEGORICAL:
        if how in ("one_hot", "soft"):
            return Task.MULTICLASS
        if how == "integers":
            return Task.BINARY if pair and units <= 2 else Task.MULTICLASS
        return Task.MULTILABEL if how == "multi_hot" else Task.UNKNOWN
    column = y.ndim == 1 or y.shape[-1] == 1
    if how == "one_hot" and (loss in BINARY or loss in DISTANCE):
        return Task.MULTICLASS if len(y) >= ONE_HOT_ROWS else Task.UNKNOWN
    if loss in BINARY or loss in HINGE:
        return _of_binary_loss(target, how, column, pair)
    if loss in DISTANCE:
        if pair and column and set(values) in ({0.0, 1.0}, {-1.0, 1.0}) and y.ndim <= 2:
            return Task.BINARY
        return Task.MULTILABEL if how == "multi_hot" and y.ndim == 2 else Task.REGRESSION
    return _of_unknown_loss(how, y, output_shape)


def _of_binary_loss(target: ArrayFacts, how: str, column: bool, pair: bool) -> Task:
    values = target.values
    if column and (pair or (len(values) == 1 and set(values) <= {0.0, 1.0})):
        return Task.BINARY if np.ndim(target.sample) <= 2 else Task.MULTILABEL
    if column and target.integral and 2 < len(values) <= MAX_CLASSES and target.minimum >= 0:
        return Task.MULTICLASS
    if how == "multi_hot":
        return Task.MULTILABEL
    if target.minimum < 0 or target.maximum > 1:
        return Task.REGRESSION if how == "values" else Task.UNKNOWN
    return Task.MULTILABEL if not column else Task.UNKNOWN


def _of_unknown_loss(how: str, y: Array, output_shape: tuple[Any, ...]) -> Task:
    """The user's own loss: only what the targets alone leave no doubt about."""
    shape = y.shape[1:] or (1,)
    if how == "values" and tuple(shape) == tuple(output_shape or (1,)):
        return Task.REGRESSION
    if how == "one_hot" and len(y) >= ONE_HOT_ROWS and y.ndim == 2 and tuple(shape) == tuple(output_shape):
        return Task.MULTICLASS
    return Task.UNKNOWN
