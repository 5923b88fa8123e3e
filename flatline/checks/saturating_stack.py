"""A deep stack of saturating activations: sigmoid after sigmoid.

## What it looks for
Three or more hidden layers in a row with a sigmoid activation, or five or more with tanh of which at least one is
saturated for most of its values at the start. A normalisation layer, a shortcut or a layer with another activation
ends the row. Gates (whose output multiplies something) and the gates inside recurrent layers are not meant.

## Why it matters
The slope of a sigmoid is at most 1/4 and its outputs are all positive: each layer flattens the differences between
samples by a factor of four or more, and the gradient on its way back as well. Three in a row leave a sixty-fourth,
five a thousandth. Such a network starts as a constant and stays one for many epochs.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(units, activation="sigmoid") for units in (8, 16, 32, 64, 128)]
model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 5, "batch_size": 100}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(units, activation="relu") for units in (8, 16, 32, 64, 128)]
model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 5, "batch_size": 100}
```

## When it is wrong
Small networks of this kind were trained for decades, slowly. Where the rehearsal makes a fifth of the way, the
finding is INFO.

## How far to trust the fix
ReLU in hidden layers is the change that made deep networks trainable; it usually wants a learning rate no larger than
the sigmoid network had.

## References
X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
figures 2 to 4. X. Glorot, A. Bordes, Y. Bengio, "Deep sparse rectifier neural networks", AISTATS 2011. Stack Overflow
questions 65777704 and 50209981.
"""

import math
from collections.abc import Mapping

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Edit, Fix, ReplaceLayer, SetLayer
from flatline.gates import severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import DROPOUT, MAX_POOLING, MEAN_POOLING, SHAPING, SIGMOIDS, TANHS, WEIGHTED, activation, written
from flatline.registry import check

MAX_SIGMOIDS = 2  # layers in a row; three slopes of at most 1/4 leave 1/64
MAX_TANHS = 4  # layers in a row; tanh has slope 1 at zero and only harms where it saturates
MAX_SATURATED = 0.5  # 1; share of (sample, unit) pairs with less than 1 % of the largest slope
SOME_PROGRESS = 0.2  # 1; share of the way to a perfect loss: slow, but on its way
_HANDS_ON = DROPOUT | MAX_POOLING | MEAN_POOLING | SHAPING


@check("FL701", cause=Cause.ACTIVATION, severity=Severity.WARNING, explains=("FL001", "FL207", "FL601"))
def saturating_stack(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag many saturating hidden layers in a row."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    for family, longest, name in ((SIGMOIDS, MAX_SIGMOIDS, "sigmoid"), (TANHS, MAX_TANHS, "tanh")):
        row = _longest_row(graph, family)
        count = Evidence(quantity="saturating_layers", value=len(row), bound=("<=", longest), unit="layers")
        if not count.broken:
            continue
        evidence: tuple[Evidence, ...] = (count,)
        if family is TANHS:
            worst = max(row, key=lambda layer: layer.saturated_share)
            share = Evidence(
                quantity="saturated_share", value=worst.saturated_share, bound=("<=", MAX_SATURATED), where=worst.name
            )
            if math.isnan(share.value):
                raise CannotTell(f"the saturation of {len(row)} layers with tanh was not measured")
            if not share.broken:
                continue
            evidence += (share,)
        yield Finding(
            message=f"{len(row)} hidden layers in a row, `{row[0].name}` to `{row[-1].name}`, are {name} layers: "
            + (
                "each leaves at most 1/4 of the gradient"
                if family is SIGMOIDS
                else f"{worst.saturated_share:.0%} of `{worst.name}` is saturated at the start"
            ),
            evidence=evidence,
            where=row[0].name,
            fixes=(
                Fix(
                    title='use `activation="relu"` in the hidden layers',
                    edits=tuple(_edit(layer) for layer in row),
                    snippet="\n".join(written(layer, activation="relu") for layer in row),
                ),
            ),
            severity=severity_unless_learning(Severity.WARNING, rehearsal, enough=SOME_PROGRESS),
        )


def _longest_row(graph: LayerGraph, family: frozenset[str]) -> list[LayerFacts]:
    """Return the longest row of hidden layers with an activation of the family, each fed by the one before."""
    rows: dict[str, list[LayerFacts]] = {}
    for layer in graph.layers.values():
        rows[layer.name] = _row_up_to(graph, layer, family, rows)
    return max(rows.values(), key=len, default=[])


def _row_up_to(
    graph: LayerGraph, layer: LayerFacts, family: frozenset[str], rows: Mapping[str, list[LayerFacts]]
) -> list[LayerFacts]:
    sources = [rows.get(source.name, []) for source in graph.sources(layer)]
    before = sources[0] if len(sources) == 1 else []
    name = activation(layer)
    if not layer.builtin or layer.is_output:
        return []
    if name in family and layer.kind in WEIGHTED | {"Activation", "Sigmoid", "Tanh"} and not _is_gate(graph, layer):
        return [*before, layer]
    straight = layer.kind in _HANDS_ON or (layer.kind in WEIGHTED and name in ("", "linear"))
    return before if straight else []


def _is_gate(graph: LayerGraph, layer: LayerFacts) -> bool:
    """Whether the output multiplies something, or goes where it cannot be followed."""
    readers = graph.below(layer, lambda one: one.kind in _HANDS_ON)
    return not readers or any(one.kind in ("Multiply", "Dot", "Matmul", "Einsum") for one in readers)


def _edit(layer: LayerFacts) -> Edit:
    if layer.kind in ("Sigmoid", "Tanh"):
        return ReplaceLayer(layer=layer.name, kind="ReLU", config={})
    return SetLayer(layer=layer.name, argument="activation", value="relu")
