"""Training mode and inference mode give very different outputs for the same samples.

## What it looks for
The outputs of the probe batch in both modes. The finding says so when they differ by more than their own size.

## Why it matters
Dropout, noise, augmentation and batch normalisation do different things in the two modes, so some difference is
normal. A large one means that the loss shown while training and the validation loss describe two different networks:
with batch normalisation at its start because the running averages do not know the data yet, later because they are
too slow for a short training (`momentum` 0.99 needs hundreds of steps).

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(0.0, 0.02, size=(300, 6)).astype("float32")
y = (X[:, 0] > X[:, 1]).astype("float32")
layers = [keras.layers.Dense(16, activation="relu"), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 5}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(0.0, 0.02, size=(300, 6)).astype("float32")
y = (X[:, 0] > X[:, 1]).astype("float32")
X = (X - X.mean(0)) / X.std(0)
layers = [keras.layers.Dense(16, activation="relu"), keras.layers.LayerNormalization(), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 5}
```

## When it is wrong
It is only ever INFO: at the start a gap is harmless if the training is long enough for the running averages.

## How far to trust the fix
Advice only. A lower `momentum` (0.9) shortens the time in which the modes disagree.

## References
Keras documentation of `BatchNormalization`. X. Li, S. Chen, X. Hu, J. Yang, "Understanding the disharmony between
dropout and batch normalization by variance shift", CVPR 2019, arXiv 1801.05134. H. Ben Braiek, F. Khomh,
"TheDeepChecker", ACM TOSEM 2023, arXiv 2204.00694.
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ModelFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.registry import check

MAX_GAP = 1.0  # 1; difference over the output's own size: dropout of one half alone gives up to about 1


@check("FL209", cause=Cause.NORMALIZATION_LAYER, severity=Severity.INFO)
def mode_gap(model: ModelFacts) -> Findings:
    """Say so when the two modes disagree by more than the output's size."""
    if not model.layers or math.isnan(model.mode_gap):
        raise CannotTell(
            f"the outputs of training and inference mode of {len(model.layers)} layers were not compared, or those of "
            "inference mode are next to nothing"
        )
    gap = Evidence(quantity="mode_gap", value=model.mode_gap, bound=("<=", MAX_GAP))
    if not gap.broken:
        return
    normal = next(
        (layer.name for layer in model.layers if layer.kind == "BatchNormalization" and layer.trainable), None
    )
    advice = f"lower the momentum of `{normal}` (0.9), or train it for hundreds of steps" if normal else None
    yield Finding(
        message=f"the outputs of training mode and inference mode differ by {gap.value:.2g} times their size"
        + (f"; `{normal}` does not know the data yet" if normal else ""),
        evidence=(gap,),
        where=normal or "",
        fixes=(Fix(title=advice, safety=Safety.ADVICE),) if advice else (),
    )
