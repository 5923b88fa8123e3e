"""Batch normalisation over batches of a single value: what comes out is always the same.

## What it looks for
A `BatchNormalization` that is trained, in a training whose batches give each feature one value only: batch size 1 and
no spatial axes. Two or three values a feature are INFO.

## Why it matters
In training the layer subtracts the batch's mean from each feature. The mean of one value is that value, so the result
is zero for every sample, and what follows sees the layer's shift and nothing of the input. No gradient passes back.
The loss stays at that of a constant prediction, and inference mode, which uses running averages, gives nonsense.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 5)).astype("float32")
y = X[:, :1] + np.abs(X[:, 1:2])
layers = [keras.layers.Dense(32), keras.layers.BatchNormalization(), keras.layers.ReLU(), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 3, "batch_size": 1}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 5)).astype("float32")
y = X[:, :1] + np.abs(X[:, 1:2])
layers = [keras.layers.Dense(32), keras.layers.BatchNormalization(), keras.layers.ReLU(), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 20, "batch_size": 32}
```

## When it is wrong
Frozen layers use their running averages and are not reported. After a convolution each position of the map is a value
of its own, so batch size 1 works there. Where another path leads around the layer, part of the signal gets through:
the finding is a WARNING then. It is INFO where a rehearsal with batches of one learns all the same (a layer that is
called with `training=False`).

## How far to trust the fix
A batch of 32 cures it for certain; the learning rate that suits it may be another one. Where memory allows single
samples only, `LayerNormalization` normalises each sample by itself.

## References
S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015, arXiv 1502.03167, algorithm 1. Y. Wu, K. He, "Group
normalization", ECCV 2018, arXiv 1803.08494, figure 1 (error against batch size).
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, PlanFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, ReplaceLayer, SetFit
from flatline.gates import severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import code, size
from flatline.registry import check

LEAST_VALUES = 2  # values a feature; the mean of one value is the value itself
FEW_VALUES = 4  # values a feature; below, mean and variance are mostly noise (Wu & He 2018 see it from 4 on)
USUAL_BATCH = 32  # samples; Keras' default


@check("FL206", cause=Cause.NORMALIZATION_LAYER, severity=Severity.ERROR, explains=("FL001",))
def batch_norm_of_single_values(model: ModelFacts, plan: PlanFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag batch normalisation whose batches hold one value, or very few, of each feature."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    trained = [layer for layer in model.layers if layer.kind == "BatchNormalization" and layer.trainable]
    if not trained:
        return
    if plan.batch_size is None:
        raise CannotTell(f"{len(trained)} layers normalise over the batch, whose size is not known without `fit_args`")
    counted = [(layer, values_per_feature(layer, plan.batch_size)) for layer in trained]
    few = [(layer, n) for layer, n in counted if n is not None and n < FEW_VALUES]
    if not few or model.mode_gap == 0:  # no gap: the layers use their running averages in training too
        return
    layer, n_values = min(few, key=lambda pair: pair[1])
    single = n_values < LEAST_VALUES
    severity = Severity.INFO
    if single:
        graph = LayerGraph.of(model)
        blocked = any(graph.is_inescapable(one) for one, n in few if n < LEAST_VALUES)
        severity = Severity.ERROR if blocked else Severity.WARNING
        if rehearsal is not None and rehearsal.batch_size == plan.batch_size:
            severity = severity_unless_learning(severity, rehearsal)
    yield Finding(
        message=f"batches of {plan.batch_size} give `{layer.name}` {n_values} value{'s' * (n_values > 1)} of each "
        "feature to normalise" + (": in training its output is always the same" if single else ", which is very noisy"),
        evidence=(
            Evidence(
                quantity="values_per_feature",
                value=n_values,
                bound=(">=", LEAST_VALUES if single else FEW_VALUES),
                unit="values",
                where=layer.name,
            ),
        ),
        where=layer.name,
        fixes=(
            Fix(
                title=f"train with larger batches, `batch_size={USUAL_BATCH}`",
                edits=(SetFit(argument="batch_size", value=USUAL_BATCH),),
                snippet=f"model.fit(X, y, batch_size={USUAL_BATCH})",
            ),
            Fix(
                title="normalise each sample by itself: `LayerNormalization`",
                edits=tuple(ReplaceLayer(layer=one.name, kind="LayerNormalization", config={}) for one, _ in few),
                snippet="\n".join(code("LayerNormalization", "", one.name) for one, _ in few),
            ),
        ),
        severity=severity,
    )


def values_per_feature(layer: LayerFacts, batch_size: int) -> int | None:
    """Count the values of one feature in a batch: samples times positions; None where the shape is open."""
    positions = size(layer.input_shape[:-1]) if len(layer.input_shape) > 1 else 1
    return None if not layer.input_shape or positions is None else batch_size * positions
