"""What a network answers, beside the targets: classes decided on, and how they compare with always saying the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flatline.exhibits import Confusion, Predictions
from flatline.facts import Array, HeadFacts, Task

PAIRS = 1_024  # of classes, kept
CELLS = 1 << 17  # compared: of the steps of sequences or the pixels of masks, evenly spaced ones
POINTS = 1_000  # of true and predicted values, kept
MOST_COLUMNS = 64  # of values that are judged one by one; more are pixels or the like, and are taken together
CLASSES = (Task.BINARY, Task.MULTICLASS)
VALUES = (Task.REGRESSION, Task.RECONSTRUCTION)


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """What one output is asked to do for some rows."""

    name: str
    task: Task
    y: Array
    shape: tuple[int, ...]  # of the output for one row
    from_logits: bool | None = None
    low: float = float("-inf")  # that it can reach
    high: float = float("inf")

    @property
    def units(self) -> int:
        """Numbers along the last axis of the output."""
        return self.shape[-1] if self.shape else 1


def labels_of(y: Array, shape: tuple[int, ...]) -> Array | None:
    """Labels in the shape of the answers of an output of this shape, rows included; None where they do not fit it."""
    if len(shape) > 1 and shape[-1] > 1:
        if y.shape == shape:
            return np.asarray(y.argmax(-1))
        return y.reshape(shape[:-1]) if y.size == int(np.prod(shape[:-1])) else None
    return y.reshape(-1) if y.size == int(np.prod(shape)) else None


def decided(predicted: Array, y: Array, *, from_logits: bool | None) -> tuple[Array, Array | None]:
    """Return the classes that outputs stand for, and the labels in the same shape; None where these do not fit."""
    if predicted.ndim > 1 and predicted.shape[-1] > 1:
        return predicted.argmax(-1), labels_of(y, predicted.shape)
    low = float(np.min(y))
    cut = 0.0 if from_logits or low < 0 else 0.5
    return np.where(predicted.reshape(-1) > cut, 1.0, min(low, 0.0)), labels_of(y, predicted.shape)


def answer_facts(
    heads: Sequence[Asked], predicted: Sequence[Array], *, n_steps: int, rehearsed: bool
) -> dict[type, Any]:
    """Compare answers with targets: a fact of classes where there are any, one of values likewise, or why not.

    Parameters
    ----------
    heads : sequence of Asked
    predicted : sequence of ndarray
        Outputs in inference mode for the same rows.
    n_steps : int
        Of training before.
    rehearsed : bool
        Whether it was undone afterwards.
    """
    when: dict[str, Any] = {"n_steps": n_steps, "rehearsed": rehearsed}
    pairs = list(zip(heads, predicted, strict=True))
    return {
        **_worst(Confusion, [_confusion(*pair) for pair in pairs if pair[0].task in CLASSES], when),
        **_worst(Predictions, [_predictions(*pair) for pair in pairs if pair[0].task in VALUES], when),
    }


def unanswered(heads: Sequence[Asked | HeadFacts], reason: str) -> dict[type, Any]:
    """Say of the facts that there would be why there are none."""
    tasks = {head.task for head in heads}
    kinds = [kind for kind, its in ((Confusion, CLASSES), (Predictions, VALUES)) if tasks & set(its)]
    return dict.fromkeys(kinds, reason)


def _worst(kind: type, found: Sequence[Any], when: dict[str, Any]) -> dict[type, Any]:
    """Of the outputs that can be told, the one that does least better than guessing; else the reason of one of them."""
    told = [(fields, better) for fields, better in found if better is not None]
    if not told:
        return dict.fromkeys([kind], found[0][0]) if found else {}
    fields, _ = min(told, key=lambda pair: pair[1])
    return {kind: kind(**fields, **when, n_heads=len(found))}


def _confusion(head: Asked, predicted: Array) -> tuple[Any, float | None]:
    nothing: tuple[Array, Array | None] = np.empty(0), None
    chosen, labels = decided(predicted, head.y, from_logits=head.from_logits) if head.y.size else nothing
    if labels is None:
        return "the targets do not fit the output", None
    units, chosen, labels = (thinned(array.reshape(chosen.size, -1)) for array in (predicted, chosen, labels))
    finite = np.isfinite(units).all(axis=1) & np.isfinite(labels[:, 0])
    n, n_nonfinite = int(finite.sum()), int((~finite).sum())
    if not n:
        return f"all {n_nonfinite:,} answers are no numbers", None
    true, answers = labels[finite, 0].astype("float64"), chosen[finite, 0].astype("float64")
    pairs, count = np.unique(np.stack([true, answers], axis=1), axis=0, return_counts=True)
    kept = np.sort(np.argsort(-count, kind="stable")[:PAIRS])
    classes, of_class = np.unique(true, return_counts=True)
    majority = float(classes[of_class.argmax()])
    label = np.unique(np.append(pairs[kept], majority))
    accuracy, null = float(np.mean(true == answers)), float(of_class.max() / n)
    small = np.min_scalar_type(len(label))
    fields = {
        "name": head.name,
        "label": label.astype("float32"),
        "true": np.searchsorted(label, pairs[kept, 0]).astype(small),
        "predicted": np.searchsorted(label, pairs[kept, 1]).astype(small),
        "count": count[kept].astype("int32"),
        "accuracy": accuracy,
        "null": null,
        "majority": int(np.searchsorted(label, majority)),
        "n": n,
        "n_left_out": int(n - count[kept].sum()),
        "n_nonfinite": n_nonfinite,
    }
    return fields, accuracy - null


def _predictions(head: Asked, predicted: Array) -> tuple[Any, float | None]:
    y = head.y
    if y.size != predicted.size or not y.size:
        return "the targets do not fit the output", None
    n_columns = predicted.shape[-1] if predicted.ndim > 1 else 1
    together = n_columns > MOST_COLUMNS
    columns = 1 if together else n_columns
    true, answers = (thinned(array.reshape(-1, columns)).astype("float64") for array in (y, predicted))
    finite = np.isfinite(true) & np.isfinite(answers)
    if not finite.any():
        return f"all {true.size:,} answers are no numbers", None
    scores = [_r2(true[mask, i], answers[mask, i]) for i, mask in enumerate(finite.T)]
    column = int(np.argmin([np.inf if np.isnan(score) else score for score in scores]))
    if not finite[:, column].any():  # no score is known of any column
        column = int(finite.any(axis=0).argmax())
    shown = np.flatnonzero(finite[:, column])
    few = shown[np.linspace(0, len(shown) - 1, min(len(shown), POINTS)).astype(int)]
    fields = {
        "name": head.name,
        "true": true[few, column].astype("float32"),
        "predicted": answers[few, column].astype("float32"),
        "mean": float(true[shown, column].mean()),
        "r2": scores[column],
        "n": len(shown),
        "n_nonfinite": int(len(true) - len(shown)),
        "column": None if together else column,
        "n_columns": n_columns,
    }
    return fields, -np.inf if np.isnan(scores[column]) else scores[column]


def thinned(rows: Array) -> Array:
    """Evenly spaced rows, `CELLS` of them at most."""
    return rows[:: -(-len(rows) // CELLS)] if len(rows) > CELLS else rows


def _r2(true: Array, predicted: Array) -> float:
    spread = float(((true - true.mean()) ** 2).sum()) if len(true) else 0.0
    return 1 - float(((true - predicted) ** 2).sum()) / spread if spread > 0 else float("nan")
