"""Weight penalties that outweigh the data.

## What it looks for
Regularisation terms (L1, L2 on kernels) that at initialisation are more than ten times the data loss, in a set-up
that does not learn.

## Why it matters
Each step follows the sum of both gradients. While the penalty rules, the weights shrink towards zero, the outputs to
a constant, and the data loss stays where it is; the falling curve is the penalty's.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
strong = keras.regularizers.L2(1.0)
model = keras.Sequential([keras.Input((64,))])
model.add(keras.layers.Dense(64, activation="relu", kernel_regularizer=strong))
model.add(keras.layers.Dense(10, activation="softmax", kernel_regularizer=strong))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
weak = keras.regularizers.L2(1e-4)
model = keras.Sequential([keras.Input((64,))])
model.add(keras.layers.Dense(64, activation="relu", kernel_regularizer=weak))
model.add(keras.layers.Dense(10, activation="softmax", kernel_regularizer=weak))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
fit_args = {"epochs": 10}
```

## When it is wrong
A large penalty at the start may melt in the first epochs and help in the end. The finding is a WARNING only where the
rehearsal ran and did not learn, and nothing speaks against the penalty as the reason: if the rehearsal without
penalties does no better, it is INFO.

## How far to trust the fix
A weaker penalty (1e-4 is a common size) is a change of the model: choose it by the validation loss.

## References
H. Ben Braiek, F. Khomh, "TheDeepChecker", TOSEM 2022, arXiv:2204.00694. A. Krogh, J. Hertz, "A Simple Weight Decay
Can Improve Generalization", NIPS 1991. Stack Overflow 51028324, 39052558.
"""

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ModelFacts, ObjectiveFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.gates import learns
from flatline.registry import check

MOST_PENALTY = 10.0  # 1; of the data loss above its lowest value
SEEN = 0.5  # 1; share of the planned steps that must have been run to say that nothing is learnt
CLEARLY_BETTER = 0.2  # 1; share of the way to a perfect loss that the arm without penalties must gain


@check("FL316", cause=Cause.REGULARIZATION, severity=Severity.WARNING, explains=("FL001", "FL002", "FL317"))
def penalty_drowns_loss(
    objective: ObjectiveFacts, model: ModelFacts | None, rehearsal: RehearsalFacts | None
) -> Findings:
    """Flag penalties far above the data loss."""
    if not (np.isfinite(objective.penalty) and np.isfinite(objective.initial)):
        raise CannotTell("0 of 2 losses (data and penalty) were measured")
    floor = objective.perfect if np.isfinite(objective.perfect) else 0.0
    room = objective.initial - floor
    if not objective.penalty_is_regularisation or objective.penalty == 0 or room <= 0:
        return
    ratio = Evidence(quantity="penalty_ratio", value=objective.penalty / room, bound=("<=", MOST_PENALTY))
    if ratio.broken:
        yield Finding(
            message=f"regularisation adds {objective.penalty:.3g} to a data loss of {objective.initial:.3g}, "
            f"{ratio.value:.3g} times as much",
            evidence=(ratio,),
            fixes=(
                Fix(
                    title=f"weaken the penalty {_factor(ratio.value):g}-fold{_named(model)}",
                    safety=Safety.ADVICE,
                    snippet="kernel_regularizer = keras.regularizers.L2(1e-4)",
                ),
            ),
            severity=Severity.WARNING if _is_to_blame(rehearsal) else Severity.INFO,
        )


def _is_to_blame(rehearsal: RehearsalFacts | None) -> bool:
    if rehearsal is None or learns(rehearsal):
        return False
    freed, as_is = rehearsal.progress("no penalties"), rehearsal.arms.get("as is")
    if np.isnan(freed):
        return as_is is not None and as_is.n_steps >= SEEN * as_is.planned
    return freed >= max(rehearsal.progress(), 0.0) + CLEARLY_BETTER


def _factor(ratio: float) -> float:
    """Power of ten that brings the penalty below the data loss."""
    return float(10 ** int(np.ceil(np.log10(ratio))))


def _named(model: ModelFacts | None) -> str:
    names = [
        f"`{layer.name}`"
        for layer in (model.layers if model is not None else ())
        if layer.config.get("kernel_regularizer")
    ]
    return f" (in {', '.join(names[:3])}{', …' if len(names) > 3 else ''})" if names else ""
