"""Before the first step, next to no gradient reaches the first layer.

## What it looks for
The relative gradient ‖g‖/‖w‖ of the first layer with weights over the largest of all layers, in networks of at least
three such layers: below 1e-3 while the rehearsal gets nowhere, or below 1e-4 where no rehearsal was run.

## Why it matters
Each layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's slope is at most
1/4: after five of them less than a thousandth is left, so the first layers stay where they were while the last ones
fit what they can from features that are as good as random. The ratio is free of the scale of the loss, the data and
the width.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(400, 4)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
small = keras.initializers.RandomNormal(stddev=0.05, seed=1)
layers = [keras.layers.Dense(32, activation="sigmoid", kernel_initializer=small) for _ in range(6)]
model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.SGD(0.01), "binary_crossentropy")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, size=(400, 4)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(32, activation="relu", kernel_initializer="he_normal") for _ in range(3)]
model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
fit_args = {"epochs": 20}
```

## When it is wrong
Adaptive optimizers (Adam, RMSprop) rescale every layer's gradient and cross small gaps; that is why nothing is said
when the rehearsal gets anywhere. A kernel that starts at zero on purpose holds back all gradient in the first step
only: it is not reported.

## How far to trust the fix
ReLU (or another activation that does not saturate) with He initialisation cures the common case, and normalisation
layers or shortcuts the deep one; each changes training.

## References
X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010. S.
Hochreiter, "The vanishing gradient problem during learning recurrent neural nets and problem solutions", 1998, doi
10.1142/S0218488598000094. Y. You, I. Gitman, B. Ginsburg, "Large batch training of convolutional networks", arXiv
1708.03888 (ratio of gradient and weight norm, layer by layer).
"""

import math
from collections.abc import Sequence

from flatline.cause import Cause
from flatline.entry import STANDARDISE
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, MapInput, SetLayer
from flatline.gates import learned, require_start
from flatline.graph import LayerGraph
from flatline.layers import SIGMOIDS, TANHS, WEIGHTED, activation, written
from flatline.registry import check

MIN_RATIO = 1e-3  # 1; first over largest relative gradient of a network that is seen not to learn
MIN_RATIO_UNSEEN = 1e-4  # 1; the same where no rehearsal has shown it
LEAST_LAYERS = 3  # layers with kernels; a gradient vanishes over depth
NOWHERE = 0.05  # 1; share of the way from the null model to a perfect one that is no progress
SATURATING_LAYERS = 3  # layers; so many slopes of 1/4 make the factor 1/64 that weights can hardly make good
LARGE_INPUT = 5.0  # units of the input; root mean square over that of standardised data
MAX_SATURATED = 0.5  # 1; share of the first layer's values without a slope: large inputs have put them there
SMALL_INPUT = 1e-2  # units of the input; the gradient of a kernel is proportional to what it multiplies


@check("FL601", cause=Cause.INITIALIZATION, severity=Severity.WARNING)
def vanishing_gradient_at_start(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a first layer whose relative gradient is far below the largest."""
    require_start(model)
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    deep = [layer for layer in model.layers if layer.kind in WEIGHTED and layer.n_trainable]
    if len(deep) < LEAST_LAYERS or not graph.is_inescapable(deep[0]):
        return
    if zero := next((layer.name for layer in deep if layer.weight_norm == 0), None):
        raise CannotTell(f"the kernel of `{zero}` starts at 0 and holds the gradient back in the first step only")
    graded = [layer for layer in deep if not math.isnan(layer.relative_gradient)]
    if len(graded) < LEAST_LAYERS or graded[0] is not deep[0]:
        raise CannotTell(
            f"the gradients of {len(graded)} of {len(deep)} layers are known, the first and {LEAST_LAYERS} needed"
        )
    first, largest = graded[0], max(graded, key=lambda layer: layer.relative_gradient)
    progress = learned(rehearsal)
    if progress >= NOWHERE:
        return
    if largest.relative_gradient == 0:
        raise CannotTell(f"the gradients of all {len(graded)} layers with kernels are exactly 0: none can be compared")
    ratio = Evidence(
        quantity="relative_gradient_ratio",
        value=first.relative_gradient / largest.relative_gradient,
        bound=(">=", MIN_RATIO_UNSEEN if math.isnan(progress) else MIN_RATIO),
        where=first.name,
    )
    if not ratio.broken:
        return
    saturating = [
        layer for layer in deep if not layer.is_output and activation(layer) in SIGMOIDS | TANHS | {"softmax"}
    ]
    cause = _cause(first, saturating)
    yield Finding(
        message=f"the relative gradient of the first layer `{first.name}` is {ratio.value:.1e} of the largest "
        f"(`{largest.name}`), {len(deep)} layers deep",
        evidence=(ratio,),
        where=first.name,
        fixes=_fixes(deep, saturating, cause),
        cause=cause,
    )


def _cause(first: LayerFacts, saturating: Sequence[LayerFacts]) -> Cause:
    if first.input_rms < SMALL_INPUT or (first.input_rms > LARGE_INPUT and first.saturated_share > MAX_SATURATED):
        return Cause.INPUT_SCALE
    return Cause.ACTIVATION if len(saturating) >= SATURATING_LAYERS else Cause.INITIALIZATION


def _fixes(deep: Sequence[LayerFacts], saturating: Sequence[LayerFacts], cause: Cause) -> tuple[Fix, ...]:
    if cause is Cause.INPUT_SCALE:
        return (Fix(title="standardise the inputs", edits=(MapInput(how="standardize"),), snippet=STANDARDISE),)
    changed = list(saturating) or [layer for layer in deep if not layer.is_output]
    relu = {"activation": "relu"} if saturating else {}
    settings = relu | {"kernel_initializer": "he_normal"}
    return (
        Fix(
            title="use ReLU with He initialisation in the hidden layers" if saturating else "use He initialisation",
            edits=tuple(
                SetLayer(layer=layer.name, argument=name, value=value)
                for layer in changed
                for name, value in settings.items()
            ),
            snippet="\n".join(written(layer, **settings) for layer in changed),
        ),
    )
