"""Point out inputs whose mean is far larger than their spread.

## What it looks for

The median over features of |mean| / standard deviation of what the first trainable kernel receives, after all
preprocessing in the model. Features that do not vary do not count. Images in [0, 1] have a ratio of one to three; INFO
is given above 5.

## Why it matters

When all inputs lie far from zero on the same side, nearly all that a unit receives is the same for every sample. The
weights of one unit then have to rise or fall together, and the step size that the common part allows is far too small
for the differences that carry the information.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(20, 1, size=(200, 4)).astype("float32")  # temperatures
y = (X[:, 0] > 20).astype("int32")
model = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(20, 1, size=(200, 4)).astype("float32")
y = (X[:, 0] > 20).astype("int32")
X = X - X.mean(axis=0)
model = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

When normalisation follows later in the network, or when the offset is small in absolute terms and the optimizer has
time enough. That is why it is never more than INFO.

## How far to trust the fix

Subtracting the mean changes nothing that a bias could not undo. Use the training mean for all other data.

## References

- LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3 (inputs of mean zero), doi:10.1007/3-540-49430-8_2
"""

import numpy as np

from flatline.cause import Cause
from flatline.entry import STANDARDISE, is_renormalised, readers
from flatline.errors import CannotTell
from flatline.facts import DataFacts, LayerFacts, ModelFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, MapInput, Safety
from flatline.registry import check

MAX_RATIO = 5.0  # 1; images in [0, 1] lie at 1 to 3; the common part then holds 96 % of the mean square


@check("FL104", cause=Cause.INPUT_SCALE, severity=Severity.INFO)
def offset_input(data: DataFacts | None, model: ModelFacts) -> Findings:
    """Point out first kernels whose inputs have a mean far larger than their spread."""
    first = readers(model)
    known = [layer for layer in first if _ratio(layer) is not None]
    if not known:
        raise CannotTell(f"{len(first)} first trainable layers with a kernel, mean and spread known at 0; 1 is needed")
    for layer in known:
        value = _ratio(layer) or 0.0
        ratio = Evidence(quantity="mean_to_spread", value=value, bound=("<=", MAX_RATIO), where=layer.name)
        if ratio.broken and not is_renormalised(model, layer):
            yield Finding(
                message=f"the mean of the input of `{layer.name}` is {value:.3g} times its spread, above {MAX_RATIO:g}",
                evidence=(ratio,),
                where=layer.name,
                fixes=(_centre(data),),
            )


def _ratio(layer: LayerFacts) -> float | None:
    """Median |mean|/σ over the features that vary; None where it was not measured."""
    rms, spread = layer.input_feature_rms, layer.input_feature_std
    if not len(rms) or rms.shape != spread.shape or not (np.all(np.isfinite(rms)) and np.all(np.isfinite(spread))):
        return None
    varies = spread > 1e-6 * rms
    if not varies.any():
        return 0.0  # constant-features speaks of that
    mean = np.sqrt(np.maximum(rms[varies] ** 2 - spread[varies] ** 2, 0.0))
    return float(np.median(mean / spread[varies]))


def _centre(data: DataFacts | None) -> Fix:
    if data is not None and len(data.inputs) > 1:
        return Fix(title="centre and scale the numeric inputs", safety=Safety.ADVICE, snippet=STANDARDISE)
    return Fix(title="centre and scale the columns of X", edits=(MapInput(how="standardize"),), snippet=STANDARDISE)
