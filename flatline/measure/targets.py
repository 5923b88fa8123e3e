"""Targets as pictures need them: how often each label occurs, how values are distributed, what the rows shown have."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from flatline.exhibits import HeadLabels, HeadValues, LabelCounts, TargetValues
from flatline.facts import Array, HeadFacts, Task
from flatline.logs import RunHead
from flatline.measure.answers import CLASSES, Asked, labels_of, thinned
from flatline.measure.rows import class_labels
from flatline.measure.spread import spread

MOST = 3  # outputs
LABELS = 1_024  # of all of them together
COLUMNS = 64  # likewise
BINS = 40
TAIL = (
    5.0  # 1; a range so many times that of the middle 90 % leaves them in few bins; of 2,000 normal numbers it is 2.1
)
SHOWN = 4  # numbers, or labels, of a row
REACH = {
    "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, np.inf), "positive": (0.0, np.inf)
}  # fmt: skip


def asked(head: HeadFacts | RunHead, y: Array, shape: tuple[int, ...] | None = None) -> Asked:
    """Say what an output of this shape is asked to do for these rows."""
    low, high = -np.inf, np.inf
    its: tuple[int, ...] = (head.units,)
    if isinstance(head, HeadFacts):
        (low, high), its = REACH.get(head.squash, (low, high)), tuple(int(n or 1) for n in head.output_shape)
    return Asked(
        name=head.name, task=Task(head.task), y=y, shape=its if shape is None else shape,
        from_logits=head.from_logits, low=low, high=high,
    )  # fmt: skip


def target_facts(heads: Sequence[Asked]) -> dict[type, Any]:
    """Describe the targets: a fact of labels where there are any, one of values likewise."""
    told = [head for head in heads if head.y.size and head.y.dtype.kind in "fiub"]
    labelled = [head for head in told if head.task in (*CLASSES, Task.MULTILABEL)][:MOST]
    valued = [head for head in told if head.task not in (*CLASSES, Task.MULTILABEL)][:MOST]
    facts: dict[type, Any] = {}
    if labelled:
        counted = [_counted(head, LABELS // len(labelled)) for head in labelled]
        facts[LabelCounts] = LabelCounts(heads=tuple(counted))
    if valued:
        facts[TargetValues] = TargetValues(heads=tuple(_valued(head, COLUMNS // len(valued)) for head in valued))
    return facts


def _counted(head: Asked, room: int) -> HeadLabels:
    y = head.y
    n_nonfinite = 0
    if head.task is Task.MULTILABEL:
        rows = thinned(y.reshape(-1, y.shape[-1] if y.ndim > 1 else 1))
        label, count, n = np.arange(rows.shape[1], dtype="float64"), np.sum(rows > 0.5, axis=0), len(rows)
    else:
        labels = labels_of(y, (len(y), *head.shape))
        labels = class_labels(y) if labels is None else labels
        cells = thinned((y if labels is None else labels).reshape(-1)).astype("float64")
        finite = np.isfinite(cells)
        label, count = np.unique(cells[finite], return_counts=True)
        n, n_nonfinite = int(finite.sum()), int((~finite).sum())
        if head.units > 1 and len(label) < room:  # classes without a single row are worth seeing
            absent = np.setdiff1d(np.arange(head.units, dtype="float64"), label)[: room - len(label)]
            label, count = np.append(label, absent), np.append(count, np.zeros(len(absent), int))
    kept = np.argsort(-count, kind="stable")[:room]
    kept = kept[np.argsort(label[kept])]
    return HeadLabels(
        name=head.name,
        label=label[kept].astype("float32"),
        count=count[kept].astype("int32"),
        n=n,
        units=head.units,
        exclusive=head.task is not Task.MULTILABEL,
        n_left_out=len(label) - len(kept),
        n_nonfinite=n_nonfinite,
    )


def _valued(head: Asked, room: int) -> HeadValues:
    cells = thinned(head.y.reshape(-1)).astype("float64")
    cells = cells[np.isfinite(cells)]
    edges, width = _edges(cells)
    return HeadValues(
        spread=spread(head.y, name=head.name, room=room),
        mean=float(cells.mean()) if len(cells) else float("nan"),
        std=float(cells.std()) if len(cells) else float("nan"),
        edges=edges,
        count=np.histogram(cells, edges)[0].astype("int32"),
        linear_width=width,
        low=head.low,
        high=head.high,
    )


def _edges(cells: Array) -> tuple[Array, float]:
    """Edges of bins, and the width around 0 beyond which they grow; NaN where all are equally wide."""
    if not len(cells) or cells.min() == cells.max():
        middle = float(cells[0]) if len(cells) else 0.0
        half = max(0.5, 1e-6 * abs(middle))
        return np.array([middle - half, middle + half]), float("nan")
    low, high = float(cells.min()), float(cells.max())
    begin, end = np.quantile(cells, (0.05, 0.95))
    if not high - low > TAIL * (end - begin):
        return np.linspace(low, high, BINS + 1), float("nan")
    width = float(np.median(np.abs(cells[cells != 0])))
    edges = width * np.sinh(np.linspace(np.arcsinh(low / width), np.arcsinh(high / width), BINS + 1))
    edges[[0, -1]] = low, high
    return edges, width


def label_texts(y: Array, task: Task) -> tuple[str, ...]:
    """Write the target of each row in a few characters."""
    return tuple(_text(np.asarray(row), task) for row in y)


def _text(row: Array, task: Task) -> str:
    if task is Task.MULTILABEL:
        return _listed([f"{i}" for i in np.flatnonzero(row.ravel() > 0.5)]) or "none"
    if task is Task.MULTICLASS and row.ndim == 1 and row.size > 1:
        return f"{row.argmax()}"
    if row.ndim > 1 and row.size > SHOWN:
        return " × ".join(map(str, row.shape))
    return _listed([f"{value:.4g}" for value in row.ravel()])


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:SHOWN]) + (", …" if len(texts) > SHOWN else "")
