"""Flag columns of a table whose scales lie orders of magnitude apart.

## What it looks for

The scale of each column that the first trainable kernel receives, after all preprocessing in the model: its largest
magnitude where the column was read directly, else its root mean square. Constant columns do not count, and a column of
zeros and ones has scale one however rare its ones are. A WARNING needs two things: a ratio above 1,000 and a largest
column above 20; with a smaller largest column, and where the model normalises or the rehearsal learns, it is INFO.

## Why it matters

Every weight of the layer gets the same learning rate, but the loss bends along a column's weight with the square of the
column's scale. With a ratio of 1,000 the rate that is just stable for the largest column is a million times too small
for the smallest: the network sees one column and is blind to the others.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3)).astype("float32")
y = (X[:, 0] > 0).astype("int32")
X = X * [1, 1, 50_000] + [0, 40, 190_000]  # a ratio, an age, an income
model = keras.Sequential(
    [keras.Input((3,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("sgd", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3)).astype("float32")
y = (X[:, 0] > 0).astype("int32")
X = X * [1, 1, 50_000] + [0, 40, 190_000]
X = (X - X.mean(axis=0)) / X.std(axis=0)
model = keras.Sequential(
    [keras.Input((3,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("sgd", "binary_crossentropy")
```

## When it is wrong

When the small columns carry nothing that the task needs. Adaptive optimizers soften the effect for a network's inputs,
since each weight has its own step size.

## How far to trust the fix

Standardising keeps all information and rarely hurts. A heavy-tailed column (income, counts) is better served by a
logarithm first. Use the training mean and spread for all other data.

## References

- LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3 and §5, doi:10.1007/3-540-49430-8_2
"""

import numpy as np

from flatline.cause import Cause
from flatline.entry import STANDARDISE, is_renormalised, readers
from flatline.errors import CannotTell
from flatline.facts import Array, DataFacts, LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, MapInput, Safety
from flatline.gates import severity_unless_learning
from flatline.registry import check

MAX_RATIO = 1e3  # 1; condition number of the first layer's Hessian ~ ratio² = 10⁶
MAX_SCALE = 20.0  # 1; as in input-scale: below, the small columns are merely weak and nothing saturates


@check("FL103", cause=Cause.INPUT_SCALE, severity=Severity.WARNING)
def mixed_feature_scales(data: DataFacts | None, model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a table whose columns reach the first kernel at scales more than 1,000 apart."""
    tables = [layer for layer in readers(model) if len(layer.input_feature_rms) > 1]
    known = [layer for layer in tables if np.all(np.isfinite(layer.input_feature_rms))]
    if not known:
        raise CannotTell(f"{len(tables)} first layers read several columns, with finite scales 0; 1 is needed")
    for layer in known:
        scales = _scales(data, layer)
        used = np.flatnonzero(scales > 0)
        if len(used) < 2:
            continue
        low, high = used[np.argmin(scales[used])], used[np.argmax(scales[used])]
        ratio = Evidence(
            quantity="feature_scale_ratio",
            value=float(scales[high] / scales[low]),
            bound=("<=", MAX_RATIO),
            where=layer.name,
        )
        if ratio.broken:
            harmless = not float(layer.input_feature_rms[high]) > MAX_SCALE or is_renormalised(model, layer)
            yield Finding(
                message=f"column {high} reaches `{layer.name}` at scale {scales[high]:.2g}, column {low} at "
                f"{scales[low]:.2g}: {ratio.value:.1g} times apart",
                evidence=(ratio,),
                where=layer.name,
                severity=Severity.INFO if harmless else severity_unless_learning(Severity.WARNING, rehearsal),
                fixes=(_standardise(data),),
            )


def _scales(data: DataFacts | None, layer: LayerFacts) -> Array:
    """Scale of each column that varies; 0 for one that does not."""
    scales = np.asarray(layer.input_feature_rms, dtype="float64")
    if data is not None and len(data.inputs) == 1 and layer.reads_model_input:
        (array,) = data.inputs
        largest = np.maximum(np.abs(array.feature_min), np.abs(array.feature_max))
        if largest.shape == scales.shape and np.all(np.isfinite(largest)):
            scales = np.maximum(largest, scales)
    spread = layer.input_feature_std
    varies = spread > 1e-6 * scales if spread.shape == scales.shape else np.ones(scales.shape, bool)
    return np.where(varies, scales, 0.0)


def _standardise(data: DataFacts | None) -> Fix:
    if data is not None and len(data.inputs) > 1:
        return Fix(title="standardise the numeric inputs", safety=Safety.ADVICE, snippet=STANDARDISE)
    return Fix(title="standardise the columns of X", edits=(MapInput(how="standardize"),), snippet=STANDARDISE)
