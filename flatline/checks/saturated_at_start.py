"""A hidden layer is saturated for most of its values before the first step.

## What it looks for
Hidden layers with a sigmoid, tanh or similar activation of which more than half of the (sample, unit) pairs lie where
the slope is below 1 % of its maximum; a quarter is enough where the rehearsal gets nowhere. Where the input of the
network is large, the cause is its scale; where the kernel is, the initialisation.

## Why it matters
On the flat part of the activation the gradient is next to zero: the units cannot move away from there. With inputs in
the hundreds a sigmoid is a switch that is on or off for every sample, and what it says of the input is one bit.

## Example
```python
import keras
import numpy as np

X = np.linspace(-100, 100, 600).reshape(-1, 1).astype("float32")
y = np.abs(X) / 50 - 1
layers = [keras.layers.Dense(20, activation="sigmoid", name="hidden"), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 5}
```

## Use instead
```python
import keras
import numpy as np

X = np.linspace(-100, 100, 600).reshape(-1, 1).astype("float32")
y = np.abs(X) / 50 - 1
X = (X - X.mean(0)) / X.std(0)
layers = [keras.layers.Dense(20, activation="tanh", name="hidden"), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 5}
```

## When it is wrong
A gate (whose output multiplies something) may be shut or open on purpose and is not meant; a confident output layer
saturates, and should: where it does and nothing is learnt, the check does not judge. Random features that are never
trained may saturate. Where the rehearsal learns all the same, the finding is INFO.

## How far to trust the fix
Standardised inputs are right for every network and safe to try; the default initialiser is made for them.

## References
A. Rakitianskaia, A. Engelbrecht, "Measuring saturation in neural networks", IEEE SSCI 2015, doi
10.1109/SSCI.2015.202. Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp", 1998, section 4.4.
"""

import math

from flatline.cause import Cause
from flatline.entry import STANDARDISE
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Edit, Fix, MapInput, SetLayer
from flatline.gates import learned, learns, require_start, severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import SIGMOIDS, TANHS, WEIGHTED, activation, written
from flatline.registry import check

MAX_SATURATED = 0.5  # 1; share of (sample, unit) pairs with less than 1 % of the largest slope
MAX_SATURATED_STUCK = 0.25  # 1; the same in a network that is seen not to learn
NOWHERE = 0.05  # 1; share of the way from the null model to a perfect one that is no progress
MAX_INPUT = 5.0  # units of the input; root mean square over that of standardised data


@check("FL702", cause=Cause.INITIALIZATION, severity=Severity.WARNING, explains=("FL001", "FL207", "FL601"))
def saturated_at_start(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a hidden layer that starts on the flat part of its activation."""
    require_start(model)
    graph = LayerGraph.of(model)
    hidden = [layer for layer in model.layers if _is_hidden_squash(graph, layer)]
    outputs = [layer for layer in model.layers if layer.is_output and activation(layer) in SIGMOIDS | TANHS]
    if not model.layers or any(math.isnan(layer.saturated_share) for layer in hidden):
        raise CannotTell(f"the saturation of {len(hidden)} hidden layers was not measured")
    limit = MAX_SATURATED_STUCK if learned(rehearsal) < NOWHERE else MAX_SATURATED
    for layer in hidden:
        share = Evidence(quantity="saturated_share", value=layer.saturated_share, bound=("<=", limit), where=layer.name)
        if not share.broken:
            continue
        first = next(one for one in model.layers if one.kind in WEIGHTED or one is layer)
        large = first.input_rms > MAX_INPUT
        yield Finding(
            message=f"{share.value:.0%} of the values of hidden layer `{layer.name}` ({activation(layer)}) are "
            "saturated at the start: "
            + (
                f"the inputs of `{first.name}` have root mean square {first.input_rms:.3g}"
                if large
                else f"the deviation of its kernel is {_kernel(graph, layer).kernel_std:.3g}"
            ),
            evidence=(share,),
            where=layer.name,
            fixes=(_fix(_kernel(graph, layer), large),),
            severity=severity_unless_learning(Severity.WARNING, rehearsal),
            cause=Cause.INPUT_SCALE if large else Cause.INITIALIZATION,
        )
        return  # the layers behind it inherit the fault
    for layer in outputs:
        if math.isnan(layer.saturated_share):
            raise CannotTell(f"the saturation of the output `{layer.name}` was not measured")
        if layer.saturated_share > limit and not learns(rehearsal, enough=NOWHERE):
            raise CannotTell(
                f"{layer.saturated_share:.0%} of the values of the output `{layer.name}` are saturated, and hidden "
                "layers only are judged"
            )


def _is_hidden_squash(graph: LayerGraph, layer: LayerFacts) -> bool:
    if layer.is_output or activation(layer) not in SIGMOIDS | TANHS or not layer.builtin:
        return False
    made_by = _kernel(graph, layer)
    readers = graph.below(layer, lambda one: one.kind in ("Dropout", "Flatten", "Reshape"))
    gate = any(one.kind in ("Multiply", "Dot", "Matmul", "Einsum") for one in readers)
    return made_by.kind in WEIGHTED and bool(made_by.n_trainable) and bool(readers) and not gate


def _kernel(graph: LayerGraph, layer: LayerFacts) -> LayerFacts:
    """Return the layer whose kernel makes what is squashed: itself, or the one before an `Activation`."""
    if layer.kind in WEIGHTED:
        return layer
    above = graph.above(layer, lambda one: one.kind not in WEIGHTED)
    return next((one for one in above if one.kind in WEIGHTED), layer)


def _fix(layer: LayerFacts, large: bool) -> Fix:
    edits: tuple[Edit, ...] = (MapInput(how="standardize"),)
    if large:
        return Fix(title="standardise the inputs", edits=edits, snippet=STANDARDISE)
    return Fix(
        title=f"start `{layer.name}` from Keras' default initialiser",
        edits=(SetLayer(layer=layer.name, argument="kernel_initializer", value="glorot_uniform"),),
        snippet=written(layer, kernel_initializer="glorot_uniform"),
    )
