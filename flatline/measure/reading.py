"""One data set, read: arrays in place, pipelines batch by batch, to the same facts and the same kind of sample."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flatline.facts import Array, ArrayFacts, DataFacts
from flatline.measure import rows as rows_of
from flatline.measure.pipelines import Opened, open_pipeline
from flatline.measure.reader import Reader
from flatline.measure.sample import MAX_BYTES, fed, sample_fields, sampled
from flatline.measure.scan import Scan, scan_source
from flatline.measure.sources import Source, fed_limit, open_source, refusal
from flatline.measure.structure import Leaf, is_structure, leaves, rebuilt

COMPARING_SHARE = 0.2  # of the time, for labels and for rows that contradict each other


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much is read, and how arrays are named."""

    n_sample: int
    seconds: float
    seed: int
    input_names: Sequence[str]
    output_names: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ReadData:
    """A sample in the user's structure, and the facts."""

    x: Any
    y: Any
    sample_weight: Array | None
    rows: Array | None  # indices of the sampled rows; None for pipelines
    data: DataFacts
    steps: int | None  # batches of an epoch of a pipeline


def read_data(x: Any, y: Any, weight: Any, *, split: float, bounds: Bounds, what: tuple[str, str]) -> ReadData:
    """Read one data set.

    Parameters
    ----------
    x, y, weight : object
        As `fit` takes them.
    split : float
        Share of rows, from the end, that `validation_split` holds out.
    bounds : Bounds
        Time, rows and names.
    what : (str, str)
        Names of the parameters that `x` and `y` came in by, for errors.

    Raises
    ------
    FlatlineError
        If the data are not what `fit` takes, or cannot be read as they are.
    """
    opened = open_pipeline(x, what[0], seconds=bounds.seconds)
    if opened is None:
        return _read_arrays(x, y, weight, split, bounds, what)
    for name, value in ((what[1], y), ("sample_weight", weight)):
        if value is not None:
            must = f"None beside data of kind {opened.source}, whose batches bring it along"
            raise refusal(name, must, f"a {type(value).__name__}")
    return _read_pipeline(opened, bounds, what[0])


def _read_arrays(x: Any, y: Any, weight: Any, split: float, bounds: Bounds, what: tuple[str, str]) -> ReadData:
    began, rng = time.perf_counter(), np.random.default_rng(bounds.seed)
    inputs = _opened(leaves(x, bounds.input_names, "X"), what[0])
    targets = _opened(leaves(y, bounds.output_names, "y"), what[1])
    n = _common_length(inputs, targets, x, what)
    size = sum(source.row_bytes for _, source in (*inputs, *targets))
    rows = rows_of.fair_rows(n, max(1, min(bounds.n_sample, MAX_BYTES // size)), rng)

    scanned = began + bounds.seconds * (1 - COMPARING_SHARE)
    cast: dict[int, Array] = {}
    facts: dict[int, ArrayFacts] = {}
    left = size
    for leaf, source in sorted((*targets, *inputs), key=lambda pair: pair[1].row_bytes):
        raw = sampled(source, rows)
        cast[id(source)] = fed(raw)
        now = time.perf_counter()
        scan = Scan(shape=source.shape, limit=fed_limit(source.dtype))
        scan_source(source, scan, deadline=now + max(0.0, scanned - now) * source.row_bytes / left)
        left -= source.row_bytes
        facts[id(source)] = scan.facts(
            name=leaf.name,
            shape=source.shape,
            dtype=source.dtype_name,
            n_rows=n,
            **sample_fields(raw, cast[id(source)]),
        )
    deadline = max(time.perf_counter(), scanned) + bounds.seconds * COMPARING_SHARE
    order, tail = _labels([source for _, source in targets], split, deadline)
    duplicates, conflicts, compared = rows_of.contradictions(
        [source for _, source in inputs], [source for _, source in targets], rng=rng, deadline=deadline
    )
    data = DataFacts(
        source="arrays",
        inputs=tuple(facts[id(source)] for _, source in inputs),
        targets=tuple(facts[id(source)] for _, source in targets),
        n_rows=n,
        batch_size=None,
        n_duplicates=duplicates,
        n_conflicts=conflicts,
        n_compared=compared,
        label_order=float("nan") if order is None else order,
        label_order_is_known=order is not None,
        has_sample_weight=weight is not None,
        tail_classes_unseen=tail,
    )
    return ReadData(
        x=rebuilt(x, {leaf.path: source.feed(cast[id(source)]) for leaf, source in inputs}),
        y=rebuilt(y, {leaf.path: source.feed(cast[id(source)]) for leaf, source in targets}),
        sample_weight=_sampled_weight(weight, rows, n),
        rows=rows,
        data=data,
        steps=None,
    )


def _opened(found: Sequence[Leaf], what: str) -> list[tuple[Leaf, Source]]:
    return [(leaf, open_source(leaf.value, what)) for leaf in found]


def _common_length(
    inputs: Sequence[tuple[Leaf, Source]], targets: Sequence[tuple[Leaf, Source]], x: Any, what: tuple[str, str]
) -> int:
    if not inputs:
        must = "arrays, tensors, frames, a tf.data.Dataset or a keras.utils.PyDataset"
        raise refusal(what[0], must, "None" if x is None else f"a {type(x).__name__} without arrays")
    (first, source), *others = inputs
    n = source.n_rows
    for leaf, other in others:
        if other.n_rows != n:
            got = f"{n} rows in {first.name} and {other.n_rows} in {leaf.name}"
            raise refusal(what[0], "inputs of equal length", got + _stacking_hint(x, targets))
    if n == 0:
        raise refusal(what[0], "data with at least one row", f"shape {(0, *source.shape)}")
    for leaf, target in targets:
        if target.n_rows != n:
            got = f"{target.n_rows} rows" + (f" in {leaf.name}" if len(targets) > 1 else "")
            raise refusal(what[1], f"as long as X ({n} rows)", got + _stacking_hint(x, targets))
    return n


def _stacking_hint(x: Any, targets: Sequence[tuple[Leaf, Source]]) -> str:
    if is_structure(x) and isinstance(x, (list, tuple)) and any(source.n_rows == len(x) for _, source in targets):
        return f"; Keras takes a list of {len(x)} arrays for {len(x)} inputs, np.stack makes one array of it"
    return ""


def _labels(targets: Sequence[Source], split: float, deadline: float) -> tuple[float | None, tuple[float, ...]]:
    """Order of the first targets that are labels, and those of them that only the held-out rows have."""
    for source in targets:
        runs = rows_of.source_labels(source, deadline=deadline)
        if not runs:
            continue
        order = rows_of.label_order(runs)
        if not 0 < split < 1 or source.n_rows > rows_of.MAX_TAIL:
            return order, ()
        if len(runs) > 1:
            runs = rows_of.source_labels(source, limit=rows_of.MAX_TAIL, deadline=deadline)
        # Keras: the first floor(n (1 − split)) rows train.
        return order, rows_of.unseen_in_tail(runs[0], int(source.n_rows * (1.0 - split))) if runs else ()
    return None, ()


def _sampled_weight(weight: Any, rows: Array, n: int) -> Array | None:
    """The weights of the sampled rows; None where every output has its own."""
    sources = [source for _, source in _opened(leaves(weight, (), "sample_weight"), "sample_weight")]
    for source in sources:
        if source.n_rows != n:
            raise refusal("sample_weight", f"as long as X ({n} rows)", f"{source.n_rows} rows")
    return sources[0].take(rows).astype(np.float32) if len(sources) == 1 else None


def _read_pipeline(opened: Opened, bounds: Bounds, what: str) -> ReadData:
    rng = np.random.default_rng(bounds.seed)
    reader = Reader(opened, what, n_sample=bounds.n_sample, max_bytes=MAX_BYTES, rng=rng)
    reader.read(seconds=bounds.seconds * (1 - COMPARING_SHARE))
    n = reader.n_rows if reader.finished else None
    if n is None and opened.n_batches is not None and reader.batch_size is not None:
        n = opened.n_batches * reader.batch_size
    raw = reader.sample()
    cast: Mapping[Any, Array] = {path: fed(array) for path, array in raw.items()}
    facts: list[list[ArrayFacts]] = [[], []]
    for part, names, default in ((0, bounds.input_names, "X"), (1, bounds.output_names, "y")):
        for leaf in leaves(reader.structure[part], names, default, (part,)):
            scan, dtype = reader.scans[leaf.path], reader.sources[leaf.path].dtype_name
            fields = sample_fields(raw[leaf.path], cast[leaf.path])
            facts[part].append(
                scan.facts(name=leaf.name, shape=reader.shape(leaf.path), dtype=dtype, n_rows=n, **fields)
            )
    by_part = [[Source(array) for path, array in cast.items() if path[0] == part] for part in (0, 1)]
    deadline = time.perf_counter() + bounds.seconds * COMPARING_SHARE
    duplicates, conflicts, compared = rows_of.contradictions(*by_part, rng=rng, deadline=deadline)
    labels = reader.labels()
    weights = [array for path, array in cast.items() if path[0] == 2]
    data = DataFacts(
        source=opened.source,
        inputs=tuple(facts[0]),
        targets=tuple(facts[1]),
        n_rows=n,
        batch_size=reader.batch_size,
        n_duplicates=duplicates,
        n_conflicts=conflicts,
        n_compared=compared,
        label_order=rows_of.label_clumping(labels),
        label_order_is_known=bool(labels),
        has_sample_weight=bool(weights),
    )
    return ReadData(
        x=rebuilt(reader.structure[0], cast, (0,)),
        y=rebuilt(reader.structure[1], cast, (1,)),
        sample_weight=weights[0].astype(np.float32) if len(weights) == 1 else None,
        rows=None,
        data=data,
        steps=opened.steps,
    )
