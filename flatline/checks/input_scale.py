"""Flag inputs that reach the first trainable kernel at a scale far from one.

## What it looks for

The root mean square of what the first trainable layers with a kernel receive, measured by running the model: after
`Rescaling`, `Normalization`, `preprocess_input` and whatever else the model does to its input. Above 20 is a WARNING;
so is an input whose largest magnitude is below 0.01. It is INFO where normalisation follows at once and takes the scale
out again, where colour images are centred as older pre-trained networks expect them, and where a short rehearsal
of the training has shown that the set-up learns all the same.

## Why it matters

With usual initialisers a unit's pre-activation is about as large as its input. At 20 a sigmoid, tanh or softmax
is saturated for nearly every sample from the start; and the curvature of the loss grows with the square of the scale,
so the largest stable learning rate is 400 times smaller than for inputs of unit scale, while the biases and the
later layers still need the usual one. Inputs that are far too small leave the first layer without a gradient.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 255, size=(120, 12, 12, 1)).astype("float32")  # raw pixels
X[60:, :6] *= 0.3
y = np.repeat([0, 1], 60)
order = rng.permutation(120)
X, y = X[order], y[order]
model = keras.Sequential(
    [keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(8, "tanh"), keras.layers.Dense(2, "softmax")]
)
model.compile("sgd", "sparse_categorical_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 255, size=(120, 12, 12, 1)).astype("float32")
X[60:, :6] *= 0.3
y = np.repeat([0, 1], 60)
order = rng.permutation(120)
X, y = X[order], y[order]
model = keras.Sequential(
    [
        keras.Input((12, 12, 1)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.Dense(8, "tanh"),
        keras.layers.Dense(2, "softmax"),
    ]
)
model.compile("sgd", "sparse_categorical_crossentropy")
```

## When it is wrong

A network of ReLUs and an adaptive optimizer can cope with pixels of 0–255, only more slowly. Counts and physical
units that are large by nature may be wanted as they are in a linear model.

## How far to trust the fix

Rescaling by a constant keeps all information. Standardising uses the mean and spread of the training rows: apply the
same two numbers to validation and test data, or put an adapted `Normalization` layer into the model, which keeps them.

## References

- LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, §4.3 (centre and scale the inputs), doi:10.1007/3-540-49430-8_2
- Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, eq. 5 and 12
"""

from flatline.cause import Cause
from flatline.entry import RESCALE, STANDARDISE, is_renormalised, measured, readers
from flatline.errors import CannotTell
from flatline.facts import DataFacts, LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, MapInput, Safety
from flatline.gates import severity_unless_learning
from flatline.registry import check

MAX_RMS = 20.0  # 1; Glorot: std of pre-activations ≈ rms; at 20, |tanh′| < 1 % (|z| > 3) for 88 % of units
MIN_PEAK = 0.01  # 1; the first kernel's gradient is proportional to its input: 1 % of that of unit inputs, at most
PIXEL_PEAK = 100.0  # 1; non-negative images that reach above are bytes, 0–255
CAFFE_RANGE = (-152.0, 152.0)  # 1; 0–255 less the ImageNet channel means 104, 117, 124 (Keras' mode="caffe")


@check("FL102", cause=Cause.INPUT_SCALE, severity=Severity.WARNING)
def input_scale(data: DataFacts | None, model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag first trainable kernels whose input is far from unit scale."""
    first = readers(model)
    known = measured(measured(first, "input_rms"), "input_max")
    if not known:
        raise CannotTell(
            f"the scale at {len(first)} first trainable layers with a kernel was measured at 0, 1 is needed"
        )
    large = [layer for layer in known if _rms(layer).broken]
    small = [layer for layer in known if _peak(layer).broken and _peak(layer).value > 0]  # 0: constant-features
    if large:
        worst = max(large, key=lambda layer: layer.input_rms)
        spared = all(is_renormalised(model, layer) or _is_centred_image(layer) for layer in large)
        yield Finding(
            message=f"inputs reach `{worst.name}` at rms {worst.input_rms:.3g} (range {worst.input_min:.3g} to "
            f"{worst.input_max:.3g}), above {MAX_RMS:g}{_others(large)}",
            evidence=(_rms(worst),),
            where=worst.name,
            severity=Severity.INFO if spared else severity_unless_learning(Severity.WARNING, rehearsal),
            fixes=(_shrink(data, worst),),
        )
    elif small and len(small) == len(known):
        worst = min(small, key=lambda layer: _peak(layer).value)
        yield Finding(
            message=f"inputs reach `{worst.name}` no larger than {_peak(worst).value:.2g}, below {MIN_PEAK:g}"
            f"{_others(small)}",
            evidence=(_peak(worst),),
            where=worst.name,
            severity=Severity.INFO
            if all(is_renormalised(model, layer) for layer in small)
            else severity_unless_learning(Severity.WARNING, rehearsal),
            fixes=(_standardise(data),),
        )


def _rms(layer: LayerFacts) -> Evidence:
    return Evidence(quantity="input_rms", value=layer.input_rms, bound=("<=", MAX_RMS), where=layer.name)


def _peak(layer: LayerFacts) -> Evidence:
    peak = max(abs(layer.input_min), abs(layer.input_max))
    return Evidence(quantity="input_peak", value=peak, bound=(">=", MIN_PEAK), where=layer.name)


def _is_centred_image(layer: LayerFacts) -> bool:
    low, high = CAFFE_RANGE
    is_colour_image = len(layer.input_shape) == 3 and layer.input_shape[-1] == 3
    return is_colour_image and low <= layer.input_min < -50 and 50 < layer.input_max <= high


def _others(layers: list[LayerFacts]) -> str:
    return f"; so do {len(layers) - 1} more layers" if len(layers) > 1 else ""


def _shrink(data: DataFacts | None, layer: LayerFacts) -> Fix:
    """Divide bytes by 255, standardise everything else."""
    shape = data.inputs[0].shape if data is not None and len(data.inputs) == 1 else layer.input_shape
    if not (layer.input_min >= 0 and PIXEL_PEAK < layer.input_max <= 255 and len(shape) >= 2):
        return _standardise(data)
    if not _has_one_input(data):
        return Fix(title="divide the pixels by 255", safety=Safety.ADVICE, snippet="images = images / 255")
    # A map of X, not a layer more: a set of changes holds one map of X, so that nothing is divided twice.
    edit = MapInput(how="rescale", factor=1 / 255)
    return Fix(title="divide the pixels by 255", edits=(edit,), snippet=RESCALE)


def _has_one_input(data: DataFacts | None) -> bool:
    return data is None or len(data.inputs) == 1


def _standardise(data: DataFacts | None) -> Fix:
    if not _has_one_input(data):
        return Fix(title="standardise the numeric inputs", safety=Safety.ADVICE, snippet=STANDARDISE)
    return Fix(title="standardise the columns of X", edits=(MapInput(how="standardize"),), snippet=STANDARDISE)
