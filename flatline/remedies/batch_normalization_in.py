"""Batch normalisation after each hidden layer.

It brings what each unit hands on back to zero mean and unit spread over the batch, whatever the weights and the scale
of the input are; larger rates become stable and deep stacks of squashing activations trainable. It stands between a
kernel and an activation layer of its own, or behind a layer that holds both; never behind the output. Costs one run
that is somewhat slower, and needs batches of more than a few rows.

Source: S. Ioffe, C. Szegedy, "Batch Normalization", ICML 2015, arXiv 1502.03167; S. Santurkar et al., "How Does Batch
Normalization Help Optimization?", NeurIPS 2018, arXiv 1805.11604.
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.editable import editable, hidden, is_assembled, listed_layers
from flatline.facts import LayerFacts, ModelFacts, PlanFacts
from flatline.fix import Fix, InsertLayer
from flatline.graph import LayerGraph
from flatline.layers import NORMALISING, WEIGHTED, written
from flatline.registry import remedy

LEAST_BATCH = 4  # rows; Wu and He 2018, arXiv 1803.08494, figure 1: the error grows from 8 down, steeply at 2


@remedy(cause=Cause.NORMALIZATION_LAYER)
def batch_normalization_in(model: ModelFacts, plan: PlanFacts | None) -> Iterator[Fix]:
    """Insert `BatchNormalization` behind each hidden layer that has no normalisation."""
    if not is_assembled(model) or (plan is not None and plan.batch_size is not None and plan.batch_size < LEAST_BATCH):
        return
    graph, own = LayerGraph.of(model), {layer.name for layer in editable(model)}
    places = [(layer, after) for layer in hidden(model, WEIGHTED) if (after := _next(graph, layer)) in own]
    if not places:
        return
    layers = tuple(layer for layer, _ in places)
    lines = [f"{written(layer)}\nkeras.layers.BatchNormalization(),  # new" for layer in layers]
    yield Fix(
        title=f"put `BatchNormalization` behind {listed_layers(layers)}",
        edits=tuple(
            InsertLayer(before=after, kind="BatchNormalization", config={"name": f"{layer.name}_normalized"})
            for layer, after in places
        ),
        snippet="\n".join(lines),
    )


def _next(graph: LayerGraph, layer: LayerFacts) -> str | None:
    """Name the one layer that reads it and nothing else; None where there are more, or normalisation follows."""
    readers = [graph.layers[name] for name in graph.consumers[layer.name]]
    if len(readers) != 1 or readers[0].inputs != (layer.name,):
        return None
    nearby = graph.below(layer, lambda one: not one.kernel_shape)
    return None if any(one.kind in NORMALISING for one in nearby) else readers[0].name
