"""A hidden layer of a single unit: all that the network knows of the input passes through one number.

## What it looks for
A hidden dense layer with one unit that no path from input to output avoids, fed by more than one number and followed
either by a layer with more than one unit, or, if it is a rectifier, by anything. A gate or an attention score of one
unit lies on a branch and is not meant.

## Why it matters
One number orders the samples along a line. Ten classes cut out of one line need ten well placed intervals, which
gradient descent hardly finds. A single ReLU unit is worse: it says nothing at all about the half of the samples where
it is zero, and if it starts or falls below zero everywhere, it takes the whole network with it.

## Example
```python
import keras
import numpy as np
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1, activation="relu", name="narrow")]
layers += [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 15}
```

## Use instead
```python
import keras
import numpy as np
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(16, activation="relu")]
layers += [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 15}
```

## When it is wrong
An autoencoder with a one-number code is a choice, and is INFO. A target that really depends on one combination of the
inputs (a single-index model) passes such a layer well; the finding is INFO when the rehearsal learns all the same.

## How far to trust the fix
The width proposed is a guess between the neighbours' widths. Any width well above one removes this fault.

## References
L. Lu, Y. Shin, Y. Su, G. E. Karniadakis, "Dying ReLU and initialization", Communications in Computational Physics
28(5), 2020, arXiv 1903.06733 (narrow rectifier networks die at birth).
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import DENSE, RECTIFIERS, WEIGHTED, activation, size, units, written
from flatline.registry import check

LEAST_UNITS = 2  # units; one number cannot hold what several are needed for
WIDEST_GUESS = 64  # units; an input may have thousands of columns, a hidden layer need not


@check("FL203", cause=Cause.CAPACITY, severity=Severity.WARNING, explains=("FL001", "FL712"))
def one_unit_bottleneck(model: ModelFacts, objective: ObjectiveFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a hidden layer of one unit that everything passes through."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    on_purpose = {head.task for head in objective.heads} == {Task.RECONSTRUCTION}
    for layer in model.layers:
        if not _is_narrow(layer) or not graph.is_inescapable(layer):
            continue
        later = [units(one) for one in graph.below(layer) if one.kind in WEIGHTED]
        rectifies = _rectifies(graph, layer)
        if not later or (max(later) < LEAST_UNITS and not rectifies):
            continue
        width = min(WIDEST_GUESS, max(8, *later, (size(layer.input_shape) or 8) // 2))
        yield Finding(
            message=f"hidden layer `{layer.name}` has 1 unit between {size(layer.input_shape)} inputs and "
            f"{max(later)} unit{'s' * (max(later) > 1)} later on: all that passes is one number"
            + (", and none where the rectifier is zero" if rectifies else ""),
            evidence=(
                Evidence(quantity="hidden_units", value=1, bound=(">=", LEAST_UNITS), unit="units", where=layer.name),
            ),
            where=layer.name,
            fixes=(
                Fix(
                    title=f"widen `{layer.name}` to some {width} units",
                    edits=(SetLayer(layer=layer.name, argument="units", value=width),),
                    snippet=written(layer, units=width),
                ),
            ),
            severity=Severity.INFO if on_purpose else severity_unless_learning(Severity.WARNING, rehearsal),
        )


def _is_narrow(layer: LayerFacts) -> bool:
    """Whether it is a hidden dense layer that makes one number a sample of several."""
    if layer.kind not in DENSE or layer.is_output or units(layer) >= LEAST_UNITS:
        return False
    return size(layer.output_shape) == 1 and (size(layer.input_shape) or 0) > 1


def _rectifies(graph: LayerGraph, layer: LayerFacts) -> bool:
    if activation(layer) in RECTIFIERS:
        return True
    readers = graph.below(layer, lambda one: one.kind in ("BatchNormalization", "Dropout"))
    return any(activation(one) in RECTIFIERS for one in readers if one.kind not in WEIGHTED)
