"""What learners that are no networks make of the rows: whether there is anything to learn at all."""

from typing import Any

import keras
import numpy as np

from flatline.facts import Array, HeadFacts, Task
from flatline.measure.setup import n_rows
from flatline.measure.trial import Trials

COLUMNS = 64  # that a regression tree chooses a split from: all of 4096 would take two minutes
FEWEST_HELD_OUT = 40


def model_free_score(trials: Trials, rows: Array, held: Array) -> tuple[float, float]:
    """Held-out score of the best of a few learners that are no networks, and what guessing can reach by luck.

    Returns
    -------
    tuple of float
        Best held-out accuracy or R²; the null score plus two standard errors. NaN where not applicable.
    """
    head = trials.head
    nothing = float("nan"), float("nan")
    inputs = keras.tree.flatten(trials.x)
    several = len(inputs) != 1 or len(trials.objective.heads) != 1
    if head is None or len(held) < FEWEST_HELD_OUT or several or trials.budget.left() < 0:
        return nothing
    x = np.asarray(inputs[0], "float64").reshape(n_rows(trials.x), -1)[:, :4096]
    y = np.asarray(keras.tree.flatten(trials.y)[0])
    if not np.all(np.isfinite(x)):
        return nothing
    labels = _labels(head, y)
    x = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.neighbors import KNeighborsClassifier

    if labels is not None:
        learners: list[Any] = [KNeighborsClassifier(5), ExtraTreesClassifier(60, random_state=0)]
        best = max(float(np.mean(one.fit(x[rows], labels[rows]).predict(x[held]) == labels[held])) for one in learners)
        _, counts = np.unique(labels, return_counts=True)
        guess = counts.max() / counts.sum()
        return best, float(guess + 2 * np.sqrt(guess * (1 - guess) / len(held)))
    if head.task is Task.REGRESSION and y.size == len(y):
        share = min(1.0, COLUMNS / x.shape[1])
        tree = ExtraTreesRegressor(60, max_features=share, random_state=0).fit(x[rows], y[rows].ravel())
        return float(tree.score(x[held], y[held].ravel())), 2 / np.sqrt(len(held))
    return nothing


def _labels(head: HeadFacts, y: Array) -> Array | None:
    if head.task not in (Task.BINARY, Task.MULTICLASS):
        return None
    if head.encoding in ("one_hot", "soft"):
        return y.argmax(-1) if y.ndim == 2 else None
    return y.reshape(-1) if y.size == len(y) else None
