"""Pictures of the outputs of all layers: what there is to draw is seen in a pass of one row, then it is drawn."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Array, Shape
from flatline.inspect.channels import FORMS, ChannelStatistics, Drawing
from flatline.inspect.names import Channels, layer_names
from flatline.inspect.opened import n_rows
from flatline.inspect.shades import rounded, shaded
from flatline.measure.calls import Call, recorded
from flatline.measure.model import declared_activation, is_reported, own_weights
from flatline.view import ViewedLayer

CELL_BYTES = 0.5 * 4 / 3  # in a file: 16 shades in base64. That images pack most pictures is left in reserve
LAYER_BYTES, CHANNEL_BYTES = 600, 40  # of names and numbers
GOOD = 8 * 16 * 16  # cells: with less for each layer, these go first
LIKE_NEXT = ("BatchNormalization", "LayerNormalization", "GroupNormalization", "ZeroPadding1D", "ZeroPadding2D")
HALVINGS = 20  # of an interval, to find how much room a layer may have


class LayerViews:
    """The layers of a model, as seen in the order of their calls.

    Parameters
    ----------
    model : keras.Model
    x : structure of ndarray
        One row, or as many as the model takes.
    wanted : collection of str or None
        Names of the layers that are drawn; all if None.
    """

    def __init__(self, model: Any, x: Any, wanted: Collection[str] | None = None) -> None:
        self.model = model
        self._names = layer_names(model)
        self.outputs: Any = None
        self._shapes: dict[int, tuple[int, ...]] = {}  # of what can be drawn, channels last, by `id` of the layer
        self._missing: dict[int, str] = {}
        n = n_rows(x)

        def look(call: Call, values: Any, axis: int) -> None:
            call.notes["shape"] = () if values is None else tuple(values.shape[1:])
            reason = _not_drawn(call, values, n)
            if reason is None and wanted is not None and self.name(call.layer) not in wanted:
                reason = "not among the layers that were asked for"
            if reason is not None:
                self._missing[id(call.layer)] = reason
                return
            shape = list(values.shape) if len(values.shape) > 1 else [n, 1]
            self._shapes[id(call.layer)] = (*(s for i, s in enumerate(shape) if i != axis % len(shape)), shape[axis])

        calls = self._pass(x, look)
        self._calls = self._first_calls(calls)
        self._sources = {i: self.name(call.layer) for i, call in enumerate(calls)}
        self._made = {id(tensor) for tensor in keras.tree.flatten(self.outputs)}
        self._drawn: dict[int, list[Array]] = {key: [] for key in self._shapes}
        self._statistics = {key: ChannelStatistics() for key in self._shapes}
        self._drawings: dict[int, Drawing] = {}
        self._n_drawn = 0

    def name(self, layer: Any) -> str:
        """Name of a layer, its path where several are called alike."""
        return str(self._names[id(layer)][0] if id(layer) in self._names else layer.name)

    def _first_calls(self, calls: Sequence[Call]) -> list[Call]:
        """Calls that are told of: the first of each layer; the model itself where it calls no layer."""
        first: dict[int, Call] = {}
        for call in [call for call in calls if is_reported(call)] or calls:
            first.setdefault(id(call.layer), call)
        return list(first.values())

    def _pass(self, x: Any, note: Callable[[Call, Any, int], None]) -> list[Call]:
        axes, seen = Channels(), set()

        def hear(call: Call) -> None:
            made = backend.layer_output(call.outputs)
            rank = 0 if made is None else len(made.shape)
            axis = axes.axis(call.layer, rank)
            if id(call.layer) not in seen:
                seen.add(id(call.layer))
                note(call, made, axis)

        with recorded(self.model, hear) as calls:
            self.outputs = backend.call(self.model, backend.to_tensors(x), training=False)
        return calls

    def plan(self, n_drawn: int, max_bytes: float) -> int:
        """Choose how much is drawn so that the pictures of so many inputs fit; return how many layers have none for it.

        Every layer gets the same room; what one does not need goes to the others.
        """
        budget = max_bytes - LAYER_BYTES * len(self._calls)

        def size(drawing: Drawing) -> float:
            return CELL_BYTES * n_drawn * drawing.n_cells + CHANNEL_BYTES * len(drawing.channels)

        def drawings(cells: int) -> dict[int, Drawing]:
            return {key: Drawing(shape, cells) for key, shape in self._shapes.items() if key in self._drawn}

        def room() -> int:
            """The most cells that every layer may have."""
            low, high = 1, 1 << HALVINGS
            while high - low > 1:
                middle = (low + high) // 2
                fits = sum(map(size, drawings(middle).values())) <= budget
                low, high = (middle, high) if fits else (low, middle)
            return low

        if room() < GOOD:
            for call in self._calls:
                if type(call.layer).__name__ in LIKE_NEXT and self._drawn.pop(id(call.layer), None) is not None:
                    self._missing[id(call.layer)] = "left out, for room: what reads it shows nearly the same"
        self._drawings = {key: Drawing(shape, 1) for key, shape in self._shapes.items()} | drawings(room())
        for key in list(self._drawn):
            budget -= size(self._drawings[key])
            if budget < 0:
                self._missing[key] = "left out: there are more layers than there is room for"
                del self._drawn[key]
        return len(self._shapes) - len(self._drawn)

    def add(self, x: Any, *, draw: bool) -> Any:
        """Add rows to the statistics, and to what is drawn; return the outputs of the model."""

        def look(call: Call, values: Any, axis: int) -> None:
            key = id(call.layer)
            if key not in self._shapes or values is None:
                return
            array = np.asarray(keras.ops.convert_to_numpy(values))
            array = np.moveaxis(array, axis, -1) if array.ndim > 1 else array[:, None]
            array = array.astype("float32") if array.dtype != "float32" else array
            if array.shape[1:] != self._shapes[key][1:]:
                return
            self._statistics[key].add(array)
            if draw and key in self._drawn:
                self._drawn[key].append(self._drawings[key].pictures(array))

        self._n_drawn += n_rows(x) if draw else 0
        self._pass(x, look)
        return self.outputs

    def views(self) -> tuple[ViewedLayer, ...]:
        """The layers with what was drawn and counted."""
        return tuple(self._view(call) for call in self._calls)

    def _view(self, call: Call) -> ViewedLayer:
        layer, key = call.layer, id(call.layer)
        sources = dict.fromkeys(self._sources[i] for i in call.sources)
        view = ViewedLayer(
            name=self.name(layer),
            kind=type(layer).__name__,
            output_shape=call.notes.get("shape", ()),
            n_weights=sum(int(np.prod(w.shape)) for w in own_weights(layer, call.children)),
            activation=declared_activation(layer),
            reads=tuple(name for name in sources if name != self.name(layer)),
            reads_input=call.reads_model_input,
            is_output=any(made in self._made for made in call.outputs),
            nested_in=tuple(
                dict.fromkeys(self.name(outer) for outer in call.nested_in if outer not in (self.model, layer))
            ),
            missing=self._missing.get(key, ""),
        )
        if key not in self._shapes:
            return view
        told, drawing = self._statistics[key], self._drawings[key]
        view = replace(
            view,
            n_channels=self._shapes[key][-1],
            n_silent=int(told.silent.sum()),
            n_constant=int(told.constant.sum()),
            n_nonfinite=int(told.nonfinite.sum()),
        )
        if key not in self._drawn:
            return view
        if sum(map(len, self._drawn[key])) < self._n_drawn:
            return replace(view, missing="it is not called for every input, or with outputs of other shapes")
        maps, coarse = drawing.form == "maps", drawing.form != "vector"
        return replace(
            view,
            form=drawing.form,
            shades=shaded(np.concatenate(self._drawn[key]), from_zero=not maps, coarse=coarse),
            channels=tuple(drawing.channels.tolist()),
            mean=rounded(told.mean[drawing.channels]),
            std=rounded(told.std[drawing.channels]),
            zero_share=rounded(told.zero_share[drawing.channels]),
        )


def _not_drawn(call: Call, values: Any, n: int) -> str | None:
    """Why there is no picture of an output; None where there is."""
    if values is None:
        return "its output has no values outside a compiled function"
    if not keras.backend.standardize_dtype(values.dtype).startswith(("float", "bfloat", "int", "uint", "bool")):
        return "its output holds no numbers"
    shape: Shape = tuple(values.shape)
    if not 1 <= len(shape) <= max(FORMS) or shape[0] != n:
        return f"its output has the shape {shape}, and no picture for each input"
    if 0 in shape:
        return "its output is empty"
    given = backend.layer_output(call.inputs)
    alike = given is not None and (given.shape, given.dtype) == (values.shape, values.dtype)
    if alike and (given is values or bool(keras.ops.all(given == values))):
        return "it hands on what it reads, unchanged"
    return None
