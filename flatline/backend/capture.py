"""Rows of a batch that a training step hands out."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

MOST_ROWS = 64


class Capture:
    """Room for a part of a batch, which the step fills when it is told to.

    Parameters
    ----------
    most_bytes : int
        Of inputs and targets together.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._rooms: list[Any] = []
        self._count: Any = None
        self._structure: Any = None

    def takes(self, data: Any) -> bool:
        """Whether these are numbers, all rows of one shape."""
        leaves = _leaves(data)
        dense = all(isinstance(t, tf.Tensor) and t.dtype != tf.string and t.shape.rank for t in leaves)
        return bool(leaves) and dense and all(t.shape[1:].is_fully_defined() for t in leaves)

    def prepare(self, data: Any) -> Callable[[], Any] | None:
        """Make room while the step is traced, and return what fills it; None where not even a row has room."""
        leaves = _leaves(data)
        bytes_each = sum(t.dtype.size * int(np.prod(t.shape[1:])) for t in leaves)
        n = int(min(MOST_ROWS, self._most_bytes // max(1, bytes_each)))
        if n < 1:
            return None
        if not self._rooms or any(v.shape[1:] != t.shape[1:] for v, t in zip(self._rooms, leaves)):
            with tf.init_scope():
                self._rooms = [tf.Variable(tf.zeros((n, *t.shape[1:]), t.dtype), trainable=False) for t in leaves]
                self._count = tf.Variable(0, dtype="int64", trainable=False)
        self._structure = keras.tree.map_structure(lambda leaf: None if leaf is None else 0, data)
        rooms, count = self._rooms, self._count

        def fill() -> Any:
            for room, tensor in zip(rooms, leaves, strict=True):
                padding = tf.zeros((room.shape[0], *tensor.shape[1:]), tensor.dtype)
                room.assign(tf.concat([tensor, padding], 0)[: room.shape[0]])
            count.assign(tf.minimum(tf.shape(leaves[0], out_type="int64")[0], rooms[0].shape[0]))
            return tf.constant(0)

        return fill

    def rows(self) -> Any | None:
        """Return what the step has handed out last, in the structure of its data."""
        if self._count is None:
            return None
        rows = iter([room.numpy()[: int(self._count.numpy())] for room in self._rooms])
        return keras.tree.map_structure(lambda leaf: None if leaf is None else next(rows), self._structure)


def _leaves(data: Any) -> list[Any]:
    return [leaf for leaf in keras.tree.flatten(data) if leaf is not None]
