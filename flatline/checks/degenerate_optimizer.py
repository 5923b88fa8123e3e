"""An argument of the optimizer that makes its steps vanish or never settle.

## What it looks for
`epsilon` of 1 or more in Adam and its kin; clipping (`clipnorm`, `clipvalue`, `global_clipnorm`) below 1e-5;
`momentum`, `beta_1`, `beta_2` or `rho` of 1 or more; `weight_decay` above 1.

## Why it matters
Adam divides by √v + ε, where √v is the size of the gradients, often 0.01 or less: ε = 1000 makes each step a hundred
thousand times shorter. Clipping to 1e-6 does the same to plain SGD. With a momentum of 1 nothing is ever forgotten
and the weights fly on; a decay above 1 pulls them to zero faster than any gradient can hold.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(epsilon=1e3), "sparse_categorical_crossentropy", metrics=["accuracy"])
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
hidden = keras.layers.Dense(32, activation="relu")
model = keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, activation="softmax")])
model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
fit_args = {"epochs": 10}
```

## When it is wrong
ε of 0.1 or 1 with a rate to match has been used for large image models, and tiny clipping does not slow an optimizer
that divides by the gradients' size. Where the rehearsal learns the finding is INFO.

## How far to trust the fix
Keras' own default; a rate that had been tuned for the odd value is then too large.

## References
D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015, arXiv:1412.6980. R. Pascanu, T. Mikolov, Y.
Bengio, "On the difficulty of training recurrent neural networks", 2013, arXiv:1211.5063. Stack Overflow 42327543,
50975389.
"""

from typing import Any

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import OptimizerFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetCompile
from flatline.gates import severity_unless_learning
from flatline.registry import check

MOST_EPSILON = 1.0  # 1; gradients of that size are rare
LEAST_CLIP = 1e-5  # 1; of a gradient's norm or of its cells
FORGETS = 1.0  # 1; share of the past that is kept: at 1 nothing is forgotten
MOST_DECAY = 1.0  # 1 a step and unit of rate

_BOUNDS: dict[str, tuple[tuple[str, float], Any, str]] = {
    "epsilon": (("<", MOST_EPSILON), 1e-7, "the steps are divided by it"),
    "clipnorm": ((">=", LEAST_CLIP), 1.0, "every gradient is cut to that length"),
    "global_clipnorm": ((">=", LEAST_CLIP), 1.0, "the gradient is cut to that length"),
    "clipvalue": ((">=", LEAST_CLIP), 1.0, "every cell of a gradient is cut to that size"),
    "momentum": (("<", FORGETS), 0.9, "no past step is ever forgotten"),
    "beta_1": (("<", FORGETS), 0.9, "no new gradient ever counts"),
    "beta_2": (("<", FORGETS), 0.999, "the size of new gradients never counts"),
    "rho": (("<", FORGETS), 0.9, "the size of new gradients never counts"),
    "weight_decay": (("<=", MOST_DECAY), 0.01, "the weights are pulled to 0 faster than they learn"),
}


@check(
    "FL402",
    cause=Cause.OPTIMIZER,
    severity=Severity.WARNING,
    explains=("FL001", "FL002", "FL404", "FL405", "FL406", "FL601"),
)
def degenerate_optimizer(optimizer: OptimizerFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag arguments of the optimizer far outside what can work."""
    if not optimizer.config:
        raise CannotTell("0 arguments of the optimizer are known")
    for argument, (bound, usual, effect) in _BOUNDS.items():
        value = optimizer.config.get(argument)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        told = Evidence(quantity="optimizer_argument", value=value, bound=bound, where=f"{optimizer.kind}.{argument}")
        if told.broken:
            yield Finding(
                message=f"`{argument}` of `{optimizer.kind}` is {value:g}, usual is {usual:g}: {effect}",
                evidence=(told,),
                where=f"{optimizer.kind}.{argument}",
                fixes=(
                    Fix(
                        title=f"set `{argument}={usual:g}` in `{optimizer.kind}`",
                        edits=(SetCompile(argument=f"optimizer.{argument}", value=usual),),
                        snippet=f"optimizer = keras.optimizers.{optimizer.kind}({argument}={usual:g})",
                    ),
                ),
                severity=severity_unless_learning(Severity.WARNING, rehearsal),
            )
