"""Layers with weights follow one another without any non-linearity: together they are one linear layer.

## What it looks for
Two or more dense or convolutional layers on the way from input to output with no activation, and nothing else between
them that bends (no ReLU or activation layer, no attention, recurrent, custom or unknown layer). Max pooling bends a
little: a network with nothing but it is reported at WARNING only if at least three hidden layers are linear and two
of them follow one another directly; otherwise at INFO.

## Why it matters
A product of matrices is a matrix. `Dense(64)` followed by `Dense(1)` computes what `Dense(1)` alone computes, with
more weights: it can draw a straight line through the data and nothing else, however long it is trained. In Keras the
activation is easy to forget, because the default is none.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 2)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(32, name="hidden"), keras.layers.Dense(1, activation="sigmoid")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 2)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(32, activation="relu", name="hidden"), keras.layers.Dense(1, activation="sigmoid")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
fit_args = {"epochs": 20}
```

## When it is wrong
Linear models on purpose: one layer alone (linear or logistic regression), a low-rank factorisation (a hidden layer
narrower than both input and output), a linear autoencoder (principal components). None of them is reported. A linear
network on a task that is linear works; the finding is INFO when the rehearsal comes close to perfect.

## How far to trust the fix
ReLU in the hidden layers is the usual choice and nearly always an improvement; the rest of the set-up was perhaps
tuned to the linear network, so look at the first epochs.

## References
I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", section 6.1 (XOR), 2016. Stack Overflow questions 48486598
and 46181692. A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
linear neural networks", arXiv 1312.6120.
"""

from collections.abc import Sequence

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import MAX_POOLING, WEIGHTED, bends, units, written
from flatline.registry import check

LEAST_BENDS = 1  # activations between the first and the last layer with a kernel; with none they are one matrix
POOLED_LAYERS = 3  # linear hidden layers; with max pooling between them, fewer still make a usable network
NEARLY_PERFECT = 0.9  # 1; share of the way to a perfect loss in rehearsal: the task itself is linear


@check("FL202", cause=Cause.ACTIVATION, severity=Severity.WARNING, explains=("FL001",))
def missing_nonlinearity(model: ModelFacts, objective: ObjectiveFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag hidden layers that a single linear layer could replace."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    kernels = [layer for layer in model.layers if layer.kind in WEIGHTED]
    inner = {layer.name: layer for kernel in kernels for layer in graph.above(kernel)}
    hidden = [layer for layer in kernels if layer.name in inner]
    if not hidden or any(bends(layer) and layer.kind not in MAX_POOLING for layer in inner.values()):
        return
    if _is_low_rank(hidden, kernels[-1]):
        return
    tasks = {head.task for head in objective.heads}
    if tasks == {Task.RECONSTRUCTION}:
        return  # a linear autoencoder finds the principal components
    if not tasks - {Task.RECONSTRUCTION, Task.UNKNOWN}:
        raise CannotTell("the task of the output is unknown, and a linear embedding may be right")
    if gap := _gap(model, graph, kernels):
        raise CannotTell(f"code that is not a layer may stand in front of `{gap}`, and a non-linearity in it")
    pooled = any(layer.kind in MAX_POOLING for layer in inner.values())
    direct = any(after.kind in WEIGHTED for one in hidden for after in graph.below(one, lambda layer: not bends(layer)))
    severity = severity_unless_learning(Severity.WARNING, rehearsal, enough=NEARLY_PERFECT)
    if pooled and not (direct and len(hidden) >= POOLED_LAYERS):
        severity = Severity.INFO
    yield Finding(
        message=f"{len(hidden)} hidden layer{'s' * (len(hidden) > 1)} ({_names(hidden)}) and the output layer "
        f"`{kernels[-1].name}` have 0 non-linear activations between them"
        + (", only max pooling" if pooled else ": together they are one linear layer"),
        evidence=(
            Evidence(
                quantity="nonlinear_activations",
                value=0,
                bound=(">=", LEAST_BENDS),
                unit="layers",
                where=hidden[0].name,
            ),
        ),
        where=hidden[0].name,
        fixes=(
            Fix(
                title='give the hidden layers an activation, `activation="relu"`',
                edits=tuple(SetLayer(layer=layer.name, argument="activation", value="relu") for layer in hidden),
                snippet="\n".join(written(layer, activation="relu") for layer in hidden),
            ),
        ),
        severity=severity,
    )


def _gap(model: ModelFacts, graph: LayerGraph, kernels: Sequence[LayerFacts]) -> str | None:
    """Name a layer that reads something which neither the model's input nor a known layer is."""
    inside = dict.fromkeys(one.name for layer in kernels for one in (*graph.above(layer), layer))
    first = {layer.name for layer in model.layers if layer.reads_model_input}
    return next((name for name in inside if name in graph.entries - first), None)


def _is_low_rank(hidden: Sequence[LayerFacts], last: LayerFacts) -> bool:
    narrowest_end = min(units(last), hidden[0].kernel_shape[-2] if len(hidden[0].kernel_shape) > 1 else 0)
    return all(units(layer) < narrowest_end for layer in hidden)


def _names(layers: Sequence[LayerFacts]) -> str:
    told = ", ".join(f"`{layer.name}`" for layer in layers[:3])
    return told + (f" and {len(layers) - 3} more" if len(layers) > 3 else "")
