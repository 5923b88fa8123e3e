"""A batch that holds all rows, and few epochs.

## What it looks for
A `batch_size` of at least the number of training rows, with 256 rows or more, which makes one step an epoch; and
fewer than 100 steps planned in all.

## Why it matters
A network learns by steps, not by rows: 20 epochs of one step are 20 steps. In batches of 32 the same 1,400 rows give
44 steps an epoch, at the same cost.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(64, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
fit_args = {"epochs": 20, "batch_size": len(X)}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(64, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
fit_args = {"epochs": 20, "batch_size": 32}
```

## When it is wrong
Full batches are right for small data, for second-order methods and with many epochs: nothing is said from 100 steps
on. The finding is INFO where the rehearsal learns, where smaller batches do no better there, and where it was not
run.

## How far to trust the fix
32 is the usual batch; with it an epoch has more steps, and a rate that suited the full batch may be too large.

## References
D. Masters, C. Luschi, "Revisiting Small Batch Training for Deep Neural Networks", 2018, arXiv:1804.07612. N.
Humbatova, G. Jahangirova, P. Tonella, "DeepCrime", ISSTA 2021, doi:10.1145/3460319.3464825 (operator "disable
batching").
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import DataFacts, PlanFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetFit
from flatline.gates import learns
from flatline.registry import check

FEWEST_STEPS = 100  # steps; fewer are no training, whatever a step holds
FEWEST_ROWS = 256  # rows; below, a full batch is no larger than a common one
USUAL_BATCH = 32  # Keras' default
CLEARLY_BETTER = 0.2  # 1; share of the way to a perfect loss that smaller batches must gain


@check("FL403", cause=Cause.BATCH_SIZE, severity=Severity.WARNING, explains=("FL001", "FL002", "FL405", "FL406"))
def batch_size_for_data(plan: PlanFacts, data: DataFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag full batches in a plan of few steps."""
    if not plan.given or plan.batch_size is None or plan.n_steps is None or data.n_rows is None:
        raise CannotTell("0 fit_args tell epochs, batch size and rows, 3 needed")
    if not data.inputs:
        raise CannotTell("0 inputs were read, 1 needed")
    rows = int(data.n_rows * (1 - plan.validation_split))
    if rows < FEWEST_ROWS or plan.batch_size < rows:
        return
    steps = Evidence(
        quantity="planned_steps", value=plan.n_steps, bound=(">=", FEWEST_STEPS), unit="steps", where="batch_size"
    )
    if steps.broken:
        yield Finding(
            message=f"`batch_size={plan.batch_size}` holds all {rows} rows: {plan.epochs} epochs are "
            f"{plan.n_steps} steps",
            evidence=(steps,),
            where="batch_size",
            fixes=(
                Fix(
                    title=f"use `batch_size={USUAL_BATCH}`",
                    edits=(SetFit(argument="batch_size", value=USUAL_BATCH),),
                    snippet=f"model.fit(X, y, epochs={plan.epochs}, batch_size={USUAL_BATCH})",
                ),
            ),
            severity=Severity.WARNING if _starves(rehearsal) else Severity.INFO,
        )


def _starves(rehearsal: RehearsalFacts | None) -> bool:
    """Whether the few steps are too few: by the arm with smaller batches where it was run."""
    if rehearsal is None:
        return False
    smaller = rehearsal.progress(f"batches of {USUAL_BATCH}")
    if smaller == smaller:
        return smaller >= max(rehearsal.progress(), 0.0) + CLEARLY_BETTER
    return not learns(rehearsal)
