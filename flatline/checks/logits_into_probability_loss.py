"""Raw scores where the loss reads probabilities.

## What it looks for
An output that is not confined to [0, 1] (linear, tanh, softplus, …) under a cross-entropy that was not told
`from_logits=True`. The range is measured: the last layer is given random weights and the outputs are looked at. A
Poisson or Kullback-Leibler loss takes the logarithm of its output as well and is judged alike.

## Why it matters
The loss takes raw scores for probabilities. Categorical cross-entropy divides them by their sum, which may be
negative, and clips to [1e-7, 1 − 1e-7]; where it clips the gradient is exactly zero, and the loss freezes at a
multiple of −ln 1e-7 = 16.118. Binary cross-entropy clips each score. Keras says nothing.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = (X / 16).astype("float32"), keras.utils.to_categorical(y)
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10)])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = (X / 16).astype("float32"), keras.utils.to_categorical(y)
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
```

## When it is wrong
A network may confine its scores in a way that shows only for the weights it has, which no linear output does by
chance. Positive outputs under categorical cross-entropy are divided by their sum and are probabilities then: INFO.

## How far to trust the fix
Softmax (exclusive classes) or sigmoid (one unit, or independent labels) is what the loss is made for. With
`from_logits=True` the loss is the same to the last digit and `predict` returns scores: apply softmax to them
yourself.

## References
Keras documentation, "Probabilistic losses", argument `from_logits`. I. Goodfellow, Y. Bengio, A. Courville, "Deep
Learning", section 6.2.2, 2016. M. Wardat, W. Le, H. Rajan, "DeepLocalize", ICSE 2021, arXiv:2103.03376.
"""

from flatline.cause import Cause
from flatline.changes import at, fix, is_exclusive_under_binary, set_activation, set_loss, to_probabilities
from flatline.facts import HeadFacts, ModelFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix
from flatline.outputs import (
    BINARY,
    CATEGORICAL,
    CROSS_ENTROPIES,
    is_multiclass_in_one_unit,
    is_pair,
    is_real_valued,
    judged,
    place,
    ranged,
    share_outside,
)
from flatline.registry import check

LOWEST, HIGHEST = 0.0, 1.0  # 1; a probability
MOST_NEGATIVE_TARGETS = 0.01  # 1; above, FL312 says that the loss is not for these targets
_LOGARITHMS = frozenset({"poisson", "kl_divergence"})
_SCORES = ("linear", "tanh", "positive")


@check(
    "FL301",
    cause=Cause.OUTPUT_ACTIVATION,
    severity=Severity.ERROR,
    explains=("FL001", "FL002", "FL207", "FL317", "FL601", "FL702"),
)
def logits_into_probability_loss(objective: ObjectiveFacts, model: ModelFacts | None) -> Findings:
    """Flag unbounded outputs under a loss that reads probabilities."""
    for head in judged(objective, ranged, "outputs of known range"):
        if not _reads_scores(head):
            continue
        low, high = (_evidence("output_low", head), _evidence("output_high", head))
        shown = low if low.broken else high
        if not shown.broken:
            continue
        harmless = head.loss in CATEGORICAL and head.squash == "positive"
        yield Finding(
            message=f"{at(head)} returns scores that are no probabilities ({_told(head)}), and `{head.loss}` reads "
            "them as such",
            evidence=(shown,),
            where=place(head),
            fixes=_fixes(head, objective, model),
            severity=Severity.INFO if harmless else None,
        )


def _reads_scores(head: HeadFacts) -> bool:
    if head.from_logits or head.logits_recovered or head.squash not in _SCORES:
        return False
    if head.loss in _LOGARITHMS:
        return head.squash != "positive" and share_outside(head, 0, float("inf")) < MOST_NEGATIVE_TARGETS
    if head.loss not in CROSS_ENTROPIES or is_real_valued(head) or is_multiclass_in_one_unit(head):
        return False
    if head.units == 1 and head.loss not in BINARY:
        return False  # the number of units is the fault: FL305, FL306
    return not (head.squash == "tanh" and is_pair(head, -1.0, 1.0))  # the labels are the fault: FL308


def _evidence(quantity: str, head: HeadFacts) -> Evidence:
    if quantity == "output_low":
        return Evidence(quantity=quantity, value=head.low, bound=(">=", LOWEST), where=place(head))
    return Evidence(quantity=quantity, value=head.high, bound=("<=", HIGHEST), where=place(head))


def _told(head: HeadFacts) -> str:
    return f"{head.low:.3g} … {head.high:.3g} for random weights"


def _fixes(head: HeadFacts, objective: ObjectiveFacts, model: ModelFacts | None) -> tuple[Fix, ...]:
    if head.loss in _LOGARITHMS:
        positive = "softplus" if head.loss == "poisson" else "softmax"
        return (fix(f'use `activation="{positive}"` in {at(head)}', set_activation(head, model, positive)),)
    mended = to_probabilities(objective, head, model)
    if head.squash != "linear" or is_exclusive_under_binary(head):
        return (mended,)
    logits = set_loss(objective, head, head.loss, from_logits=True)
    return (mended, fix("or set `from_logits=True` in the loss", logits))
