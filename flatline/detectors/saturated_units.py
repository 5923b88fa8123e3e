"""A hidden layer is saturated for most of its values while the run gets nowhere.

## What it looks for
Hidden layers with a sigmoid, tanh or similar activation of which more than half of the (sample, unit) pairs lie where
the slope is below 1 % of its maximum, in two sampled steps in a row. WARNING where the run is no better than guessing,
or where nine tenths of a layer are saturated and it stopped less than half of the way to a perfect fit; INFO else. The
output layer is not meant: a confident output saturates, and should.

## Why it matters
On the flat part of an activation the gradient is next to zero. Units that are there for most samples hardly learn from
them, and what they pass on is a switch that is on or off.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(-300, 300, size=(640, 8)).astype("float32")
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.SGD(0.001), "binary_crossentropy")
fit_args = {"epochs": 10}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(-300, 300, size=(640, 8)).astype("float32")
X = (X - X.mean(axis=0)) / X.std(axis=0)
y = (X[:, 0] * X[:, 1] > 0).astype("int64")
layers = [keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
fit_args = {"epochs": 10}
```

## When it is wrong
A gate, whose output multiplies something, may be open or shut on purpose. Binary codes are saturated by intention, and
so are random features that are never trained. A run may be flat for another reason and have saturated units besides.

## How far to trust the fix
Saturated from the first step on: in the first layer with weights what it reads is too large, which standardised inputs
cure; behind it the initial weights are. Saturated later: steps were too large, or grew so large in sum; a smaller rate
slows this down, and weight decay or a normalisation layer in front holds it up.

## References
A. Rakitianskaia, A. Engelbrecht, "Measuring saturation in neural networks", IEEE SSCI 2015, doi
10.1109/SSCI.2015.202. Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, "Efficient BackProp", 1998, section 4.4. The bound of
half of the values by the slope of the activation called none of 13 healthy runs on the digits data of scikit-learn.
"""

import numpy as np

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, MapInput, SetLayer
from flatline.layers import NORMALISING, RECURRENT, WEIGHTED, code
from flatline.logs import ActivationLog, GradientLog, LossLog, RunFacts, UpdateLog
from flatline.progress import State
from flatline.rates import rate_at, set_rate
from flatline.registry import check
from flatline.sampled import SUCCESSIVE, Spell, require_finite_weights, settled, severity_of_share, spell

MAX_SATURATED = 0.5  # 1; share of (sample, unit) pairs with less than 1 % of the largest slope
SLOWER = 0.1  # 1; factor for the rate

_KERNELS = WEIGHTED | RECURRENT | {"Embedding"}
_EXPLAINS = ("FL501", "FL602", "FL707", "FL708", "FL805", "FL807", "FL808")


@check("FL706", cause=None, severity=Severity.WARNING, explains=_EXPLAINS)
def saturated_units(
    run: RunFacts,
    losses: LossLog,
    activations: ActivationLog,
    updates: UpdateLog | None,
    gradients: GradientLog | None,
) -> Findings:
    """Flag hidden layers that are saturated for most of their values."""
    now = settled(run, losses)
    require_finite_weights(gradients)
    hidden = [
        activations.layers.index(layer.name)
        for layer in run.layers
        if layer.name in activations.layers and not layer.is_output and layer.kind not in RECURRENT
    ]
    known = np.isfinite(activations.saturated_share[:, hidden]).sum(axis=0)
    if known.any() and known.max() < SUCCESSIVE:
        raise CannotTell(f"{known.max()} sample of the activations, {SUCCESSIVE} needed")
    for column in hidden:
        share = spell(activations.step, activations.saturated_share[:, column], ("<=", MAX_SATURATED))
        if share is None:
            continue
        name = activations.layers[column]
        cause, since, fixes = _cause(run, name, share, updates)
        diverged = now.state is State.DIVERGED  # saturation is then what a loss of such size brings along
        yield Finding(
            message=f"{share.value:.0%} of the values of hidden layer `{name}` are saturated {since}",
            evidence=(
                Evidence(
                    quantity="saturated_share",
                    value=share.value,
                    bound=("<=", MAX_SATURATED),
                    where=name,
                    steps=(share.since, share.until),
                ),
            ),
            where=name,
            fixes=fixes,
            severity=Severity.INFO if diverged else severity_of_share(now, share.value),
            cause=cause,
        )
        return  # the layers behind it inherit the fault


def _cause(
    run: RunFacts, name: str, share: Spell, updates: UpdateLog | None
) -> tuple[Cause | None, str, tuple[Fix, ...]]:
    """Cause, the words that say since when, and the fixes."""
    if share.from_the_start:
        if _reads_the_input(run, name):
            snippet = "X = (X - X.mean(axis=0)) / X.std(axis=0)"
            fix = Fix(title="standardise the inputs", edits=(MapInput(how="standardize"),), snippet=snippet)
            return Cause.INPUT_SCALE, "from the first step on, and no layer with weights comes before it", (fix,)
        return Cause.INITIALIZATION, "from the first step on", _other_start(run, name)
    if share.before is None:
        return None, f"and were in the first sample, step {share.since}", ()
    rate = rate_at(run, updates, share.since)
    at_rate = f", at learning rate {rate:.3g}" if rate > 0 else ""
    return Cause.LEARNING_RATE, f"since step {share.since}{at_rate}", set_rate(run, SLOWER * rate, than=rate)


def _reads_the_input(run: RunFacts, name: str) -> bool:
    """Whether the layer's own kernel, or the one that makes what it bends, is the first of the network."""
    names = [layer.name for layer in run.layers]
    before = run.layers[: names.index(name) + 1]
    kernels = [layer for layer in before if layer.has_kernel or layer.kind in _KERNELS]  # frozen ones too
    normalised = any(layer.kind in NORMALISING for layer in before)
    return run.kind != "subclassed" and len(kernels) == 1 and not normalised


def _other_start(run: RunFacts, name: str) -> tuple[Fix, ...]:
    layer = run.layer(name)
    if layer is None or layer.kind not in WEIGHTED:
        return ()
    return (
        Fix(
            title=f"start `{name}` from Keras' default initialiser",
            edits=(SetLayer(layer=name, argument="kernel_initializer", value="glorot_uniform"),),
            snippet=code(layer.kind, '..., kernel_initializer="glorot_uniform"', name),
        ),
    )
