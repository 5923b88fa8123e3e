"""Maps in another size."""

from collections.abc import Sequence

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
