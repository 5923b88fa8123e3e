"""What is drawn of the outputs of a layer, and the statistics of its channels over all inputs and places."""

import math
from typing import Any

import numpy as np

from flatline.facts import Array
from flatline.inspect.shades import evenly, pooled

UNITS = 256  # drawn of a vector, one byte each
LINES, STEPS = 64, 96  # drawn of a series
CHANNELS = 32  # maps of a layer
SIDES = {48: 16, 32: 12, 24: 8, 16: 6, 12: 4, 8: 1}
"""Pixels of a map in either direction, and how many maps there must be room for before they are drawn so large."""

FORMS = {1: "vector", 2: "vector", 3: "series", 4: "maps", 5: "maps"}
"""What is drawn of an output, by the number of its axes, that of samples included."""


class Drawing:
    """What is drawn of one layer.

    Parameters
    ----------
    shape : tuple of int
        Of the output, (n_rows, *places, n_channels).
    cells : int
        Room for the pictures of one input, in cells. Channels are chosen evenly: the most active would hide those that
        are dead.
    """

    def __init__(self, shape: tuple[int, ...], cells: int) -> None:
        self.form = FORMS[len(shape)]
        n, places = shape[-1], shape[1:-1][-2:]
        most, self._sides = UNITS, places
        if self.form == "series":
            self._sides = (min(places[0], STEPS),)
            most = max(1, min(LINES, cells // self._sides[0]))
        if self.form == "maps":
            for side, wanted in SIDES.items():
                self._sides = (min(side, places[0]), min(side, places[1]))
                most = min(CHANNELS, cells // (self._sides[0] * self._sides[1]))
                if most >= min(wanted, n):
                    break
        self.channels = evenly(n, max(most, 1))
        self.n_cells = len(self.channels) * math.prod(self._sides)

    def pictures(self, values: Array) -> Array:
        """Pictures (n_rows, n_columns, height, width) of values (n_rows, *places, n_channels)."""
        if values.ndim == 5:
            values = values[:, values.shape[1] // 2]
        kept = np.asarray(values[..., self.channels], "float32")
        for axis, side in enumerate(self._sides, start=1):
            kept = pooled(kept, axis, side)
        if self.form == "maps":
            return np.moveaxis(kept, -1, 1)
        return kept.transpose(0, 2, 1)[:, None] if self.form == "series" else kept[:, None, None]


class ChannelStatistics:
    """Mean, deviation and share of zeros of each channel, added up from one batch to the next."""

    def __init__(self) -> None:
        self._n = 0
        self._sum: Any = 0.0
        self._squares: Any = 0.0
        self._zeros: Any = 0
        self._low: Any = np.inf
        self._high: Any = -np.inf

    def add(self, values: Array) -> None:
        """Add values (n_rows, *places, n_channels)."""
        flat = values.reshape(-1, values.shape[-1])
        with np.errstate(all="ignore"):
            self._n += len(flat)
            self._sum = self._sum + flat.sum(0, dtype="float64")
            self._squares = self._squares + np.einsum("nc,nc->c", flat, flat, dtype="float64")
            self._zeros = self._zeros + np.count_nonzero(flat == 0, axis=0)
            self._low = np.minimum(self._low, flat.min(0))  # NaN stays
            self._high = np.maximum(self._high, flat.max(0))

    @property
    def mean(self) -> Array:
        """By channel."""
        return np.asarray(self._sum / self._n)

    @property
    def std(self) -> Array:
        """By channel; 0 to the bit where there is but one value."""
        with np.errstate(all="ignore"):
            variance = np.maximum(self._squares / self._n - np.square(self.mean), 0)
            return np.where(self._low == self._high, 0.0, np.sqrt(variance))

    @property
    def zero_share(self) -> Array:
        """By channel."""
        return np.asarray(self._zeros / self._n)

    @property
    def silent(self) -> Array:
        """Whether a channel is zero everywhere."""
        return np.asarray((self._low == 0) & (self._high == 0))

    @property
    def constant(self) -> Array:
        """Whether a channel has one value other than zero everywhere."""
        return np.asarray((self._low == self._high) & (self._low != 0))

    @property
    def nonfinite(self) -> Array:
        """Whether a channel has values that are not finite."""
        return np.asarray(~(np.isfinite(self._low) & np.isfinite(self._high)))
