"""The planned training goes nowhere at any rate, and one change to what is trained makes it learn.

## What it looks for
The first steps of the planned training were rehearsed on a sample and undone; neither they nor other rates nor another
optimizer get anywhere. Then single changes are tried with Adam: inputs standardised, weights drawn afresh (He), targets
standardised, no penalties, no dropout, batches of 32. The first that learns names the cause.

## Why it matters
The change that makes a network learn on your own data is the answer to "which line do I change?"; it does not rest on
a rule of thumb.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.99)])
model.add(keras.layers.Dense(16, activation="relu"))
model.add(keras.layers.Dropout(0.99))
model.add(keras.layers.Dense(2, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.003))
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 8)).astype("float32")
y = (X[:, 0] + X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.2)])
model.add(keras.layers.Dense(2, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.003))
fit_args = {"epochs": 10}
```

## When it is wrong
When the planned training is much longer than what was rehearsed and begins to learn late.

## How far to trust the fix
The change was tried on your data before it is named, with one seed. Where several would help, the first tried is named.

## References
He et al. 2015, arXiv:1502.01852. LeCun et al. 1998, "Efficient BackProp", section 4.3. Masters and Luschi 2018,
arXiv:1804.07612 (small batches).
"""

from flatline.arms import FLAT, achieved, cure, fmt, require_flat, seen_enough
from flatline.cause import Cause
from flatline.entry import STANDARDISE, STANDARDISE_TARGETS
from flatline.errors import CannotTell
from flatline.facts import RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Edit, Fix, MapInput, MapLabels, Safety, SetFit
from flatline.registry import check

OPTIMIZING = ("rate ÷10", "rate ÷100", "rate ÷1000", "rate ×10", "rate ×100", "Adam at 0.001", "Adam at 0.01")
CURES: dict[str, tuple[Cause, str, tuple[Edit, ...], str]] = {
    "batches of 32": (
        Cause.BATCH_SIZE,
        "set `batch_size=32`",
        (SetFit(argument="batch_size", value=32),),
        "model.fit(X, y, batch_size=32)",
    ),
    "standardised inputs": (Cause.INPUT_SCALE, "standardise the inputs", (MapInput(how="standardize"),), STANDARDISE),
    "fresh initial weights": (Cause.INITIALIZATION, "use Keras' default initialisers, or `he_normal`", (), ""),
    "standardised inputs, fresh initial weights": (
        Cause.INPUT_SCALE,
        "standardise the inputs and use Keras' default initialisers",
        (MapInput(how="standardize"),),
        STANDARDISE,
    ),
    "standardised targets": (
        Cause.LABELS,
        "standardise the targets",
        (MapLabels(how="standardize"),),
        STANDARDISE_TARGETS,
    ),
    "standardised inputs and targets": (
        Cause.INPUT_SCALE,
        "standardise inputs and targets",
        (MapInput(how="standardize"), MapLabels(how="standardize")),
        f"{STANDARDISE}\n{STANDARDISE_TARGETS}",
    ),
    "no penalties": (Cause.REGULARIZATION, "weaken the weight penalties", (), ""),
    "no dropout": (Cause.DROPOUT, "lower the dropout rates", (), ""),
    "10 × the steps": (Cause.EPOCHS, "train ten times as long", (), ""),
}


@check("FL002", cause=None, severity=Severity.WARNING)
def fit_goes_nowhere(rehearsal: RehearsalFacts) -> Findings:
    """Flag a planned training that no optimizer cures and one change to the set-up does."""
    as_is = Evidence(quantity="progress", value=require_flat(rehearsal), bound=(">=", FLAT), where="as is")
    name = cure(rehearsal, tuple(CURES))
    if not as_is.broken or name is None or cure(rehearsal, OPTIMIZING) is not None:
        return
    if not seen_enough(rehearsal) and not rehearsal.arms["as is"].diverged:
        raise CannotTell(f"{rehearsal.arms['as is'].n_steps} steps rehearsed, half of the planned ones needed")
    cause, title, edits, snippet = CURES[name]
    safety = Safety.UNSAFE if edits else Safety.ADVICE
    yield Finding(
        cause=cause,
        message=(
            f"{rehearsal.arms['as is'].n_steps} steps as planned get {fmt(as_is.value)} of the way to a perfect fit, "
            f"with {name} they get {fmt(achieved(rehearsal, name))} of the way"
        ),
        evidence=(as_is,),
        fixes=(Fix(title=title, safety=safety, edits=edits, snippet=snippet),),
    )
