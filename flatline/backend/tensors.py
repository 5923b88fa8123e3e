"""Numbers of one tensor, as nodes of the graph."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from flatline.facts import Array

N_ENTRIES = 512  # of a kernel, at fixed places: the norm of a random part is within 1/√(2·512) = 3 % of the whole's
N_SAMPLES = 8  # of the batch, over which outputs are averaged: a pass over them all would cost as much as the layer


def value(variable: Any) -> Array:
    return np.asarray(tf.convert_to_tensor(variable))


def entries(kernel: Any, places: Array) -> Any:
    found = tf.cast(tf.gather(tf.reshape(kernel.value, [-1]), places), "float32")
    return tf.pad(found, [[0, N_ENTRIES - len(places)]])


def norm(tensor: Any) -> Any:
    values = tensor.values if isinstance(tensor, tf.IndexedSlices) else tf.convert_to_tensor(tensor)
    return tf.sqrt(tf.reduce_sum(tf.square(tf.cast(values, "float32"))))


def output(tensor: Any, slope: Callable[[Any], Any] | None) -> tuple[Any, Any, Any]:
    """Mean, spread, and share of cells on a slope below 1 % of the steepest; NaN where there is no such output."""
    nan = tf.constant(np.nan)
    if tensor is None or not tensor.dtype.is_floating or not tensor.shape.rank:
        return nan, nan, nan
    cells = tf.cast(tensor[:N_SAMPLES], "float32")
    mean = tf.reduce_mean(cells)
    spread = tf.sqrt(tf.maximum(tf.reduce_mean(tf.square(cells)) - tf.square(mean), 0.0))
    flat = nan if slope is None else tf.reduce_mean(tf.cast(slope(cells) < 0.01, "float32"))
    return mean, spread, flat
