"""The initial weights are far too large or too small: the signal explodes or fades on its way through the network.

## What it looks for
Along the layers that everything passes through: how much the outputs differ between samples in the last hidden layer,
over the first hidden layer (outside 1e-3 … 1e3), how much the output differs (less than 0.1 % of its size while the
rehearsal gets nowhere), and how the deviation of each kernel compares with He's √(2/fan-in) (above 10, or below
1/100). Layers followed by normalisation are not counted, since it undoes their scale.

## Why it matters
Each layer multiplies the signal by some factor. If the factor is 1/10, five layers leave a hundred-thousandth, and
the network starts as a constant whose gradient is next to nothing; if it is 10, the outputs start a hundred thousand
times too large, and so do loss and gradient. The initial deviation √(2/fan-in) keeps the factor near one for ReLU.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 20)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
huge = {"kernel_initializer": keras.initializers.RandomNormal(stddev=5.0, seed=1)}
layers = [keras.layers.Dense(64, activation="relu", **huge) for _ in range(3)]
model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.SGD(1e-4), "binary_crossentropy")
fit_args = {"epochs": 5}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 20)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal") for _ in range(3)]
model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy")
fit_args = {"epochs": 5}
```

## When it is wrong
Networks with activations that are made for other weights (sine networks, SELU) have their own initialisers; layers
with an activation that is not one of the common ones are not judged, nor are residual branches, embeddings and frozen
layers. A small last layer is a common and good start. Where the rehearsal learns all the same, the finding is INFO.

## How far to trust the fix
He initialisation for ReLU and Glorot's for sigmoid and tanh keep the signal's size by construction.

## References
K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, arXiv 1502.01852, equation 10. X. Glorot,
Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010. D. Mishkin, J.
Matas, "All you need is a good init", ICLR 2016, arXiv 1511.06422. Stack Overflow questions 40147568 and 61498304.
"""

import math
from collections.abc import Sequence

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import learned, require_start, severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import (
    NORMALISING,
    RECTIFIERS,
    SIGMOIDS,
    TANHS,
    WEIGHTED,
    activation,
    he_scale,
    kernel_rms,
    written,
)
from flatline.registry import check

MAX_SIGNAL = 1e3  # 1; spread of the last hidden layer over the first's
MIN_SIGNAL = 1e-3  # 1; a decade lost in each of three layers
MIN_DEPENDENCE = 1e-3  # 1; change of the output when samples are exchanged, where the rehearsal gets nowhere
NOWHERE = 0.05  # 1; share of the way from the null model to a perfect one that is no progress
MAX_SCALE = 10.0  # 1; deviation of a kernel over He's: one layer makes the signal ten times as large
MIN_SCALE = 1e-2  # 1; the same the other way; Keras' RandomNormal (0.05) stays above it up to fan-in 1
LEAST_WEIGHTS = 16  # weights; the deviation of fewer is what it is by chance
USUAL_SCALE = (0.25, 5.0)  # 1; the lower end takes as much of the signal as the slope of a sigmoid
SIGMOID_LAYERS = 2  # layers; then the slopes of at most 1/4 are to blame rather than the weights
_COMMON = RECTIFIERS | SIGMOIDS | TANHS | {"", "linear", "leakyrelu", "elu", "gelu", "silu", "softplus", "softmax"}


@check("FL802", cause=Cause.INITIALIZATION, severity=Severity.WARNING, explains=("FL001", "FL207", "FL601", "FL702"))
def initial_weights_scale(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag initial weights that make the signal explode or fade."""
    require_start(model)
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    path = [layer for layer in model.layers if layer.kind in WEIGHTED and _is_judged(graph, layer)]
    hidden = [layer for layer in path if any(one.kind in WEIGHTED for one in graph.below(layer))]
    if not path:
        return
    if all(math.isnan(layer.weight_norm) for layer in path):
        raise CannotTell(f"the kernels of {len(path)} layers were not measured")
    severity = severity_unless_learning(Severity.WARNING, rehearsal)
    faded = _signal(hidden) or _faint(model, hidden, rehearsal)
    if faded is not None:
        large = faded.value > MAX_SIGNAL
        squashed = [layer for layer in hidden if activation(layer) in SIGMOIDS]
        to_blame = [layer for layer in hidden if not USUAL_SCALE[0] <= he_scale(layer) <= USUAL_SCALE[1]]
        if faded.quantity == "input_dependence" and not (to_blame or len(squashed) >= SIGMOID_LAYERS):
            return
        sigmoids = len(squashed) >= SIGMOID_LAYERS and not large and not to_blame
        yield Finding(
            message=_told(faded, hidden),
            evidence=(faded,),
            where=hidden[-1].name,
            fixes=(_fix(squashed, relu=True) if sigmoids else _fix(to_blame or hidden),),
            severity=severity,
            cause=Cause.ACTIVATION if sigmoids else Cause.INITIALIZATION,
        )
        return
    for layer in path:
        scale = he_scale(layer)
        if math.isnan(scale) or layer.weight_norm == 0 or math.prod(layer.kernel_shape) < LEAST_WEIGHTS:
            continue
        bounds = [("<=", MAX_SCALE)] + [(">=", MIN_SCALE)] * (layer in hidden)
        found = [Evidence(quantity="kernel_scale", value=scale, bound=bound, where=layer.name) for bound in bounds]
        broken = tuple(one for one in found if one.broken)
        if broken:
            yield Finding(
                message=f"the kernel of `{layer.name}` starts with deviation {kernel_rms(layer):.2g}, "
                f"{scale:.2g} times He's √(2/fan-in)",
                evidence=broken,
                where=layer.name,
                fixes=(_fix([layer]),),
                severity=severity,
            )


def _is_judged(graph: LayerGraph, layer: LayerFacts) -> bool:
    """Whether everything passes through it and nothing rescales what it makes."""
    if not layer.builtin or not layer.n_trainable or activation(layer) not in _COMMON:
        return False
    readers = graph.below(layer, lambda one: one.kind not in WEIGHTED)
    if any(one.kind in NORMALISING or not one.builtin or activation(one) not in _COMMON for one in readers):
        return False
    return layer.is_output or graph.is_inescapable(layer)


def _signal(hidden: Sequence[LayerFacts]) -> Evidence | None:
    """Spread of the last hidden layer over the first's, where it breaks its bound."""
    if len(hidden) < 2 or not hidden[0].output_spread > 0 or math.isnan(hidden[-1].output_spread):
        return None
    ratio = hidden[-1].output_spread / hidden[0].output_spread
    bound = ("<=", MAX_SIGNAL) if ratio > 1 else (">=", MIN_SIGNAL)
    evidence = Evidence(quantity="signal_ratio", value=ratio, bound=bound, where=hidden[-1].name)
    return evidence if evidence.broken and ratio > 0 else None


def _faint(model: ModelFacts, hidden: Sequence[LayerFacts], rehearsal: RehearsalFacts | None) -> Evidence | None:
    """How much the output depends on the input, where it hardly does and the rehearsal gets nowhere."""
    dependence = Evidence(quantity="input_dependence", value=model.input_dependence, bound=(">=", MIN_DEPENDENCE))
    stuck = len(hidden) >= 2 and learned(rehearsal) < NOWHERE
    return dependence if stuck and dependence.broken and dependence.value > 0 else None


def _told(faded: Evidence, hidden: Sequence[LayerFacts]) -> str:
    if faded.quantity == "input_dependence":
        return (
            f"{len(hidden)} hidden layers leave so little of the input that exchanging the samples changes the output "
            f"by {faded.value:.1e} of its size before the first step"
        )
    return (
        f"from `{hidden[0].name}` to `{hidden[-1].name}`, {len(hidden)} layers, what differs between samples "
        f"{'grows' if faded.value > 1 else 'shrinks'} to {faded.value:.1e} of its size before the first step"
    )


def _fix(layers: Sequence[LayerFacts], *, relu: bool = False) -> Fix:
    settings = {
        layer.name: ({"activation": "relu"} if relu else {})
        | {"kernel_initializer": "glorot_uniform" if _squashes(layer) and not relu else "he_normal"}
        for layer in layers
    }
    return Fix(
        title="use ReLU with He initialisation" if relu else "start from weights that keep the signal's size",
        edits=tuple(
            SetLayer(layer=name, argument=argument, value=value)
            for name, changes in settings.items()
            for argument, value in changes.items()
        ),
        snippet="\n".join(written(layer, **settings[layer.name]) for layer in layers),
    )


def _squashes(layer: LayerFacts) -> bool:
    return activation(layer) in SIGMOIDS | TANHS
