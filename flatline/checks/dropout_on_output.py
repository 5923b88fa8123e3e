"""Dropout after the last layer with weights: the prediction itself is dropped.

## What it looks for
A dropout layer between the last layer with weights and the output, whatever its rate, for an output whose task is
known (classification, regression, reconstruction).

## Why it matters
Dropout makes a layer's readers independent of single units. After the last layer nothing reads any more but the loss:
in each training step a share of the predictions is replaced by zero and punished, and the others are scaled up. The
network learns to predict values that are wrong in inference mode, where nothing is dropped; with one output unit and
rate 0.5 half of the training signal is noise.

## Example
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 5)).astype("float32")
y = X[:, :1] - np.abs(X[:, 1:2]) + 3
layers = [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1), keras.layers.Dropout(0.6, name="drop")]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(600, 5)).astype("float32")
y = X[:, :1] - np.abs(X[:, 1:2]) + 3
layers = [keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.1), keras.layers.Dense(1)]
model = keras.Sequential(layers)
model.compile(keras.optimizers.Adam(0.003), "mse")
fit_args = {"epochs": 20}
```

## When it is wrong
Dropout on an embedding is augmentation in contrastive learning (Gao et al. 2021); outputs of an unknown task are not
judged. Dropout in front of the last layer is usual and not reported.

## How far to trust the fix
Taking the layer out changes nothing in inference mode and removes noise from training.

## References
N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014, section 4
(the model drops inputs and hidden units). T. Gao, X. Yao, D. Chen, "SimCSE", EMNLP 2021, arXiv 2104.08821.
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, RemoveLayer
from flatline.gates import severity_unless_learning
from flatline.graph import LayerGraph
from flatline.layers import DROPOUT, SHAPING, WEIGHTED
from flatline.registry import check

MAX_RATE = 0.0  # 1; nothing reads the output but the loss, so any rate is noise on the prediction
_PLAIN = DROPOUT | SHAPING | {"Activation", "Softmax", "ReLU", "Relu", "Sigmoid", "Rescaling"}


@check("FL213", cause=Cause.DROPOUT, severity=Severity.WARNING, explains=("FL001",))
def dropout_on_output(model: ModelFacts, objective: ObjectiveFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag dropout between the last layer with weights and the output."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    graph = LayerGraph.of(model)
    tasks = {head.layer: head.task for head in objective.heads}
    for layer in model.layers:
        if layer.kind not in DROPOUT or not layer.builtin or not _follows_weights(graph, layer):
            continue
        ends = [one for one in (layer, *graph.below(layer, _is_plain)) if one.is_output and _is_plain(one)]
        if not ends or tasks.get(ends[0].name, Task.UNKNOWN) is Task.UNKNOWN:
            continue
        if "rate" not in layer.config:
            raise CannotTell(f"the rate of `{layer.name}` is not in its configuration")
        rate = Evidence(
            quantity="dropout_rate", value=float(layer.config["rate"]), bound=("<=", MAX_RATE), where=layer.name
        )
        if rate.broken:
            yield Finding(
                message=f"`{layer.name}` drops {rate.value:.0%} of the output itself: no layer with weights follows it",
                evidence=(rate,),
                where=layer.name,
                fixes=(
                    Fix(
                        title=f"take `{layer.name}` out, or put it in front of the last layer with weights",
                        edits=(RemoveLayer(layer=layer.name),),
                        snippet=f"# without the line that adds {layer.kind} {layer.name!r} behind the last layer",
                    ),
                ),
                severity=severity_unless_learning(Severity.WARNING, rehearsal),
            )


def _is_plain(layer: LayerFacts) -> bool:
    return layer.builtin and layer.kind in _PLAIN


def _follows_weights(graph: LayerGraph, layer: LayerFacts) -> bool:
    """Whether a layer with weights makes, up to reshaping and activation, what is dropped."""
    above = graph.above(layer, _is_plain)
    return any(one.kind in WEIGHTED for one in above)
