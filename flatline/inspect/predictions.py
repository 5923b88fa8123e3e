"""What the outputs of a model say of a few inputs, and what their labels say, in words."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from flatline.facts import Array
from flatline.inspect.score import output_names
from flatline.inspect.shades import rounded
from flatline.view import Prediction

SURE = 1e-3  # 1; how far the sum of probabilities may be from one, in half precision too


class Answers:
    """The outputs for some rows.

    Parameters
    ----------
    model : keras.Model
    outputs : structure of tensors
        That it has made of the rows.
    classes : sequence of str or None
        Names, for the outputs that have as many units, or one unit where there are two.
    squashed : bool
        Whether an output layer declares a sigmoid, so that each value is a probability of its own.
    values : bool
        Whether the answers are asked to be values, whatever range they have: then none is a probability.
    """

    def __init__(
        self, model: Any, outputs: Any, classes: Sequence[str] | None, *, squashed: bool, values: bool = False
    ) -> None:
        self._names = output_names(model, outputs)
        tensors = keras.tree.flatten(outputs)
        self._values = [np.asarray(keras.ops.convert_to_numpy(t)) for t in tensors]
        self._classes = None if classes is None else tuple(map(str, classes))
        self._squashed = squashed
        self._are_values = values

    def of(self, row: int, top: int) -> tuple[Prediction, ...]:
        """What each output says of a row, the most likely classes first; nothing where it has places."""
        told = (self._one(name, values, row, top) for name, values in zip(self._names, self._values, strict=True))
        return tuple(prediction for prediction in told if prediction is not None)

    def _one(self, name: str, values: Array, row: int, top: int) -> Prediction | None:
        kind = self._kind(values)
        if kind is None:
            return None
        units = values.reshape(len(values), -1)[row].astype("float64")
        if len(units) == 1:
            names = self._pair() if kind == "probability" else ("value",)
            both = [units[0], 1 - units[0]] if len(names) == 2 else [units[0]]
            order = np.argsort(np.negative(both), kind="stable")
            names, units = tuple(names[i] for i in order), np.array(both)[order]
        else:
            order = np.argsort(-units, kind="stable")[:top]
            names, units = tuple(self.unit(int(i), values) for i in order), units[order]
        shown = tuple(float(value) for value in rounded(units))
        return Prediction(output=name, names=names, values=shown, probabilities=kind == "probability")

    def _kind(self, values: Array) -> str | None:
        if values.ndim > 2 or values.dtype.kind not in "fiu" or not values.size:
            return None
        share = bool(np.all((values >= 0) & (values <= 1 + SURE)))
        sums = values.ndim == 2 and values.shape[1] > 1 and np.allclose(values.sum(1), 1, atol=SURE)
        return "probability" if share and not self._are_values and (sums or self._squashed) else "score"

    def _pair(self) -> tuple[str, ...]:
        two = self._classes is not None and len(self._classes) == 2
        return (self._classes[1], self._classes[0]) if two and self._classes else ("class 1",)

    def unit(self, number: int, values: Array) -> str:
        """Name of a unit of an output."""
        if self._classes is not None and len(self._classes) == values.shape[-1]:
            return self._classes[number]
        return f"{'class' if self._kind(values) == 'probability' else 'unit'} {number}"

    def explained(self, row: int) -> str:
        """What the gradient of the first output is taken of."""
        values = self._values[0]
        of = f" of `{self._names[0]}`" if len(self._values) > 1 else ""
        if values.ndim < 2 or values.shape[-1] == 1:
            return (self._pair()[0] if self._kind(values) == "probability" else "the value") + of
        units = values.reshape(len(values), -1, values.shape[-1])[row].mean(0)
        return self.unit(int(np.argmax(units)), values) + of


def are_values(labels: Any, outputs: Any) -> bool:
    """Whether labels are no classes but values: one number each, more than two, which one unit or no class can say."""
    if labels is None or isinstance(labels, dict | list | tuple):
        return False
    values = np.asarray(labels)
    if values.dtype.kind not in "fiu" or values.size != len(values):
        return False
    distinct = np.unique(values[np.isfinite(values)])
    one_unit = all(output.shape[1:] in ((), (1,)) for output in keras.tree.flatten(outputs))
    return len(distinct) > 2 and (one_unit or bool(np.any(distinct != np.round(distinct))))


def label_texts(labels: Any, rows: Array, classes: Sequence[str] | None, *, classified: bool) -> tuple[str, ...]:
    """Labels of some rows in words; "" where they are no single word or number each.

    Parameters
    ----------
    labels : array-like of shape (n_rows,), (n_rows, 1) or (n_rows, n_classes), a structure of such, or None
    rows : ndarray of int
    classes : sequence of str or None
    classified : bool
        Whether whole numbers are classes.
    """
    leaves = [] if labels is None else keras.tree.flatten(labels) if isinstance(labels, dict) else [labels]
    values = np.asarray(leaves[0])[rows] if len(leaves) == 1 else np.empty((0, 0, 0))
    if (
        values.ndim == 2
        and values.shape[1] > 1
        and np.all(values.sum(1) == 1)
        and np.all((values == 0) | (values == 1))
    ):
        values = values.argmax(1)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        return ("",) * len(rows)
    return tuple(_text(value, classes, classified) for value in values.tolist())


def _text(value: Any, classes: Sequence[str] | None, classified: bool) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    if classes is not None and float(value).is_integer() and 0 <= value < len(classes):
        return str(classes[int(value)])
    return f"class {int(value)}" if classified and float(value).is_integer() else f"{float(value):.4g}"
