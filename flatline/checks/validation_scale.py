"""Flag validation data on another scale than the training data.

## What it looks for

Input by input, and for real-valued targets too: the median over features of the distance between the two means, in
pooled standard deviations, and of the ratio of the two spreads. WARNING from 5 standard deviations or a ratio of 10.

## Why it matters

A network that was trained on scaled inputs gives nonsense on raw ones: the training loss falls, the validation loss is
huge or stuck at chance, and the network is blamed for overfitting. Usually a scaler was fitted twice, or forgotten.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
pixels = rng.integers(0, 256, size=(200, 16)).astype("float32")
labels = (pixels[:, 0] > 127).astype("int32")
X, y = pixels[:150] / 255, labels[:150]
validation_data = (pixels[150:], labels[150:])  # not divided
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
pixels = rng.integers(0, 256, size=(200, 16)).astype("float32")
labels = (pixels[:, 0] > 127).astype("int32")
X, y = pixels[:150] / 255, labels[:150]
validation_data = (pixels[150:] / 255, labels[150:])
model = keras.Sequential(
    [keras.Input((16,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

When the shift is what you want to measure, such as another instrument or another year.

## How far to trust the fix

It is advice: only you know which of the two sets has the scale that later data will have.

## References

- Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, §2.2
- scikit-learn documentation, Common pitfalls, §11.1, Inconsistent preprocessing
"""

import math

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ArrayFacts, DataFacts, ValidationFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.registry import check

MAX_SHIFT = 5.0  # standard deviations; Cohen calls 0.8 large; drifts between years or sites stay below 2
MAX_SPREAD_RATIO = 10.0  # 1; /255 shows as 255, standardising against raw in most units as more than 10
MIN_ROWS = 8  # rows; the spread of fewer is within a factor of 2 of anything


@check("FL111", cause=Cause.DATA, severity=Severity.WARNING)
def validation_scale(data: DataFacts, validation: ValidationFacts) -> Findings:
    """Flag inputs and real-valued targets whose scale differs between training and validation."""
    pairs = [*zip(data.inputs, validation.inputs, strict=False)]
    pairs += [(a, b) for a, b in zip(data.targets, validation.targets, strict=False) if not (a.integral and b.integral)]
    compared = [(a, b, *distance) for a, b in pairs if (distance := _distance(a, b)) is not None]
    if not compared:
        raise CannotTell(
            f"0 of {len(pairs)} arrays have {MIN_ROWS} rows in both sets and features that vary, 1 is needed"
        )
    for array, other, shift, spread in compared:
        moved = Evidence(
            quantity="mean_shift", value=shift, bound=("<=", MAX_SHIFT), unit="standard deviations", where=array.name
        )
        stretched = Evidence(quantity="spread_ratio", value=spread, bound=("<=", MAX_SPREAD_RATIO), where=array.name)
        broken = tuple(one for one in (moved, stretched) if one.broken)
        if broken:
            yield Finding(
                message=f"`{array.name}` has mean {array.mean:.3g}, std {array.std:.3g} in training and mean "
                f"{other.mean:.3g}, std {other.std:.3g} in validation",
                evidence=broken,
                where=array.name,
                fixes=(_same_scale(array, data),),
            )


def _distance(first: ArrayFacts, second: ArrayFacts) -> tuple[float, float] | None:
    """Median shift and spread ratio over the features that vary in both; None where there is nothing to compare."""
    if min(first.n_read, second.n_read) < MIN_ROWS or first.feature_std.shape != second.feature_std.shape:
        return None
    s, t = (np.asarray(one.feature_std, dtype="float64") for one in (first, second))
    m, n = (np.asarray(one.feature_mean, dtype="float64") for one in (first, second))
    varies = (s > 0) & (t > 0) & np.isfinite(s * t * m * n)
    if not varies.any():
        return None
    s, t, m, n = s[varies], t[varies], m[varies], n[varies]
    shift = np.median(np.abs(m - n) / np.sqrt((s**2 + t**2) / 2))
    spread = math.exp(float(np.median(np.abs(np.log(s / t)))))
    return float(shift), spread


def _same_scale(array: ArrayFacts, data: DataFacts) -> Fix:
    is_input = any(array is one for one in data.inputs)
    name, held_out = ("X", "X_val") if is_input else ("y", "y_val")
    return Fix(
        title=f"scale both sets of `{array.name}` with the numbers of the training set",
        safety=Safety.ADVICE,
        snippet=f"mean, std = {name}.mean(axis=0), {name}.std(axis=0)  # of the unscaled training data\n"
        f"{name}, {held_out} = ({name} - mean) / std, ({held_out} - mean) / std",
    )
