"""Point out features that never change, and flag an X that is the same in every row.

## What it looks for

Features (columns of a table, channels of an image) with the same value in every row read: INFO, when they are more
than a tenth. When no input differs between any two rows, X carries no information at all: ERROR, unless the model has a
`train_step` of its own, which may use X as a mere placeholder.

## Why it matters

A constant column teaches nothing: its weights only add to the bias. When everything is constant the best that any
network can do is to predict one value for all rows: usually the wrong variable was loaded, a scaling rounded
everything to zero, or an image reader returned blanks.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
pixels = rng.integers(0, 256, size=(100, 16)).astype("uint8")
y = (pixels[:, 0] > 127).astype("int32")
X = (pixels / 256).astype("int32")  # truncated: everything is 0
model = keras.Sequential(
    [keras.Input((16,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
pixels = rng.integers(0, 256, size=(100, 16)).astype("uint8")
y = (pixels[:, 0] > 127).astype("int32")
X = (pixels / 255).astype("float32")
model = keras.Sequential(
    [keras.Input((16,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

A column may be constant in the training rows and vary later; border pixels and rare categories are constant by nature,
which is why single columns are INFO. A dummy input to a model that learns free parameters is constant on purpose.

## How far to trust the fix

Look at where X comes from before you drop anything: the advice cannot know which step emptied it.

## References

- scikit-learn user guide, §1.13.1, Removing features with low variance
"""

import math

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ArrayFacts, DataFacts, ModelFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.registry import check

MIN_ROWS = 4  # rows; fewer can agree by chance
MAX_SHARE = 0.1  # 1; of the features: border pixels and rare categories stay below


@check("FL105", cause=Cause.DATA, severity=Severity.INFO)
def constant_features(data: DataFacts, model: ModelFacts | None) -> Findings:
    """Point out features, and flag inputs, that are the same in all rows read."""
    if not data.inputs or any(array.n_read < MIN_ROWS for array in data.inputs):
        fewest = min((array.n_read for array in data.inputs), default=0)
        raise CannotTell(f"{fewest} rows read, {MIN_ROWS} needed")
    varies = [_varies(array) for array in data.inputs]
    if None in varies:
        raise CannotTell(f"the spread of {varies.count(None)} of {len(varies)} inputs was not measured")
    varying = Evidence(quantity="varying_inputs", value=sum(map(bool, varies)), bound=(">=", 1), unit="inputs")
    if varying.broken:
        placeholder = model is not None and model.custom_train_step
        yield Finding(
            message=f"`X` is the same in all {data.inputs[0].n_read:,} rows read: 0 of {len(varies)} inputs vary",
            evidence=(varying,),
            where=data.inputs[0].name,
            severity=Severity.INFO if placeholder else Severity.ERROR,
            fixes=(Fix(title="look at X where it is made, and at each step after", safety=Safety.ADVICE),),
        )
        return
    for array in data.inputs:
        constant = np.flatnonzero(array.feature_min == array.feature_max)
        features = Evidence(
            quantity="constant_features",
            value=len(constant),
            bound=("<=", float(math.floor(MAX_SHARE * len(array.feature_min)))),
            unit="features",
            where=array.name,
        )
        if features.broken:
            first = ", ".join(str(index) for index in constant[:5]) + (", …" if len(constant) > 5 else "")
            yield Finding(
                message=f"{len(constant)} of {len(array.feature_min)} features of `{array.name}` have one value in all "
                f"{array.n_read:,} rows read ({first})",
                evidence=(features,),
                where=array.name,
            )


def _varies(array: ArrayFacts) -> bool | None:
    """Whether rows differ; None where it was not measured."""
    low, high = array.feature_min, array.feature_max
    if not len(low) or not np.all(np.isfinite(low)) or not np.all(np.isfinite(high)):
        return None
    if len(array.shape) <= 1 or not np.any(high > low):
        return bool(np.any(high > low))
    sample = array.sample
    if len(sample) < MIN_ROWS or sample.dtype.kind not in "fiub":
        return None
    return bool(np.any(sample[1:] != sample[:1]))
