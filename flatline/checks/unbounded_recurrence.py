"""A recurrent layer with an unbounded activation over many time steps.

## What it looks for
LSTM or GRU layers whose `activation` is not bounded (relu, linear, elu, …) over sequences of 50 steps and more. Plain
recurrent layers with relu are INFO, since they start from an orthogonal recurrent kernel.

## Why it matters
The state goes through the same layer once for each time step. tanh keeps it between −1 and 1; relu does not, and a
state that grows by 5 % a step is two million times as large after 300. The loss turns to NaN in some batch, or the
gradient explodes; clipping the gradient does not help against values that overflow on the way forward. Keras uses its
fast implementation on the GPU for tanh only.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 60, 4)).astype("float32")
y = (X[:, :20, 0].sum(axis=1) > 0).astype("int64")
layers = [keras.layers.LSTM(16, activation="relu", name="memory"), keras.layers.Dense(1, activation="sigmoid")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.SGD(1e-4), "binary_crossentropy")
fit_args = {"epochs": 2}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 60, 4)).astype("float32")
y = (X[:, :20, 0].sum(axis=1) > 0).astype("int64")
layers = [keras.layers.LSTM(16, name="memory"), keras.layers.Dense(1, activation="sigmoid")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.SGD(1e-4), "binary_crossentropy")
fit_args = {"epochs": 2}
```

## When it is wrong
Short sequences bear it, and are not reported. Where the rehearsal learns all the same and the output is of normal
size, the finding is INFO; an identity recurrent kernel with relu is a known good design (Le et al. 2015).

## How far to trust the fix
tanh is what the layer was designed with, and Keras' default.

## References
S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997. R. Pascanu, T. Mikolov, Y.
Bengio, "On the difficulty of training recurrent neural networks", ICML 2013, arXiv 1211.5063. Q. V. Le, N. Jaitly, G.
E. Hinton, "A simple way to initialize recurrent networks of rectified linear units", arXiv 1504.00941. Stack Overflow
question 57516678.
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import severity_unless_learning
from flatline.layers import RECURRENT, activation, written
from flatline.registry import check

MAX_STEPS = 49  # time steps; growth of 5 % a step is a factor of ten after 50
LARGE_STATE = 10.0  # 1; root mean square of an output that tanh would keep below 1
UNBOUNDED = frozenset(
    {"relu", "linear", "elu", "selu", "gelu", "silu", "swish", "leakyrelu", "softplus", "exponential", "mish"}
)


@check("FL704", cause=Cause.ACTIVATION, severity=Severity.WARNING, explains=("FL001",))
def unbounded_recurrence(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag recurrent layers whose state may grow with every time step."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    for layer in model.layers:
        if layer.kind not in RECURRENT or not layer.builtin or activation(layer) not in UNBOUNDED:
            continue
        if len(layer.input_shape) < 2 or layer.input_shape[0] is None:
            raise CannotTell(f"the number of time steps that `{layer.name}` reads is open")
        steps = Evidence(
            quantity="time_steps", value=layer.input_shape[0], bound=("<=", MAX_STEPS), unit="steps", where=layer.name
        )
        if steps.broken:
            yield Finding(
                message=f"the state of `{layer.name}` ({layer.kind}) goes through {activation(layer)}, which has no "
                f"upper bound, {layer.input_shape[0]} times in a row",
                evidence=(steps,),
                where=layer.name,
                fixes=(
                    Fix(
                        title='use the bounded default, `activation="tanh"`',
                        edits=(SetLayer(layer=layer.name, argument="activation", value="tanh"),),
                        snippet=written(layer, activation="tanh"),
                    ),
                ),
                severity=_severity(layer, rehearsal),
            )


def _severity(layer: LayerFacts, rehearsal: RehearsalFacts | None) -> Severity:
    if layer.output_rms >= LARGE_STATE:
        return Severity.WARNING  # it has grown in a single pass
    if layer.kind == "SimpleRNN":
        return Severity.INFO
    return severity_unless_learning(Severity.WARNING, rehearsal)
