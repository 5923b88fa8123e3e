"""Flag preprocessing or augmentation in the model that wipes the input out or blows it up.

## What it looks for

By what the layers do in training mode to real rows: what reaches the first kernels is the same everywhere although X
varies (ERROR); or a `Random…` augmentation or `GaussianNoise` makes its input more than 5 times larger, or leaves less
than a fifth of it (WARNING; INFO where the rehearsal learns all the same).

## Why it matters

Augmentation must change a picture without changing what it shows. `RandomBrightness` and its kin take pixels for
0–255 unless told otherwise: on images in [0, 1] a factor of 0.2 adds up to ±51, and nothing of the picture is left.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 1, size=(120, 12, 12, 3)).astype("float32")
y = (X[:, :6].mean(axis=(1, 2, 3)) > 0.5).astype("int32")
model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.RandomBrightness(0.5, name="brightness")])
model.add(keras.layers.Conv2D(8, 3, activation="relu"))
model.add(keras.layers.GlobalAveragePooling2D())
model.add(keras.layers.Dense(1, "sigmoid"))
model.compile("adam", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 1, size=(120, 12, 12, 3)).astype("float32")
y = (X[:, :6].mean(axis=(1, 2, 3)) > 0.5).astype("int32")
model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.RandomBrightness(0.2, value_range=(0, 1))])
model.add(keras.layers.Conv2D(8, 3, activation="relu"))
model.add(keras.layers.GlobalAveragePooling2D())
model.add(keras.layers.Dense(1, "sigmoid"))
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

Noise that is large on purpose, as in a diffusion model that adds it inside, is not destruction: the rehearsal or an
ignored code tells the two apart.

## How far to trust the fix

Telling an augmentation the range of its pixels is right when the pixels have that range. Otherwise look at a few
augmented pictures before you choose a strength.

## References

- Keras documentation, `keras.layers.RandomBrightness`, `value_range`
- Shorten and Khoshgoftaar 2019, A survey on image data augmentation, doi:10.1186/s40537-019-0197-0
"""

import numpy as np

from flatline.cause import Cause
from flatline.entry import readers
from flatline.errors import CannotTell
from flatline.facts import ArrayFacts, DataFacts, LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetLayer
from flatline.gates import severity_unless_learning
from flatline.layers import code
from flatline.registry import check

MAX_GAIN = 5.0  # 1; a picture under noise or brightness of four times its own rms; usual strengths stay below 1.5
_WITH_RANGE = frozenset({"RandomBrightness", "RandomContrast", "RandomSaturation", "RandomHue", "RandomColorJitter"})
_WITH_RANGE |= {"RandomSharpness", "RandomPosterization", "RandomInvert", "RandomColorDegeneration", "RandAugment"}


@check("FL114", cause=Cause.DATA, severity=Severity.WARNING)
def destroyed_input(data: DataFacts, model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a model whose own preprocessing leaves nothing of its input."""
    known = [layer for layer in readers(model) if layer.input_feature_std.size and np.isfinite(layer.input_max)]
    known = [layer for layer in known if np.all(np.isfinite(layer.input_feature_std))]
    if not known or model.n_probe < 2:
        raise CannotTell("the input of 0 first trainable layers with a kernel was measured, 1 is needed")
    x_varies = any(_rows_differ(array) for array in data.inputs)
    spread = Evidence(quantity="input_spread", value=max(_spread(one) for one in known), bound=(">", 0.0))
    if spread.broken and x_varies and not any(layer.reads_model_input for layer in known):
        yield Finding(
            message=f"`X` varies, but `{known[0].name}` receives {known[0].input_max:.3g} in every cell of every row",
            evidence=(spread,),
            where=known[0].name,
            severity=Severity.ERROR,
            fixes=(Fix(title=f"look at what the layers before `{known[0].name}` make of X", safety=Safety.ADVICE),),
        )
    for layer in model.layers:
        if not (layer.builtin and (layer.kind.startswith("Rand") or layer.kind == "GaussianNoise")):
            continue
        if not layer.input_rms > 0 or not np.isfinite(layer.output_rms):
            continue
        value = layer.output_rms / layer.input_rms
        bound = ("<=", MAX_GAIN) if value > 1 else (">=", 1 / MAX_GAIN)
        gain = Evidence(quantity="preprocessing_gain", value=value, bound=bound, where=layer.name)
        if gain.broken:
            yield Finding(
                message=f"`{layer.name}` turns inputs of rms {layer.input_rms:.2g} into rms {layer.output_rms:.2g} in "
                f"training, {value:.2g} times as large",
                evidence=(gain,),
                where=layer.name,
                severity=severity_unless_learning(Severity.WARNING, rehearsal),
                fixes=(_tame(layer),),
            )


def _rows_differ(array: ArrayFacts) -> bool:
    """Whether most rows of the sample differ from the first."""
    sample = array.sample
    if len(sample) < 2:
        return False
    return float(np.mean([np.any(row != sample[0]) for row in sample[1:]])) > 0.5


def _spread(layer: LayerFacts) -> float:
    return max(float(np.max(layer.input_feature_std)), layer.input_max - layer.input_min)


def _tame(layer: LayerFacts) -> Fix:
    if layer.kind in _WITH_RANGE and layer.input_min >= 0 and layer.input_max <= 1:
        return Fix(
            title=f"tell `{layer.name}` that pixels are in [0, 1]",
            edits=(SetLayer(layer=layer.name, argument="value_range", value=(0, 1)),),
            snippet=code(layer.kind, "0.2, value_range=(0, 1)", layer.name),
        )
    return Fix(title=f"weaken `{layer.name}`, and look at what it makes of a few rows", safety=Safety.ADVICE)
