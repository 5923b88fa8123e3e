"""Rows of the training batches that a recorder has seen, and what they tell of the targets."""

import time
from typing import Any

import keras
import numpy as np

from flatline.errors import CannotTell
from flatline.facts import Array
from flatline.logs import RunHead
from flatline.measure import run as runs
from flatline.measure.setup import n_rows, rows_of

PROBE_ROWS = 256  # enough to tell a dead unit from a rare one: (1 − 1 %)^256 = 8 %
KEPT_BYTES = 8_000_000  # half of the 16 MB that a monitor may take beside 1 % of the training's memory
FAIR_ROWS = 64  # the entropy of two equal classes is then within 5 % of its value 19 times in 20
FAIR_SHARE = 0.8  # 1; mean of the null model's losses of the halves over that of both: sorted rows have far less
FAIR_HALVES = 0.5  # 1; the smaller of the two over the larger


class SeenRows:
    """Inputs, targets and weights of rows in the order in which they were trained on.

    Parameters
    ----------
    given : tuple of (x, y) or None
        The user's own rows, which are taken to be a fair sample; nothing is added to them.
    loss : callable or None
        What is minimised, where the model was not compiled with it.
    """

    def __init__(self, given: tuple[Any, Any] | None, loss: Any = None) -> None:
        self.x: Any = None
        self.y: Any = None
        if given is not None:
            self.x, self.y = given
        self.weight: Array | None = None
        self._loss = loss
        self.batch_size: int | None = None
        self._fair = given is not None
        self._closed = self._fair
        self._parts: list[Any] = []
        self._reserve: tuple[Any, Any] | None = None
        self._live: Any = None  # outputs for a few rows
        self.pass_seconds = 0.0  # that it took to compute them
        self._n = 0 if self.x is None else n_rows(self.x)

    def __len__(self) -> int:
        """Count the rows."""
        return self._n

    @property
    def wanted(self) -> bool:
        """Whether more rows are of use."""
        return not self._closed and self._n < PROBE_ROWS

    def reserve(self, x: Any, y: Any) -> None:
        """Keep rows of what `fit` is given, should the training step not be able to hand any out."""
        leaves = keras.tree.flatten((x, y))
        if all(isinstance(array, np.ndarray) and len(array) for array in leaves):
            rows = np.linspace(0, n_rows(x) - 1, min(n_rows(x), PROBE_ROWS)).astype(int)
            if sum(array[:1].nbytes for array in leaves) * len(rows) <= KEPT_BYTES:
                self._reserve = rows_of(x, rows), rows_of(y, rows)

    def add_first(self, data: tuple[Any, Any, Any], n: int) -> None:
        """Add the first rows of a batch of a loop that is not Keras' own."""
        first = keras.tree.map_structure(lambda a: None if a is None else np.asarray(a[:n]), data)
        self.add(first if data[1] is not None else None)

    def add(self, data: Any | None) -> None:
        """Add what a training step was given; no more is wanted where it gives no targets, or too much for memory."""
        x, y, weight = (None, None, None) if data is None else keras.utils.unpack_x_y_sample_weight(data)
        size = sum(array.nbytes for array in keras.tree.flatten((x, y)) if array is not None)
        if y is None or size * (len(self._parts) + 1) > KEPT_BYTES:
            self._closed = True
            if not self._n and self._reserve is not None:
                self.x, self.y = self._reserve
                self._n, self._fair = n_rows(self.x), True
            return
        self._parts.append((x, y, weight))
        self.batch_size = max(self.batch_size or 0, n_rows(x))
        parts = list(zip(*self._parts, strict=True))
        self.x, self.y = (keras.tree.map_structure(lambda *a: np.concatenate(a), *part) for part in parts[:2])
        self._n = n_rows(self.x)
        weights = [np.ravel(w) for w in parts[2] if w is not None]
        self.weight = np.concatenate(weights) if weights else None

    def probe(self) -> Any:
        """Rows for the probe, evenly over all."""
        return self.some(PROBE_ROWS)

    def some(self, n: int) -> Any:
        """Inputs of `n` rows, or of all if there are fewer, evenly over all."""
        return rows_of(self.x, np.linspace(0, len(self) - 1, min(len(self), n)).astype(int))

    def heads(self, model: Any) -> tuple[tuple[RunHead, ...], float, float]:
        """Return what `runs.heads` says of these rows.

        Raises
        ------
        CannotTell
            When they are no fair sample: too few, or in an order. A null model that knows one class only would call
            every run flat.
        """
        if len(self) < FAIR_ROWS and not self._fair:
            raise CannotTell(f"{len(self)} rows were seen, {FAIR_ROWS} are needed")
        found, null, perfect = self._heads(model, slice(None))
        if not self._fair and np.isfinite(null):
            middle = len(self) // 2
            halves = [self._heads(model, half)[1] - perfect for half in (slice(middle), slice(middle, None))]
            alike = min(halves) >= FAIR_HALVES * max(halves) and np.mean(halves) >= FAIR_SHARE * (null - perfect)
            if not null > perfect or not alike:
                raise CannotTell("the first rows are in the order of their targets")
        return found, null, perfect

    def heads_of_any(self, model: Any) -> tuple[RunHead, ...]:
        """Return the outputs as these rows tell, which need be no fair sample: for pictures of the rows themselves."""
        return self._heads(model, slice(None))[0]

    def _heads(self, model: Any, rows: slice) -> tuple[tuple[RunHead, ...], float, float]:
        weight = None if self.weight is None else self.weight[rows]
        x, y = rows_of(self.x, rows), rows_of(self.y, rows)
        if self._live is None:
            start = time.perf_counter()
            self._live = runs.outputs_of(model, x)
            self.pass_seconds = time.perf_counter() - start
        return runs.heads(model, self._live, x, y, weight, self.batch_size or n_rows(x), self._loss)
