"""Rectifier units that are zero for every sample before the first step.

## What it looks for
Units (channels) of a ReLU layer whose output is zero for all samples of the probe batch, at all positions. A layer of
which every unit is dead is an ERROR when everything passes through it. From nine tenths on the finding is a WARNING;
from one half on it is one only if the rehearsal gets nowhere. Where the data lie far off zero compared with their
spread, their scale is the cause; where the layer has a few units only, its width is.

## Why it matters
Where a rectifier is zero its slope is zero too: a unit that is dead for every sample gets no gradient and stays dead.
A layer of dead units blocks the gradient for all layers below and hands a constant to those above: the network is
stuck at the best constant prediction for ever. The usual reasons are a large negative bias, kernels of one sign on
inputs of one sign, or a stack that is deep and only a few units wide.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(size=(400, 4)).astype("float32")
y = X[:, :1] - X[:, 1:2]
negative = keras.initializers.RandomUniform(-0.5, 0.0, seed=1)
layers = [keras.layers.Dense(16, activation="relu", kernel_initializer=negative), keras.layers.Dense(1)]
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
Half the units of a first layer are dead when there is one input and it is always positive, and the other half does
the work: such cases are INFO as long as nothing shows that training suffers. A probe of fewer than 256 samples, when
there are more in the data, may miss the sample that wakes a unit: the check does not judge then.

## How far to trust the fix
Symmetric initial weights and zero biases start each unit on about half of standardised samples. Nothing is lost by
that but the wish behind the special start.

## References
L. Lu, Y. Shin, Y. Su, G. E. Karniadakis, "Dying ReLU and initialization", Communications in Computational Physics
28(5), 2020, arXiv 1903.06733 (a unit is dead if it is constant for every input). Stanford CS231n notes, "Neural
networks part 1", 2016.
"""

import math

import numpy as np

from flatline.cause import Cause
from flatline.entry import STANDARDISE
from flatline.errors import CannotTell
from flatline.facts import DataFacts, LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Edit, Fix, MapInput, SetLayer
from flatline.gates import learned, require_start, severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import DENSE, WEIGHTED, units, written
from flatline.registry import check

MAX_DEAD = 0.5  # 1; exclusive: on one-sided inputs symmetric weights leave half of a first layer dead
MOSTLY_DEAD = 0.9  # 1; what is left of the layer is too little to be meant
NOWHERE = 0.05  # 1; share of the way from the null model to a perfect one that is no progress
LEAST_PROBE = 256  # samples; a unit that is active for 1 % of all is missed with probability 0.99^256 = 8 %
LEAST_PROBE_ALL = 64  # samples; enough where the whole layer is silent
ONE_SIDED = 3.0  # deviations; with the mean so far off, the sign of a unit is the same for nearly every sample
LEAST_UNITS = 8  # units; of fewer, half are dead by chance

WIDE_ENOUGH = 16  # units; all of them dead by chance has probability 2⁻¹⁶
_SYMMETRIC = {f"{name}{kind}" for name in ("Glorot", "He", "Lecun") for kind in ("Uniform", "Normal")}


@check("FL703", cause=Cause.INITIALIZATION, severity=Severity.WARNING, explains=("FL001", "FL207", "FL601"))
def born_dead(model: ModelFacts, data: DataFacts | None, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag layers of which half or more of the rectifiers never fire."""
    require_start(model)
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    rectifiers = [layer for layer in model.layers if not math.isnan(layer.dead_share) and not layer.is_output]
    if not rectifiers:
        if all(math.isnan(layer.output_rms) for layer in model.layers):
            raise CannotTell(f"the outputs of {len(model.layers)} layers were not measured")
        return
    seen_all = data is not None and data.n_rows is not None and model.n_probe >= data.n_rows
    for layer in rectifiers:
        dead = Evidence(quantity="dead_share", value=layer.dead_share, bound=("<=", MAX_DEAD), where=layer.name)
        if not dead.broken or (dead.value < 1 and _width(graph, layer) < LEAST_UNITS):
            continue
        if not seen_all and model.n_probe < (LEAST_PROBE_ALL if dead.value >= 1 else LEAST_PROBE):
            raise CannotTell(f"{model.n_probe} samples in the probe batch, {LEAST_PROBE} needed to call a unit dead")
        made_by = _kernel(graph, layer)
        one_sided = dead.value < 1 and _is_one_sided(made_by)
        narrow = made_by.kind in DENSE and units(made_by) < LEAST_UNITS and made_by.initializer in _SYMMETRIC
        yield Finding(
            message=f"{dead.value:.0%} of the units of `{layer.name}` are zero for all {model.n_probe} samples of the "
            "probe batch before the first step"
            + (
                f": its inputs lie {_offset(made_by):.3g} off zero and differ by {_spread(made_by):.3g} only"
                if one_sided
                else ""
            )
            + (f": so few units ({units(made_by)}) die at birth by chance" if narrow else ""),
            evidence=(dead,),
            where=layer.name,
            fixes=_fixes(made_by, one_sided, narrow),
            severity=_severity(graph, layer, rehearsal),
            cause=Cause.INPUT_SCALE if one_sided else Cause.CAPACITY if narrow else Cause.INITIALIZATION,
        )
        return  # what it feeds inherits the fault


def _severity(graph: LayerGraph, layer: LayerFacts, rehearsal: RehearsalFacts | None) -> Severity:
    if layer.dead_share >= 1:
        blocks = graph.is_inescapable(layer)
        return severity_unless_learning(Severity.ERROR if blocks else Severity.WARNING, rehearsal)
    if layer.dead_share >= MOSTLY_DEAD:
        return severity_unless_learning(Severity.WARNING, rehearsal)
    return Severity.WARNING if learned(rehearsal) < NOWHERE else Severity.INFO


def _kernel(graph: LayerGraph, layer: LayerFacts) -> LayerFacts:
    if layer.kind in WEIGHTED:
        return layer
    above = graph.above(layer, lambda one: one.kind not in WEIGHTED)
    return next((one for one in above if one.kind in WEIGHTED), layer)


def _width(graph: LayerGraph, layer: LayerFacts) -> int:
    return units(_kernel(graph, layer)) or (layer.output_shape[-1] or 0 if layer.output_shape else 0)


def _is_one_sided(layer: LayerFacts) -> bool:
    """Whether a first layer reads data whose mean drowns what differs between samples.

    Column by column: one that lies far off zero, such as a year, decides the sign of a unit for all samples.
    """
    return layer.reads_model_input and _offset(layer) > ONE_SIDED * _spread(layer)


def _offset(layer: LayerFacts) -> float:
    """Distance from zero of the mean input."""
    square = np.square(layer.input_feature_rms) - np.square(layer.input_feature_std)
    return math.sqrt(max(0.0, float(square.sum())))


def _spread(layer: LayerFacts) -> float:
    """Deviation of the inputs from their mean, over all columns."""
    return float(np.linalg.norm(layer.input_feature_std))


def _fixes(layer: LayerFacts, one_sided: bool, narrow: bool) -> tuple[Fix, ...]:
    if narrow:
        edit = SetLayer(layer=layer.name, argument="units", value=WIDE_ENOUGH)
        title = f"widen `{layer.name}` to some {WIDE_ENOUGH} units"
        return (Fix(title=title, edits=(edit,), snippet=written(layer, units=WIDE_ENOUGH)),)
    if one_sided:
        return (Fix(title="standardise the inputs", edits=(MapInput(how="standardize"),), snippet=STANDARDISE),)
    if layer.kind not in WEIGHTED:
        return ()
    settings = {"kernel_initializer": "he_normal", "bias_initializer": "zeros"}
    edits: tuple[Edit, ...] = tuple(
        SetLayer(layer=layer.name, argument=name, value=value) for name, value in settings.items()
    )
    return (
        Fix(
            title=f"start `{layer.name}` from symmetric weights and zero biases (He initialisation)",
            edits=edits,
            snippet=written(layer, **settings),
        ),
    )
