"""Wider hidden layers.

Too few units cannot hold the function that is asked for, and narrow layers of ReLU may lose all their units at once;
too many cost time and little else. All narrow hidden layers get four times their units, and at least 64. Layers whose
width something else depends on (sums, attention, a shape) stay; so does an autoencoder, whose code is narrow on
purpose. Costs one run that is slower.

Source: Y. Bengio, "Practical recommendations for gradient-based training of deep architectures", 2012, arXiv 1206.5533,
section 3.2 ("larger than optimal values typically do not hurt generalization performance much"); B. Neyshabur,
R. Tomioka, N. Srebro, "In Search of the Real Inductive Bias", 2014, arXiv 1412.6614.
"""

from collections.abc import Iterator
from typing import Any

from flatline.cause import Cause
from flatline.editable import PLAIN, hidden, is_assembled, is_own, listed_layers, set_layers
from flatline.facts import LayerFacts, ModelFacts, ObjectiveFacts, Task
from flatline.fix import Fix
from flatline.graph import LayerGraph
from flatline.layers import CONVOLUTIONS, DROPOUT, MAX_POOLING, MEAN_POOLING, RECURRENT
from flatline.registry import remedy

FACTOR = 4  # 1; two doublings of a search on a logarithmic scale
LEAST = 64  # units; wide enough for tables, and what most examples of Keras begin with
_INDIFFERENT = (
    DROPOUT | MAX_POOLING | MEAN_POOLING | {"Flatten", "Activation", "ReLU", "LeakyReLU", "ELU", "Concatenate"}
)
_INDIFFERENT |= {"BatchNormalization", "LayerNormalization", "RMSNormalization", "GaussianNoise", "Identity", "Softmax"}


@remedy(cause=Cause.CAPACITY)
def wider(model: ModelFacts, objective: ObjectiveFacts | None) -> Iterator[Fix]:
    """Multiply the units of narrow hidden layers by four."""
    if not is_assembled(model) or (
        objective is not None and any(head.task is Task.RECONSTRUCTION for head in objective.heads)
    ):
        return
    graph = LayerGraph.of(model)
    narrow = tuple(
        layer
        for layer in hidden(model, (PLAIN - {"EinsumDense"}) | RECURRENT)
        if (width := _width(layer)) and width < LEAST and layer.trainable and _is_free(graph, layer)
    )
    if narrow:
        settings: dict[str, dict[str, Any]] = {
            layer.name: {_argument(layer): max(LEAST, FACTOR * (_width(layer) or 0))} for layer in narrow
        }
        yield set_layers(f"widen {listed_layers(narrow)} to {_told(settings)} units", settings, model)


def _argument(layer: LayerFacts) -> str:
    return "filters" if layer.kind in CONVOLUTIONS else "units"


def _width(layer: LayerFacts) -> int | None:
    width = layer.config.get(_argument(layer))
    return width if isinstance(width, int) else None


def _is_free(graph: LayerGraph, layer: LayerFacts) -> bool:
    """Whether all that depends on its width are the kernels that read it."""
    if layer.config.get("groups", 1) != 1 or len(layer.inputs) > 1 or layer.config.get("return_state"):
        return False
    after = graph.below(layer, lambda one: one.kind in _INDIFFERENT)
    ends = [one for one in after if one.kind not in _INDIFFERENT]
    plain = PLAIN | RECURRENT | {"DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"}
    return not any(one.is_output and one.kind in _INDIFFERENT for one in after) and all(
        one.kind in plain and is_own(one) and len(one.inputs) <= 1 and one.config.get("groups", 1) == 1 for one in ends
    )


def _told(settings: dict[str, dict[str, Any]]) -> str:
    numbers = [str(value) for changes in settings.values() for value in changes.values()]
    return ", ".join(numbers[:3]) + (", …" if len(numbers) > 3 else "")
