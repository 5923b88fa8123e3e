"""Softmax over labels of which several may hold at once.

## What it looks for
Label rows of zeros and ones, of which at least 5 % hold two ones or more, for an output whose rows sum to one.

## Why it matters
Softmax shares one unit of probability among the classes: where three labels hold, none can get more than a third, and
the best answer puts no label above the 0.5 at which it counts as predicted.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(500, 6)).astype("float32")
y = (X[:, :4] > 0).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((6,)), hidden, keras.layers.Dense(4, activation="softmax")])
model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(500, 6)).astype("float32")
y = (X[:, :4] > 0).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((6,)), hidden, keras.layers.Dense(4, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
```

## When it is wrong
Choosing one of several right answers may be what is wanted, as in a retrieval loss; rows should then be divided by
their sum. Rows without any one (padding) do not count.

## How far to trust the fix
Sigmoid with binary cross-entropy judges every label by itself.

## References
C. M. Bishop, "Pattern Recognition and Machine Learning", sections 4.3.2 and 4.3.4, 2006.
"""

import numpy as np

from flatline.cause import Cause
from flatline.changes import at, fix, set_activation, set_loss
from flatline.facts import HeadFacts, ModelFacts, ObjectiveFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.outputs import BINARY, judged, place, ranged, shape
from flatline.registry import check

MOST_WITH_SEVERAL = 0.05  # 1; of label rows with two ones or more: fewer may be slips of the labelling


@check("FL311", cause=Cause.OUTPUT_ACTIVATION, severity=Severity.WARNING, explains=("FL001", "FL002", "FL317"))
def softmax_with_independent_labels(objective: ObjectiveFacts, model: ModelFacts | None) -> Findings:
    """Flag softmax where rows of labels hold several ones."""
    for head in judged(objective, ranged, "outputs of known range"):
        if head.squash != "softmax" or head.units < 2 or head.loss == "custom":
            continue
        if head.task is not Task.MULTILABEL or head.encoding != "multi_hot" or shape(head) != head.output_shape:
            continue
        several = Evidence(
            quantity="multi_label_share", value=_share(head), bound=("<=", MOST_WITH_SEVERAL), where=place(head)
        )
        if several.broken:
            changes = [set_activation(head, model, "sigmoid")]
            title = f'use `activation="sigmoid"` in {at(head)}'
            if head.loss not in BINARY:
                changes.append(set_loss(objective, head, "binary_crossentropy"))
                title += " and `binary_crossentropy`"
            yield Finding(
                message=f"{100 * several.value:.3g} % of the label rows hold several ones, and the {head.units} "
                f"outputs of {at(head)} share a sum of 1",
                evidence=(several,),
                where=place(head),
                fixes=(fix(title, *changes),),
            )


def _share(head: HeadFacts) -> float:
    rows = np.asarray(head.target.sample).reshape(-1, head.units) if head.target is not None else np.empty((0, 1))
    return float(np.mean(rows.sum(-1) >= 2)) if len(rows) else float("nan")
