"""Two predictions of the same samples differ.

## What it looks for
The outputs of two calls of the model in inference mode on the same samples: they may not differ by more than 0.1 %.
Where they do, the layer is named whose outputs differ although its inputs do not. WARNING for an augmentation
(`Random…`), INFO for all else. What `tf.data` does to the samples before they reach the model is not seen.

## Why it matters
Augmentation, dropout and noise belong to training. With `training=True` written into the `call` of a model or layer, or
in a layer of one's own that does not ask for `training`, they act at inference as well: validation is scored on
distorted inputs, a prediction cannot be repeated, and the saved model distorts what its users send. (A Functional model
is safe from the first: its `predict` passes `training=False` on to every layer.)

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 1, size=(120, 12, 12, 3)).astype("float32")
y = (X[:, :6].mean(axis=(1, 2, 3)) > 0.5).astype("int32")


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.shift = keras.layers.RandomTranslation(0.3, 0.3, name="shift")
        self.features = keras.layers.Conv2D(8, 3, activation="relu")
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.head = keras.layers.Dense(1, activation="sigmoid")

    def call(self, x):
        return self.head(self.pool(self.features(self.shift(x, training=True))))


model = Net()
model.compile("adam", "binary_crossentropy")
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 1, size=(120, 12, 12, 3)).astype("float32")
y = (X[:, :6].mean(axis=(1, 2, 3)) > 0.5).astype("int32")


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.shift = keras.layers.RandomTranslation(0.3, 0.3, name="shift")
        self.features = keras.layers.Conv2D(8, 3, activation="relu")
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.head = keras.layers.Dense(1, activation="sigmoid")

    def call(self, x, training=False):
        return self.head(self.pool(self.features(self.shift(x, training=training))))


model = Net()
model.compile("adam", "binary_crossentropy")
```

## When it is wrong
Randomness may be the point: Monte-Carlo dropout estimates the uncertainty of a prediction, a variational autoencoder
samples its code, a generator its noise. That is why all but augmentation is INFO; augmentation at inference is meant
where predictions are averaged over it (test-time augmentation). Stateful recurrent layers carry a state from call to
call and are not judged.

## How far to trust the fix
Advice only: the call is in your code, and only you know whether the randomness is meant.

## References
Keras documentation, "Training & evaluation with the built-in methods": `training` in `call`. Y. Gal, Z. Ghahramani,
"Dropout as a Bayesian approximation", ICML 2016, arXiv 1506.02142. D. Kingma, M. Welling, "Auto-encoding variational
Bayes", ICLR 2014, arXiv 1312.6114.
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.layers import DROPOUT
from flatline.registry import check

MAX_NOISE = 1e-3  # 1; kernels that sum in another order from call to call differ by 1e-6 or so
AUGMENTING = frozenset({"AugMix", "CutMix", "MixUp", "Pipeline"})  # and all that begin with Rand


@check("FL214", cause=Cause.ARCHITECTURE, severity=Severity.WARNING)
def random_at_inference(model: ModelFacts) -> Findings:
    """Flag a model whose predictions for the same samples differ from call to call."""
    stateful = [layer.name for layer in model.layers if layer.config.get("stateful")]
    if stateful:
        raise CannotTell(f"`{stateful[0]}` is stateful: 2 calls differ anyway")
    if not model.layers or math.isnan(model.inference_noise):
        raise CannotTell(f"2 predictions of the same samples by {len(model.layers)} layers were not compared")
    noise = Evidence(quantity="inference_noise", value=model.inference_noise, bound=("<=", MAX_NOISE))
    if not noise.broken:
        return
    sources = [layer for name in model.noise_sources if (layer := model.layer(name)) is not None]
    augmenting = [layer for layer in sources if _augments(layer)]
    layer = next(iter(augmenting or sources), None)
    yield Finding(
        message=f"two predictions of the same samples differ by {noise.value:.2g} times their size"
        + (f": `{layer.name}` ({layer.kind}) is random at inference too" if layer else ""),
        evidence=(noise,),
        where=layer.name if layer else "",
        severity=Severity.WARNING if augmenting else Severity.INFO,
        cause=Cause.DROPOUT if layer is not None and layer.builtin and layer.kind in DROPOUT else None,
        fixes=(Fix(title=_advice(layer), safety=Safety.ADVICE),),
    )


def _augments(layer: LayerFacts) -> bool:
    return layer.builtin and (layer.kind.startswith("Rand") or layer.kind in AUGMENTING)


def _advice(layer: LayerFacts | None) -> str:
    if layer is None:
        return "draw random numbers only where `training` is true, unless sampling is meant"
    if not layer.builtin:
        return f"let `{layer.name}` draw random numbers only where `training` is true, unless sampling is meant"
    return f"call `{layer.name}` without training=True, unless predictions are to be averaged over its randomness"
