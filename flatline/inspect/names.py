"""Which layers a model has, and what they are called."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras

from flatline.errors import FlatlineError
from flatline.measure.calls import is_keras

CALL = "#"  # "dense#2" is what `dense` made when it was called for the second time


def layer_names(model: Any) -> dict[int, tuple[str, Any]]:
    """Name and layer by `id`: the layer's own name, its path ("backbone/conv1") where several are called alike.

    Layers inside a layer of Keras (the cell of an RNN, the projections of attention) are that layer's own affair.
    """
    found = {id(layer): (path, layer) for path, layer in _walk(model, ())}
    alike = Counter(layer.name for _, layer in found.values())
    names = {key: layer.name if alike[layer.name] == 1 else "/".join(path) for key, (path, layer) in found.items()}
    seen: Counter[str] = Counter()
    unique = {}
    for key, (_, layer) in found.items():
        seen[names[key]] += 1
        nth = seen[names[key]]
        unique[key] = (names[key] if nth == 1 else f"{names[key]}~{nth}", layer)
    return unique


def _walk(outer: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for layer in outer._layers:
        if not isinstance(layer, keras.layers.InputLayer):
            here = (*path, layer.name)
            yield here, layer
            if not is_keras(layer) or isinstance(layer, keras.Model):
                yield from _walk(layer, here)


def find_layer(model: Any, layer: Any) -> tuple[str, Any]:
    """Name and layer for what the user has named: a layer of the model, its name or its path.

    Raises
    ------
    FlatlineError
        If there is no such layer, or several are called so; lists those there are.
    """
    names = layer_names(model)
    if isinstance(layer, keras.layers.Layer):
        if id(layer) in names:
            return names[id(layer)]
        raise FlatlineError(f"`{layer.name}` is not a layer of the model. {_known(names)}")
    matching = [found for found in names.values() if found[0] == layer]
    matching = matching or [found for found in names.values() if found[1].name == layer]
    if len(matching) == 1:
        return matching[0]
    if matching:
        paths = ", ".join(f"`{name}`" for name, _ in matching)
        raise FlatlineError(f"Several layers are called `{layer}`: give one of {paths}.")
    raise FlatlineError(f"The model has no layer `{layer}`. {_known(names)}")


def _known(names: dict[int, tuple[str, Any]]) -> str:
    return "Its layers are: " + ", ".join(f"`{name}`" for name, _ in names.values()) + "."


class Channels:
    """Tells which axis of an output holds its channels: by its layer's `data_format`, or the last that a layer had."""

    def __init__(self) -> None:
        self._first = False

    def axis(self, layer: Any, rank: int) -> int:
        """Hear of the next layer that is called, and tell the axis of its output."""
        form = getattr(layer, "data_format", None)
        if form is not None:
            self._first = form == "channels_first"
        return 1 if self._first and rank > 2 else -1


def channels_first(model: Any) -> bool:
    """Whether a layer of the model wants the channels of images before their positions."""
    return any(getattr(layer, "data_format", None) == "channels_first" for layer in model._flatten_layers())
