"""A batch passed through the network once more, layer by layer, to see where numbers stop being numbers."""

from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Array
from flatline.measure.calls import recorded
from flatline.measure.preserve import preserved


def replay(model: Any, data: Any) -> dict[str, Any]:
    """Return the columns of a row of `ReplayLog`.

    By then one step has made all weights NaN, as a rule, and every layer would seem to begin it. Weights that are no
    numbers are therefore replaced by fresh ones for this pass.

    Parameters
    ----------
    model : keras.Model
        Left as it is, random state included.
    data : structure of ndarray
        The batch: inputs, and targets if there are any.
    """
    x = keras.utils.unpack_x_y_sample_weight(data)[0]
    rng = np.random.default_rng(0)
    cells: list[tuple[str, int]] = []
    with preserved(model), backend.graph_loops():
        spoilt = [w for w in model.weights if _not_finite(w)]
        for weight in spoilt:
            weight.assign(_fresh(weight, rng))
        with recorded(model, lambda call: cells.append((call.layer.name, sum(map(_not_finite, call.outputs))))):
            backend.call(model, backend.to_tensors(x), training=True)
    names, made = zip(*cells, strict=True)
    return {
        "layers": names,
        "nonfinite_outputs": np.array(made, float),
        "nonfinite_data": float(sum(map(_not_finite, (a for a in keras.tree.flatten(data) if a is not None)))),
        "spoilt_weights": float(len(spoilt)),
    }


def _fresh(weight: Any, rng: np.random.Generator) -> Array:
    """Kernels as LeCun draws them; ones for scales and variances, zeros for the rest."""
    shape = tuple(weight.shape)
    if len(shape) >= 2:
        drawn: Array = rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
        return drawn
    return np.ones(shape) if any(word in weight.name for word in ("gamma", "variance", "scale")) else np.zeros(shape)


def _not_finite(values: Any) -> int:
    array = np.asarray(keras.ops.convert_to_numpy(values))
    return int(np.sum(~np.isfinite(array))) if array.dtype.kind in "fc" or array.dtype.name == "bfloat16" else 0
