"""A learning rate of zero or less.

## What it looks for
A rate that is not above 0; of a schedule, the largest rate over the planned steps.

## Why it matters
The rate is the length of a step downhill. With 0 no weight ever moves; with a negative rate every step goes uphill
and the loss runs away. Keras takes both without a word.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(learning_rate=-1000.0), "sparse_categorical_crossentropy")
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
```

## When it is wrong
A rate that a callback sets before the first step may stand at 0 until then. A schedule that begins at 0 is fine.

## How far to trust the fix
The optimizer's default rate is a place to start from, not the best one.

## References
Keras documentation, "Optimizers". E. Schoop, F. Huang, B. Hartmann, "UMLAUT: Debugging Deep Learning Programs using
Program Structure and Model Behavior", CHI 2021, doi:10.1145/3411764.3445538.
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import OptimizerFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetCompile
from flatline.registry import check

LEAST_RATE = 0.0  # 1; a step of length 0 is no step
DEFAULT_RATES = {"SGD": 0.01, "Adadelta": 1.0, "Lion": 1e-4}
DEFAULT_RATE = 1e-3  # of Adam and its kin


@check(
    "FL401",
    cause=Cause.LEARNING_RATE,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL404", "FL405", "FL406", "FL601", "FL702"),
)
def learning_rate_sign(optimizer: OptimizerFacts) -> Findings:
    """Flag a rate that is not above 0."""
    rate = optimizer.peak_rate if optimizer.scheduled else optimizer.learning_rate
    if rate != rate:
        raise CannotTell("the learning rate is not a number, 1 needed")
    step = Evidence(quantity="learning_rate", value=rate, bound=(">", LEAST_RATE), where=optimizer.kind)
    if not step.broken:
        return
    default = DEFAULT_RATES.get(optimizer.kind, DEFAULT_RATE)
    title = f"set `learning_rate={default:g}` to start from"
    snippet = f"model.optimizer.learning_rate = {default:g}"
    edits = (SetCompile(argument="optimizer.learning_rate", value=default),)
    yield Finding(
        message=f"the learning rate of `{optimizer.kind}` is {rate:g}"
        + (" at its highest over the planned steps" if optimizer.scheduled else "")
        + (": no weight moves" if rate == 0 else ": every step goes uphill"),
        evidence=(step,),
        where=optimizer.kind,
        fixes=(
            Fix(title=title, edits=edits, snippet=snippet)
            if not optimizer.scheduled
            else Fix(title="let the schedule rise above 0", safety=Safety.ADVICE),
        ),
    )
