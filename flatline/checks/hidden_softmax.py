"""Softmax as the activation of a hidden layer.

## What it looks for
A softmax over several units whose output is what another dense or convolutional layer reads (through pooling, dropout
and the like), and nothing goes around it. A softmax that weighs something else (attention, a mixture of experts)
feeds a product, not a layer, and is not meant.

## Why it matters
The outputs of a softmax sum to one: of 64 units each holds about 1/64, and so does the signal. What reaches the next
layer is nearly the same for every sample, and its gradient is divided by the same width again. Three such layers in a
row leave nothing: the loss stays at that of a constant prediction. Softmax belongs at the end of a classifier, where
its outputs are probabilities.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(64, activation="softmax", name="hidden_1")]
layers += [keras.layers.Dense(32, activation="softmax", name="hidden_2")]
layers += [keras.layers.Dense(10, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 15}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(64, activation="relu", name="hidden_1")]
layers += [keras.layers.Dense(32, activation="relu", name="hidden_2")]
layers += [keras.layers.Dense(10, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 15}
```

## When it is wrong
A layer of topic or cluster probabilities in the middle (topic models, soft codes of an autoencoder) is meant as such;
for a reconstruction the finding is INFO. It is INFO as well when the rehearsal learns all the same.

## How far to trust the fix
ReLU keeps the signal's size and is the usual choice in a hidden layer; verify with the first epochs.

## References
N. Humbatova, G. Jahangirova, P. Tonella, "DeepCrime: mutation testing of deep learning systems based on real faults",
ISSTA 2021, doi 10.1145/3460319.3464825 (operator "change activation function"). I. Goodfellow, Y. Bengio, A.
Courville, "Deep Learning", section 6.2.2.3, 2016.
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Edit, Fix, ReplaceLayer, SetLayer
from flatline.gates import severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import (
    DROPOUT,
    MAX_POOLING,
    MEAN_POOLING,
    NORMALISING,
    SHAPING,
    WEIGHTED,
    activation,
    code,
    written,
)
from flatline.registry import check

MOST_HIDDEN = 0  # layers; a softmax that feeds another layer hands on hardly any signal
_HANDS_ON = DROPOUT | MAX_POOLING | MEAN_POOLING | SHAPING | NORMALISING


@check("FL204", cause=Cause.ACTIVATION, severity=Severity.WARNING, explains=("FL001", "FL601"))
def hidden_softmax(model: ModelFacts, objective: ObjectiveFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a softmax between layers with weights."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    found = [layer for layer in model.layers if _is_hidden_softmax(graph, layer)]
    if not found:
        return
    on_purpose = {head.task for head in objective.heads} == {Task.RECONSTRUCTION}
    names = ", ".join(f"`{layer.name}`" for layer in found)
    width = found[0].output_shape[-1]
    yield Finding(
        message=f"{len(found)} hidden layer{'s' * (len(found) > 1)} ({names}) "
        f"end{'s' * (len(found) == 1)} in softmax: each of the {width} units of `{found[0].name}` passes on about "
        f"1/{width} of the signal",
        evidence=(
            Evidence(
                quantity="hidden_softmax_layers",
                value=len(found),
                bound=("<=", MOST_HIDDEN),
                unit="layers",
                where=found[0].name,
            ),
        ),
        where=found[0].name,
        fixes=(
            Fix(
                title='use `activation="relu"` in the hidden layers',
                edits=tuple(_edit(layer) for layer in found),
                snippet="\n".join(
                    code("ReLU", "", layer.name) if layer.kind == "Softmax" else written(layer, activation="relu")
                    for layer in found
                ),
            ),
        ),
        severity=Severity.INFO if on_purpose else severity_unless_learning(Severity.WARNING, rehearsal),
    )


def _is_hidden_softmax(graph: LayerGraph, layer: LayerFacts) -> bool:
    if activation(layer) != "softmax" or layer.is_output or layer.kind not in WEIGHTED | {"Activation", "Softmax"}:
        return False
    if not layer.output_shape or layer.output_shape[-1] == 1 or layer.config.get("axis", -1) != -1:
        return False
    met = graph.below(layer, lambda one: one.kind in _HANDS_ON)
    stops = [one for one in met if one.kind not in _HANDS_ON]
    return bool(stops) and all(one.kind in WEIGHTED for one in stops) and graph.is_inescapable(layer)


def _edit(layer: LayerFacts) -> Edit:
    if layer.kind == "Softmax":
        return ReplaceLayer(layer=layer.name, kind="ReLU", config={})
    return SetLayer(layer=layer.name, argument="activation", value="relu")
