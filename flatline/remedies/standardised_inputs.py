"""Inputs of zero mean and unit scale; bytes of images divided by 255.

Initialisers and usual learning rates are made for inputs around zero of size one; everything else makes the loss a
narrow valley that gradient descent crosses instead of following. Tried where data that are numbers reach the first
trainable kernel as they are; not for token numbers, columns of zeros and ones, or behind `Masking`, whose mark would
move. Costs one pass over the data, and one run.

Source: Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp", 1998, section 4.3,
doi:10.1007/3-540-49430-8_2.
"""

from collections.abc import Iterator

import numpy as np

from flatline.cause import Cause
from flatline.entry import RESCALE, STANDARDISE, readers
from flatline.facts import ArrayFacts, DataFacts, LayerFacts, ModelFacts
from flatline.fix import Fix, MapInput
from flatline.graph import LayerGraph
from flatline.layers import DROPOUT, MAX_POOLING, MEAN_POOLING, SHAPING, size
from flatline.registry import remedy

BYTE = 255.0  # 1; largest value of a pixel kept as a byte
BYTE_PEAK = 100.0  # 1; non-negative images that reach above are bytes, as in input-scale
FEWEST_PIXELS = 64  # columns; 8 × 8 is the smallest image in common use, that of the digits of UCI
MOST_MEAN = 0.5  # 1; of a column: half of its spread, as in pixels of 0–1 about their middle
USUAL_STD = (0.5, 2.0)  # 1; within a factor of two, as a uniform column on −1 … 1 (0.58)
_AS_THEY_ARE = SHAPING | DROPOUT | MAX_POOLING | MEAN_POOLING | {"GaussianNoise"}


@remedy(cause=Cause.INPUT_SCALE)
def standardised_inputs(data: DataFacts, model: ModelFacts) -> Iterator[Fix]:
    """Standardise or rescale the one input."""
    if len(data.inputs) != 1:
        return
    (array,) = data.inputs
    first = readers(model)
    if not array.dtype.startswith(("float", "int", "uint")) or not first:
        return
    graph = LayerGraph.of(model)
    if not all(_reads_as_is(graph, layer) for layer in first) or _is_varied(array):
        return
    if _is_image_of_bytes(array):
        yield Fix(
            title="divide the pixels by 255",
            edits=(MapInput(how="rescale", factor=1 / BYTE),),
            snippet=RESCALE,
        )
    else:
        yield Fix(
            title="standardise the columns of X",
            edits=(MapInput(how="standardize"),),
            snippet=STANDARDISE,
        )


def _reads_as_is(graph: LayerGraph, layer: LayerFacts) -> bool:
    return all(one.kind in _AS_THEY_ARE for one in graph.above(layer))


def _is_image_of_bytes(array: ArrayFacts) -> bool:
    flat = array.integral and (size(array.shape) or 0) >= FEWEST_PIXELS
    return array.minimum >= 0 and BYTE_PEAK < array.maximum <= BYTE and (len(array.shape) >= 2 or flat)


def _is_varied(array: ArrayFacts) -> bool:
    """Whether columns lie around zero at unit scale already, are marks of 0 and 1, or do not vary."""
    if set(array.values) <= {0.0, 1.0} and array.values:
        return True
    used = array.feature_std > 0
    mean, std = array.feature_mean[used], array.feature_std[used]
    return bool(np.all(np.abs(mean) <= MOST_MEAN) and np.all((std >= USUAL_STD[0]) & (std <= USUAL_STD[1])))
