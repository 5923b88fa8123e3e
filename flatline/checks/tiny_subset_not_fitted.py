"""A few examples cannot be fitted: whatever the rest of the training does, something prevents learning.

## What it looks for
Up to 32 examples, with all classes and no input twice, are trained on for up to 600 steps. A network that works
predicts nearly all of them rightly. If yours does not, the test is repeated with a reference optimizer (Adam 0.003),
then without dropout and penalties, then with standardised inputs, fresh weights and standardised targets: the first
that fits says what prevents it.

## Why it matters
This is the test that practitioners ask for first: a network that cannot memorise ten examples will not learn ten
thousand.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 6)).astype("float32") * 2000
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(8, activation="sigmoid"), keras.layers.Dense(8, activation="sigmoid")])
model.add(keras.layers.Dense(2, activation="softmax", kernel_regularizer=keras.regularizers.L2(5.0)))
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
fit_args = {"epochs": 5}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 6)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01))
fit_args = {"epochs": 20}
```

## When it is wrong
Where fitting a few examples is not what the network is for: strong noise layers, quantised or hard outputs, losses
over pairs. It is INFO wherever the rehearsal of the planned training learns.

## How far to trust the fix
The change that made the test pass was tried on your data, with one seed.

## References
Karpathy 2019, "A Recipe for Training Neural Networks" (overfit one batch). Braiek and Khomh 2023, "Testing
feedforward neural networks training programs", arXiv:2204.00694.
"""

import numpy as np

from flatline.arms import achieved
from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import Arm, ModelFacts, RehearsalFacts, TinySubsetFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.registry import check

FITTED = 0.9  # 1; share of the way from the null loss to the floor: "almost perfectly"
RIGHT = 0.95  # 1; or this task score
MIN_STEPS = 200  # steps; fewer in the time there was say nothing
LEARNS = 0.2  # 1; a rehearsal that has come this far is not prevented from learning
ADVICE = {
    "no dropout or penalties": (None, "weaken dropout and penalties"),
    "standardised inputs": (Cause.INPUT_SCALE, "standardise the inputs"),
    "fresh initial weights": (Cause.INITIALIZATION, "use Keras' default initialisers"),
    "standardised targets": (Cause.LABELS, "standardise the targets"),
}


def fitted(tiny: TinySubsetFacts, arm: Arm) -> float:
    """Share of the way to a perfect fit, by loss or by score."""
    if arm.diverged or not len(arm.losses):
        return float("-inf")
    gap = tiny.null - tiny.perfect
    known = gap > 0 and not arm.rescaled
    by_loss = (tiny.null - float(np.mean(arm.losses[-5:]))) / gap if known else float("nan")
    room = (1 - tiny.null_score) * RIGHT / FITTED
    by_score = (arm.score - tiny.null_score) / room if room > 0 else float("nan")
    return max((share for share in (by_loss, by_score) if not np.isnan(share)), default=float("nan"))


@check("FL001", cause=None, severity=Severity.WARNING)
def tiny_subset_not_fitted(tiny: TinySubsetFacts, model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a network that cannot fit a few examples, and say what prevents it."""
    as_is = tiny.arms.get("as is")
    if as_is is None or np.isnan(fitted(tiny, as_is)):
        raise CannotTell("no measure of how well the few examples were fitted")
    seen = Evidence(quantity="progress", value=fitted(tiny, as_is), bound=(">=", FITTED), where="as is")
    if not seen.broken:
        return
    if as_is.n_steps < MIN_STEPS and not as_is.diverged:
        raise CannotTell(
            f"{as_is.n_steps} steps on {tiny.n_examples} examples in the time there was, {MIN_STEPS} needed"
        )
    name = next((name for name, arm in tiny.arms.items() if name != "as is" and fitted(tiny, arm) >= FITTED), None)
    prevented = rehearsal is not None and achieved(rehearsal) < LEARNS
    cause, title = ADVICE.get(name or "", (None, ""))
    if name == "no dropout or penalties":
        cause = Cause.DROPOUT if any(la.kind.endswith("Dropout") for la in model.layers) else Cause.REGULARIZATION
    severity = Severity.WARNING if prevented and cause is not None else Severity.INFO
    with_what = f"fitted with {name}" if name else f"not fitted in any of {len(tiny.arms)} variations either"
    yield Finding(
        severity=severity,
        cause=cause,
        message=(
            f"the loss of {tiny.n_examples} examples is no number after {as_is.n_steps} steps; they are {with_what}"
            if as_is.diverged
            else f"{tiny.n_examples} examples are not fitted in {as_is.n_steps} steps "
            f"({max(seen.value, 0):.0%} of the way to a perfect fit), {with_what}"
        ),
        evidence=(seen,),
        fixes=(Fix(title=title, safety=Safety.ADVICE),) if title else (),
    )
