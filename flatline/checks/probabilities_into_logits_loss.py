"""Probabilities where the loss was told to expect logits.

## What it looks for
An output confined to [0, 1] (softmax, sigmoid) under a cross-entropy with `from_logits=True`. Where the activation is
the last thing that happens, Keras on TensorFlow looks behind it and takes the scores: INFO. Where something stands
between (up-sampling, a reshape, a cast, plain operations), the loss applies softmax a second time: WARNING.

## Why it matters
Softmax of probabilities is nearly flat: with two classes the most certain answer (1, 0) becomes (0.73, 0.27), so the
loss cannot fall below 0.31, and the gradient is divided by as much. Training goes on, slowly, and stops early.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 8, 8, 1)).astype("float32")
y = (X > 0).astype("uint8")
model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(8, 3, 2, "same", activation="relu")])
model.add(keras.layers.Conv2D(2, 3, padding="same", activation="softmax"))
model.add(keras.layers.UpSampling2D())
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 8, 8, 1)).astype("float32")
y = (X > 0).astype("uint8")
model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(8, 3, 2, "same", activation="relu")])
model.add(keras.layers.Conv2D(2, 3, padding="same"))
model.add(keras.layers.UpSampling2D())
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
```

## When it is wrong
Scores that lie in [0, 1] for a reason (similarities, fractions of votes) may be meant as logits; a temperature
belongs to them then.

## How far to trust the fix
Without `from_logits` the loss reads what the output is. Taking the activation away instead is numerically better, and
`predict` then returns scores.

## References
Keras documentation, "Probabilistic losses", argument `from_logits`. Stack Overflow 50032197, 57605741, 50485506.
"""

from flatline.cause import Cause
from flatline.changes import at, fix, set_activation, set_loss
from flatline.facts import ModelFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.outputs import BINARY, CROSS_ENTROPIES, judged, place, ranged
from flatline.registry import check

LOGITS_REACH_BELOW = 0.0  # 1; a score that is never negative cannot say "rather not"


@check("FL307", cause=Cause.LOSS, severity=Severity.WARNING, explains=("FL001", "FL002", "FL317"))
def probabilities_into_logits_loss(objective: ObjectiveFacts, model: ModelFacts | None) -> Findings:
    """Flag softmax or sigmoid outputs under a loss with `from_logits=True`."""
    for head in judged(objective, ranged, "outputs of known range"):
        if not head.from_logits or head.loss not in CROSS_ENTROPIES or head.squash not in ("softmax", "sigmoid"):
            continue
        if head.units == 1 and head.loss not in BINARY:
            continue  # one unit is the greater fault: FL305, FL306
        lowest = Evidence(quantity="output_low", value=head.low, bound=("<", LOGITS_REACH_BELOW), where=place(head))
        if not lowest.broken:
            continue
        end = model.layer(head.layer) if model is not None else None
        fixes = [fix("compile the loss without `from_logits`", set_loss(objective, head, head.loss))]
        if end is not None and end.activation in ("softmax", "sigmoid"):
            fixes.append(fix(f"or take the activation of {at(head)} away", set_activation(head, model, "linear")))
        yield Finding(
            message=f"{at(head)} returns probabilities ({head.low:.3g} … {head.high:.3g}), and `{head.loss}` with "
            "`from_logits=True` "
            + (
                "takes the scores behind them: only other backends apply softmax twice"
                if head.logits_recovered
                else "takes them for scores: the activation is applied twice"
            ),
            evidence=(lowest,),
            where=place(head),
            fixes=tuple(fixes),
            severity=Severity.INFO if head.logits_recovered else None,
        )
