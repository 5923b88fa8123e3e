"""VisualBackProp: where the feature maps of all depths agree."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np
from keras.src.layers.convolutional.base_conv import BaseConv

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.names import Channels, channels_first, find_layer, layer_names
from flatline.inspect.opened import in_batches, opened, prepared
from flatline.inspect.resize import input_size, repeated, resized
from flatline.measure.model import RECTIFIERS, declared_activation


def visual_backprop(
    model: Any,
    x: Any,
    *,
    layers: Sequence[Any] | None = None,
    upsampling: Literal["linear", "nearest"] = "linear",
    batch_size: int = 32,
) -> Array:
    """Return where the feature maps of all depths agree: the product of their means over channels, in the input's size.

    Parameters
    ----------
    model, x, batch_size
        As for `saliency`.
    layers : sequence of str or keras.layers.Layer, or None
        Whose maps are multiplied, in the order of their calls. None: those that end in a rectifier, as in the paper; in
        a model that has none, the convolutions.
    upsampling : {"linear", "nearest"}
        How a smaller map comes to the size of the one before: between the centres of its cells, or each cell repeated,
        as by the paper's transposed convolution of ones where its size is its stride.

    Returns
    -------
    ndarray of shape (n_rows, height, width), or (n_rows, n_steps) for a sequence
        float32, between 0 and 1: each row divided by its largest value. All 0 where the maps of a layer are.

    Raises
    ------
    FlatlineError
        If a layer does not exist (the message lists those that do), or the model has no layer with positions.

    Warnings
    --------
    The map knows nothing of a class or of the layers behind the last convolution: it is the same for every answer.
    It changes little when the upper layers get random weights, as the parameter-randomisation test (arXiv 1810.03292)
    asks it not to.

    Notes
    -----
    One forward pass. In a network with branches the maps are multiplied in the order of the calls.

    References
    ----------
    M. Bojarski et al., VisualBackProp, arXiv 1611.05418, section 3.
    """
    if upsampling not in ("linear", "nearest"):
        raise FlatlineError(f"The `upsampling` parameter must be 'linear' or 'nearest'. Got {upsampling!r}.")
    with opened(model):
        x = prepared(model, x)
        chosen = None if layers is None else {id(find_layer(model, layer)[1]) for layer in layers}

        def measure(rows: slice, part: Any) -> Array:
            maps = _means(model, part, chosen)
            up = resized if upsampling == "linear" else repeated
            product = np.ones_like(maps[-1])
            for mean in reversed(maps):
                product = _unit(up(product, mean.shape[1:]) * mean)
            size = input_size(part, product.ndim - 1, channels_first(model))
            return product if size is None else up(product, size)

        return np.asarray(in_batches(x, batch_size, measure), "float32")


def _means(model: Any, x: Any, chosen: set[int] | None) -> list[Array]:
    """Means over channels (n_rows, *positions), in the order of the calls; what is negative counts as nothing."""
    names, channels = layer_names(model), Channels()
    rectified: list[Array] = []
    convolved: list[Array] = []

    def edit(layer: Any, given: Any, outputs: Any) -> Any:
        made = backend.layer_output(outputs)
        axis = channels.axis(layer, 0 if made is None else len(made.shape))
        listed = id(layer) in names if chosen is None else id(layer) in chosen
        if listed and made is not None and backend.is_float(made) and len(made.shape) > 2:
            group = rectified if chosen or declared_activation(layer) in RECTIFIERS else convolved
            if group is rectified or isinstance(layer, BaseConv):
                group.append(np.maximum(keras.ops.convert_to_numpy(made), 0).astype("float32").mean(axis))
        return outputs

    with backend.edited(edit):
        backend.call(model, backend.to_tensors(x), training=False)
    maps = rectified or convolved
    if not maps:
        raise FlatlineError("The model has no convolution: name `layers` whose outputs have positions and channels.")
    rank = max(each.ndim for each in maps)
    return [each for each in maps if each.ndim == rank]


def _unit(maps: Array) -> Array:
    """Each row by its largest value, so that a product of many does not vanish."""
    largest = maps.max(tuple(range(1, maps.ndim)), keepdims=True)
    return np.asarray(np.divide(maps, largest, out=np.zeros_like(maps), where=largest > 0))
