"""Statistics of an array, block by block: one pass, bounded in memory, per feature and as a whole.

Every block is read once from memory; what follows runs on pieces that stay in the processor's second-level cache.
Few features are laid side by side (`fold`), so that the inner loops are long however few there are. Blocks are
joined in float64, and measured about a centre where the mean is large against the spread.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from flatline.facts import Array, ArrayFacts, Shape
from flatline.measure.moments import Moments
from flatline.measure.sources import Source

MAX_FEATURES = 20_000  # beyond that only the whole array is described
CHUNK_CELLS = 1 << 22  # read at once: 16 MB of float32
PIECE_CELLS = 1 << 18  # measured at once: 1 MB of float32; smaller ones spend more on calls than caches save
ROW_CELLS = 1_600  # features are laid side by side up to this width
THREADED_CELLS = 1 << 23  # larger arrays are read by two threads: NumPy lets them run side by side
SHOWN = 8  # rows and features of non-finite cells that are named


class Scan:
    """Running statistics over the finite cells of blocks of rows.

    Parameters
    ----------
    shape : tuple of int
        Of one sample; the last axis holds the features, () has one.
    limit : float
        Cells of larger magnitude count as non-finite: they overflow when Keras casts them.
    """

    def __init__(self, *, shape: Shape, limit: float = float("inf")) -> None:
        self.n_rows = 0
        self.n_nonfinite = 0
        self.nonfinite_rows: list[int] = []
        self.nonfinite_features: set[int] = set()
        self._shape, self._limit = shape, limit
        self._axis = (shape[-1] or 0) if shape else 1
        self._features = self._axis if 0 < self._axis <= MAX_FEATURES else 1
        self._total = Moments(self._features)
        self._centre: Array | None = None
        self._buffer = np.empty(0, np.float32)

    def add(self, block: Array, first_row: int) -> None:
        """Take in `block`, of shape (rows, *shape), whose first row has the index `first_row` in the whole set."""
        self.n_rows += len(block)
        if block.size == 0:
            return
        if self._features > 1 and block.shape[-1] != self._axis:
            self._drop_features()
        flat = np.ascontiguousarray(block).reshape(-1)
        if flat.dtype == bool:
            flat = flat.view(np.uint8)
        with np.errstate(all="ignore"):
            part, spoilt = self._measure(flat, self._centre)
            if part.offset(self._centre):
                part, spoilt = self._measure(flat, part.mean)
            self._total.join(part)
            self._centre = self._total.mean if self._total.offset(None) else None
        for piece, start in spoilt:
            self._locate(piece, start, first_row, cells=len(flat) // len(block), features=block.shape[-1])

    def twin(self) -> "Scan":
        """A scan of the same kind that has seen nothing."""
        return Scan(shape=self._shape, limit=self._limit)

    def join(self, other: "Scan") -> None:
        """Take in what another scan of the same kind has seen."""
        self.n_rows += other.n_rows
        self.n_nonfinite += other.n_nonfinite
        self.nonfinite_rows = sorted({*self.nonfinite_rows, *other.nonfinite_rows})[:SHOWN]
        self.nonfinite_features |= other.nonfinite_features
        self._total.join(other._total)

    def facts(self, *, name: str, shape: Shape, dtype: str, n_rows: int | None, **of_sample: Any) -> ArrayFacts:
        """Give the facts; `of_sample` are the fields that a sample answers."""
        total = self._total
        n = total.count.sum()
        per_feature = self._features == self._axis
        with np.errstate(all="ignore"):
            mean = float((total.count * total.mean).sum() / n) if n else float("nan")
            spread = total.squares + total.count * np.square(total.mean - mean)
            low, high = (float(total.low.min()), float(total.high.max())) if n else (float("nan"), float("nan"))
            std = (0.0 if low == high else float(np.sqrt(spread.sum() / n))) if n else float("nan")
            seen = total.count > 0
            columns = (total.mean, total.std, total.low, total.high)
            by_feature = [np.where(seen, column, np.nan) if per_feature else np.empty(0) for column in columns]
        return ArrayFacts(
            name=name,
            shape=shape,
            dtype=dtype,
            n_rows=n_rows,
            n_read=self.n_rows,
            n_scanned=self.n_rows,
            n_nonfinite=self.n_nonfinite,
            nonfinite_rows=tuple(sorted(self.nonfinite_rows)[:SHOWN]),
            nonfinite_features=tuple(sorted(self.nonfinite_features)[:SHOWN]),
            minimum=low,
            maximum=high,
            mean=mean,
            std=std,
            feature_mean=by_feature[0],
            feature_std=by_feature[1],
            feature_min=by_feature[2],
            feature_max=by_feature[3],
            **of_sample,
        )

    def _measure(self, flat: Array, centre: Array | None) -> tuple["Moments", list[tuple[Array, int]]]:
        fold = max(1, ROW_CELLS // self._features) if self._features > 1 else 1
        width = self._features * fold
        even = len(flat) // width * width
        part = Moments(self._features)
        spoilt: list[tuple[Array, int]] = []
        for start, stop, copies in ((0, even, fold), (even, len(flat), 1)):
            if stop > start:
                table = flat[start:stop].reshape(-1, self._features * copies)
                spoilt += [(piece, start + at) for piece, at in self._measure_table(table, copies, centre, part)]
        return part, spoilt

    def _measure_table(
        self, table: Array, copies: int, centre: Array | None, part: Moments
    ) -> Iterator[tuple[Array, int]]:
        """Add the rows of `table`, each of which holds `copies` values a feature, to `part`; yield the odd pieces."""
        width = table.shape[1]
        rows = max(1, PIECE_CELLS // width)
        shift = None if centre is None else np.tile(centre, copies)
        low, high, sums, squares = self._measure_pieces(table, rows, shift)
        # A non-finite cell makes its column's sum of squares non-finite: no pass of its own is needed.
        fine = np.isfinite(squares).all(axis=1) & (low.min(axis=1) >= -self._limit) & (high.max(axis=1) <= self._limit)
        for i in np.flatnonzero(~fine).tolist():
            piece = table[i * rows : (i + 1) * rows]
            self._measure_odd(piece, centre, part)
            yield piece, i * rows * width
        if not fine.all():
            low, high, sums, squares = low[fine], high[fine], sums[fine], squares[fine]
        if fine.any():
            short = len(fine) * rows - len(table) if fine[-1] else 0
            by_feature = (copies, self._features)
            part.take(
                count=np.full(self._features, (fine.sum() * rows - short) * copies),
                sums=sums.sum(axis=0, dtype=np.float64).reshape(by_feature).sum(axis=0),
                squares=squares.sum(axis=0, dtype=np.float64).reshape(by_feature).sum(axis=0),
                low=low.min(axis=0).reshape(by_feature).min(axis=0),
                high=high.max(axis=0).reshape(by_feature).max(axis=0),
                centre=centre,
            )

    def _measure_pieces(self, table: Array, rows: int, shift: Array | None) -> Array:
        """Measure every `rows` rows: smallest, largest, sum and sum of squares of every column, in few calls."""
        work = np.dtype(np.float32) if _fits_float32(table.dtype) else np.dtype(np.float64)
        width = table.shape[1]
        found: Array = np.empty((4, -(-len(table) // rows), width), work)
        if self._buffer.dtype != work or self._buffer.size < rows * width:
            self._buffer = np.empty(rows * width, work)
        ones = np.ones(rows, work)
        shift = None if shift is None else shift.astype(work)
        pieces = zip(range(0, len(table), rows), *found, strict=True)
        if work != table.dtype or shift is not None:
            for at, low, high, sums, squares in pieces:
                cells = table[at : at + rows]
                room = self._buffer[: cells.size].reshape(cells.shape)
                if work != table.dtype:
                    np.copyto(room, cells, casting="unsafe")
                    cells = room
                np.minimum.reduce(cells, axis=0, out=low)
                np.maximum.reduce(cells, axis=0, out=high)
                if shift is not None:
                    cells = np.subtract(cells, shift, out=room)
                np.dot(ones[: len(cells)], cells, out=sums)
                np.dot(ones[: len(cells)], np.square(cells, out=room), out=squares)
        elif width > 1:
            buffer = self._buffer[: rows * width].reshape(rows, width)
            for at, low, high, sums, squares in pieces:
                cells = table[at : at + rows]
                np.minimum.reduce(cells, axis=0, out=low)
                np.maximum.reduce(cells, axis=0, out=high)
                np.dot(ones[: len(cells)], cells, out=sums)
                np.dot(ones[: len(cells)], np.square(cells, out=buffer[: len(cells)]), out=squares)
        else:
            flat = table.reshape(-1)
            for at, low, high, sums, squares in pieces:
                cells = flat[at : at + rows]
                low[0] = np.minimum.reduce(cells)
                high[0] = np.maximum.reduce(cells)
                sums[0] = np.dot(ones[: len(cells)], cells)
                squares[0] = np.dot(cells, cells)
        return found

    def _measure_odd(self, piece: Array, centre: Array | None, part: "Moments") -> None:
        """Add a piece with non-finite or very large cells, slowly."""
        cells = piece.reshape(-1, self._features).astype(np.float64)
        good = self._good(cells)
        from_centre = np.where(good, cells if centre is None else cells - centre, 0.0)
        part.take(
            count=good.sum(axis=0),
            sums=from_centre.sum(axis=0),
            squares=np.square(from_centre).sum(axis=0),
            low=np.where(good, cells, np.inf).min(axis=0),
            high=np.where(good, cells, -np.inf).max(axis=0),
            centre=centre,
        )

    def _good(self, cells: Array) -> Array:
        with np.errstate(invalid="ignore"):
            good: Array = np.isfinite(cells) & (np.abs(cells) <= self._limit)
        return good

    def _drop_features(self) -> None:
        """Go on with the whole array alone: blocks are of different width, as padded sequences are."""
        joined = Moments(1)
        for i in range(self._features):
            joined.join(self._total.feature(i))
        self._total, self._centre, self._features = joined, None, 1

    def _locate(self, piece: Array, start: int, first_row: int, *, cells: int, features: int) -> None:
        bad = np.flatnonzero(~self._good(piece.reshape(-1).astype(np.float64))) + start
        self.n_nonfinite += len(bad)
        rows = np.unique(bad // cells)[:SHOWN] + first_row
        self.nonfinite_rows = sorted({*self.nonfinite_rows, *rows.tolist()})[:SHOWN]
        self.nonfinite_features.update(
            np.unique(bad % (features if self._axis > 0 and cells > 1 else 1))[: 4 * SHOWN].tolist()
        )


def scan_source(source: Source, scan: Scan, *, deadline: float) -> None:
    """Read the source chunk by chunk until it is read or `deadline` (of `time.perf_counter`) has passed."""
    rows = max(1, CHUNK_CELLS // max(1, source.cells_per_row))
    chunks = list(spread(-(-source.n_rows // rows)))

    def read(chosen: list[int], into: Scan) -> Scan:
        for chunk in chosen:
            start, stop = chunk * rows, min((chunk + 1) * rows, source.n_rows)
            into.add(source.block(start, stop), start)
            source.release(start, stop)
            if time.perf_counter() > deadline:
                break
        return into

    if source.whole is None or source.n_rows * source.cells_per_row <= THREADED_CELLS:
        read(chunks, scan)
    else:
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(read, chunks[1::2], scan.twin())
            read(chunks[::2], scan)
            scan.join(other.result())


def spread(n: int) -> Iterator[int]:
    """Yield 0 … n − 1 in an order of which every beginning is spread evenly over the whole, the ends first."""
    if n <= 0:
        return
    yield 0
    if n == 1:
        return
    yield n - 1
    step = max(1, round((n - 2) * 0.6180339887498949))
    while np.gcd(step, max(1, n - 2)) != 1:
        step += 1
    for k in range(n - 2):
        yield 1 + (k + 1) * step % (n - 2)


def _fits_float32(dtype: np.dtype[Any]) -> bool:
    """Whether every value is a float32 exactly."""
    if dtype.kind in "iu":
        return dtype.itemsize <= 2
    return dtype.itemsize <= 4
