"""The number that is explained: one for each row."""

import copy
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.names import Channels, find_layer

ops = keras.ops


class Score:
    """Picks one number a row from what a pass has made.

    Parameters
    ----------
    model : keras.Model
        Built.
    target : int, sequence of int, callable or None
        Class or unit: one for all rows or one a row; None for the predicted class. A callable gets the outputs.
    output : int, str or None
        Which output of the model; the first if None.
    layer : str, keras.layers.Layer or None
        Take the unit from this layer instead.
    n_rows : int
    """

    def __init__(self, model: Any, *, target: Any, output: Any, layer: Any, n_rows: int) -> None:
        self.model = model
        self.layer: Any = None
        if layer is not None:
            self.layer_name, self.layer = find_layer(model, layer)
        self._output = output
        self._function = target if callable(target) else None
        self._given = None if target is None or callable(target) else _one_a_row(target, n_rows)
        self._made: Any = None
        self._axis, self._channels = -1, Channels()

    def at(self, targets: Array | None) -> "Score":
        """Return the same score of given targets, one for each row; the same where it has none."""
        score = copy.copy(self)
        score._given = score._given if targets is None else targets
        return score

    def note(self, layer: Any, outputs: Any) -> None:
        """Hear of what a layer has made."""
        if self.layer is None:
            return
        made = backend.layer_output(outputs)
        axis = self._channels.axis(layer, 0 if made is None else len(made.shape))
        if layer is self.layer and self._made is None:
            self._made, self._axis = made, axis

    def of(self, outputs: Any, rows: slice) -> tuple[Any, Array | None]:
        """Return the score of each row (n_rows,) and the targets that it was taken for."""
        made, self._made = self._made, None
        if self.layer is not None and made is None:
            raise FlatlineError(f"Layer `{self.layer_name}` is not called when the model is.")
        if self._function is not None:
            return _a_row(self._function(outputs if self.layer is None else made)), None
        tensor = made if self.layer is not None else self._chosen(outputs)
        point = getattr(tensor, "_keras_logits", tensor)
        two_classes = point is not tensor and len(point.shape) == 2 and point.shape[-1] == 1
        if len(point.shape) == 1:
            point = point[:, None]
        point = ops.cast(point, "float32")
        axis = self._axis % len(point.shape)
        positions = tuple(i for i in range(1, len(point.shape)) if i != axis)
        scores = ops.mean(point, axis=positions) if positions else point  # (n_rows, units)
        if self._given is None and self.layer is not None:
            return ops.mean(scores, axis=-1), None
        if two_classes:  # one number tells two classes apart
            wanted = np.ones(len(scores), int) if self._given is None else self._given[rows]
            self._check(wanted, 2)
            return scores[:, 0] * ops.convert_to_tensor(np.where(wanted == 1, 1.0, -1.0).astype("float32")), wanted
        wanted = ops.convert_to_numpy(ops.argmax(scores, axis=-1)) if self._given is None else self._given[rows]
        self._check(wanted, int(scores.shape[-1]))
        mine = np.arange(scores.shape[-1]) == wanted[:, None]  # a gather takes ten times as many operations
        return ops.sum(ops.where(mine, scores, 0.0), axis=-1), wanted

    def _check(self, wanted: Array, units: int) -> None:
        wrong = wanted[(wanted < 0) | (wanted >= units)]
        if len(wrong):
            where = f"layer `{self.layer_name}`" if self.layer is not None else "the output"
            raise FlatlineError(
                f"The `target` parameter must name units of {where}, 0 to {units - 1}. Got {int(wrong[0])}."
            )

    def _chosen(self, outputs: Any) -> Any:
        names, tensors = output_names(self.model, outputs), keras.tree.flatten(outputs)
        if self._output is None:
            return tensors[0]
        if isinstance(self._output, str) and self._output in names:
            return tensors[names.index(self._output)]
        if isinstance(self._output, int) and 0 <= self._output < len(tensors):
            return tensors[self._output]
        known = ", ".join(f"`{name}`" for name in names)
        raise FlatlineError(f"The `output` parameter must be an index or one of {known}. Got {self._output!r}.")


def output_names(model: Any, outputs: Any) -> list[str]:
    """Names of the outputs, in the order of their tensors."""
    tensors = keras.tree.flatten(outputs)
    if isinstance(outputs, dict) and len(outputs) == len(tensors):
        return sorted(outputs)
    names = list(getattr(model, "output_names", None) or [])
    return names if len(names) == len(tensors) else [str(i) for i in range(len(tensors))]


def _one_a_row(target: int | Sequence[int] | Array, n_rows: int) -> Array:
    wanted = np.asarray(target)
    if wanted.dtype.kind not in "iu" or wanted.ndim > 1:
        raise FlatlineError(
            f"The `target` parameter must be an integer, one integer a row, a callable or None. Got {target!r}."
        )
    if wanted.ndim and len(wanted) != n_rows:
        raise FlatlineError(
            f"The `target` parameter must hold one integer for each of {n_rows} rows. Got {len(wanted)}."
        )
    return np.broadcast_to(wanted, n_rows)


def _a_row(values: Any) -> Any:
    """Mean over all but the rows."""
    values = ops.cast(ops.convert_to_tensor(values), "float32")
    return values if len(values.shape) < 2 else ops.mean(values, axis=tuple(range(1, len(values.shape))))
