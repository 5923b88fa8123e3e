"""Maps in another size."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from flatline.facts import Array


def resized(maps: Array, size: Sequence[int]) -> Array:
    """Interpolate linearly between the centres of cells, as images are resized; (n, *spatial) → (n, *size)."""
    for axis, wanted in enumerate(size, start=1):
        old = maps.shape[axis]
        if old == wanted:
            continue
        at = np.clip((np.arange(wanted) + 0.5) * old / wanted - 0.5, 0, old - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, old - 1)
        share = (at - low).reshape([-1 if i == axis else 1 for i in range(maps.ndim)])
        maps = np.take(maps, low, axis) * (1 - share) + np.take(maps, high, axis) * share
    return maps.astype("float32")


def repeated(maps: Array, size: Sequence[int]) -> Array:
    """Repeat cells (or leave some out); (n, *spatial) → (n, *size)."""
    for axis, wanted in enumerate(size, start=1):
        maps = np.take(maps, np.arange(wanted) * maps.shape[axis] // wanted, axis)
    return maps


def input_size(x: Any, rank: int, first: bool) -> tuple[int, ...] | None:
    """Size of the first input with as many directions as maps have, images or steps before tokens; None if none."""
    leaves = keras.tree.flatten(x)
    for leaf in leaves:
        if leaf.ndim == rank + 2:
            return tuple(leaf.shape[2:] if first else leaf.shape[1:-1])
    return next((tuple(leaf.shape[1:]) for leaf in leaves if leaf.ndim == rank + 1), None)
