"""Flag rows whose inputs are identical and whose labels differ.

## What it looks for

Rows of a fair sample that equal an earlier row in every input and carry another target. From 10 % of the rows compared
it is a WARNING for classes. It is INFO for other tasks, and where repeats are natural: few, whole-numbered cells a
row (categories, tokens, ids), or a handful of columns of which most rows repeat others.

## Why it matters

The same input cannot have two answers: on such rows the loss has a floor that no network gets below, and the best
answer is a mixture. Usually rows were repeated under another label, an augmentation or a join went wrong, or the labels
were attached in another order than the inputs.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(100, 12)).astype("float32")
y = (X[:, 0] > 0).astype("int32")
X, y = np.concatenate([X, X]), np.concatenate([y, 1 - y])  # joined twice, once with the wrong key
model = keras.Sequential(
    [keras.Input((12,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(100, 12)).astype("float32")
y = (X[:, 0] > 0).astype("int32")
model = keras.Sequential(
    [keras.Input((12,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

When the answer is random by nature, given what is known (the same patient record with different outcomes), repeats
with different labels are honest data and the network should learn their proportion.

## How far to trust the fix

Dropping the later copies is advice: only you know which label is right.

## References

- Northcutt, Athalye, Mueller 2021, Pervasive Label Errors in Test Sets, arXiv:2103.14749
- Humbatova, Jahangirova, Tonella 2021, DeepCrime (operator "make output classes overlap"), doi:10.1145/3460319.3464825
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ArrayFacts, DataFacts, ObjectiveFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.registry import check

MAX_SHARE = 0.1  # 1; label noise of 10 % is common in good data sets (Northcutt et al.: up to 10.1 %)
MIN_ROWS = 20  # rows; 10 % of fewer is one row
FEW_CELLS = 8  # cells; a row of so few that repeats may do so by rounding
SHORT_ROW = 64  # cells that are not 0; whole-numbered rows up to there are categories or a few tokens
PAIR = 4  # cells; whole numbers in so few are ids, however many values they take
_CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})


@check("FL108", cause=Cause.LABELS, severity=Severity.WARNING)
def contradictory_rows(data: DataFacts, objective: ObjectiveFacts | None) -> Findings:
    """Flag a large share of rows that contradict an earlier row."""
    if not data.inputs or not data.targets:
        raise CannotTell(f"{len(data.inputs)} inputs and {len(data.targets)} targets were read, 1 of each is needed")
    if data.n_compared < MIN_ROWS:
        raise CannotTell(f"{data.n_compared} rows were compared, {MIN_ROWS} needed")
    share = Evidence(
        quantity="conflict_share", value=data.n_conflicts / data.n_compared, bound=("<", MAX_SHARE), where="y"
    )
    if not share.broken:
        return
    heads = objective.heads if objective is not None else ()
    classes = bool(heads) and all(head.task in _CLASSES for head in heads)
    yield Finding(
        message=f"{data.n_conflicts:,} of {data.n_compared:,} rows compared equal an earlier row in all inputs and "
        "carry another label",
        evidence=(share,),
        where=data.targets[0].name,
        severity=Severity.WARNING if classes and not _repeats_are_natural(data) else Severity.INFO,
        fixes=(
            Fix(
                title="find out how rows were repeated, and keep each with its right label only",
                safety=Safety.ADVICE,
                snippet="_, first = np.unique(X, axis=0, return_index=True)\nX, y = X[first], y[first]",
            ),
        ),
    )


def _repeats_are_natural(data: DataFacts) -> bool:
    cells = sum(_cells(array) for array in data.inputs)
    filled = sum(_cells(array) * (1 - array.zero_share) for array in data.inputs)
    whole = all(array.integral for array in data.inputs)
    few_values = all(array.values for array in data.inputs)
    if whole and (cells <= PAIR or (few_values and not filled > SHORT_ROW)):
        return True
    n_distinct = data.n_compared - data.n_duplicates
    return cells <= FEW_CELLS and n_distinct < data.n_compared / 2


def _cells(array: ArrayFacts) -> int:
    return math.prod(length or 1 for length in array.shape)
