"""All units of a hidden layer start with the same weights.

## What it looks for
Hidden dense or convolutional layers in which at least 99 % of the units have exactly the weights of another unit:
kernels of zeros, ones or another constant.

## Why it matters
Units with the same incoming weights compute the same, and if the layer behind treats them alike too, they get the
same gradient: they stay equal for ever, and a layer of 64 units is a layer of one. With zeros and ReLU nothing moves
at all, because neither the outputs nor the slopes differ from zero. Random weights exist to break this symmetry.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
alike = {"kernel_initializer": keras.initializers.Constant(0.05)}
layers = [keras.layers.Dense(64, activation="relu", **alike), keras.layers.Dense(32, activation="relu", **alike)]
model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax", **alike)])
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 15}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(32, activation="relu")]
model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 15}
```

## When it is wrong
An output layer may start at zero, and so may the last layer of a residual branch or of a gate: they are excused, as
are frozen layers, embeddings and constant matrices. If the next layer's weights are random, the symmetry is broken in
the first step, unless zeros meet ReLU: the finding is a WARNING then, and INFO where the rehearsal learns all the
same.

## How far to trust the fix
The default initialiser (Glorot uniform) is right for nearly every layer.

## References
I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", section 8.4, 2016. Stanford CS231n notes, "Neural networks
part 2" (pitfall: all zero initialization). H. Zhang, Y. N. Dauphin, T. Ma, "Fixup initialization", ICLR 2019, arXiv
1901.09321 (zeros at the end of residual branches).
"""

import math
from collections.abc import Sequence

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import DENSE, MERGING, RECTIFIERS, activation, units, written
from flatline.registry import check

MAX_IDENTICAL = 0.99  # 1; exclusive: share of units that repeat another's weights; random ones never do
LEAST_UNITS = 2  # units; one has nobody to be equal to
_JUDGED = DENSE | {f"Conv{n}D{suffix}" for n in (1, 2, 3) for suffix in ("", "Transpose")}


@check(
    "FL801",
    cause=Cause.INITIALIZATION,
    severity=Severity.ERROR,
    explains=("FL001", "FL207", "FL601", "FL703", "FL709", "FL712"),
)
def identical_units(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag hidden layers whose units start alike."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    hidden = judged(model)
    if hidden and all(math.isnan(layer.identical_units) for layer in hidden):
        raise CannotTell(f"the units of {len(hidden)} hidden layers were not compared")
    alike: list[tuple[LayerFacts, Evidence]] = []
    for layer in hidden:
        share = Evidence(
            quantity="identical_units", value=layer.identical_units, bound=("<", MAX_IDENTICAL), where=layer.name
        )
        if share.broken and not math.isnan(share.value):
            alike.append((layer, share))
    if not alike:
        return
    layers = [layer for layer, _ in alike]
    told = ", ".join(f"`{layer.name}` ({layer.initializer or 'unknown initialiser'})" for layer in layers[:3])
    yield Finding(
        message=f"all {units(layers[0])} units of `{layers[0].name}` start with the same weights"
        + (f", and so do those of {len(layers) - 1} more hidden layers" if len(layers) > 1 else "")
        + f": {told}",
        evidence=tuple(share for _, share in alike),
        where=layers[0].name,
        fixes=(
            Fix(
                title="start the hidden layers from random weights, Keras' default",
                edits=tuple(
                    SetLayer(layer=layer.name, argument="kernel_initializer", value="glorot_uniform")
                    for layer in layers
                ),
                snippet="\n".join(written(layer, kernel_initializer="glorot_uniform") for layer in layers),
            ),
        ),
        severity=severity_unless_learning(_surest(graph, layers), rehearsal),
    )


def judged(model: ModelFacts) -> tuple[LayerFacts, ...]:
    """Return the hidden layers whose units should differ."""
    graph = LayerGraph.of(model)
    return tuple(layer for layer in model.layers if _is_hidden(graph, layer) and not _ends_a_branch(graph, layer))


def _is_hidden(graph: LayerGraph, layer: LayerFacts) -> bool:
    """Whether another layer with a kernel reads it, so that its units should differ."""
    if layer.kind not in _JUDGED or not layer.builtin or layer.is_output or not layer.n_trainable:
        return False
    return units(layer) >= LEAST_UNITS and any(len(one.kernel_shape) > 1 for one in graph.below(layer))


def _ends_a_branch(graph: LayerGraph, layer: LayerFacts) -> bool:
    """Whether a kernel of zeros only switches off a branch at first: what is added to, or gated, is there."""
    readers = graph.below(layer, lambda one: not one.kernel_shape and one.kind not in MERGING)
    return layer.weight_norm == 0 and (not readers or any(one.kind in MERGING for one in readers))


def _surest(graph: LayerGraph, layers: Sequence[LayerFacts]) -> Severity:
    """ERROR where nothing will ever tell the units apart."""
    for layer in layers:
        readers = [one for one in graph.below(layer, lambda one: not one.kernel_shape) if one.kernel_shape]
        rectified = activation(layer) in RECTIFIERS or any(
            activation(one) in RECTIFIERS for one in graph.below(layer, lambda one: not one.kernel_shape)[:-1]
        )
        stuck = layer.weight_norm == 0 and rectified
        if (stuck or all(one.identical_units >= MAX_IDENTICAL for one in readers)) and graph.is_inescapable(layer):
            return Severity.ERROR
    return Severity.WARNING
