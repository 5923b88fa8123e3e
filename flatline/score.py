"""Score: how well predictions answer the original targets, whatever form a fix has given labels and outputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from flatline.facts import Array, Task

CLASSES = 20  # distinct whole numbers, at most, that targets of an unknown task are taken for classes
ROWS_PER_CLASS = 5
UNEVEN = 1.5  # largest class over smallest: from there "balanced accuracy" is said, below it is the accuracy


@dataclass(frozen=True, kw_only=True)
class Score:
    """Quality of predictions on the targets as the user has them; 1 is perfect.

    Accuracy balanced over classes (mean recall), agreement balanced over the ones and zeros of independent labels, or
    R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)², mean over columns, at least −1.
    """

    kind: str  # "classes", "labels", "values"
    y: Array  # original targets of all rows
    ids: Array | None  # classes: number of the class of each row (or step)
    name: str
    null: float

    @classmethod
    def of_targets(cls, task: Task, y: Array) -> "Score":
        """Choose the score for a task; where that is not known, by what the targets look like."""
        kind = _kind(task, y)
        if kind != "classes":
            return cls(kind=kind, y=y, ids=None, **_NAMES[kind])
        ids = _class_ids(y)
        counts = np.unique(ids, return_counts=True)[1]
        name = "accuracy" if counts.max() <= UNEVEN * counts.min() else "balanced accuracy"
        return cls(kind=kind, y=y, ids=ids, name=name, null=1.0 / len(counts))

    def __call__(self, predicted: Array, rows: Array, trained: Array, *, logits: bool) -> float:
        """Score the outputs for some rows.

        Parameters
        ----------
        predicted : ndarray of shape (n_rows, ...)
            Outputs of the network.
        rows : ndarray of int of shape (n_rows,)
            Which rows they are for.
        trained : ndarray of shape (n_samples, ...)
            The targets that the network was trained on, row by row beside the original ones.
        logits : bool
            Whether an output of 0, not ½, separates two classes.

        Returns
        -------
        float
            The null model's where outputs cannot be read as answers, or are no numbers.
        """
        predicted = np.asarray(predicted, dtype="float64")
        if not np.all(np.isfinite(predicted)):
            return -1.0 if self.kind == "values" else 0.0
        if self.kind == "classes":
            return self._accuracy(predicted, rows, trained, logits)
        if self.kind == "labels":
            return self._agreement(predicted, rows, logits)
        return self._explained(predicted, rows, trained)

    def _accuracy(self, predicted: Array, rows: Array, trained: Array, logits: bool) -> float:
        assert self.ids is not None
        right = self.ids[rows]
        units = predicted.shape[-1] if predicted.ndim > right.ndim else 1
        labels, ids = _labels(trained, self.ids.shape).reshape(-1), self.ids.reshape(-1)
        known, first = np.unique(labels, return_index=True)
        meaning = dict(zip(known.tolist(), ids[first].tolist(), strict=True))
        if units > 1:
            answer = predicted.argmax(-1).reshape(-1)
            if units == 2 and not set(known.tolist()) <= {0.0, 1.0}:  # two units for classes that are not 0 and 1
                answer = known[np.clip(answer, 0, len(known) - 1)]
        else:
            flat = predicted.reshape(-1)
            if logits and len(known) == 2:
                answer = known[(flat > 0).astype(int)]
            else:
                answer = known[np.abs(flat[:, None] - known[None, :]).argmin(1)]
        if answer.size != right.size:
            return self.null
        found = np.array([meaning.get(float(each), -1) for each in answer])
        flat_right = right.reshape(-1)
        return float(np.mean([np.mean(found[flat_right == each] == each) for each in np.unique(flat_right)]))

    def _agreement(self, predicted: Array, rows: Array, logits: bool) -> float:
        y = self.y[rows].reshape(len(rows), -1) > 0.5
        answer = predicted.reshape(len(rows), -1) > (0.0 if logits else 0.5)
        if answer.shape != y.shape or y.all() or not y.any():
            return self.null
        return float(np.mean(answer[y]) + np.mean(~answer[~y])) / 2

    def _explained(self, predicted: Array, rows: Array, trained: Array) -> float:
        y = self.y[rows].reshape(len(rows), -1).astype("float64")
        answer = predicted.reshape(len(rows), -1)
        if answer.shape != y.shape:
            return self.null
        answer = answer * self._unit(trained)[0] + self._unit(trained)[1]
        spread = ((y - y.mean(0)) ** 2).sum(0)
        used = spread > 0
        if not used.any():
            return self.null
        return float(np.clip(1 - ((y - answer) ** 2).sum(0)[used] / spread[used], -1, 1).mean())

    def _unit(self, trained: Array) -> tuple[Array | float, Array | float]:
        """Factor and offset from the targets trained on to the original ones, column by column."""
        if trained is self.y or trained.size != self.y.size:
            return 1.0, 0.0
        new, old = (part.reshape(len(part), -1).astype("float64") for part in (trained, self.y))
        spread = new.std(0)
        factor = np.where(spread > 0, old.std(0) / np.where(spread > 0, spread, 1), 1.0)
        sign = np.sign(((new - new.mean(0)) * (old - old.mean(0))).sum(0))
        factor = np.where(sign < 0, -factor, factor)
        return factor, old.mean(0) - factor * new.mean(0)


_NAMES: dict[str, dict[str, Any]] = {
    "labels": {"name": "balanced agreement", "null": 0.5},
    "values": {"name": "R²", "null": 0.0},
}


def _kind(task: Task, y: Array) -> str:
    known = {Task.BINARY: "classes", Task.MULTICLASS: "classes", Task.MULTILABEL: "labels", Task.REGRESSION: "values"}
    known[Task.RECONSTRUCTION] = "values"
    if task in known:
        return known[task]
    wide = y.ndim > 1 and y.shape[-1] > 1
    if wide and set(np.unique(y[:1000]).tolist()) <= {0.0, 1.0}:
        return "classes" if np.all(y.sum(-1) == 1) else "labels"
    distinct = np.unique(y) if not wide and np.all(y == np.round(y)) else np.empty(0)
    few = 2 <= len(distinct) <= CLASSES and y.size >= ROWS_PER_CLASS * len(distinct)
    return "classes" if few else "values"


def _class_ids(y: Array) -> Array:
    if y.ndim > 1 and y.shape[-1] > 1 and _is_one_hot(y):
        ids: Array = y.argmax(-1)
        return ids
    column = y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y
    return np.unique(column, return_inverse=True)[1].reshape(column.shape)


def _is_one_hot(y: Array) -> bool:
    return bool(np.allclose(y.sum(-1), 1.0, atol=1e-3))


def _labels(trained: Array, shape: tuple[int, ...]) -> Array:
    """The label of each row as a number: the place of the one, or the number itself."""
    if trained.shape == shape:
        return trained.astype("float64")
    if trained.shape[:-1] == shape:
        column = trained.argmax(-1) if trained.shape[-1] > 1 else trained[..., 0]
        return column.astype("float64")
    return trained.reshape(shape).astype("float64")
