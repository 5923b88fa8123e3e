"""ReLU layers whose initialiser starts them well below the size that suits ReLU.

## What it looks for
Hidden layers with ReLU and a random initialiser whose kernels start with less than half the deviation √(2/fan-in) of
He et al., with no normalisation layer behind them. Keras' default, Glorot uniform, is among them where a layer is
much wider than its input.

## Why it matters
ReLU throws half of the signal away; He's deviation makes up for it, so that the signal keeps its size through any
number of layers. Glorot's deviation is made for tanh. With it the signal of a ReLU network shrinks a little with each
layer, which Adam hardly notices and plain SGD answers with a slower start.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(size=(120, 16, 16, 3)).astype("float32")
y = (X[:, :8].mean((1, 2, 3)) > X[:, 8:].mean((1, 2, 3))).astype("int64")
layers = [keras.layers.Conv2D(32, 5, activation="relu"), keras.layers.GlobalAveragePooling2D()]
model = keras.Sequential([*layers, keras.layers.Dense(2, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
fit_args = {"epochs": 2}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(size=(120, 16, 16, 3)).astype("float32")
y = (X[:, :8].mean((1, 2, 3)) > X[:, 8:].mean((1, 2, 3))).astype("int64")
he = {"kernel_initializer": "he_normal"}
layers = [keras.layers.Conv2D(32, 5, activation="relu", **he), keras.layers.GlobalAveragePooling2D()]
model = keras.Sequential([*layers, keras.layers.Dense(2, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
fit_args = {"epochs": 2}
```

## When it is wrong
It is only ever INFO, and not said at all where the rehearsal learns: Glorot's initialiser trains nearly every ReLU
network of a few layers.

## How far to trust the fix
Safe to try: it changes the start only.

## References
K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, arXiv 1502.01852, equation 10. X. Glorot,
Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import learns, require_start
from flatline.graph import LayerGraph
from flatline.layers import NORMALISING, RECTIFIERS, WEIGHTED, activation, he_scale, written
from flatline.registry import check

MIN_SCALE = 0.5  # 1; deviation of the kernel over He's: below it a layer hands on less than half of the signal
LEAST_WEIGHTS = 16  # weights; the deviation of fewer is what it is by chance
_RANDOM = {"GlorotUniform", "GlorotNormal", "LecunUniform", "LecunNormal", "RandomNormal", "RandomUniform"}
_RANDOM |= {"TruncatedNormal"}


@check("FL803", cause=Cause.INITIALIZATION, severity=Severity.INFO)
def initializer_for_activation(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Point out ReLU layers that start with weak weights."""
    require_start(model)
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    rectified = [layer for layer in model.layers if _is_rectified(graph, layer)]
    if any(math.isnan(he_scale(layer)) for layer in rectified):
        raise CannotTell(f"the kernels of {len(rectified)} layers with ReLU were not measured")
    weak = [
        (layer, scale)
        for layer in rectified
        if (
            scale := Evidence(quantity="kernel_scale", value=he_scale(layer), bound=(">=", MIN_SCALE), where=layer.name)
        ).broken
    ]
    if not weak or learns(rehearsal):
        return
    told = ", ".join(f"`{layer.name}` ({layer.initializer}, {scale.value:.2g})" for layer, scale in weak[:3])
    yield Finding(
        message=f"{len(weak)} layer{'s' * (len(weak) > 1)} with ReLU start{'s' * (len(weak) == 1)} below {MIN_SCALE} "
        f"times He's deviation √(2/fan-in): {told}",
        evidence=tuple(scale for _, scale in weak),
        where=weak[0][0].name,
        fixes=(
            Fix(
                title='use He initialisation with ReLU, `kernel_initializer="he_normal"`',
                edits=tuple(
                    SetLayer(layer=layer.name, argument="kernel_initializer", value="he_normal") for layer, _ in weak
                ),
                snippet="\n".join(written(layer, kernel_initializer="he_normal") for layer, _ in weak),
            ),
        ),
    )


def _is_rectified(graph: LayerGraph, layer: LayerFacts) -> bool:
    """Whether ReLU, and no normalisation, follows a kernel that training may change."""
    if layer.kind not in ("Dense", "Conv1D", "Conv2D", "Conv3D") or not layer.n_trainable or layer.is_output:
        return False
    if not layer.builtin or layer.initializer not in _RANDOM or math.prod(layer.kernel_shape) < LEAST_WEIGHTS:
        return False
    readers = graph.below(layer, lambda one: one.kind not in WEIGHTED | {"Activation", "ReLU", "Relu"})
    if any(one.kind in NORMALISING for one in readers):
        return False
    after = any(activation(one) in RECTIFIERS for one in readers if one.kind not in WEIGHTED)
    rectified = activation(layer) in RECTIFIERS or (activation(layer) in ("", "linear") and after)
    return rectified and layer.weight_norm != 0  # a kernel of zeros is another check's
