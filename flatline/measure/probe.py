"""What the network makes of a fixed set of samples, outside the training step and in inference mode."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

from flatline import backend
from flatline.backend.hooks import hooked
from flatline.measure.model import RECTIFIERS, declared_activation


@contextmanager
def quiet(model: Any) -> Iterator[None]:
    """Put back what a call in inference mode may move: states of random numbers and of stateful layers.

    A recurrent layer of Keras draws its dropout masks in inference mode as well, and a layer that draws without a seed
    of its own moves the generator that all such layers share.
    """
    weights = {id(w) for layer in model._flatten_layers() for w in layer.weights}
    stateful = any(getattr(layer, "stateful", False) for layer in model._flatten_layers())
    moved = [v for v in model.variables if id(v) not in weights or stateful]
    shared = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
    moved += [] if shared is None else [shared.state]
    kept = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in moved]
    try:
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)
        global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, shared)


def rectifiers(model: Any) -> list[Any]:
    """Layers whose units can die."""
    return [layer for layer in model._flatten_layers() if declared_activation(layer) in RECTIFIERS]


def probe(model: Any, x: Any, layers: Sequence[Any], n_classes: Sequence[int | None]) -> dict[str, Any]:
    """Run the probe rows through the model; return the columns of a row of `ProbeLog`.

    Parameters
    ----------
    model : keras.Model
    x : structure of ndarray
    layers : sequence of keras.layers.Layer
        From `rectifiers`.
    n_classes : sequence of int or None
        By output: how many classes it tells apart, None where it tells none.
    """
    index = {id(layer): i for i, layer in enumerate(layers)}
    dead = np.full(len(layers), np.nan)

    def note(layer: Any, outputs: Any) -> None:
        if id(layer) in index:
            values = np.asarray(keras.ops.convert_to_numpy(keras.tree.flatten(outputs)[0]))
            axis = 1 if getattr(layer, "data_format", None) == "channels_first" and values.ndim > 2 else -1
            units = np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])
            dead[index[id(layer)]] = float(np.mean(~units.any(axis=0)))

    with quiet(model), hooked(note), backend.graph_loops():
        outputs = backend.call(model, backend.to_tensors(x), training=False)
    predicted = [np.asarray(keras.ops.convert_to_numpy(t), "float64") for t in keras.tree.flatten(outputs)]
    classes = [*n_classes, *[None] * len(predicted)]
    return {
        "layers": tuple(layer.name for layer in layers),
        "dead_share": dead,
        "distinct_classes": np.array([_distinct(p, n) for p, n in zip(predicted, classes, strict=False)]),
        "output_spread": np.array([float(p.std(axis=0).max(initial=0.0)) for p in predicted]),
        "input_dependence": max(_dependence(p) for p in predicted),
        "n_samples": len(predicted[0]),
    }


def _distinct(predicted: Any, n_classes: int | None) -> float:
    if not n_classes or not np.all(np.isfinite(predicted)):
        return float("nan")
    if predicted.ndim > 1 and predicted.shape[-1] > 1:
        return float(len(np.unique(predicted.argmax(-1))))
    threshold = 0.5 if predicted.min() >= 0 and predicted.max() <= 1 else 0.0
    return float(len(np.unique(predicted > threshold)))


def _dependence(predicted: Any) -> float:
    norm = float(np.linalg.norm(predicted))
    return float(np.linalg.norm(predicted - np.roll(predicted, 1, axis=0)) / norm) if norm > 0 else 0.0
