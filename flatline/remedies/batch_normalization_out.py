"""No batch normalisation.

Its statistics come from the batch: in batches of a few rows they are noise, with rows that differ between training and
use they are wrong, and behind the output layer they take the scale of the answer away. All such layers go at once;
frozen ones hold the statistics of earlier training and stay. Costs one run.

Source: S. Ioffe, "Batch Renormalization", NeurIPS 2017, arXiv 1702.03275, section 1 (small batches, and training unlike
inference); Y. Wu, K. He, "Group Normalization", ECCV 2018, arXiv 1803.08494.
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.editable import editable, is_assembled, listed_layers
from flatline.facts import ModelFacts
from flatline.fix import Fix, RemoveLayer
from flatline.registry import remedy


@remedy(cause=Cause.NORMALIZATION_LAYER)
def batch_normalization_out(model: ModelFacts) -> Iterator[Fix]:
    """Remove all `BatchNormalization` layers."""
    layers = tuple(layer for layer in editable(model) if layer.kind == "BatchNormalization" and layer.trainable)
    if layers and is_assembled(model):
        yield Fix(
            title=f"take {listed_layers(layers)} out",
            edits=tuple(RemoveLayer(layer=layer.name) for layer in layers),
            snippet="\n".join(f"# delete the BatchNormalization layer `{layer.name}`" for layer in layers),
        )
