"""Batch normalisation as the last layer of a regression whose targets are far from mean 0 and deviation 1.

## What it looks for
A regression output made by a `BatchNormalization` layer, with targets whose mean or deviation is far from what that
layer starts with (mean 0, deviation 1).

## Why it matters
Whatever the layers below do, the output of each batch has the mean β and the deviation γ of this last layer, which
start at 0 and 1 and move by about one learning rate a step. Targets around 100 are thousands of steps away. The
prediction also depends on which samples share the batch, so training and inference mode disagree.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 5)).astype("float32")
y = 100 + 30 * (X[:, :1] + np.abs(X[:, 1:2]))
layers = [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)]
model = keras.Sequential([*layers, keras.layers.BatchNormalization(name="last")])
model.compile(keras.optimizers.Adam(0.01), "mse")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 5)).astype("float32")
y = 100 + 30 * (X[:, :1] + np.abs(X[:, 1:2]))
y = (y - y.mean()) / y.std()
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.01), "mse")
fit_args = {"epochs": 20}
```

## When it is wrong
Targets that are standardised suit such a layer, and it is not reported then; nor is one before the softmax of a
classifier. Where the rehearsal learns all the same, the finding is INFO.

## How far to trust the fix
Without the layer the last `Dense` is free to reach the targets, but slowly where they are large: standardise them
too.

## References
S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015, arXiv 1502.03167, section 3.2 (it is placed before a
non-linearity).
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, RemoveLayer
from flatline.gates import severity_unless_learning
from flatline.registry import check

MAX_MEAN = 3.0  # deviations of the starting output; |mean| of the targets that β = 0 is still near to
MAX_STD = 10.0  # 1; deviation of the targets over γ = 1: a decade is some thousand steps of Adam at its default rate


@check("FL211", cause=Cause.NORMALIZATION_LAYER, severity=Severity.WARNING, explains=("FL001",))
def batch_norm_on_output(model: ModelFacts, objective: ObjectiveFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a regression that ends in batch normalisation far from its targets."""
    if not model.layers or not objective.heads:
        raise CannotTell(f"{len(model.layers)} layers and {len(objective.heads)} outputs were seen, 1 of each needed")
    for head in objective.heads:
        layer = model.layer(head.layer)
        if layer is None or layer.kind != "BatchNormalization" or head.task is not Task.REGRESSION:
            continue
        if head.target is None:
            raise CannotTell(f"`{layer.name}` makes the output, and no targets were seen to compare it with")
        mean, std = abs(head.target.mean), head.target.std
        if not (math.isfinite(mean) and math.isfinite(std)):
            raise CannotTell(
                f"mean and deviation of the targets of `{layer.name}` are unknown, 2 finite numbers needed"
            )
        found = [
            Evidence(quantity="target_mean", value=mean, bound=("<=", MAX_MEAN), where=head.target.name),
            Evidence(quantity="target_std", value=std, bound=("<=", MAX_STD), where=head.target.name),
        ]
        broken = tuple(one for one in found if one.broken)
        if broken:
            yield Finding(
                message=f"the output comes from `{layer.name}`, whose mean starts at 0 and deviation at 1, but the "
                f"targets have mean {head.target.mean:.3g} and deviation {std:.3g}",
                evidence=broken,
                where=layer.name,
                fixes=(
                    Fix(
                        title=f"take `{layer.name}` out, and standardise the targets",
                        edits=(RemoveLayer(layer=layer.name),),
                        snippet=f"# without {layer.name!r}, the layer behind {head.weighted_layer!r}\n"
                        "y = (y - y.mean()) / y.std()",
                    ),
                ),
                severity=severity_unless_learning(Severity.WARNING, rehearsal),
            )
