"""ReLU as the last activation of a classifier.

## What it looks for
An output under a cross-entropy that is never negative, is exactly 0 for a good part of its values and has no upper
end.

## Why it matters
Under a loss that reads probabilities, 0 is clipped to 1e-7 and everything above 1 to 1: both ends have no gradient,
and a class whose score is negative for every sample is dead for ever. With `from_logits=True` a score can never say
"surely not": the gradient of every class that is at 0 is lost, and whole classes stop to learn.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="relu")])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
```

## When it is wrong
Evidence in the sense of Dirichlet networks is rectified on purpose, but has a loss of its own. For quantities ReLU is
a matter of their range: see FL304.

## How far to trust the fix
The output gets the activation that its loss expects; nothing else changes. Lower layers that are dead already need
another start.

## References
Stack Overflow 60801900, 48251943, 51901386. Lu, Shin, Su, Karniadakis, "Dying ReLU and Initialization", 2019,
arXiv:1903.06733.
"""

from flatline.cause import Cause
from flatline.changes import at, fix, set_activation, to_probabilities
from flatline.facts import HeadFacts, ModelFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.outputs import (
    CROSS_ENTROPIES,
    is_multiclass_in_one_unit,
    is_real_valued,
    judged,
    place,
    ranged,
)
from flatline.registry import check

HIGHEST = 1.0  # 1; a probability
LOGITS_REACH_BELOW = 0.0  # 1; a score that cannot be negative cannot rule a class out


@check(
    "FL303",
    cause=Cause.OUTPUT_ACTIVATION,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def rectified_output(objective: ObjectiveFacts, model: ModelFacts | None) -> Findings:
    """Flag a rectified output under a cross-entropy."""
    for head in judged(objective, ranged, "outputs of known range"):
        if head.squash != "relu" or head.loss not in CROSS_ENTROPIES:
            continue
        if is_real_valued(head) or is_multiclass_in_one_unit(head):
            continue
        if head.from_logits:
            shown = Evidence(quantity="output_low", value=head.low, bound=("<", LOGITS_REACH_BELOW), where=place(head))
            reads = "scores, which must be able to be negative"
        else:
            shown = Evidence(quantity="output_high", value=head.high, bound=("<=", HIGHEST), where=place(head))
            reads = "probabilities"
        if not shown.broken:
            continue
        yield Finding(
            message=f"{at(head)} ends in ReLU ({head.low:.3g} … {head.high:.3g} for random weights), and `{head.loss}` "
            f"reads {reads}",
            evidence=(shown,),
            where=place(head),
            fixes=(_fix(head, objective, model),),
        )


def _fix(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> Fix:
    if head.from_logits:
        return fix(f"take the activation of {at(head)} away", set_activation(head, model, "linear"))
    return to_probabilities(objective, head, model)
