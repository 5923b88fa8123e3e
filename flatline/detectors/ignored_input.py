"""No output changes with most of an input.

## What it looks for
Cells of an input (pixels, columns) that differ between samples, have no gradient from any output for any of the
samples looked at, and change no output when the samples exchange them. More than half of an input's cells are a
finding: a WARNING where it is one of several inputs, all of it is ignored and the run is no better than guessing; else
INFO. Where no input matters at all, constant-output says so.

## Why it matters
What the network cannot see it cannot learn from. A branch whose units are dead hands a constant on, and the others go
on without it; a stride longer than the kernel, a crop, or a resize without smoothing skips pixels.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = {"image": rng.normal(size=(640, 8, 8, 1)).astype("float32"), "table": rng.normal(size=(640, 4)).astype("float32")}
y = (X["image"].mean(axis=(1, 2, 3)) > 0).astype("int64")
image, table = keras.Input((8, 8, 1), name="image"), keras.Input((4,), name="table")
dead = keras.initializers.Constant(-20.0)
seen = keras.layers.Conv2D(8, 3, activation="relu", bias_initializer=dead)(image)
joined = keras.layers.Concatenate()([keras.layers.Flatten()(seen), keras.layers.Dense(8, activation="relu")(table)])
model = keras.Model({"image": image, "table": table}, keras.layers.Dense(2, activation="softmax")(joined))
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 5}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = {"image": rng.normal(size=(640, 8, 8, 1)).astype("float32"), "table": rng.normal(size=(640, 4)).astype("float32")}
y = (X["image"].mean(axis=(1, 2, 3)) > 0).astype("int64")
image, table = keras.Input((8, 8, 1), name="image"), keras.Input((4,), name="table")
seen = keras.layers.Conv2D(8, 3, activation="relu")(image)
joined = keras.layers.Concatenate()([keras.layers.Flatten()(seen), keras.layers.Dense(8, activation="relu")(table)])
model = keras.Model({"image": image, "table": table}, keras.layers.Dense(2, activation="softmax")(joined))
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 5}
```

## When it is wrong
A crop or a stride may be meant. Rectifiers are at rest for many samples, so a pixel of which a few dozen samples take
no notice may matter for others: with max-pooling, up to 23 % of the pixels were so in networks that learnt. Whole
numbers (tokens, categories) are not judged.

## How far to trust the fix
There is none in this finding: it is a symptom. Dead units that explain it stand above it in the report; else look for
the layer behind the input at which `flatline.inspect.layer_outputs` are the same for all samples.

## References
H. Ben Braiek, F. Khomh, "TheDeepChecker", ACM TOSEM 2023, arXiv 2204.00694 (data dependency, here by input and cell).
K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks", 2013, arXiv 1312.6034 (saliency). Figures
of networks that see all and that do not: `python -m tests.benchmarks.seeing`.
"""

import numpy as np

from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.logs import GradientLog, LossLog, RunFacts, SightLog
from flatline.registry import check
from flatline.sampled import fruitless, require_finite_weights, settled

MAX_BLIND = 0.5  # 1; exclusive; measured, see the page: 0.23 in networks that learnt, 0.94 with skipped pixels


@check("FL711", cause=None, severity=Severity.INFO)
def ignored_input(run: RunFacts, losses: LossLog, sight: SightLog, gradients: GradientLog | None) -> Findings:
    """Flag inputs most of which no output depends on."""
    now = settled(run, losses)
    require_finite_weights(gradients)
    blind = sight.blind_share[-1]
    if not np.isfinite(blind).any():
        raise CannotTell(f"for {len(blind)} inputs, what depends on them is not known")
    if np.nanmin(blind) >= 1:
        return  # not an input is ignored, but all: another detector's affair
    for name, share in zip(sight.inputs, blind, strict=True):
        ignored = Evidence(
            quantity="blind_share",
            value=float(share),
            bound=("<=", MAX_BLIND),
            where=name,
            steps=(int(sight.step[-1]), int(sight.step[-1])),
        )
        if not np.isfinite(share) or not ignored.broken:
            continue
        whole = share >= 1
        yield Finding(
            message=(
                f"no output depends on input `{name}`: {sight.n_samples} samples exchanged it and nothing changed"
                if whole
                else f"no output depends on {share:.0%} of the cells of input `{name}` that differ between "
                f"{sight.n_samples} samples"
            ),
            evidence=(ignored,),
            where=name,
            severity=Severity.WARNING if whole and fruitless(now) else Severity.INFO,
        )
