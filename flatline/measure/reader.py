"""Reading batches within bounds of time and memory: running statistics, and a fair sample of the rows."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array, Shape
from flatline.measure.pipelines import Opened
from flatline.measure.rows import MAX_ORDERED, class_labels
from flatline.measure.scan import Scan
from flatline.measure.sources import Source, fed_limit, open_source, refusal
from flatline.measure.structure import Path, leaves

ENDLESS_SHARE = 0.25  # of the time, for a set whose end is not known


class Reader:
    """Reads an opened pipeline.

    Parameters
    ----------
    opened : Opened
        Is used up.
    what : str
        Name of the parameter, for errors.
    n_sample, max_bytes : int
        Bounds of the sample.
    rng : numpy.random.Generator
        Draws the sample.
    """

    def __init__(self, opened: Opened, what: str, *, n_sample: int, max_bytes: int, rng: np.random.Generator) -> None:
        self.n_rows = 0
        self.finished = False
        self.batch_size = opened.batch_size
        self.structure: tuple[Any, Any, Any] = (None, None, None)  # of the first batch: x, y, sample_weight
        self.scans: dict[Path, Scan] = {}  # by part and path
        self.sources: dict[Path, Source] = {}  # of the first batch
        self._labels: dict[int, Array] = {}
        self._labels_path: Path | None = None
        self._kept: list[tuple[float, int, int, list[Array]]] = []  # (key, batch, row, cells of every array)
        self._worst = 1.0
        self._opened, self._what, self._rng = opened, what, rng
        self._n_sample, self._max_bytes = n_sample, max_bytes

    def read(self, *, seconds: float) -> None:
        """Read to the end if it can be reached within the time, else a few times the sample.

        Raises
        ------
        FlatlineError
            If reading fails, a batch is not like the others, or there are no rows.
        """
        began, n = time.perf_counter(), 0
        try:
            for position, element in self._opened.batches:
                self._take(position, element)
                n += 1
                if self._stop(time.perf_counter() - began, n, seconds):
                    break
            else:
                self.finished = True
        except FlatlineError:
            raise
        except Exception as error:
            first = (str(error).strip() or "no message").splitlines()[0][:160]
            raise refusal(self._what, "readable", f"{type(error).__name__}: {first} after {n} batches") from error
        finally:
            self._opened.batches = iter(())  # ends the threads that read ahead, before state is put back
            self._opened.close()
        self.finished = self.finished or n == self._opened.n_batches
        if self.n_rows == 0:
            raise refusal(self._what, "data with at least one row", "empty batches" if n else "no batches")

    def sample(self) -> dict[Path, Array]:
        """The rows kept, in their order, by part and path; of unequal length, they are padded with zeros."""
        self._cut()
        rows = sorted(self._kept, key=lambda row: row[1:3])
        return {path: _stacked([row[3][i] for row in rows]) for i, path in enumerate(self.scans)}

    def shape(self, path: Path) -> Shape:
        """Of one sample; None where rows differ."""
        i = list(self.scans).index(path)
        sizes = zip(*(row[3][i].shape for row in self._kept), strict=True)
        return tuple(size[0] if len(set(size)) == 1 else None for size in sizes)

    def labels(self) -> list[Array]:
        """Labels of every batch; empty where targets are not labels."""
        return list(self._labels.values())

    def _stop(self, spent: float, n: int, seconds: float) -> bool:
        total = self._opened.n_batches
        if spent > seconds or n == total:
            return True
        if self.n_rows < 4 * self._n_sample:
            return False
        return spent > ENDLESS_SHARE * seconds if total is None else spent / n * total > seconds

    def _take(self, position: int, element: Any) -> None:
        parts = self._unpacked(element)
        found = [leaf for part, value in enumerate(parts) for leaf in leaves(value, (), "", (part,))]
        sources = {leaf.path: open_source(leaf.value, self._what) for leaf in found}
        lengths = sorted({source.n_rows for source in sources.values()})
        if len(lengths) != 1:
            got = f"{' and '.join(map(str, lengths)) or 'no'} rows in one batch; is the set batched?"
            raise refusal(self._what, "data whose batches have parts of equal length", got)
        (n,) = lengths
        blocks = {path: source.block(0, n) for path, source in sources.items()}
        if not self.scans:
            self.structure, self.sources = parts, sources
            self.scans = {path: Scan(shape=s.shape, limit=fed_limit(s.dtype)) for path, s in sources.items()}
            self.batch_size = self.batch_size or n
            self._labels_path = next((path for path in blocks if path[0] == 1), None)
        if blocks.keys() != self.scans.keys():
            raise refusal(self._what, "data whose batches are built alike", f"another structure in batch {position}")
        first_row = self.n_rows if self._opened.ordered else position * (self.batch_size or n)
        for path, block in blocks.items():
            if block.ndim != len(self.sources[path].shape) + 1:
                raise refusal(self._what, "data whose batches are built alike", f"another rank in batch {position}")
            self.scans[path].add(block, first_row)
        self._keep(position, list(blocks.values()), n)
        self._keep_labels(position, blocks)
        self.n_rows += n

    def _unpacked(self, element: Any) -> tuple[Any, Any, Any]:
        """(x, y, sample_weight) of a batch, as Keras unpacks it."""
        if isinstance(element, list):
            element = tuple(element)
        if not isinstance(element, tuple):
            return element, None, None
        if not 1 <= len(element) <= 3:
            raise refusal(self._what, "data in batches of x, (x, y) or (x, y, sample_weight)", f"{len(element)} parts")
        x, y, weight = (*element, None, None)[:3]
        return x, y, weight

    def _keep(self, position: int, blocks: Sequence[Array], n: int) -> None:
        """Keep the rows with the smallest random keys: every row read has the same chance."""
        keys = self._rng.random(n)
        for row in np.flatnonzero(keys < self._worst).tolist():
            self._kept.append((float(keys[row]), position, row, [np.array(block[row]) for block in blocks]))
        size = sum(max(1, block.nbytes // max(1, n)) for block in blocks)
        self._n_sample = max(1, min(self._n_sample, self._max_bytes // size))
        if len(self._kept) > 1.25 * self._n_sample:
            self._cut()

    def _cut(self) -> None:
        self._kept.sort(key=lambda row: row[0])
        del self._kept[self._n_sample :]
        if len(self._kept) == self._n_sample:
            self._worst = self._kept[-1][0]

    def _keep_labels(self, position: int, blocks: dict[Path, Array]) -> None:
        if self._labels_path is None or self.n_rows >= MAX_ORDERED:
            return
        labels = class_labels(blocks[self._labels_path])
        if labels is None:
            self._labels_path = None
            self._labels.clear()
        else:
            self._labels[position] = labels


def _stacked(rows: Sequence[Array]) -> Array:
    shapes = {row.shape for row in rows}
    if len(shapes) == 1:
        return np.stack(rows)
    stacked = np.zeros((len(rows), *map(max, zip(*shapes, strict=True))), rows[0].dtype)
    for i, row in enumerate(rows):
        stacked[i][tuple(slice(size) for size in row.shape)] = row
    return stacked
