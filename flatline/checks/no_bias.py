"""No layer has a bias: a ReLU network without biases only knows directions, not distances.

## What it looks for
Networks of dense and convolutional layers on up to three input numbers in which no layer has a bias and nothing
normalises, with activations that scale with their input (ReLU, leaky ReLU, linear).

## Why it matters
Such a network is homogeneous: f(c·x) = c·f(x) for every positive c. At x = 0 it gives 0, along every ray from there
it is a straight line, and its sign cannot change along a ray: whether |x| is small or large cannot be told. With one
input two rays are all there is. With many inputs the directions carry most of the information, and the lack of biases
hardly matters.

## Example
```python
import keras
import numpy as np

X = np.random.default_rng(0).uniform(-2, 2, size=(500, 1)).astype("float32")
y = (np.abs(X[:, 0]) > 1).astype("int64")
bare = {"use_bias": False}
layers = [keras.layers.Dense(32, activation="relu", **bare), keras.layers.Dense(32, activation="relu", **bare)]
model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid", **bare)])
model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

X = np.random.default_rng(0).uniform(-2, 2, size=(500, 1)).astype("float32")
y = (np.abs(X[:, 0]) > 1).astype("int64")
layers = [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(32, activation="relu")]
model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
fit_args = {"epochs": 20}
```

## When it is wrong
Convolutions without bias before batch normalisation are usual: its shift is the bias, and they are not reported. A
function that really is homogeneous needs no bias; where the rehearsal learns all the same, the finding is INFO.

## How far to trust the fix
A bias costs one number a unit and can only add to what the network can represent.

## References
N. Humbatova, G. Jahangirova, P. Tonella, "DeepCrime: mutation testing of deep learning systems based on real faults",
ISSTA 2021, doi 10.1145/3460319.3464825 (operator "remove bias"). B. Neyshabur, R. Salakhutdinov, N. Srebro,
"Path-SGD", NIPS 2015, arXiv 1506.02617, section 2 (homogeneity of rectifier networks).
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import severity_unless_learning
from flatline.layers import DROPOUT, HOMOGENEOUS, RECTIFIERS, SHAPING, WEIGHTED, activation, size, written
from flatline.registry import check

LEAST_BIASED = 1  # layers; one bias is enough to break homogeneity
FEW_FEATURES = 3  # numbers a sample; with more, directions tell samples apart
LEAST_LAYERS = 2  # layers; one layer without bias is a plane through the origin, perhaps on purpose
_ALLOWED = WEIGHTED | DROPOUT | SHAPING | {"Activation", "ReLU", "LeakyReLU", "Softmax", "Relu", "Sigmoid"}


@check("FL804", cause=Cause.ARCHITECTURE, severity=Severity.WARNING, explains=("FL001",))
def no_bias(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag small ReLU networks without any bias."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    if any(not layer.builtin or layer.kind not in _ALLOWED for layer in model.layers):
        return
    kernels = [layer for layer in model.layers if layer.kind in WEIGHTED]
    if len(kernels) < LEAST_LAYERS or any(layer.config.get("use_bias", True) for layer in kernels):
        return
    bending = [layer for layer in model.layers if not layer.is_output and layer not in kernels[-1:]]
    if not any(activation(layer) in RECTIFIERS for layer in bending) or not all(map(_scales, bending)):
        return
    n_features = size(kernels[0].input_shape)
    if len(kernels[0].input_shape) != 1 or n_features is None or n_features > FEW_FEATURES:
        return
    biased = Evidence(quantity="biased_layers", value=0, bound=(">=", LEAST_BIASED), unit="layers")
    yield Finding(
        message=f"0 of {len(kernels)} layers have a bias: from {n_features} input{'s' * (n_features > 1)} such a "
        "network cannot tell small values from large ones of the same sign",
        evidence=(biased,),
        where=kernels[0].name,
        fixes=(
            Fix(
                title="give the layers a bias, `use_bias=True`",
                edits=tuple(SetLayer(layer=layer.name, argument="use_bias", value=True) for layer in kernels),
                snippet="\n".join(written(layer, use_bias=True) for layer in kernels),
            ),
        ),
        severity=severity_unless_learning(Severity.WARNING, rehearsal),
    )


def _scales(layer: LayerFacts) -> bool:
    return activation(layer) in HOMOGENEOUS
