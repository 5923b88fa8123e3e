"""What rows tell together: the order of labels, labels that only the held-out rows have, rows that contradict."""

import hashlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from flatline.facts import Array
from flatline.measure.sources import Source

MAX_CLASSES = 1_000  # more distinct whole numbers than that are values, not labels
MAX_ORDERED = 1_000_000  # rows whose labels are read for their order
MAX_TAIL = 20_000_000  # rows whose labels are read for those that only the tail has
MAX_COMPARED = 20_000  # rows compared with one another
MAX_COMPARED_ON_DISK = 2_000  # of a file, in which every row is a jump
MAX_HASHED = 64 << 20  # bytes of them
LABEL_CELLS = 1 << 22  # cells of targets read at once


def class_labels(targets: Array) -> Array | None:
    """Reduce targets to one whole number a row: integers as they are, one-hot rows to the place of the one.

    Parameters
    ----------
    targets : ndarray of shape (n,), (n, 1) or (n, n_classes)

    Returns
    -------
    ndarray of shape (n,) or None
        None if the targets are neither.
    """
    if targets.ndim == 2 and targets.shape[1] > 1:
        ones = targets == 1
        one_hot = bool((ones.sum(axis=1) == 1).all() and ((targets == 0) | ones).all())
        return ones.argmax(axis=1) if one_hot else None
    if targets.ndim not in (1, 2):
        return None
    flat = targets.reshape(-1)
    if flat.dtype.kind in "biu":
        return flat.astype(np.int64)
    with np.errstate(invalid="ignore"):
        whole = bool(np.isfinite(flat).all() and (flat == np.floor(flat)).all() and (np.abs(flat) < 2**53).all())
    return flat.astype(np.int64) if whole else None


def source_labels(source: Source, *, limit: int = MAX_ORDERED, deadline: float = float("inf")) -> list[Array]:
    """Read the labels of contiguous runs of rows: all of them up to `limit` rows, else 16 runs spread over the whole.

    The list is empty where the targets are not labels.
    """
    n = source.n_rows
    if len(source.shape) > 1:
        return []
    if n <= limit:
        runs = [(0, n)]
    else:
        length = limit // 16
        runs = [(int(start), int(start) + length) for start in np.linspace(0, n - length, 16)]
    step = max(1, LABEL_CELLS // max(1, source.cells_per_row))
    found = []
    for start, stop in runs:
        parts = []
        for at in range(start, stop, step):
            block = source.block(at, min(at + step, stop))
            labels = class_labels(block)
            if labels is None or time.perf_counter() > deadline:
                return []
            parts.append(labels)
            source.release(at, min(at + step, stop))
        found.append(np.concatenate(parts))
    return found


def label_order(runs: Sequence[Array]) -> float:
    """Measure how far rows lie in the order of their labels.

    Parameters
    ----------
    runs : sequence of ndarray
        Labels of runs of neighbouring rows.

    Returns
    -------
    float
        (share of neighbours with equal labels − p) / (1 − p), where p = Σ nᶜ(nᶜ − 1) / n(n − 1) is the share expected
        of a random order: 1 when sorted by many rows a class, about 0 at random; NaN with one class or no pairs.
    """
    pairs = sum(max(0, len(run) - 1) for run in runs)
    if pairs == 0:
        return float("nan")
    _, counts = np.unique(np.concatenate(runs), return_counts=True)
    n = int(counts.sum())
    expected = float((counts * (counts - 1.0)).sum() / (n * (n - 1.0)))
    if len(counts) > MAX_CLASSES or not expected < 1:
        return float("nan")
    equal = sum(int((run[1:] == run[:-1]).sum()) for run in runs)
    return (equal / pairs - expected) / (1 - expected)


def label_clumping(batches: Sequence[Array]) -> float:
    """Measure how far batches hold one label each, however their rows are ordered inside.

    Parameters
    ----------
    batches : sequence of ndarray
        Labels of every batch.

    Returns
    -------
    float
        As `label_order`, over all pairs of rows of a batch in place of neighbours: training does not feel the order
        inside a batch. Batches of one row are taken for a run of neighbours.
    """
    pairs = sum(len(batch) * (len(batch) - 1.0) for batch in batches)
    if pairs == 0:
        return label_order([np.concatenate(batches)] if batches else [])
    _, counts = np.unique(np.concatenate(batches), return_counts=True)
    n = int(counts.sum())
    expected = float((counts * (counts - 1.0)).sum() / (n * (n - 1.0)))
    if len(counts) > MAX_CLASSES or not expected < 1:
        return float("nan")
    equal = 0.0
    for batch in batches:
        _, of_batch = np.unique(batch, return_counts=True)
        equal += (of_batch * (of_batch - 1.0)).sum()
    return float((equal / pairs - expected) / (1 - expected))


def unseen_in_tail(labels: Array, split_at: int) -> tuple[float, ...]:
    """List the labels, at most 64, of rows from `split_at` on that no earlier row has."""
    head, tail = np.unique(labels[:split_at]), np.unique(labels[split_at:])
    if len(head) + len(tail) > 2 * MAX_CLASSES:
        return ()
    return tuple(float(label) for label in np.setdiff1d(tail, head)[:64])


def contradictions(
    inputs: Sequence[Source], targets: Sequence[Source], *, rng: np.random.Generator, deadline: float
) -> tuple[int, int, int]:
    """Count, among rows spread over the whole: those equal to an earlier one, of these those of another target, all.

    Rows are compared bit by bit, by a hash of 128 bits.
    """
    size = sum(source.row_bytes for source in (*inputs, *targets))
    on_disk = not all(source.in_memory for source in (*inputs, *targets))
    n = min(inputs[0].n_rows, MAX_COMPARED_ON_DISK if on_disk else MAX_COMPARED, max(1, MAX_HASHED // size))
    rows = fair_rows(inputs[0].n_rows, n, rng)
    seen: dict[bytes, bytes] = {}
    duplicates = conflicts = compared = 0
    step = max(1, (4 << 20) // size)
    for at in range(0, len(rows), step):
        taken = rows[at : at + step]
        for x, y in zip(_digests(inputs, taken), _digests(targets, taken), strict=True):
            first = seen.setdefault(x, y)
            compared += 1
            if first is not y:
                duplicates += 1
                conflicts += first != y
        if time.perf_counter() > deadline:
            break
    return duplicates, conflicts, compared


def fair_rows(n_rows: int, n: int, rng: np.random.Generator) -> Array:
    """Draw `n` ascending row indices: one at random from each of `n` equal stretches, the first and last row included.

    A fixed stride would see one class only where classes alternate with its period.
    """
    if n >= n_rows:
        return np.arange(n_rows)
    edges = np.arange(n + 1) * n_rows // n
    rows: Array = rng.integers(edges[:-1], edges[1:])
    rows[-1] = n_rows - 1
    if n > 1:
        rows[0] = 0
    return rows


def _digests(sources: Sequence[Source], rows: Array) -> list[bytes]:
    columns: list[Any] = [np.ascontiguousarray(source.take(rows)) for source in sources]
    return [
        hashlib.blake2b(b"".join(column[i].tobytes() for column in columns), digest_size=16).digest()
        for i in range(len(rows))
    ]
