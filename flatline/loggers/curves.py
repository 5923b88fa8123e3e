"""What of a record is sent, under which names, and what of it is new."""

import hashlib
import heapq
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from flatline.facts import Array
from flatline.logs import ActivationLog, EpochLog, GradientLog, Log, LossLog, ProbeLog, UpdateLog
from flatline.records.record import RunRecord

Row = tuple[int, dict[str, float]]
"""A step, and the values of curves there by their names."""

PREFIX = "flatline"
MAX_LABEL = 100  # characters: with quantity and prefix it stays below the 250 that MLflow allows
MAX_TEXT = 5_000  # characters: what every version of MLflow takes as a tag


class Curve(NamedTuple):
    """A column of a log that is sent."""

    log: type[Log]
    field: str
    quantity: str  # a term of the glossary
    named: str = ""  # field with the names of the columns; none: there is one column
    broken: str | None = None  # field that is 1 where NaN was measured; "" it always was; None: NaN is "not measured"


CURVES = (
    Curve(LossLog, "loss", "training_loss", broken=""),
    Curve(GradientLog, "gradient_norm", "gradient_norm", "layers", "nonfinite_gradients"),
    Curve(GradientLog, "weight_norm", "weight_norm", "layers", "nonfinite_weights"),
    Curve(UpdateLog, "update_ratio", "layer_update_ratio", "layers"),
    Curve(UpdateLog, "learning_rate", "learning_rate"),
    Curve(ActivationLog, "mean", "activation_mean", "layers", "nonfinite"),
    Curve(ActivationLog, "spread", "activation_spread", "layers", "nonfinite"),
    Curve(ActivationLog, "saturated_share", "saturated_share", "layers"),
    Curve(ProbeLog, "dead_share", "dead_share", "layers"),
    Curve(ProbeLog, "distinct_classes", "predicted_classes", "heads"),
    Curve(ProbeLog, "output_spread", "output_spread", "heads"),
    Curve(ProbeLog, "input_dependence", "input_dependence"),
)


class News:
    """Tells of a record what was not told before.

    A row is known by its step, which increases within a log: thinning takes rows away and leaves the steps of the
    others as they are. So no row is told twice, however many calls of `fit` fill the record.
    """

    def __init__(self, record: RunRecord) -> None:
        self.record = record
        self._last = dict.fromkeys(record.tables, -1)
        self._found = 0

    def rows(self) -> Iterator[Row]:
        """Return rows of all logs, merged by step; they count as told from now on."""
        parts = []
        for kind, table in self.record.tables.items():
            log = table.log()
            start = int(np.searchsorted(log.step, self._last[kind], side="right"))
            if start < len(log):
                self._last[kind] = int(log.step[-1])
                parts.append(_rows(log, start))
        return _merged(parts)

    def texts(self) -> Iterator[tuple[int, str, str]]:
        """Return step, name and text of findings; they count as told from now on."""
        found, self._found = self.record.live[self._found :], len(self.record.live)
        for step, finding in found:
            where = (finding.where,) if finding.where else ()
            name = "/".join([PREFIX, "finding", *map(label, (finding.code, *where))])
            yield step, name, text(f"{finding.code} {finding.name}: {finding.message} (step {step})")


def label(name: str) -> str:
    """Return a name as TensorBoard, W&B, MLflow and file systems take it; one that was changed gets a hash of itself.

    Examples
    --------
    >>> label("dense_1"), label("a/b")
    ('dense_1', 'a_b-c14cddc0')
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]|^\.", "_", name)[:MAX_LABEL]
    if safe == name and safe:
        return safe
    return f"{safe}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def labels(names: Iterable[str]) -> list[str]:
    """Return a label for each name; layers of nested models may have the same one."""
    taken: dict[str, None] = {}
    for name in names:
        same = (f"{label(name)}-{n}" for n in itertools.count(2))
        taken[next(one for one in itertools.chain([label(name)], same) if one not in taken)] = None
    return list(taken)


def text(message: str) -> str:
    """Return a message of one line that any database takes."""
    return "".join(letter if letter.isprintable() else "�" for letter in message[:MAX_TEXT])


def _merged(parts: Sequence[Iterator[Row]]) -> Iterator[Row]:
    for step, rows in itertools.groupby(heapq.merge(*parts, key=itemgetter(0)), key=itemgetter(0)):
        yield step, {name: value for _, values in rows for name, value in values.items()}


def _rows(log: Log, start: int) -> Iterator[Row]:
    """Rows of one log from `start` on, as far as they were measured."""
    columns = list(_columns(log))
    if not columns:
        return
    names, cells, measured = zip(*columns, strict=True)
    table, there = np.stack(cells, axis=1)[start:], np.stack(measured, axis=1)[start:]
    for i, step in enumerate(log.step[start:].tolist()):
        yield step, {names[j]: float(table[i, j]) for j in np.flatnonzero(there[i]).tolist()}


def _columns(log: Log) -> Iterator[tuple[str, Array, Array]]:
    """Name, values, and where these were measured."""
    if isinstance(log, EpochLog):
        for name, values in zip(labels(log.values), log.values.values(), strict=True):
            yield f"{PREFIX}/epoch_value/{name}", values, _reported(log, values)
        return
    for curve in CURVES:
        if not isinstance(log, curve.log):
            continue
        values = getattr(log, curve.field)
        there = ~np.isnan(values)
        if curve.broken is not None:
            there |= getattr(log, curve.broken) > 0 if curve.broken else True
        if not curve.named:
            yield f"{PREFIX}/{curve.quantity}", values, there
            continue
        for i, name in enumerate(labels(getattr(log, curve.named))):
            yield f"{PREFIX}/{curve.quantity}/{name}", values[:, i], there[:, i]


def _reported(log: EpochLog, values: Array) -> Array:
    """Where `fit` reported a value: NaN is left where it did not, and may also be what it reported."""
    loss = log.values.get("loss", values)
    reported: Array = ~np.isnan(values) | ~np.isfinite(loss) | np.isnan(values).all()
    return reported
