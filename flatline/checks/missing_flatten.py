"""The output has more axes than the labels: a map or a sequence of answers for one label.

## What it looks for
Per sample, the shape of the output against that of the targets, for Keras' own losses: a map of answers (3, 3, 10) or
a sequence (30, 1) for one label. A dense layer in Keras works along the last axis and keeps the others, so a network
without `Flatten` or pooling builds without complaint.

## Why it matters
At best `fit` stops with a message about shapes of "logits and labels". At worst the shapes can be broadcast: then
each time step is asked for the label by itself, and `predict` returns thirty answers where one was wanted.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 12, 12, 1)).astype("float32")
y = keras.utils.to_categorical(rng.integers(0, 3, 200), 3)
X[:, :6] += y[:, 1].reshape(-1, 1, 1, 1)
layers = [keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.MaxPooling2D()]
layers += [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "categorical_crossentropy")
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 12, 12, 1)).astype("float32")
y = keras.utils.to_categorical(rng.integers(0, 3, 200), 3)
X[:, :6] += y[:, 1].reshape(-1, 1, 1, 1)
layers = [keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.MaxPooling2D(), keras.layers.Flatten()]
layers += [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")]
model = keras.Sequential(layers)
model.compile("adam", "categorical_crossentropy")
```

## When it is wrong
An answer for each step or pixel, with targets of that shape, is healthy, whether as classes or as integers. A label
that is deliberately repeated for every step should be repeated in `y`, where it can be seen. Custom losses may
compare any two shapes and are not judged.

## How far to trust the fix
`Flatten` keeps everything and adds many weights; global pooling is smaller and does not care where in the image or
the series something happens. Which is better depends on the task.

## References
Keras documentation of `Dense` ("if the input has a rank greater than 2, Dense computes the dot product along the last
axis"). Stack Overflow questions 38584268, 53119432 and 61030068.
"""

from collections.abc import Sequence

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import HeadFacts, LayerFacts, ModelFacts, ObjectiveFacts, Shape
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, InsertLayer, Safety, SetLayer
from flatline.graph import LayerGraph
from flatline.layers import CONVOLUTIONS, DENSE, MAX_POOLING, MEAN_POOLING, RECURRENT, written
from flatline.registry import check

# Keras' own losses that compare output and target cell by cell, or class by class along the last axis.
_ELEMENTWISE = {
    "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error",
    "huber", "log_cosh", "poisson", "kl_divergence", "hinge", "squared_hinge", "categorical_hinge",
}  # fmt: skip
_SPARSE = "sparse_categorical_crossentropy"


@check("FL210", cause=Cause.ARCHITECTURE, severity=Severity.ERROR, explains=("FL001",))
def missing_flatten(model: ModelFacts, objective: ObjectiveFacts) -> Findings:
    """Flag outputs with more axes than their targets."""
    if not objective.heads:
        raise CannotTell("0 outputs with a loss were seen, 1 needed")
    judged = [head for head in objective.heads if head.target is not None and head.loss in _ELEMENTWISE | {_SPARSE}]
    if not judged:
        raise CannotTell(f"none of the {len(objective.heads)} losses is one of Keras' own with targets")
    graph = LayerGraph.of(model)
    for head in judged:
        expected = _expected_rank(head)
        rank = len(head.output_shape)
        if expected is None or rank <= expected:
            continue
        told = Evidence(quantity="output_rank", value=rank, bound=("<=", expected), unit="axes", where=head.name)
        assert head.target is not None
        runs = rank == expected + 1 and head.output_shape[-1] == 1 and head.loss != _SPARSE
        yield Finding(
            message=f"output `{head.name}` gives {_told(head.output_shape)} for each sample, its targets are "
            f"{_told(head.target.shape)}: the layers keep {_axes(rank - expected)} too many"
            + (", and each position is asked for the label by itself" if runs else ", and `fit` cannot compare them"),
            evidence=(told,),
            where=head.layer,
            fixes=_fixes(graph, model, head),
            severity=Severity.WARNING if runs else Severity.ERROR,
        )


def _expected_rank(head: HeadFacts) -> int | None:
    """Axes that the output of one sample should have; None where output and target already fit."""
    assert head.target is not None
    output, target = head.output_shape, head.target.shape
    if head.loss == _SPARSE:
        if _fit(output[:-1], target) or (target[-1:] == (1,) and _fit(output[:-1], target[:-1])):
            return None
        return len(target[:-1] if target[-1:] == (1,) else target) + 1
    if len(output) == len(target) or (output[-1:] == (1,) and _fit(output[:-1], target)):
        return None
    return max(1, len(target))


def _fit(output: Shape, target: Shape) -> bool:
    return len(output) == len(target) and all(a == b or None in (a, b) for a, b in zip(output, target, strict=True))


def _axes(n: int) -> str:
    return "1 axis" if n == 1 else f"{n} axes"


def _told(shape: Shape) -> str:
    return "a single number" if not shape else f"shape {tuple('?' if n is None else n for n in shape)}".replace("'", "")


def _fixes(graph: LayerGraph, model: ModelFacts, head: HeadFacts) -> tuple[Fix, ...]:
    last = model.layer(head.layer)
    names = set() if last is None else {last.name, *(one.name for one in graph.above(last))}
    above = tuple(layer for layer in model.layers if layer.name in names)
    spread = [i for i, one in enumerate(above) if one.kind in CONVOLUTIONS | MAX_POOLING | MEAN_POOLING | RECURRENT]
    maker = above[spread[-1]] if spread else None
    if maker is not None and maker.kind in RECURRENT and maker.config.get("return_sequences"):
        title = f"let `{maker.name}` return its last step only, `return_sequences=False`"
        edit = SetLayer(layer=maker.name, argument="return_sequences", value=False)
        return (Fix(title=title, edits=(edit,), snippet=written(maker).replace("return_sequences=True, ", "")),)
    dense = _first_dense(above[spread[-1] + 1 :] if spread else above)
    pooling = Fix(title="or pool over all positions, for instance `GlobalAveragePooling2D`", safety=Safety.ADVICE)
    if dense is None:
        return (pooling,)
    flatten = Fix(
        title=f"insert `Flatten()` before `{dense.name}`",
        edits=(InsertLayer(before=dense.name, kind="Flatten", config={}),),
        snippet=f"keras.layers.Flatten()  # before {dense.name!r}",
    )
    return (flatten, pooling)


def _first_dense(layers: Sequence[LayerFacts]) -> LayerFacts | None:
    return next((layer for layer in layers if layer.kind in DENSE and len(layer.input_shape) > 1), None)
