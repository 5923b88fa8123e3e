"""Where the data enter a model: the first layers with a kernel, and whether their scale matters there."""

import math
from collections.abc import Iterable

from flatline.facts import LayerFacts, ModelFacts
from flatline.layers import HOMOGENEOUS, NORMALISING, activation

STANDARDISE = """axes = tuple(range(X.ndim - 1)) or 0  # all but the last
mean, std = X.mean(axis=axes), X.std(axis=axes)  # keep both for validation, test and new data
X = (X - mean) / np.where(std > 0, std, 1)"""
"""Code that does what `MapInput(how="standardize")` does, for tables, sequences and images."""

STANDARDISE_TARGETS = """y_mean, y_std = y.mean(axis=0), y.std(axis=0)  # keep both
y = (y - y_mean) / y_std  # predictions come back by y_std * model.predict(X) + y_mean"""
"""Code that does what `MapLabels(how="standardize")` does, and undoes it in the answers."""

RESCALE = 'X = X.astype("float32") / 255  # or keras.layers.Rescaling(1 / 255) as the first layer, and saved with it'
"""Code that does what `MapInput(how="rescale", factor=1 / 255)` does."""


def readers(model: ModelFacts) -> tuple[LayerFacts, ...]:
    """Return the trainable layers with a kernel that read the data itself, with no other kernel before them.

    Layers without a kernel (`Rescaling`, `Flatten`, a first `BatchNormalization`, …) are looked through, so that what
    these layers receive is the data after all preprocessing in the model. A table of embeddings looks rows up by number
    and is not meant. Empty where something trained or frozen stands before every trainable kernel.
    """
    found: list[LayerFacts] = []
    carries_data: set[str] = set()
    kernel_seen = False
    for layer in model.layers:
        begins = layer.reads_model_input or (not layer.inputs and not kernel_seen)
        if (begins or layer.inputs) and all(name in carries_data for name in layer.inputs):
            if len(layer.kernel_shape) < 2:
                carries_data.add(layer.name)
            elif layer.kind != "Embedding" and layer.n_trainable:
                found.append(layer)
        kernel_seen = kernel_seen or len(layer.kernel_shape) >= 2
    return tuple(found)


def is_renormalised(model: ModelFacts, layer: LayerFacts) -> bool:
    """Whether normalisation undoes the scale of a layer's output: next in line, with at most a rectifier between."""
    name, shape = layer.name, activation(layer)
    for _ in range(4):
        if shape not in HOMOGENEOUS:
            return False
        following = [one for one in model.layers if name in one.inputs]
        if not following:
            return False
        if all(one.kind in NORMALISING for one in following):
            return True
        if len(following) > 1 or len(following[0].kernel_shape) >= 2 or not following[0].builtin:
            return False
        name, shape = following[0].name, activation(following[0])
    return False


def measured(layers: Iterable[LayerFacts], field: str) -> tuple[LayerFacts, ...]:
    """Return the layers whose `field` was measured."""
    return tuple(layer for layer in layers if math.isfinite(getattr(layer, field)))
