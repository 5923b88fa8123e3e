"""Rows for a model to look at, and a model that is left as it was."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.measure.preserve import preserved

_open = threading.local()


@contextlib.contextmanager
def opened(model: Any, *, kept: Callable[[Any], contextlib.AbstractContextManager[None]] = preserved) -> Iterator[None]:
    """Put the model, its random state and Keras' own back to what they were, to the bit; inner calls cost nothing.

    `kept` does it; one that copies less than all is enough for who knows what the pass can move.
    """
    inside = getattr(_open, "models", ())
    if any(model is each for each in inside):
        yield
        return
    if not isinstance(model, keras.Model):
        raise FlatlineError(f"The `model` parameter must be a keras.Model. Got {type(model).__name__}.")
    _open.models = (*inside, model)
    try:
        with kept(model), backend.graph_loops():
            yield
    finally:
        _open.models = inside


def prepared(model: Any, x: Any) -> Any:
    """Build the model if need be; return `x` as arrays of equally many rows, in the types that the model takes.

    Images of whole numbers become floats where the model does not ask for whole numbers: nothing can be differentiated
    with respect to an integer.
    """
    if isinstance(x, list) and x and not any(hasattr(part, "shape") for part in x):
        x = np.asarray(x)  # rows as plain lists
    x = keras.tree.map_structure(_array, x)
    leaves = keras.tree.flatten(x)
    if not model.built:
        backend.call(model, backend.to_tensors(keras.tree.map_structure(lambda leaf: leaf[:1], x)), training=False)
    declared = list(getattr(model, "inputs", None) or [])
    if declared and isinstance(x, dict):
        by_name = {tensor.name: tensor for tensor in declared}
        declared = [by_name[key] for key in sorted(x) if key in by_name]
    if len(declared) != len(leaves):
        declared = [None] * len(leaves)
    typed = [_typed(leaf, wanted) for leaf, wanted in zip(leaves, declared)]
    rows = {len(leaf) for leaf in typed}
    if len(rows) != 1 or rows == {0}:
        raise FlatlineError(
            f"The `x` parameter must hold as many rows for each input, at least one. Got {sorted(rows)} rows."
        )
    return keras.tree.pack_sequence_as(x, typed)


def _array(leaf: Any) -> Array:
    if keras.ops.is_tensor(leaf):
        leaf = keras.ops.convert_to_numpy(leaf)
    array = np.asarray(leaf)
    if array.ndim == 0:
        raise FlatlineError(
            f"The `x` parameter must be a batch: an array, or a structure of arrays. Got {type(leaf).__name__}."
        )
    return array


def _typed(array: Array, declared: Any) -> Array:
    if declared is None:
        return array.astype("float32") if array.dtype in (np.uint8, np.float64) else array
    if len(declared.shape) == array.ndim + 1 and len(declared.shape) > 2:
        raise FlatlineError(
            f"The `x` parameter must be a batch of shape {tuple(declared.shape)}. Got {array.shape}: "
            "for a single sample give x[None]."
        )
    wanted = keras.backend.standardize_dtype(declared.dtype)
    floats = array.dtype.kind in "uif" and ("float" in wanted)
    return array.astype("float32") if floats else array


def n_rows(x: Any) -> int:
    return len(keras.tree.flatten(x)[0])


def batches(x: Any, batch_size: int) -> Iterator[tuple[slice, Any]]:
    """Rows of `x` in parts, and which they are."""
    if not isinstance(batch_size, int) or batch_size < 1:
        raise FlatlineError(f"The `batch_size` parameter must be an integer of at least 1. Got {batch_size}.")
    for start in range(0, n_rows(x), batch_size):
        rows = slice(start, start + batch_size)
        yield rows, keras.tree.map_structure(lambda leaf: leaf[rows], x)  # noqa: B023


def pairs(n_rows: int, n_variants: int, batch_size: int) -> Iterator[tuple[Array, Array]]:
    """Every row with every variant of it, so many at a time; variants of a row follow each other."""
    for start in range(0, n_rows * n_variants, batch_size):
        number = np.arange(start, min(start + batch_size, n_rows * n_variants))
        yield number // n_variants, number % n_variants


def in_batches(x: Any, batch_size: int, measure: Callable[[slice, Any], Any]) -> Any:
    """Concatenate what a measurement of each part returns: a structure of arrays."""
    parts = [measure(rows, part) for rows, part in batches(x, batch_size)]
    return keras.tree.map_structure(lambda *found: np.concatenate(found), *parts)
