"""No weight that could learn the task is trainable.

## What it looks for
Three patterns: no weight of the model is trainable at all; the only trainable weights are the scales and shifts of
normalisation layers; or the output layer is frozen although it still is at its random start (its first loss is no
better than that of a constant prediction).

## Why it matters
Training changes trainable weights and nothing else. `model.trainable = False` on the whole model instead of on its
backbone is a slip of one name; Keras warns of it once and then trains for as many epochs as it is told. A frozen
random output layer mixes the features at random for ever: the layers below must learn to fit the mixture.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 6)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.build((None, 6))
model.trainable = False
model.compile("adam", "binary_crossentropy")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 6)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.build((None, 6))
model.layers[0].trainable = False  # features at random, a head that learns: fine
model.compile("adam", "binary_crossentropy")
fit_args = {"epochs": 20}
```

## When it is wrong
A frozen backbone under a trainable head is healthy, and so are frozen word vectors or frozen random features: none of
them is reported. A fixed output layer can be a choice (Hoffer et al. 2018), and so can training normalisation layers
alone (Frankle et al. 2021): both are WARNING at most, and INFO when the rehearsal learns all the same.

## How far to trust the fix
Setting `trainable` and compiling again is what makes training possible at all; which layers should be free is for you
to decide.

## References
Keras guide "Transfer learning & fine-tuning". E. Hoffer, I. Hubara, D. Soudry, "Fix your classifier", ICLR 2018,
arXiv 1801.04540. J. Frankle, D. J. Schwab, A. S. Morcos, "Training BatchNorm and only BatchNorm", ICLR 2021, arXiv
2003.00152.
"""

import math
from collections.abc import Iterable

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import HeadFacts, LayerFacts, ModelFacts, ObjectiveFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import severity_unless_learning
from flatline.layers import NORMALISING, WEIGHTED
from flatline.registry import check

LEAST_TRAINABLE = 1  # weights; with fewer there is nothing that an optimizer could change
FRESH = 0.95  # 1; first loss over the null model's: a head that was ever trained starts lower than that


@check("FL201", cause=Cause.TRAINABLE, severity=Severity.ERROR, explains=("FL001",))
def nothing_trainable(
    model: ModelFacts, objective: ObjectiveFacts | None, rehearsal: RehearsalFacts | None
) -> Findings:
    """Flag a model, or an output layer, that training cannot change."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    if model.n_trainable < LEAST_TRAINABLE:
        yield _finding(
            f"none of the model's {model.n_weights} weights is trainable, so training changes nothing",
            model.n_trainable,
            [layer for layer in model.layers if layer.kind in WEIGHTED and not layer.trainable],
        )
        return
    free = [layer for layer in model.layers if layer.n_trainable]
    if free and all(layer.kind in NORMALISING for layer in free) and not model.custom_train_step:
        yield _finding(
            f"the only trainable weights are the {sum(layer.n_trainable for layer in free)} of "
            f"{len(free)} normalisation layer{'s' * (len(free) > 1)}",
            0,
            [layer for layer in model.layers if layer.kind in WEIGHTED],
            severity_unless_learning(Severity.WARNING, rehearsal),
        )
        return
    for head in () if objective is None else objective.heads:
        layer = model.layer(head.weighted_layer)
        if layer is not None and layer.kind in WEIGHTED and layer.n_weights and not layer.n_trainable and _fresh(head):
            yield _finding(
                f"the output layer `{layer.name}` is frozen at its random start: its {layer.n_weights} weights cannot "
                f"learn, and its first loss is {head.initial:.3g}, not below the {head.null:.3g} of a constant "
                "prediction",
                0,
                [layer],
                severity_unless_learning(Severity.WARNING, rehearsal),
            )


def _fresh(head: HeadFacts) -> bool:
    if math.isnan(head.initial) or math.isnan(head.null):
        raise CannotTell(
            f"the first loss of `{head.name}` and of its null model are needed to know its layer untrained"
        )
    return head.initial >= FRESH * head.null if head.null > 0 else head.initial >= head.null


def _finding(message: str, n_trainable: int, frozen: Iterable[LayerFacts], severity: Severity | None = None) -> Finding:
    names = [layer.name for layer in frozen]
    lines = "\n".join(f'model.get_layer("{name}").trainable = True' for name in names)
    fix = Fix(
        title="make the layers that should learn trainable, and compile again",
        edits=tuple(SetLayer(layer=name, argument="trainable", value=True) for name in names),
        snippet=f"{lines}\nmodel.compile(model.optimizer, model.loss)",
    )
    return Finding(
        message=message,
        evidence=(
            Evidence(quantity="trainable_weights", value=n_trainable, bound=(">=", LEAST_TRAINABLE), unit="weights"),
        ),
        where=names[-1] if len(names) == 1 else "",
        fixes=(fix,) if names else (),
        severity=severity,
    )
