"""ReLU in the hidden layers.

The slope of a sigmoid is at most a quarter and next to zero where it is saturated; each layer of them takes as much off
the gradient. Layers without any activation are together one linear layer, and softmax makes the units of a layer
compete for a sum of one. ReLU passes the gradient on as it is; it goes with He's initialisation. Two tries: all hidden
layers with one of these activations, and those without any alone. Costs one run each.

Source: X. Glorot, A. Bordes, Y. Bengio, "Deep Sparse Rectifier Neural Networks", AISTATS 2011; K. He et al.,
"Delving Deep into Rectifiers", ICCV 2015, arXiv 1502.01852, section 2.2.
"""

from collections.abc import Iterator
from typing import Any

from flatline.cause import Cause
from flatline.editable import PLAIN, editable, has_kernel, hidden, listed_layers, set_layers
from flatline.facts import LayerFacts, ModelFacts
from flatline.fix import Fix
from flatline.graph import LayerGraph
from flatline.layers import MAX_POOLING, MERGING, NORMALISING, SIGMOIDS, TANHS, WEIGHTED, activation, bends
from flatline.registry import remedy

_SQUASHING = SIGMOIDS | TANHS | {"softmax"}


@remedy(cause=Cause.ACTIVATION)
def rectified_hidden(model: ModelFacts) -> Iterator[Fix]:
    """Set hidden activations to ReLU."""
    graph = LayerGraph.of(model)
    kernels = hidden(model, WEIGHTED)
    apart = tuple(layer for layer in editable(model) if layer.kind == "Activation" and _is_between(graph, layer))
    squashing = tuple(layer for layer in (*kernels, *apart) if activation(layer) in _SQUASHING)
    linear = tuple(layer for layer in kernels if activation(layer) in ("", "linear") and _stays_linear(graph, layer))
    if squashing:
        yield _rectified((*squashing, *linear), model)
    if linear:
        yield _rectified(linear, model)


def _rectified(layers: tuple[LayerFacts, ...], model: ModelFacts) -> Fix:
    settings: dict[str, dict[str, Any]] = {layer.name: {"activation": "relu"} for layer in layers}
    for layer in layers:
        if layer.kind in PLAIN and layer.trainable:
            settings[layer.name]["kernel_initializer"] = "he_normal"
    return set_layers(f'use `activation="relu"` in {listed_layers(layers)}', settings, model)


def _is_between(graph: LayerGraph, layer: LayerFacts) -> bool:
    return any(has_kernel(one) for one in graph.above(layer)) and any(has_kernel(one) for one in graph.below(layer))


def _stays_linear(graph: LayerGraph, layer: LayerFacts) -> bool:
    """Whether nothing bends what it makes before the next kernel; linear ends of blocks and branches are meant."""
    after = graph.below(layer, lambda one: not has_kernel(one) and (not bends(one) or one.kind in MAX_POOLING))
    straight = [one for one in after if not has_kernel(one) and one.kind not in MAX_POOLING]
    return not any(bends(one) or one.kind in NORMALISING | MERGING for one in straight)
