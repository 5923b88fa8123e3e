"""Kernels of a layer, one filter at a time."""

from typing import Any

import keras
import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.names import find_layer

L = keras.layers
_TRANSPOSED = (L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose)
_DEPTHWISE = (L.DepthwiseConv1D, L.DepthwiseConv2D)


def filters(model: Any, layer: Any) -> Array:
    """Return the kernel of a layer, the filters along the first axis.

    Parameters
    ----------
    model : keras.Model
        Built.
    layer : str or keras.layers.Layer
        By name or path ("backbone/conv1"); a convolution of any kind, a dense layer, or any other with a kernel.

    Returns
    -------
    ndarray
        (n_filters, height, width, n_channels) for a convolution of images, also where its channels come first, with
        fewer or more directions for other convolutions; a depthwise one has a filter, of one channel, for each output.
        (n_units, n_inputs) for a dense layer, (n_tokens, n_dimensions) for an embedding. The number of filters is the
        length. A copy, float32.

    Raises
    ------
    FlatlineError
        If the layer does not exist (the message lists those that do), has no weights yet, or has no kernel.

    See Also
    --------
    layer_outputs, activation_maximization, flatline.plots.attribution.plot_filters

    Notes
    -----
    Of a separable convolution the depthwise part is returned; the pointwise part mixes channels and has no shape.
    """
    name, found = find_layer(model, layer)
    kernel = _kernel(found)
    if kernel is None:
        why = "has no weights yet: build the model or call it on a batch" if not found.built else "has no kernel"
        raise FlatlineError(f"Layer `{name}` {why}.")
    values = np.array(keras.ops.convert_to_numpy(kernel), "float32")
    if isinstance(found, L.Embedding):
        return values
    if isinstance(found, _DEPTHWISE) or hasattr(found, "depthwise_kernel"):
        return np.moveaxis(values.reshape(*values.shape[:-2], -1), -1, 0)[..., None]
    if isinstance(found, _TRANSPOSED):  # (*positions, n_filters, n_channels)
        return np.moveaxis(values, -2, 0)
    return np.moveaxis(values, -1, 0)


def _kernel(layer: Any) -> Any:
    """The kernel as Keras calls it, or the largest matrix among the weights of a layer of one's own."""
    for name in ("depthwise_kernel", "kernel", "embeddings"):
        if getattr(layer, name, None) is not None and layer.built:
            return getattr(layer, name)
    matrices = [weight for weight in layer.weights if len(weight.shape) >= 2] if not layer._layers else []
    return max(matrices, key=lambda weight: int(np.prod(weight.shape)), default=None)
