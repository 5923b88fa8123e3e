"""The tiny-subset test: a few examples must be fitted almost perfectly, or something prevents it."""

import time
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from flatline.facts import Arm, Array, HeadFacts, ModelFacts, Task, TinySubsetFacts
from flatline.measure.rehearsal import fresh_weights, never, standardised, without_dropout
from flatline.measure.setup import n_rows, rows_of
from flatline.measure.trial import Trials

N_EXAMPLES = 16  # of the 3–32 that practice uses (Karpathy 2019, "A Recipe for Training Neural Networks")
MAX_EXAMPLES = 32
MAX_STEPS = 600
FEWEST_TINY = 40  # steps; in fewer hardly anything is fitted
AS_IS_SHARE = 0.35  # of the seconds
FITTED = 0.9  # of the way from the null loss to the floor
REFERENCE_RATE = 3e-3
Say = Callable[[str], None]


def choose(x: Any, y: Any, head: HeadFacts | None, seed: int) -> Array:
    """Rows for the test: every class if they are few, no input twice (contradictions could not be fitted)."""
    n = n_rows(x)
    rng = np.random.default_rng(seed)
    dealt = rng.permutation(n)
    first = np.asarray(keras.tree.flatten(x)[0])
    seen, distinct = set(), []
    for row in dealt[: 40 * MAX_EXAMPLES]:
        mark = first[row].tobytes()
        if mark not in seen:
            seen.add(mark)
            distinct.append(int(row))
    labels = _labels(head, y)
    if labels is None:
        return np.sort(np.array(distinct[:N_EXAMPLES]))
    chosen: list[int] = []
    by_class: dict[float, list[int]] = {}
    for row in distinct:
        by_class.setdefault(float(labels[row]), []).append(row)
    want = max(N_EXAMPLES, min(MAX_EXAMPLES, 2 * len(by_class)))
    while len(chosen) < want and any(by_class.values()):
        for rows in by_class.values():
            if rows and len(chosen) < want:
                chosen.append(rows.pop(0))
    return np.sort(np.array(chosen))


def _labels(head: HeadFacts | None, y: Any) -> Array | None:
    if head is None or head.task not in (Task.BINARY, Task.MULTICLASS) or y is None:
        return None
    target = np.asarray(keras.tree.flatten(y)[0])
    if head.encoding in ("one_hot", "soft") and target.ndim == 2:
        classes: Array = target.argmax(-1)
        return classes
    return target.reshape(-1) if target.size == len(target) else None


def overfit(trials: Trials, model: ModelFacts, *, seconds: float, seed: int, say: Say) -> TinySubsetFacts:
    """Try to fit a few examples as is; if that fails, with what it may be prevented by taken away.

    Parameters
    ----------
    trials : Trials
        The user's model and rows.
    model : ModelFacts
        For the layers that initial weights are drawn for.
    seconds : float
        Budget for all arms.
    seed : int
        Of the choice of examples.
    say : callable
        Told what is being tried.
    """
    deadline = time.perf_counter() + seconds
    rows = choose(trials.x, trials.y, trials.head, seed)
    null, perfect = trials.null_and_perfect(rows)
    order = np.tile(rows.astype("int32"), (MAX_STEPS, 1))
    arms: dict[str, Arm] = {}

    def fitted(losses: Array) -> bool:
        return len(losses) >= 20 and null - float(losses[-5:].mean()) > (FITTED + 0.05) * (null - perfect)

    def fits(arm: Arm) -> bool:
        if arm.rescaled:
            return arm.score >= FITTED
        return not arm.diverged and null - float(arm.losses[-5:].mean()) >= FITTED * (null - perfect)

    def run(name: str, share: float, **changes: Any) -> bool:
        left = min(deadline - time.perf_counter(), trials.budget.left())
        if arms and left < 0.2:
            return False
        say(f"tiny-subset test, {len(rows)} examples: {name}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras repeats at each trace what the checks say once
            enough = never if "y" in changes else fitted
            arms[name] = trials.train(name, order=order, seconds=min(left, share * seconds), enough=enough, **changes)
        return fits(arms[name])

    if not run("as is", AS_IS_SHARE) and not run("reference optimizer", AS_IS_SHARE, reference=REFERENCE_RATE):
        with without_dropout(trials.model) as dropped:
            cured = (dropped or bool(trials.model.losses)) and run(
                "no dropout or penalties", 0.3, reference=REFERENCE_RATE, penalties=False, variant="no dropout"
            )
        if not cured:
            y = _targets(trials)
            for name, changes in (
                ("standardised inputs", {"x": standardised(trials.x)}),
                ("fresh initial weights", {"weights": fresh_weights(trials, model)}),
                ("standardised targets", {"y": y}),
            ):
                if next(iter(changes.values())) is not None and run(name, 0.3, reference=REFERENCE_RATE, **changes):
                    break
    targets = rows_of(trials.y, rows)
    return TinySubsetFacts(
        n_examples=len(rows),
        null=null,
        perfect=perfect,
        null_score=_null_score(trials.head, targets),
        arms=arms,
    )


def _targets(trials: Trials) -> Any:
    head = trials.head
    return (
        standardised(trials.y)
        if head is not None and head.task is Task.REGRESSION and head.squash == "linear"
        else None
    )


def _null_score(head: HeadFacts | None, y: Any) -> float:
    labels = _labels(head, y)
    if labels is None:
        return 0.0 if head is not None and head.task is Task.REGRESSION else float("nan")
    _, counts = np.unique(labels, return_counts=True)
    return float(counts.max() / counts.sum())
