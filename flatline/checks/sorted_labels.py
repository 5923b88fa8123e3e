"""Flag rows in the order of their labels where the order decides what is trained on and what is held out.

## What it looks for

Rows sorted by class (about as many runs of equal labels as there are classes), together with one of two arguments of
`fit`: `shuffle=False`, or `validation_split`, which holds out the *last* rows as they stand, before any shuffling. It
is an ERROR when the held-out rows consist mostly of classes that the training rows do not have. It needs `fit_args`.

## Why it matters

Without shuffling every batch holds one class, the network learns to answer with it, and forgets it in the next batch.
With sorted rows `validation_split=0.2` holds out the last classes whole: the training never sees them, and the
validation accuracy stays at zero whatever the network does.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
y = np.repeat(np.arange(5), 60)  # sorted: loaded folder by folder
X = rng.normal(size=(300, 6)).astype("float32") + y[:, None]
model = keras.Sequential(
    [keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(5, "softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 10, "validation_split": 0.2}
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
y = np.repeat(np.arange(5), 60)
X = rng.normal(size=(300, 6)).astype("float32") + y[:, None]
order = rng.permutation(len(X))
X, y = X[order], y[order]
model = keras.Sequential(
    [keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(5, "softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 10, "validation_split": 0.2}
```

## When it is wrong

Series whose order carries meaning must not be shuffled; a stateful network is therefore left alone. Rare classes of a
large vocabulary can be missing from the training rows by chance: they are INFO.

## How far to trust the fix

Shuffling the rows of X and y together is safe where rows are independent. Where neighbouring rows belong together
(crops of one picture, windows of one recording, visits of one patient), split by group instead.

## References

- Keras documentation, `Model.fit`: `validation_split` takes the last samples "before shuffling"; keras-team/keras#8346
- Bottou 2012, Stochastic Gradient Descent Tricks, §5.1 (shuffle the examples), doi:10.1007/978-3-642-35289-8_25
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ArrayFacts, DataFacts, ModelFacts, ObjectiveFacts, PlanFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Edit, Fix, SetFit, Shuffle
from flatline.registry import check

MAX_ORDER = 0.9  # 1; below, runs of equal labels are shorter than ten rows
RUNS_PER_CLASS = 3  # 1; sorted rows have one run a class; more than three is the autocorrelation of a series
UNSEEN_SHARE = 0.5  # 1; of the held-out rows; fewer can be rare classes that chance put there
_NOT_CLASSES = frozenset({Task.REGRESSION, Task.RECONSTRUCTION})


@check("FL106", cause=Cause.DATA, severity=Severity.WARNING)
def sorted_labels(
    data: DataFacts, plan: PlanFacts, model: ModelFacts | None, objective: ObjectiveFacts | None
) -> Findings:
    """Flag sorted rows under `shuffle=False` or `validation_split`, and classes that only the held-out rows have."""
    if not plan.given:
        raise CannotTell("0 arguments of fit known; pass `fit_args` to have shuffle and validation_split judged")
    if not data.targets:
        raise CannotTell("0 targets were read, 1 is needed")
    if objective is not None and objective.heads and all(head.task in _NOT_CLASSES for head in objective.heads):
        return
    if data.tail_classes_unseen and plan.validation_split > 0:
        yield _unseen(data, plan, objective)
        return
    if not data.label_order_is_known or math.isnan(data.label_order):
        raise CannotTell("the order of 0 rows is known, all are needed")
    order = Evidence(
        quantity="label_order", value=data.label_order, bound=("<=", MAX_ORDER), where=data.targets[0].name
    )
    n_runs = _runs(data)
    if not order.broken or n_runs is None:
        return
    unshuffled = not _is_shuffled(data, plan) and not _sees_all_at_once(data, plan) and not _is_stateful(model)
    if not unshuffled and not plan.validation_split > 0:
        return
    argument = "shuffle=False" if unshuffled else f"validation_split={plan.validation_split:g}"
    yield Finding(
        message=f"rows are sorted by label (order {data.label_order:.2f} of 1, about {n_runs:.0f} runs) and "
        f"`{argument}` keeps them so",
        evidence=(order,),
        where=data.targets[0].name,
        fixes=(_shuffle(plan),),
    )


def _unseen(data: DataFacts, plan: PlanFacts, objective: ObjectiveFacts | None) -> Finding:
    unseen = data.tail_classes_unseen
    count = Evidence(
        quantity="unseen_classes", value=len(unseen), bound=("==", 0), unit="classes", where="validation_split"
    )
    counts = {label: n for head in objective.heads for label, n in head.class_counts} if objective is not None else {}
    held_out = plan.validation_split * sum(counts.values())
    rows_unseen = sum(counts.get(label, 0) for label in unseen)
    whole_classes = held_out > 0 and rows_unseen >= UNSEEN_SHARE * held_out
    is_sorted = data.label_order_is_known and data.label_order > MAX_ORDER
    named = ", ".join(f"{label:g}" for label in unseen[:5]) + (", …" if len(unseen) > 5 else "")
    noun = "class occurs" if len(unseen) == 1 else "classes occur"
    return Finding(
        message=f"{len(unseen)} {noun} only in the last rows, which `validation_split={plan.validation_split:g}` holds "
        f"out: {named}",
        evidence=(count,),
        where=data.targets[0].name,
        severity=Severity.ERROR if whole_classes or is_sorted else Severity.INFO,
        fixes=(_shuffle(plan),),
    )


def _runs(data: DataFacts) -> float | None:
    """How many runs of equal labels the rows have, at most; None where that is more than sorted rows have."""
    classes = _n_classes(data.targets[0])
    if classes is None or data.n_rows is None or classes < 2:
        return None
    runs = 1 + (1 - data.label_order) * (1 - 1 / classes) * (data.n_rows - 1)
    return runs if runs <= RUNS_PER_CLASS * classes else None


def _n_classes(target: ArrayFacts) -> int | None:
    if len(target.shape) == 1 and (target.shape[0] or 0) > 1:
        return target.shape[0] if len(target.values) == 2 else None
    return len(target.values) if len(target.values) >= 2 and target.integral else None


def _is_shuffled(data: DataFacts, plan: PlanFacts) -> bool:
    """Whether the rows are drawn at random: `fit` shuffles arrays by default, a pipeline shows its own order."""
    if data.source == "arrays":
        return plan.shuffle is not False
    return data.source != "tf.data"


def _sees_all_at_once(data: DataFacts, plan: PlanFacts) -> bool:
    batch = plan.batch_size or data.batch_size
    return batch is not None and data.n_rows is not None and batch >= data.n_rows


def _is_stateful(model: ModelFacts | None) -> bool:
    return model is not None and any(layer.config.get("stateful") is True for layer in model.layers)


def _shuffle(plan: PlanFacts) -> Fix:
    edits: tuple[Edit, ...] = (Shuffle(),)
    snippet = "order = np.random.default_rng(0).permutation(len(X))\nX, y = X[order], y[order]"
    if plan.shuffle is False:
        edits = (Shuffle(), SetFit(argument="shuffle", value=True))
        snippet += "\nfit_args = dict(fit_args, shuffle=True)"
    return Fix(title="shuffle the rows of X and y together before `fit`", edits=edits, snippet=snippet)
