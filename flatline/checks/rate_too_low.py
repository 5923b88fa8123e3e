"""The planned steps are too short to get there: at the same number of steps a larger rate learns, this one does not.

## What it looks for
The planned training (epochs and batch size from `fit_args`) is rehearsed on a sample and undone. At least half of the
planned steps were taken and the loss is still less than 50 % of the way from the best constant prediction to a perfect
one, while ten or a hundred times the rate goes at least 60 % in the same number of steps. Without a plan only a rate
that moves no weight by a millionth of its size is reported.

## Why it matters
The network is right and the loss falls, but far too slowly: the training ends long before the weights have travelled
to where they need to be. It looks like a network that cannot learn.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(1, 10, size=(100, 1)).astype("float32")
y = 3 * X + 8
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.RMSprop(0.001))
fit_args = {"epochs": 100}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(1, 10, size=(100, 1)).astype("float32")
y = 3 * X + 8
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse", optimizer=keras.optimizers.RMSprop(0.1))
fit_args = {"epochs": 100}
```

## When it is wrong
When the training is meant to be the first of many, or a slow fine-tuning of weights that are good already. Rates under
a schedule are not varied.

## How far to trust the fix
The larger rate was tried on your data at the same number of steps, with one seed. More epochs at the same rate cure the
same fault, at their price.

## References
Bengio 2012, "Practical recommendations for gradient-based training of deep architectures", section 3.1.1,
arXiv:1206.5533. CS231n course notes, "Ratio of weights:updates" (a rule of thumb of 1e-3 a step).
"""

from flatline.arms import FLAT, achieved, cure, fmt, require_flat, seen_enough
from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import OptimizerFacts, PlanFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetCompile, SetFit
from flatline.registry import check

LARGER = {"rate ×10": 10.0, "rate ×100": 100.0}
STILL = 1e-6  # 1; ‖ΔW‖/‖W‖ of a step that moves nothing: below float32's resolution of single weights (6e-8) soon


@check("FL405", cause=Cause.LEARNING_RATE, severity=Severity.WARNING, explains=("FL001", "FL002"))
def rate_too_low(rehearsal: RehearsalFacts, optimizer: OptimizerFacts, plan: PlanFacts) -> Findings:
    """Flag a plan whose steps are too short where a larger rate gets there in the same number."""
    as_is = Evidence(quantity="progress", value=require_flat(rehearsal), bound=(">=", FLAT), where="as is")
    name = cure(rehearsal, tuple(LARGER))
    if not as_is.broken or name is None:
        return
    moved = Evidence(quantity="update_ratio", value=optimizer.update_ratio, bound=(">=", STILL))
    if not seen_enough(rehearsal) and not moved.broken:
        raise CannotTell(
            f"{rehearsal.arms['as is'].n_steps} steps rehearsed of {rehearsal.planned_steps or 'an unknown number'} "
            "planned, half of them needed to call a rate too low"
        )
    rate, steps = optimizer.learning_rate * LARGER[name], rehearsal.arms["as is"].n_steps
    fixes = [
        Fix(
            title=f"set the learning rate to {rate:.3g}",
            edits=(SetCompile(argument="optimizer.learning_rate", value=rate),),
            snippet=f"optimizer = keras.optimizers.{optimizer.kind}(learning_rate={rate:.3g})",
        )
    ]
    if plan.epochs is not None:
        epochs = plan.epochs * int(LARGER[name])
        fixes.append(
            Fix(
                title=f"or train for {epochs} epochs",
                edits=(SetFit(argument="epochs", value=epochs),),
                snippet=f"model.fit(X, y, epochs={epochs})",
            )
        )
    yield Finding(
        message=(
            f"{steps} steps at learning rate {optimizer.learning_rate:.3g} get {fmt(as_is.value)} of the way to a "
            f"perfect fit, at {rate:.3g} they get {fmt(achieved(rehearsal, name))} of the way"
        ),
        evidence=(as_is,),
        where=optimizer.kind,
        fixes=tuple(fixes),
    )
