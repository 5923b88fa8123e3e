"""Maps of the rows of a data set."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def affine(tensor: Any, factor: Any, offset: Any) -> Any:
    """Scale and shift a tensor, as float32; what is far from zero loses its digits unless that is done in float64."""
    return tf.cast(tf.cast(tensor, tf.float64) * factor + offset, tf.float32)


def relabel(y: Any, how: str, *, classes: int, low: float, cut: float) -> Any:
    """Give labels another form."""
    if how == "integers":
        return tf.argmax(y, axis=-1)
    if how == "one_hot":
        column = y[..., 0] if y.shape.rank and y.shape.rank > 1 and y.shape[-1] == 1 else y
        return tf.one_hot(tf.cast(column, tf.int32), classes)
    if how == "zero_one":
        return tf.cast(y > tf.cast(cut, y.dtype), tf.float32)
    return y - tf.cast(low, y.dtype)


def map_dataset(dataset: Any, change: Callable[..., Any]) -> Any:
    """Return the data set with `change` applied to the parts of every element."""
    return dataset.map(lambda *parts: change(*parts))
