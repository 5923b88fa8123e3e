"""Nothing predicts the labels from the inputs: they may belong to other rows.

## What it looks for
Neither the rehearsed network nor nearest neighbours nor a forest of trees, trained on four fifths of a sample, predict
the other fifth better than guessing (by more than two standard errors), at 200 rows or more.

## Why it matters
Features that were shuffled or sorted without their labels, a join on the wrong key, or files listed in another order
than their classes leave every array well-formed and nothing to learn. A large network then memorises, a small one
stays at the class frequencies.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 6)).astype("float32")
y = rng.permutation((X[:, 0] > 0).astype("int64"))
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.003))
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 6)).astype("float32")
y = (X[:, 0] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.003))
fit_args = {"epochs": 20}
```

## When it is wrong
When the task is so hard that only a long training of a special network finds the rule (parities, faces in raw pixels,
returns of shares): the finding says "may".

## How far to trust the fix
It cannot be done mechanically: look at a few rows with their labels.

## References
Zhang et al. 2017, "Understanding deep learning requires rethinking generalization", arXiv:1611.03530 (networks
memorise random labels).
"""

import math

from flatline.arms import achieved
from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.registry import check

MIN_HELD_OUT = 40  # rows; a fifth of 200: fewer cannot tell 60 % from 50 % within two standard errors


@check("FL003", cause=Cause.DATA, severity=Severity.WARNING, explains=("FL001", "FL002"))
def labels_unrelated_to_inputs(rehearsal: RehearsalFacts) -> Findings:
    """Flag labels that neither the network nor simpler learners can predict for rows they have not seen."""
    if rehearsal.n_held_out < MIN_HELD_OUT:
        raise CannotTell(f"{rehearsal.n_held_out} rows held out, {MIN_HELD_OUT} needed")
    if math.isnan(rehearsal.model_free):
        if achieved(rehearsal) >= 0.5:
            return
        raise CannotTell("no simpler learner could be tried on these inputs")
    guessing = rehearsal.model_free_null
    best = max(
        [rehearsal.model_free, *(arm.held_out for arm in rehearsal.arms.values() if not math.isnan(arm.held_out))]
    )
    seen = Evidence(quantity="held_out_score", value=best, bound=(">", guessing))
    if not seen.broken:
        return
    yield Finding(
        message=(
            f"labels may belong to other rows: the best of {len(rehearsal.arms)} trainings and two simpler learners "
            f"scores {best:.2f} on {rehearsal.n_held_out} held-out rows, guessing reaches {guessing:.2f}"
        ),
        evidence=(seen,),
        fixes=(Fix(title="look at a few rows with their labels, and pair X and y again", safety=Safety.ADVICE),),
    )
