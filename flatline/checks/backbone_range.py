"""Flag images whose range is not what the preprocessing inside the model, or a pre-trained backbone, expects.

## What it looks for

Two slips around `keras.applications`, both judged by the numbers that arrive. A `Rescaling` or `Normalization` inside
the model that gets images already in [−1, 1] and leaves a range below 0.05: the image was scaled twice. And a frozen
backbone of a family that wants [−1, 1] (MobileNet, MobileNetV2, Inception, Xception, ResNetV2, NASNet) whose first
convolution gets values above 10: it was never scaled.

## Why it matters

EfficientNet, EfficientNetV2, ConvNeXt and MobileNetV3 rescale inside and want 0–255. Divided by 255 twice, all pixels
are nearly the same value, and the features of a pre-trained network are the same for every picture. Raw pixels into a
network that wants [−1, 1] saturate its features in the same way. Keras raises nothing in either case.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 1, size=(64, 32, 32, 3)).astype("float32")  # already divided by 255
y = (X[:, :16].mean(axis=(1, 2, 3)) > 0.5).astype("int32")
backbone = keras.Sequential(  # stands for keras.applications.EfficientNetV2B0(include_top=False)
    [keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(8, 3, activation="relu")]
)
model = keras.Sequential([backbone, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 255, size=(64, 32, 32, 3)).astype("float32")  # as the backbone wants them
y = (X[:, :16].mean(axis=(1, 2, 3)) > 127).astype("int32")
backbone = keras.Sequential(
    [keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(8, 3, activation="relu")]
)
model = keras.Sequential([backbone, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

A backbone that you trained yourself on raw pixels, frozen and called by a family's name, is right to get them. Where
the rehearsal learns all the same the finding is INFO.

## How far to trust the fix

The factor 255 is right for images in [0, 1]; where they are in [−1, 1] a shift is needed as well, which the fix makes.

## References

- Keras documentation, keras.applications: "`preprocess_input` is a pass-through" for models that rescale inside
- keras-team/keras-io#1549, tensorflow/tensorflow#43938
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import DataFacts, LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, MapInput, Safety
from flatline.gates import severity_unless_learning
from flatline.registry import check

MIN_RANGE = 0.05  # 1; 0–255 leaves 1 to 5 after the backbones' own scaling, a dim picture of 20 grey levels 0.08
UNIT_PEAK = 1.001  # 1; images that were scaled already
MAX_PEAK = 10.0  # 1; z-scored images stay below, raw pixels reach 255
_SCALING = frozenset({"Rescaling", "Normalization"})
_WANTS_UNIT_RANGE = (
    "mobilenet_",
    "mobilenetv2_",
    "inception_",
    "xception",
    "resnet50v2",
    "resnet101v2",
    "resnet152v2",
    "NASNet",
)


@check("FL110", cause=Cause.INPUT_SCALE, severity=Severity.WARNING)
def backbone_range(data: DataFacts | None, model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag images scaled twice, and raw pixels at a frozen backbone that wants [−1, 1]."""
    judged = 0
    for layer in model.layers:
        if len(layer.kernel_shape) < 3 or len(layer.input_shape) != 3:
            continue  # not a convolution of an image
        scaling = _scaling_above(model, layer)
        if scaling is not None and max(abs(scaling.input_min), abs(scaling.input_max)) <= UNIT_PEAK:
            spread = layer.input_max - layer.input_min
            seen = Evidence(quantity="input_range", value=spread, bound=(">=", MIN_RANGE), where=layer.name)
            if seen.broken and not math.isnan(spread):
                yield Finding(
                    message=f"images in [{scaling.input_min:.2g}, {scaling.input_max:.2g}] are scaled again by "
                    f"`{scaling.name}`: they reach `{layer.name}` with a range of {spread:.2g}",
                    evidence=(seen,),
                    where=layer.name,
                    severity=severity_unless_learning(Severity.WARNING, rehearsal),
                    fixes=(_unscale(data, scaling),),
                )
        family = next((name for name in layer.nested_in if name.startswith(_WANTS_UNIT_RANGE)), None)
        if family is not None and _is_first(model, layer, family):
            peak = Evidence(
                quantity="input_peak",
                value=max(abs(layer.input_min), abs(layer.input_max)),
                bound=("<=", MAX_PEAK),
                where=layer.name,
            )
            if peak.broken and not math.isnan(peak.value):
                frozen = not any(one.n_trainable for one in model.layers if family in one.nested_in)
                yield Finding(
                    message=f"`{family}` gets values up to {peak.value:.3g}, and its weights were trained on images "
                    "between -1 and 1",
                    evidence=(peak,),
                    where=layer.name,
                    severity=severity_unless_learning(Severity.WARNING, rehearsal) if frozen else Severity.INFO,
                    fixes=(_to_unit_range(data),),
                )
        judged += not math.isnan(layer.input_min)
    if not judged:
        raise CannotTell("0 convolutions of images with a known range of inputs, 1 is needed")


def _scaling_above(model: ModelFacts, layer: LayerFacts) -> LayerFacts | None:
    """Return the topmost layer that scales between the model's input and this one, with no kernel between."""
    found = None
    above = layer
    for _ in range(12):
        source = model.layer(above.inputs[0]) if len(above.inputs) == 1 else None
        if source is None or len(source.kernel_shape) >= 2:
            return found
        above = source
        if source.kind in _SCALING and source.builtin:
            found = source
    return found


def _is_first(model: ModelFacts, layer: LayerFacts, family: str) -> bool:
    first = next(one for one in model.layers if family in one.nested_in and len(one.kernel_shape) >= 2)
    return first.name == layer.name


def _unscale(data: DataFacts | None, scaling: LayerFacts) -> Fix:
    signed = scaling.input_min < -0.05
    factor, offset = (127.5, 127.5) if signed else (255.0, 0.0)
    snippet = f"X = X * {factor} + {offset}" if signed else f"X = X * {factor}"
    title = f"give the model pixels from 0 to 255, as `{scaling.name}` expects them"
    if data is not None and len(data.inputs) > 1:
        return Fix(title=title, safety=Safety.ADVICE, snippet=snippet)
    return Fix(title=title, edits=(MapInput(how="rescale", factor=factor, offset=offset),), snippet=snippet)


def _to_unit_range(data: DataFacts | None) -> Fix:
    title, snippet = "scale the images to [-1, 1]", 'X = X.astype("float32") / 127.5 - 1'
    if data is not None and len(data.inputs) > 1:
        return Fix(title=title, safety=Safety.ADVICE, snippet=snippet)
    return Fix(title=title, edits=(MapInput(how="rescale", factor=1 / 127.5, offset=-1.0),), snippet=snippet)
