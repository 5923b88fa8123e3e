"""Moments of features that are joined block by block, by the formulas of Chan, Golub and LeVeque.

References
----------
T. F. Chan, G. H. Golub, R. J. LeVeque (1983): Algorithms for computing the sample variance. The American Statistician
37, 242-247, equations 1.5. DOI 10.1080/00031305.1983.10483115
"""

import numpy as np

from flatline.facts import Array

MAX_OFFSET = 64.0  # mean² / variance above which sums of squares in float32 lose digits


class Moments:
    """Count, mean, sum of squared deviations, smallest and largest value of every feature."""

    def __init__(self, features: int) -> None:
        self.count = np.zeros(features, np.int64)
        self.mean = np.zeros(features)
        self.squares = np.zeros(features)
        self.low = np.full(features, np.inf)
        self.high = np.full(features, -np.inf)

    @property
    def std(self) -> Array:
        spread = np.sqrt(np.maximum(self.squares, 0.0) / np.maximum(self.count, 1))
        return np.where(self.low == self.high, 0.0, spread)

    def feature(self, i: int) -> "Moments":
        """One feature by itself."""
        one = Moments(1)
        one.count, one.mean, one.squares = self.count[i : i + 1], self.mean[i : i + 1], self.squares[i : i + 1]
        one.low, one.high = self.low[i : i + 1], self.high[i : i + 1]
        return one

    def take(self, *, count: Array, sums: Array, squares: Array, low: Array, high: Array, centre: Array | None) -> None:
        """Join a block, given its sums of (x − centre) and (x − centre)²."""
        block = Moments(len(count))
        shifted = sums / np.maximum(count, 1)
        block.count = count
        block.mean = shifted if centre is None else shifted + centre
        block.squares = np.maximum(squares - count * np.square(shifted), 0.0)
        block.low, block.high = low.astype(np.float64), high.astype(np.float64)
        self.join(block)

    def join(self, other: "Moments") -> None:
        """Add the other block (Chan, Golub and LeVeque 1983)."""
        count = self.count + other.count
        step = other.mean - self.mean
        share = other.count / np.maximum(count, 1)
        self.squares = self.squares + other.squares + np.square(step) * self.count * share
        self.mean = self.mean + step * share
        self.count = count
        self.low, self.high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)

    def offset(self, centre: Array | None) -> bool:
        """Whether some mean is far from the centre (0 if None) against the spread about it."""
        distance = self.mean if centre is None else self.mean - centre
        rounding = 0.0 if centre is None else 1e-5 * np.abs(centre)
        return bool(
            np.any((np.square(distance) * self.count > MAX_OFFSET * self.squares) & (np.abs(distance) > rounding))
        )
