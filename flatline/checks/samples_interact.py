"""What the network says of a sample depends on the other samples of its batch.

## What it looks for
The output for each sample, in inference mode, before and after the other samples of its batch are exchanged: it may
not change by more than 0.1 %.

## Why it matters
Samples are independent questions. If they leak into one another, the answer depends on how the data happen to be
batched: training looks fine and predictions for single samples do not make sense. The usual slips: a reshape or a
transpose that moves the sample axis, a softmax, mean or attention over axis 0, batch normalisation called with
`training=True`.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(320, 4)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
inputs = keras.Input((4,))
hidden = keras.layers.Dense(16, activation="relu")(inputs)
hidden = hidden - keras.ops.mean(hidden, axis=0, keepdims=True)  # the batch's mean, not the sample's
model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
model.compile("sgd", "binary_crossentropy")
fit_args = {"epochs": 2}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(320, 4)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
inputs = keras.Input((4,))
hidden = keras.layers.Dense(16, activation="relu")(inputs)
hidden = hidden - keras.ops.mean(hidden, axis=1, keepdims=True)
model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
model.compile("sgd", "binary_crossentropy")
fit_args = {"epochs": 2}
```

## When it is wrong
Scores of all pairs of a batch (contrastive learning) are meant; outputs of an unknown task and models with layers of
their own are INFO only. Stateful recurrent layers carry a state from call to call and are not judged. In-batch losses
are no outputs, and not seen here.

## How far to trust the fix
Advice only: the place has to be looked for by hand, from the first layer or operation that mentions axis 0.

## References
H. Ben Braiek, F. Khomh, "TheDeepChecker", ACM TOSEM 2023, arXiv 2204.00694 (dependence between samples through the
gradient). A. Karpathy, "A recipe for training neural networks", 2019 (use backprop to chart dependencies).
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.gates import severity_unless_learning
from flatline.registry import check

MAX_INFLUENCE = 1e-3  # 1; kernels that sum in another order for another batch differ by 1e-6 or so
LEAST_SAMPLES = 2  # samples; one alone has no company


@check("FL208", cause=Cause.ARCHITECTURE, severity=Severity.WARNING)
def samples_interact(model: ModelFacts, objective: ObjectiveFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag a sample's output that changes with its company."""
    if model.n_probe < LEAST_SAMPLES:
        raise CannotTell(f"{model.n_probe} sample in the probe batch, {LEAST_SAMPLES} needed")
    if math.isnan(model.cross_sample) and model.inference_noise > 0:
        raise CannotTell(f"2 predictions of the same samples differ by {model.inference_noise:.2g} times their size")
    if math.isnan(model.cross_sample):
        raise CannotTell("how much the samples of a batch influence one another was not measured")
    stateful = [layer.name for layer in model.layers if layer.config.get("stateful")]
    if stateful:
        raise CannotTell(f"`{stateful[0]}` is stateful: 2 calls differ anyway")
    influence = Evidence(quantity="cross_sample_influence", value=model.cross_sample, bound=("<=", MAX_INFLUENCE))
    if not influence.broken:
        return
    own = [layer.name for layer in model.layers if not layer.builtin or layer.kind == "Lambda"]
    known = any(head.task is not Task.UNKNOWN for head in objective.heads)
    surest = Severity.WARNING if known and not own else Severity.INFO
    yield Finding(
        message=f"the output of a sample changes by {influence.value:.1%} when the other samples of its batch change"
        + (f"; `{own[0]}` may mix them" if own else ""),
        evidence=(influence,),
        where=own[0] if own else "",
        fixes=(
            Fix(
                title="look for an operation along axis 0, the samples: a mean, a softmax, a reshape or a transpose",
                safety=Safety.ADVICE,
            ),
        ),
        severity=severity_unless_learning(surest, rehearsal),
    )
