"""The optimizer gets nowhere at any rate tried, Adam does in the same number of steps.

## What it looks for
At least half of the planned steps were rehearsed and are less than 50 % of the way from the best constant prediction to
a perfect one; rates ten times smaller and up to a hundred times larger do not learn either; Adam at 0.001 or 0.01 goes
at least 60 % of the way in the same number of steps.

## Why it matters
Some optimizers are right for other problems (Adadelta and Adagrad with Keras' default rate of 0.001 were written for
rates of 1.0 and 0.01), and some arguments, such as a large epsilon, shrink every step.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.001, epsilon=1e4))
fit_args = {"epochs": 15}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.005))
fit_args = {"epochs": 15}
```

## When it is wrong
When the plan is only the beginning of a long training with an optimizer that is meant to be slow.

## How far to trust the fix
Adam was tried on your data in the same number of steps, with one seed.

## References
Kingma and Ba 2015, "Adam", arXiv:1412.6980. Zeiler 2012, "ADADELTA", arXiv:1212.5701 (rate 1.0). Duchi et al. 2011,
"Adaptive subgradient methods" (Adagrad).
"""

import math

from flatline.arms import FLAT, achieved, cure, fmt, require_flat, seen_enough
from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import OptimizerFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetCompile
from flatline.registry import check

REFERENCE = {"Adam at 0.001": 1e-3, "Adam at 0.01": 1e-2}
STILL = 1e-5  # 1; ‖ΔW‖/‖W‖ of a step, a hundredth of the rule of thumb of 1e-3 (CS231n) that ×100 made up for
USUAL_EPSILON = 1e-3  # 1; Keras' default is 1e-7; a large one shrinks every step whatever the rate
RATES = ("rate ÷10", "rate ÷100", "rate ÷1000", "rate ×10", "rate ×100")


@check("FL406", cause=Cause.OPTIMIZER, severity=Severity.WARNING, explains=("FL001", "FL002"))
def stalling_optimizer(rehearsal: RehearsalFacts, optimizer: OptimizerFacts) -> Findings:
    """Flag an optimizer that no rate cures where Adam learns."""
    as_is = Evidence(quantity="progress", value=require_flat(rehearsal), bound=(">=", FLAT), where="as is")
    name = cure(rehearsal, tuple(REFERENCE))
    if not as_is.broken or name is None or cure(rehearsal, RATES) is not None:
        return
    if not seen_enough(rehearsal) and not rehearsal.arms["as is"].diverged:
        raise CannotTell(f"{rehearsal.arms['as is'].n_steps} steps rehearsed, half of the planned ones needed")
    rate = REFERENCE[name]
    still = optimizer.update_ratio < STILL and not float(optimizer.config.get("epsilon") or 0) > USUAL_EPSILON
    reached = "diverge" if as_is.value == -math.inf else f"get {fmt(as_is.value)}"
    yield Finding(
        cause=Cause.LEARNING_RATE if still else None,  # the rate leaves the weights where they are
        message=(
            f"{rehearsal.arms['as is'].n_steps} steps of `{optimizer.kind}` at {optimizer.learning_rate:.3g} "
            f"{reached}, Adam at {rate:g} gets {fmt(achieved(rehearsal, name))} of the way to a perfect fit"
        ),
        evidence=(as_is,),
        where=optimizer.kind,
        fixes=(
            Fix(
                title=f"compile with Adam at learning rate {rate:g}",
                edits=(SetCompile(argument="optimizer", value={"kind": "Adam", "config": {"learning_rate": rate}}),),
                snippet=f"optimizer = keras.optimizers.Adam(learning_rate={rate:g})",
            ),
        ),
    )
