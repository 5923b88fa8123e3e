"""The first filters are still the noise that they were drawn as, and nothing is learnt.

## What it looks for
In a run that is no better than guessing, on images whose neighbouring pixels are alike (correlation of at least a
half): the first convolution of at least 3 × 3 cells, in the kernels of which neighbouring cells correlate by less than
three times what independent cells do by chance.

## Why it matters
The gradient of a filter is a sum of patches of the images, so what it learns is smooth where the images are. Filters
that are still noise say that nothing of what the images hold has reached the first layer: the fault lies behind it, in
the way the gradient takes, or in steps too small to be seen. Filters that are smooth say that it has.

## Example
```python
import keras
import numpy as np
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = X[:640], y[:640]
X = (X / 16).reshape(-1, 8, 8, 1).repeat(2, axis=1).repeat(2, axis=2).astype("float32")
dead = keras.initializers.Constant(-20.0)
layers = [
    keras.layers.Conv2D(8, 5, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(32, activation="relu", bias_initializer=dead),
    keras.layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 5}
```

## Use instead
```python
import keras
import numpy as np
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = X[:640], y[:640]
X = (X / 16).reshape(-1, 8, 8, 1).repeat(2, axis=1).repeat(2, axis=2).astype("float32")
layers = [
    keras.layers.Conv2D(8, 5, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(32, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 5}
```

## When it is wrong
A network may learn with filters that look like noise: of 36 that learnt, 12 had such filters, among them one fed with
pixels up to 255, whose weights hardly moved (`python -m tests.benchmarks.seeing`). So nothing is said of a run that
learns, and in one that does not this is INFO: it says where to look. Frozen filters are not judged.

## How far to trust the fix
There is none in this finding: it is a symptom. Findings that explain it stand above it in the report.

## References
Stanford CS231n notes, "Neural networks part 3", first-layer visualizations (noisy features may be a symptom of a
network that has not converged, or of a wrong learning rate). E. P. Simoncelli, B. A. Olshausen, "Natural image
statistics and neural representation", Annual Review of Neuroscience 24, 2001, doi 10.1146/annurev.neuro.24.1.1193
(neighbouring pixels are alike). The bound is a multiple of chance; `python -m tests.benchmarks.seeing` prints the
figures.
"""

import numpy as np

from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import GradientLog, LossLog, RunFacts, SightLog
from flatline.registry import check
from flatline.sampled import fruitless, largest, require_finite_weights, settled

SMOOTH = 0.5  # 1; correlation of neighbouring pixels from which a filter that learnt is smooth as well
TIMES_CHANCE = 3.0  # 1; independent cells reach it once in 370 layers


@check("FL808", cause=None, severity=Severity.INFO)
def noisy_filters(run: RunFacts, losses: LossLog, sight: SightLog, gradients: GradientLog | None) -> Findings:
    """Flag first filters without structure where nothing is learnt."""
    now = settled(run, losses)
    if not fruitless(now):
        return
    require_finite_weights(gradients)
    smooth = largest(sight.smoothness[-1])
    known = np.flatnonzero(np.isfinite(sight.kernel_correlation[-1]))
    if not len(known) or not np.isfinite(smooth):
        raise CannotTell(f"{len(known)} convolutions of 3 × 3 cells or more, and no images, were looked at")
    name = sight.layers[known[0]]
    layer = run.layer(name)
    if smooth < SMOOTH or (layer is not None and not layer.trainable):
        return
    chance = float(sight.kernel_chance[-1, known[0]])
    correlation = Evidence(
        quantity="kernel_correlation",
        value=abs(float(sight.kernel_correlation[-1, known[0]])),
        bound=(">=", TIMES_CHANCE * chance),
        where=name,
        steps=(int(sight.step[-1]), int(sight.step[-1])),
    )
    if correlation.broken:
        yield Finding(
            message=(
                f"the kernels of `{name}` are noise after {sight.step[-1] + 1} steps: neighbouring cells correlate by "
                f"{correlation.value:.2f}, by chance it would be {chance:.2f}; the pixels of the images by {smooth:.2f}"
            ),
            evidence=(correlation,),
            where=name,
        )
