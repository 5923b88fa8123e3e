"""The output is the same whatever the input is.

## What it looks for
The outputs for one set of samples, compared with those for the same samples in another order: where nothing changes
(less than 1e-6 of the output's size; 1e-3 in half precision) the output does not depend on the input.

## Why it matters
Such a network can only learn the best constant, and where the cause also blocks the gradient (a layer of dead units,
zero weights, a softmax over a single unit, which is always 1) it cannot even recover. The loss may fall all the same,
because the constant moves.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(size=(400, 4)).astype("float32")
y = X[:, :1] - X[:, 1:2]
dead = keras.initializers.Constant(-20.0)
layers = [keras.layers.Dense(16, activation="relu", bias_initializer=dead), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(size=(400, 4)).astype("float32")
y = X[:, :1] - X[:, 1:2]
layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 20}
```

## When it is wrong
An output layer whose kernel starts at zero gives a constant at first and learns from the first step: it is not
reported. Where the rehearsal learns all the same, the finding is INFO.

## How far to trust the fix
This is a symptom; the finding that explains it names the change. Without one, look at the layers from the input on:
the first whose outputs are the same for every sample is the place.

## References
A. Karpathy, "A recipe for training neural networks", 2019 (input-independent baseline). H. Ben Braiek, F. Khomh,
"TheDeepChecker", ACM TOSEM 2023, arXiv 2204.00694 (data dependency).
"""

import math

from flatline.errors import CannotTell
from flatline.facts import ModelFacts, ObjectiveFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.gates import severity_unless_learning
from flatline.layers import WEIGHTED
from flatline.registry import check

MIN_DEPENDENCE = 1e-6  # 1; ten times the rounding of float32: below it the inputs do not show in the output
MIN_DEPENDENCE_HALF = 1e-3  # 1; the same for float16 and bfloat16 outputs
LEAST_SAMPLES = 2  # samples; one cannot be exchanged for another


@check("FL207", cause=None, severity=Severity.WARNING)
def output_ignores_input(
    model: ModelFacts, objective: ObjectiveFacts | None, rehearsal: RehearsalFacts | None
) -> Findings:
    """Flag an output that does not depend on the input."""
    if model.n_probe < LEAST_SAMPLES:
        raise CannotTell(f"{model.n_probe} sample in the probe batch, {LEAST_SAMPLES} needed")
    if math.isnan(model.input_dependence):
        raise CannotTell("how much the output depends on the input was not measured")
    bound = least_dependence(model)
    dependence = Evidence(quantity="input_dependence", value=model.input_dependence, bound=(">=", bound))
    if not dependence.broken or _starts_at_zero(model, objective):
        return
    first = [layer for layer in model.layers if layer.reads_model_input and layer.input_feature_std.size]
    if first and all(not layer.input_feature_std.any() for layer in first):
        raise CannotTell(f"all {model.n_probe} samples of the probe batch are the same")
    weighted = [layer for layer in model.layers if layer.kind in WEIGHTED]
    blind = next((layer for layer in weighted if layer.output_spread <= bound * layer.output_rms), None)
    yield Finding(
        message=f"the output changes by {dependence.value:.1g} of its size when the samples are exchanged: "
        "it does not depend on the input"
        + (f"; `{blind.name}` is the first layer that gives the same for every sample" if blind is not None else ""),
        evidence=(dependence,),
        where=blind.name if blind is not None else "",
        severity=severity_unless_learning(Severity.WARNING, rehearsal),
    )


def least_dependence(model: ModelFacts) -> float:
    """Smallest change of the outputs that is more than rounding."""
    return MIN_DEPENDENCE if model.dtype_policy in ("float32", "float64") else MIN_DEPENDENCE_HALF


def _starts_at_zero(model: ModelFacts, objective: ObjectiveFacts | None) -> bool:
    """Whether the last kernels start at zero on purpose: they learn from the first step."""
    names = [head.weighted_layer for head in objective.heads] if objective else []
    last = [layer for name in names if (layer := model.layer(name)) is not None] or list(model.weighted[-1:])
    return bool(last) and all(layer.kernel_std == 0 and layer.weight_norm == 0 for layer in last)
