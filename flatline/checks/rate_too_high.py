"""The learning rate throws the weights away: training diverges or gets no better than guessing, a smaller one learns.

## What it looks for
The first steps of the planned training are rehearsed on a sample and undone. They diverge (NaN or infinite loss), or
end no better than the best constant prediction, while the same steps at a tenth, a hundredth or a thousandth of the
rate go at least 60 % of the way from the constant prediction to a perfect one.

## Why it matters
Each step replaces so much of the weights that what earlier steps have learnt is lost. The rate itself says nothing:
SGD is well with 0.1 where Adam is not, so no range of rates is judged, only what the steps do.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(32, activation="relu")])
model.add(keras.layers.Dense(2, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.SGD(30.0))
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(32, activation="relu")])
model.add(keras.layers.Dense(2, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.SGD(0.1))
fit_args = {"epochs": 20}
```

## When it is wrong
When the training recovers after the steps that were rehearsed, as under a long decay of the rate; rates under a
schedule are not varied.

## How far to trust the fix
The smaller rate was tried on your data before it is recommended, with one seed. A smaller step in the same direction
may still be better.

## References
Bengio 2012, "Practical recommendations for gradient-based training of deep architectures", section 3.1.1,
arXiv:1206.5533. Pascanu et al. 2013, arXiv:1211.5063.
"""

from flatline.arms import achieved, cure, fmt, require_flat
from flatline.cause import Cause
from flatline.facts import OptimizerFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetCompile
from flatline.registry import check

LOST = 0.05  # 1; share of the way below which steps have achieved nothing: a loss of 0.97 × the null's, rounded
SMALLER = {"rate ÷10": 0.1, "rate ÷100": 0.01, "rate ÷1000": 0.001}


@check("FL404", cause=Cause.LEARNING_RATE, severity=Severity.ERROR, explains=("FL001", "FL002", "FL317"))
def rate_too_high(rehearsal: RehearsalFacts, optimizer: OptimizerFacts) -> Findings:
    """Flag a rate at which nothing is learnt where a smaller one learns."""
    as_is = Evidence(quantity="progress", value=require_flat(rehearsal), bound=(">=", LOST), where="as is")
    name = cure(rehearsal, tuple(SMALLER))
    if not as_is.broken or name is None or optimizer.learning_rate <= 0:
        return
    rate = optimizer.learning_rate * SMALLER[name]
    steps = rehearsal.arms["as is"].n_steps
    seen = "diverges" if rehearsal.arms["as is"].diverged else f"gets {fmt(as_is.value)} of the way to a perfect fit"
    yield Finding(
        message=(
            f"at learning rate {optimizer.learning_rate:.3g} training {seen} in {steps} steps, "
            f"at {rate:.3g} it gets {fmt(achieved(rehearsal, name))} of the way"
        ),
        evidence=(as_is,),
        where=optimizer.kind,
        fixes=(
            Fix(
                title=f"set the learning rate to {rate:.3g}",
                edits=(SetCompile(argument="optimizer.learning_rate", value=rate),),
                snippet=f"optimizer = keras.optimizers.{optimizer.kind}(learning_rate={rate:.3g})",
            ),
        ),
    )
