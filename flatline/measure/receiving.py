"""What the first layers with weights receive, noted while a pass that is made anyway goes by."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from flatline.exhibits import FirstBatch, ReceivedInputs, ShownRows, Spread
from flatline.facts import Array
from flatline.measure.calls import Call, is_keras
from flatline.measure.shown_rows import N_ROWS, shown_rows
from flatline.measure.spread import spread

MOST = 3  # inputs, and layers that receive them
FEATURES = 384  # of all of these together; 16 kB
THUMBNAILS = 56_000  # bytes of all thumbnails together


class Receiving:
    """Follows the data from the model's inputs to the first layers with weights.

    A layer with a weight of two axes or more, such as a kernel or a table of embeddings, is one of the first when no
    other stands between it and the inputs. What an operation makes that is no layer cannot be followed: it is taken for
    the data as long as no such layer has been called.

    Parameters
    ----------
    x : structure of ndarray
        What the model is called on.
    tensors : structure of tensors
        The same, as it is given to the model.
    names : sequence of str
        Of the inputs, where they have any.
    training : bool
        Whether it is called as in a training step.
    """

    def __init__(self, x: Any, tensors: Any, names: Sequence[str] = (), *, training: bool) -> None:
        self._inputs = [np.asarray(array) for array in keras.tree.flatten(x)]
        self._names, self._training = names, training
        self._problem = ""
        self._alive: list[Any] = []  # so that no tensor gets the id of another
        self._passed: dict[int, tuple[str, ...]] = {}  # by tensor that carries the data: the layers that it has passed
        self._unshaped: dict[int, Any] = {}  # by tensor: what it was before it was flattened
        self._first: dict[int, tuple[Any, Any]] = {}  # by layer: the layer, and the tensor that it receives
        self._random: dict[int, dict[str, None]] = {}  # by tensor: of these, those that draw random numbers in training
        self._on_the_way: dict[str, None] = {}  # the same, of what the first layers receive
        self._kernel_seen = False
        self._carry(keras.tree.flatten(tensors), ())

    def note(self, call: Call) -> None:
        """Look at a call while its tensors exist; what goes wrong here is no concern of the pass."""
        try:
            self._note(call)
        except Exception as error:
            self._problem = f"looking at what `{call.layer.name}` receives raised {type(error).__name__}"

    def _note(self, call: Call) -> None:
        if call.children or not call.inputs:
            return
        begins = None if self._kernel_seen else ()
        passed = [self._passed.get(id(tensor), begins) for tensor in call.inputs]
        known = [names for names in passed if names is not None]
        has_kernel = any(len(weight.shape) >= 2 for weight in getattr(call.layer, "weights", ()))
        self._kernel_seen = self._kernel_seen or has_kernel
        if len(known) < len(passed):
            return
        if has_kernel:
            self._carry(call.inputs[:1], known[0])
            if id(call.layer) not in self._first and len(self._first) < MOST:
                self._on_the_way |= self._random.get(id(call.inputs[0]), {})
            self._first.setdefault(id(call.layer), (call.layer, call.inputs[0]))
        else:
            names = dict.fromkeys(name for some in known for name in some)
            self._carry(call.outputs, (*names, call.layer.name))
            random = {name: None for tensor in call.inputs for name in self._random.get(id(tensor), {})}
            if any(variable.name == "seed_generator_state" for variable in call.layer.variables):
                random[call.layer.name] = None
            self._random |= dict.fromkeys(map(id, call.outputs), random)  # in prediction they hand on what they read
            if is_keras(call.layer) and type(call.layer).__name__ in ("Flatten", "Reshape"):
                self._unshaped[id(call.outputs[0])] = call.inputs[0]

    def _carry(self, tensors: Sequence[Any], names: tuple[str, ...]) -> None:
        self._alive.extend(tensors)
        for tensor in tensors:
            self._passed.setdefault(id(tensor), names)

    # ── once the pass is over ───────────────────────────────────────────────────────────────────────────────────

    def facts(self, rows: Array, *, in_order: bool, labels: Mapping[str, tuple[str, ...]]) -> dict[type, Any]:
        """Return both facts, or in their place a reason.

        Parameters
        ----------
        rows : ndarray of int
            Those that are shown, at most 16.
        in_order : bool
            Whether they are the first that training sees.
        labels : mapping of str to tuple of str
            Of these rows, by output.
        """
        if not self._first:
            reason = self._problem or "no layer with weights was seen to receive the data"
            return dict.fromkeys((ReceivedInputs, FirstBatch), reason)
        first = list(self._first.values())[:MOST]
        batch = FirstBatch(
            parts=tuple(self._rows(*each, rows[:N_ROWS], THUMBNAILS // len(first)) for each in first),
            labels=dict(labels),
            in_order=in_order,
            training=self._training,
            random=tuple(self._on_the_way),
        )
        return {ReceivedInputs: self._received(first), FirstBatch: batch}

    def _received(self, first: Sequence[tuple[Any, Any]]) -> ReceivedInputs:
        numeric = [(i, array) for i, array in enumerate(self._inputs) if array.dtype.kind in "fiub"][:MOST]
        room = FEATURES // (len(numeric) + len(first))
        return ReceivedInputs(
            before=tuple(spread(array, name=self._name(i), room=room) for i, array in numeric),
            after=tuple(self._spread(*each, room) for each in first),
            training=self._training,
        )

    def _name(self, i: int) -> str:
        if len(self._names) == len(self._inputs):
            return self._names[i]
        return "input" if len(self._inputs) == 1 else f"input {i}"

    def _spread(self, layer: Any, tensor: Any, room: int) -> Spread:
        return spread(
            _numbers(tensor), name=layer.name, room=room, axis=_axis(layer, tensor),
            through=self._passed[id(tensor)], lookup=_lookup(layer),
        )  # fmt: skip

    def _rows(self, layer: Any, tensor: Any, rows: Array, room: int) -> ShownRows:
        while id(tensor) in self._unshaped:  # a picture is easier to see before it is flattened
            tensor = self._unshaped[id(tensor)]
        array = _numbers(tensor)
        shown = array[rows] if len(array) == len(self._inputs[0]) else array[: len(rows)]
        return shown_rows(
            shown, name=layer.name, room=room, axis=_axis(layer, tensor), tokens=_lookup(layer) is not None
        )


def _numbers(tensor: Any) -> Array:
    numbers: Array = np.asarray(keras.ops.convert_to_numpy(tensor))
    return numbers


def _axis(layer: Any, tensor: Any) -> int:
    """Where a layer has its channels."""
    return 1 if getattr(layer, "data_format", None) == "channels_first" and len(tensor.shape) > 2 else -1


def _lookup(layer: Any) -> int | None:
    """Rows of the table that a layer looks up by number; None where it multiplies."""
    return int(layer.input_dim) if isinstance(layer, keras.layers.Embedding) else None
