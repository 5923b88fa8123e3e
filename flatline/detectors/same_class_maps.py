"""Whatever the class, the network looks at the same: its classes differ along one direction only.

## What it looks for
The gradients of the scores of four classes with respect to the input, less their mean, for a few samples: the share of
what is left that lies in the strongest direction. From 0.99 on all maps are one map, with another sign and strength. A
WARNING where the run is no better than guessing, or stopped less than half of the way to a perfect fit; else INFO.

## Why it matters
Four classes that are told apart by what they look like differ in up to three directions. If they differ in one, a
single number decides between them all, and the classes can only be put in a row along it: there is a layer of one unit
on the way, or of many of which all but one are dead or the same.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = X[:640], y[:640]
X = (X / 16).reshape(-1, 8, 8, 1).astype("float32")
layers = [
    keras.layers.Conv2D(8, 3, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(1, activation="tanh"),
    keras.layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
fit_args = {"epochs": 15}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X, y = X[:640], y[:640]
X = (X / 16).reshape(-1, 8, 8, 1).astype("float32")
layers = [
    keras.layers.Conv2D(8, 3, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(16, activation="tanh"),
    keras.layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
fit_args = {"epochs": 15}
```

## When it is wrong
Classes that are steps of one quantity (ages, grades) may be told by one number: a run that does well gets INFO. With
fewer than four classes two or three maps are alike by nature, and nothing is said.

## How far to trust the fix
There is none in this finding: it is a symptom. A bottleneck of one unit, dead units and units that started alike
explain it, and stand above it in the report where they are found.

## References
K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks", 2013, arXiv 1312.6034 (class saliency
maps). Z. Yang, Z. Dai, R. Salakhutdinov, W. W. Cohen, "Breaking the softmax bottleneck", ICLR 2018, arXiv 1711.03953
(the rank of the scores is bounded by the width behind them). With one unit, or one alive, the share was 1.00; in 12
networks that learnt 0.78 at most (`python -m tests.benchmarks.seeing`).
"""

import numpy as np

from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.gates import LEARNS
from flatline.logs import GradientLog, LossLog, RunFacts, SightLog
from flatline.progress import State
from flatline.registry import check
from flatline.sampled import fruitless, require_finite_weights, settled

ONE_DIRECTION = 0.99  # 1; exclusive; what rounding and a second unit that hardly varies leave


@check("FL712", cause=None, severity=Severity.WARNING)
def same_class_maps(run: RunFacts, losses: LossLog, sight: SightLog, gradients: GradientLog | None) -> Findings:
    """Flag outputs whose classes all look at the same."""
    now = settled(run, losses)
    require_finite_weights(gradients)
    known = np.flatnonzero(np.isfinite(sight.class_alignment[-1]))
    if not len(known):
        raise CannotTell(f"of {len(sight.heads)} outputs, none has four classes whose maps differ at all")
    poor = fruitless(now) or (now.state is State.PLATEAU and now.best_share < LEARNS)
    for i in known:
        aligned = Evidence(
            quantity="class_alignment",
            value=float(sight.class_alignment[-1, i]),
            bound=("<", ONE_DIRECTION),
            where=sight.heads[i],
            steps=(int(sight.step[-1]), int(sight.step[-1])),
        )
        if aligned.broken:
            yield Finding(
                message=(
                    f"the classes of output `{aligned.where}` all look at the same: {aligned.value:.1%} of what tells "
                    "four of them apart is one direction of the input"
                ),
                evidence=(aligned,),
                where=aligned.where,
                severity=Severity.WARNING if poor else Severity.INFO,
            )
