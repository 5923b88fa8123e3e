"""The answers depend on the border of the images more than on what they show.

## What it looks for
In a run that has learnt something from images: a frame of a sixteenth of the image's width that has more than a third
of the saliency, and more than one and a half times its share of what differs between the images. Saliency is the
gradient of the predicted class, times what a pixel differs by from the mean image.

## Why it matters
A network takes whatever tells the classes apart. If that is a mark in the corner, the rim of a scanner, padding whose
width depends on the class, or a frame that a class was photographed in, it scores well on such images and fails on all
others. The loss cannot show it.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 512)
X = rng.normal(0.5, 0.1, (512, 16, 16, 1)).astype("float32")
X[:, 0] = y[:, None, None] / 2  # a mark that the images of a class have in common
layers = [
    keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(3, activation="softmax"),
]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 512)
X = rng.normal(0.5, 0.1, (512, 16, 16, 1)).astype("float32")
X[:, 4:12, 4:12] += y[:, None, None, None] / 4
layers = [
    keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(3, activation="softmax"),
]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
The border may be what matters: images of walls, maps with a legend, tables. Only whoever knows the images can tell, so
it is INFO. It is found only where the mark lies in a narrow frame; a mark elsewhere is not.

## How far to trust the fix
There is none: look at the images, with `flatline.inspect.saliency` beside them, and crop or blacken what does not
belong to the question. If the score on held-out images falls by that, the network had learnt the mark.

## References
S. Lapuschkin, S. Wäldchen, A. Binder, G. Montavon, W. Samek, K.-R. Müller, "Unmasking Clever Hans predictors", Nature
Communications 10, 2019, doi 10.1038/s41467-019-08987-4 (horses told by a source tag at the border). K. Simonyan, A.
Vedaldi, A. Zisserman, "Deep inside convolutional networks", 2013, arXiv 1312.6034 (saliency). With the class in the
border the frame had 1.8 and 3.0 times its share of the variation, in 31 networks that learnt 0.9 times at most
(`python -m tests.benchmarks.seeing`).
"""

import numpy as np

from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import GradientLog, LossLog, RunFacts, SightLog
from flatline.progress import NEVER
from flatline.registry import check
from flatline.sampled import fruitless, require_finite_weights, settled

MAX_SHARE = 1 / 3  # 1; of the saliency in the frame; 31 networks that learnt from whole images had 0.24 at most
TIMES_VARIATION = 1.5  # 1; of the frame's share of the variation; they had 0.9 at most


@check("FL710", cause=None, severity=Severity.INFO)
def border_saliency(run: RunFacts, losses: LossLog, sight: SightLog, gradients: GradientLog | None) -> Findings:
    """Flag networks that answer by the border of their images."""
    now = settled(run, losses)
    if fruitless(now) or now.best_share < NEVER:
        return  # saliency of a network that has learnt nothing says nothing of the images
    require_finite_weights(gradients)
    saliency, variation = sight.border_saliency[-1], sight.border_variation[-1]
    known = np.flatnonzero(np.isfinite(saliency) & np.isfinite(variation))
    if not len(known):
        raise CannotTell("0 inputs are images whose classes are told by an output of one axis")
    for i in known:
        share = Evidence(
            quantity="border_saliency",
            value=float(saliency[i]),
            bound=("<=", max(MAX_SHARE, TIMES_VARIATION * float(variation[i]))),
            where=sight.inputs[i],
            steps=(int(sight.step[-1]), int(sight.step[-1])),
        )
        if share.broken:
            yield Finding(
                message=(
                    f"the answers take {share.value:.0%} of what they depend on from a narrow frame of "
                    f"`{share.where}`, which holds {variation[i]:.0%} of what differs between the images"
                ),
                evidence=(share,),
                where=share.where,
            )
