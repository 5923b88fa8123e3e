"""What layers make of a batch."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.names import CALL, find_layer, layer_names
from flatline.inspect.opened import opened, prepared

MAX_BYTES = 2**30  # of all outputs together, by default


def layer_outputs(
    model: Any,
    x: Any,
    layers: Sequence[Any] | None = None,
    *,
    reduce: Callable[[Array], Array] | None = None,
    max_bytes: int | None = MAX_BYTES,
) -> dict[str, Array]:
    """Return what layers make of a batch, from one forward pass in inference mode.

    Parameters
    ----------
    model : keras.Model
        Of any kind; it is left as it was.
    x : ndarray or structure of ndarray
        A batch, in the structure that the model takes.
    layers : sequence of str or keras.layers.Layer, or None
        Which layers, by name or path ("backbone/conv1"); all that are called if None.
    reduce : callable or None
        Applied to each output as soon as it exists; what it returns is kept instead. The way to look at a large model:
        ``reduce=lambda a: a[..., :8]``.
    max_bytes : int or None
        Of all that is kept; None for no bound.

    Returns
    -------
    dict of str to ndarray
        In the order of the calls. A layer called again is there again, as "name#2". Of a layer with several outputs the
        first is kept. The name is the layer's own, or its path where several are called alike.

    Raises
    ------
    FlatlineError
        If a layer does not exist (the message lists those that do), or more than `max_bytes` would be kept.

    See Also
    --------
    filters, flatline.plots.attribution.plot_channels

    Notes
    -----
    Layers inside a layer of Keras, such as the cell of an RNN, are not listed, nor are operations that are no layers
    (``a + b``, ``keras.ops.relu``).
    """
    kept: dict[str, Array] = {}
    calls: Counter[int] = Counter()
    with opened(model):
        x = prepared(model, x)
        wanted = None if layers is None else {id(find_layer(model, layer)[1]) for layer in layers}
        names = layer_names(model)

        def edit(layer: Any, given: Any, outputs: Any) -> Any:
            made = backend.layer_output(outputs)
            if id(layer) in names and made is not None and (wanted is None or id(layer) in wanted):
                calls[id(layer)] += 1
                nth = calls[id(layer)]
                array = np.asarray(keras.ops.convert_to_numpy(made))
                name = names[id(layer)][0] + (f"{CALL}{nth}" if nth > 1 else "")
                kept[name] = array if reduce is None else np.array(reduce(array))
                _check_size(kept, max_bytes)
            return outputs

        with backend.edited(edit):
            backend.call(model, backend.to_tensors(x), training=False)
    return kept


def _check_size(kept: dict[str, Array], max_bytes: int | None) -> None:
    total = sum(array.nbytes for array in kept.values())
    if max_bytes is not None and total > max_bytes:
        raise FlatlineError(
            f"The outputs of the first {len(kept)} layers take {total / 2**20:.0f} MiB, above `max_bytes` "
            f"({max_bytes / 2**20:.0f} MiB): name `layers`, give fewer rows, or keep less of each by `reduce`."
        )
