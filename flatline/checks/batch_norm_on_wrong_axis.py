"""Batch normalisation over an image axis instead of the channels.

## What it looks for
A `BatchNormalization` with `axis=1` or `axis=2` on images that carry their channels last, as the convolutions and
pooling layers around it say.

## Why it matters
`axis` names the axis that *keeps* its own mean and deviation: the channels. `axis=1` is right for `channels_first`
(and in older examples); with channels last it gives every row of the image its own statistics and mixes all channels:
the differences between channels, which the convolutions have just computed, and the place of things in the image are
partly normalised away, and training and inference mode disagree.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
y = rng.integers(0, 2, 160)
X = rng.uniform(size=(160, 16, 16, 1)).astype("float32")
X[:, :, ::4] += 0.3 * y[:, None, None, None].astype("float32")
layers = [keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.BatchNormalization(axis=1, name="norm")]
layers += [keras.layers.MaxPooling2D(), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.SGD(1e-4), "sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
y = rng.integers(0, 2, 160)
X = rng.uniform(size=(160, 16, 16, 1)).astype("float32")
X[:, :, ::4] += 0.3 * y[:, None, None, None].astype("float32")
layers = [keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.BatchNormalization(name="norm")]
layers += [keras.layers.MaxPooling2D(), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
Spectrograms are sometimes normalised for each frequency band on purpose. Where the rehearsal learns all the same, the
finding is INFO.

## How far to trust the fix
`axis=-1` is what the layer is meant for with channels last; the statistics are new, so training starts anew.

## References
S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015, arXiv 1502.03167, section 3.2 (one mean and deviation a
feature map). Keras documentation of `BatchNormalization`, argument `axis`. Stack Overflow question 57943425.
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import severity_unless_learning
from flatline.layers import code
from flatline.registry import check

IMAGE_AXES = (3, 4)  # axes of a sample: two or three of space and the channels


@check("FL212", cause=Cause.NORMALIZATION_LAYER, severity=Severity.WARNING, explains=("FL001", "FL209"))
def batch_norm_on_wrong_axis(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag batch normalisation along rows or columns of images with channels last."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    wrong = [(layer, axis) for layer in model.layers if (axis := _wrong_axis(layer)) is not None]
    formats = {layer.config["data_format"] for layer in model.layers if layer.config.get("data_format")}
    if not wrong or formats != {"channels_last"}:
        return
    layer, axis = wrong[0]
    last = len(layer.input_shape)
    yield Finding(
        message=f"{len(wrong)} normalisation layer{'s' * (len(wrong) > 1)} (first `{layer.name}`) "
        f"keep{'s' * (len(wrong) == 1)} statistics along axis {axis} of the images; their channels are axis {last}",
        evidence=tuple(
            Evidence(
                quantity="normalised_axis", value=a, bound=("==", len(one.input_shape)), unit="axis", where=one.name
            )
            for one, a in wrong
        ),
        where=layer.name,
        fixes=(
            Fix(
                title="normalise over the channels, `axis=-1`",
                edits=tuple(SetLayer(layer=one.name, argument="axis", value=-1) for one, _ in wrong),
                snippet="\n".join(code("BatchNormalization", "axis=-1", one.name) for one, _ in wrong),
            ),
        ),
        severity=severity_unless_learning(Severity.WARNING, rehearsal),
    )


def _wrong_axis(layer: LayerFacts) -> int | None:
    """Return the axis of a batch normalisation of images when it is not the last; None otherwise."""
    if layer.kind != "BatchNormalization" or not layer.builtin or len(layer.input_shape) not in IMAGE_AXES:
        return None
    axis = layer.config.get("axis", -1)
    if isinstance(axis, list | tuple):
        axis = axis[0] if len(axis) == 1 else -1
    n_axes = len(layer.input_shape) + 1
    return int(axis) % n_axes if int(axis) % n_axes != n_axes - 1 else None
