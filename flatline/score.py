"""Score: how well predictions answer the original targets, whatever form a fix has given labels and outputs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array, Task
from flatline.verdict import FLOOR

CLASSES = 20  # distinct whole numbers, at most, that targets of an unknown task are taken for classes
ROWS_PER_CLASS = 5
UNEVEN = 1.5  # largest class over smallest: from there "balanced accuracy" is said, below it is the accuracy


Metric = Callable[[Array, Array], float]


@dataclass(frozen=True, kw_only=True)
class Score:
    """Quality of predictions on the targets as the user has them; 1 is perfect.

    Accuracy balanced over classes (mean recall), agreement balanced over the ones and zeros of independent labels, or
    R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)², mean over columns, at least −1. A metric of the user's own is told as the share of the
    way from its value for the best constant answer to its value for a perfect one, at least −1: so it does not matter
    whether it grows or falls.
    """

    kind: str  # "classes", "labels", "values"
    y: Array  # original targets of all rows
    ids: Array | None  # classes: number of the class of each row (or step)
    name: str
    null: float
    classes: Array = field(default_factory=lambda: np.empty(0))  # the user's label of each class
    metric: Metric | None = None
    scale: tuple[float, float] = (0.0, 1.0)  # the metric's values for the best constant answer and a perfect one

    @classmethod
    def of_targets(cls, task: Task, y: Array, metric: Metric | None = None) -> "Score":
        """Choose the score for a task; where that is not known, by what the targets look like.

        Parameters
        ----------
        task : Task
        y : ndarray of shape (n_rows, ...)
        metric : callable or None
            The user's own, of (y, answers): labels of classes, zeros and ones, or values in the units of y.
        """
        kind = _kind(task, y)
        if kind != "classes":
            score = cls(kind=kind, y=y, ids=None, **_NAMES[kind])
        else:
            ids, classes = _class_ids(y)
            counts = np.unique(ids, return_counts=True)[1]
            name = "accuracy" if counts.max() <= UNEVEN * counts.min() else "balanced accuracy"
            score = cls(kind=kind, y=y, ids=ids, name=name, null=1.0 / len(counts), classes=classes)
        return score if metric is None else score._by(metric)

    def _by(self, metric: Metric) -> "Score":
        """Let the user's own metric say what is good."""
        name = getattr(metric, "__name__", type(metric).__name__)
        truth = self._truth(np.arange(len(self.y)))
        try:
            perfect = float(metric(self._told(truth), self._told(truth)))
            constant = [float(metric(self._told(truth), self._told(each))) for each in self._constants(truth)]
        except Exception as error:
            raise FlatlineError(
                f"The `score` parameter must be a function of (y, answers) that returns a number. {name} raised "
                f"{type(error).__name__}: {str(error)[:120]}"
            ) from error
        best = min(constant, key=lambda value: abs(perfect - value))
        if not math.isfinite(perfect) or not math.isfinite(best) or perfect == best:
            raise FlatlineError(
                f"The `score` parameter must tell perfect answers from constant ones. {name} is {perfect:.4g} for the "
                f"targets themselves and {best:.4g} for the best constant answer."
            )
        return replace(self, name=name, null=0.0, metric=metric, scale=(best, perfect))

    def _constants(self, truth: Array) -> list[Array]:
        """Answers that are the same for every row."""
        if self.kind == "classes":
            return [np.full_like(truth, each) for each in range(len(self.classes))]
        if self.kind == "labels":
            return [np.broadcast_to(truth.mean(0) > 0.5, truth.shape), np.zeros_like(truth), np.ones_like(truth)]
        return [np.broadcast_to(middle(truth, 0), truth.shape) for middle in (np.mean, np.median)]

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
            return FLOOR if self.kind == "values" or self.metric is not None else 0.0
        truth = self._truth(rows)
        answer = self._answer(predicted, truth, trained, logits)
        if answer is None or answer.shape != truth.shape:
            return self.null
        if self.metric is not None:
            best, perfect = self.scale
            value = float(self.metric(self._told(truth), self._told(answer)))
            return float(np.clip((value - best) / (perfect - best), FLOOR, 1)) if math.isfinite(value) else FLOOR
        value = _QUALITY[self.kind](truth, answer)
        return self.null if math.isnan(value) else value

    def _truth(self, rows: Array) -> Array:
        """Numbers of classes, whether labels are set, or values, of some rows; a row a line but for classes."""
        if self.ids is not None:
            return self.ids[rows].reshape(-1)
        y = self.y[rows].reshape(len(rows), -1)
        return y > 0.5 if self.kind == "labels" else y.astype("float64")

    def _answer(self, predicted: Array, truth: Array, trained: Array, logits: bool) -> Array | None:
        """Read outputs in the same terms."""
        if self.kind == "classes":
            return self._classes(predicted, len(truth), trained, logits)
        flat = predicted.reshape(len(truth), -1)
        if self.kind == "labels":
            return flat > (0.0 if logits else 0.5)
        if flat.shape != truth.shape:
            return None
        factor, offset = self._unit(trained)
        return np.asarray(flat * factor + offset)

    def _told(self, read: Array) -> Array:
        """What is read, in the user's terms."""
        if self.kind == "classes":
            other = self.classes.min() - 1 if len(self.classes) else -1  # a class that no row has
            return np.where(read >= 0, self.classes[np.maximum(read, 0)], other)
        return read.astype("int64") if self.kind == "labels" else read

    def _classes(self, predicted: Array, n: int, trained: Array, logits: bool) -> Array:
        """The number of the class that each output names; −1 for one that no row has."""
        assert self.ids is not None
        units = predicted.shape[-1] if predicted.ndim > self.ids.ndim else 1
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
        return np.array([meaning.get(float(each), -1) for each in answer])

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


def _recall(truth: Array, answer: Array) -> float:
    """Mean over the classes of the share of their rows that are right."""
    return float(np.mean([np.mean(answer[truth == each] == each) for each in np.unique(truth)]))


def _agreement(truth: Array, answer: Array) -> float:
    if truth.all() or not truth.any():
        return math.nan
    return float(np.mean(answer[truth]) + np.mean(~answer[~truth])) / 2


def _explained(truth: Array, answer: Array) -> float:
    spread = ((truth - truth.mean(0)) ** 2).sum(0)
    used = spread > 0
    if not used.any():
        return math.nan
    return float(np.clip(1 - ((truth - answer) ** 2).sum(0)[used] / spread[used], FLOOR, 1).mean())


_QUALITY = {"classes": _recall, "labels": _agreement, "values": _explained}
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


def _class_ids(y: Array) -> tuple[Array, Array]:
    """Number of the class of each row, and the user's label of each class."""
    if y.ndim > 1 and y.shape[-1] > 1 and _is_one_hot(y):
        return y.argmax(-1), np.arange(y.shape[-1])
    column = y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y
    classes, ids = np.unique(column, return_inverse=True)
    return ids.reshape(column.shape), classes


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
