"""Layers of a model that an edit can reach by name, and the fixes that set arguments of several at once."""

from collections.abc import Mapping
from typing import Any

from flatline.facts import LayerFacts, ModelFacts
from flatline.fix import Fix, SetLayer
from flatline.graph import LayerGraph
from flatline.layers import RECURRENT, WEIGHTED, written

PLAIN = frozenset({"Dense", "EinsumDense"}) | {f"Conv{n}D{suffix}" for n in (1, 2, 3) for suffix in ("", "Transpose")}
"""Layers with one kernel and a `kernel_initializer` of their own."""


def editable(model: ModelFacts) -> tuple[LayerFacts, ...]:
    """Return the built-in layers that are parts of the model itself, not of a model or layer within it."""
    return tuple(layer for layer in model.layers if is_own(layer))


def is_own(layer: LayerFacts) -> bool:
    """Whether a layer is built in and a part of the model itself."""
    is_operation = "name" in layer.config and "trainable" not in layer.config  # as of `keras.ops`, between layers
    return layer.builtin and not is_operation and len(set(layer.nested_in)) <= 1  # the model is around all its layers


def reaches(model: ModelFacts, *names: str) -> bool:
    """Whether an edit can reach all layers of these names."""
    return set(names) <= {layer.name for layer in editable(model)}


def is_assembled(model: ModelFacts) -> bool:
    """Whether layers can be put in, taken out and made anew: not where code of the user's own calls them."""
    return model.kind in ("Sequential", "Functional")


def has_kernel(layer: LayerFacts) -> bool:
    """Whether a layer multiplies its input by weights."""
    return len(layer.kernel_shape) >= 2


def hidden(model: ModelFacts, kinds: frozenset[str] = WEIGHTED | RECURRENT) -> tuple[LayerFacts, ...]:
    """Return the editable layers of these kinds that another layer with a kernel reads."""
    graph = LayerGraph.of(model)
    return tuple(
        layer
        for layer in editable(model)
        if layer.kind in kinds and has_kernel(layer) and any(has_kernel(one) for one in graph.below(layer))
    )


def set_layers(title: str, settings: Mapping[str, Mapping[str, Any]], model: ModelFacts, *, note: str = "") -> Fix:
    """Set arguments of several layers in one fix.

    Parameters
    ----------
    title : str
    settings : mapping of str to mapping
        New arguments by name of the layer.
    model : ModelFacts
        That has these layers.
    note : str
        First line of the snippet.
    """
    lines = [written(layer, **settings[layer.name]) for layer in model.layers if layer.name in settings]
    return Fix(
        title=title,
        edits=tuple(
            SetLayer(layer=name, argument=argument, value=value)
            for name, changes in settings.items()
            for argument, value in changes.items()
        ),
        snippet="\n".join(filter(None, (note, *lines))),
    )


def listed_layers(layers: tuple[LayerFacts, ...], most: int = 3) -> str:
    """Name a few layers in a title: "`dense`, `dense_1` and 4 more"."""
    names = ", ".join(f"`{layer.name}`" for layer in layers[:most])
    return names + (f" and {len(layers) - most} more" if len(layers) > most else "")
