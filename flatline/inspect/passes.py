"""Gradients of a score with respect to what a model is given: its inputs, or the embeddings of its tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.names import layer_names
from flatline.inspect.score import Score

Change = Callable[[int, Any], Any]
"""What is put in the place of an entry of the model, by the number of its input."""


class NotReached(FlatlineError):
    """No input has a gradient."""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What one pass over some rows has shown, by input in the order of the leaves of `x`."""

    gradients: list[Array]
    values: list[Array]  # what each gradient was taken at
    embedded: list[bool]  # whether that is the output of an embedding, instead of the input
    score: Array  # (n_rows,)
    targets: Array | None


class Tokens:
    """Finds the layers in which whole numbers (tokens, categories, bytes) become numbers to differentiate at.

    An input is told again by identity, through the layers that turn it into other whole numbers (a look-up), or by its
    values where the model has copied it on the way in.
    """

    def __init__(self, model: Any, tensors: Sequence[Any], leaves: Sequence[Array]) -> None:
        names = layer_names(model)
        outer = {name.rpartition("/")[0] for name, _ in names.values()}
        self._leaf_layers = {
            key for key, (name, layer) in names.items()
            if name not in outer and (type(layer).__module__.startswith("keras.") or not layer._layers)
            and not isinstance(layer, keras.Model)
        }  # fmt: skip
        self._leaves = list(leaves)
        self._origin = {id(tensor): i for i, tensor in enumerate(tensors)}
        self._alive = list(tensors)  # so that no id is used twice
        self.found: set[int] = set()

    def source(self, layer: Any, given: Any, made: Any) -> int | None:
        """Number of the input that this layer turns into floats; None where it does no such thing."""
        if id(layer) not in self._leaf_layers or not backend.is_eager(made):
            return None
        read = [tensor for tensor in keras.tree.flatten(given) if backend.is_eager(tensor)]
        whole = not any(map(backend.is_float, read)) or isinstance(layer, keras.layers.Embedding)
        if not read or not whole:
            return None
        number = self._number(read[0])
        if number is None or number in self.found:
            return None
        if not backend.is_float(made):
            self._origin[id(made)] = number
            self._alive.append(made)
            return None
        self.found.add(number)
        return number

    def _number(self, tensor: Any) -> int | None:
        if id(tensor) in self._origin:
            return self._origin[id(tensor)]
        values = keras.ops.convert_to_numpy(tensor)
        for i, leaf in enumerate(self._leaves):
            if i not in self.found and leaf.shape == values.shape and np.array_equal(leaf, values):
                return i
        alone = len(self._leaves) == 1 and len(values.shape) and len(values) == len(self._leaves[0])
        return 0 if alone else None


def run(
    model: Any,
    x: Any,
    score: Score,
    rows: slice,
    *,
    relu: backend.ReluRule = "plain",
    change: Change | None = None,
    embedded: Sequence[bool] | None = None,
) -> Pass:
    """Run some rows forward and backward, in inference mode.

    Parameters
    ----------
    model : keras.Model
    x : structure of ndarray
    score : Score
    rows : slice
        Which rows of the whole these are.
    relu : {"plain", "guided", "rectified"}
    change : callable or None
        Gets the number of an input and the tensor that enters there, and returns what is to enter instead.
    embedded : sequence of bool or None
        From a pass before: which inputs enter through an embedding. A change needs to know.

    Raises
    ------
    NotReached
        If the score depends on no input in a way that has a gradient.
    """
    leaves = keras.tree.flatten(x)
    inputs: list[Any] = []
    entries: dict[int, Any] = {}
    kept: dict[str, Any] = {}

    def enter(number: int, tensor: Any, watch: Callable[[Any], Any]) -> Any:
        return watch(tensor if change is None else backend.with_mask_of(tensor, change(number, tensor)))

    def forward(watch: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
        inputs.clear()
        entries.clear()
        for i, tensor in enumerate(map(backend.to_tensors, leaves)):
            direct = backend.is_float(tensor) and not (embedded is not None and embedded[i])
            inputs.append(enter(i, tensor, watch) if direct else tensor)
        tokens = Tokens(model, inputs, leaves)

        def edit(layer: Any, given: Any, outputs: Any) -> Any:
            number = tokens.source(layer, given, outputs)
            if number is not None and (embedded is None or embedded[number]):
                entries[number] = outputs = enter(number, outputs, watch)
            score.note(layer, outputs)
            return outputs

        with backend.edited(edit):
            outputs = backend.call(model, keras.tree.pack_sequence_as(x, inputs), training=False)
        kept["score"], kept["targets"] = score.of(outputs, rows)
        return kept["score"], [t for t in (*inputs, *entries.values()) if backend.is_float(t)]

    found = iter(backend.differentiate(forward, relu=relu))
    direct = [next(found) if backend.is_float(t) else None for t in inputs]
    through = {number: next(found) for number in entries}
    if all(g is None for g in (*direct, *through.values())):
        raise NotReached(
            "The score does not depend on any input in a way that has a gradient: a `target` must be computed with "
            "operations of Keras."
        )
    inside = [direct[i] is None and through.get(i) is not None for i in range(len(inputs))]
    tensors = [entries[i] if inside[i] else inputs[i] for i in range(len(inputs))]
    gradients = [through[i] if inside[i] else direct[i] for i in range(len(inputs))]
    return Pass(
        gradients=[np.zeros(t.shape, "float32") if g is None else g for g, t in zip(gradients, tensors, strict=True)],
        values=[keras.ops.convert_to_numpy(tensor) for tensor in tensors],
        embedded=inside,
        score=keras.ops.convert_to_numpy(kept["score"]),
        targets=kept["targets"],
    )


def scored(model: Any, x: Any, score: Score, rows: slice) -> tuple[Array, Array | None]:
    """Score of each row and the targets that it was taken for, from a forward pass alone."""

    def edit(layer: Any, given: Any, outputs: Any) -> Any:
        score.note(layer, outputs)
        return outputs

    with backend.edited(edit):
        outputs = backend.call(model, backend.to_tensors(x), training=False)
    found, targets = score.of(outputs, rows)
    return keras.ops.convert_to_numpy(found), targets


def differentiable(x: Any, measure: Callable[[Any], Any]) -> Any:
    """Measure on `x`; if nothing has a gradient, with whole numbers as floats: quantities that no layer embeds."""
    try:
        return measure(x)
    except NotReached:
        if not any(leaf.dtype.kind in "iu" for leaf in keras.tree.flatten(x)):
            raise
    floats = keras.tree.map_structure(lambda leaf: leaf.astype("float32") if leaf.dtype.kind in "iu" else leaf, x)
    return measure(floats)
