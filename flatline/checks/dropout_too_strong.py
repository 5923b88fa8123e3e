"""A dropout rate so high that hardly anything is left of the signal.

## What it looks for
Dropout layers (also those for whole channels, and the `dropout` and `recurrent_dropout` arguments of recurrent
layers) with a rate of 0.8 or more.

## Why it matters
At rate r each unit survives with probability 1 − r and is scaled by 1/(1 − r): of 32 units at 0.97 one is left in a
step, thirty-three times as large. The gradient is mostly noise, and two such layers in a row pass nothing at all in
most steps. `Dropout(0.97)` is usually a keep probability from another library: Keras asks for the share that is
dropped.

## Example
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dropout(0.97, name="drop_1")]
layers += [keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.97, name="drop_2")]
model = keras.Sequential(layers + [keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 20}
```

## Use instead
```python
import keras
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dropout(0.3, name="drop_1")]
layers += [keras.layers.Dense(32, activation="relu"), keras.layers.Dropout(0.3, name="drop_2")]
model = keras.Sequential(layers + [keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
fit_args = {"epochs": 20}
```

## When it is wrong
Very wide layers bear high rates, and a rate of 0.5 or 0.6 is normal: it is not reported. Where the rehearsal learns
all the same, the finding is INFO.

## How far to trust the fix
A rate of 0.3 nearly always trains. Whether it regularises enough is what validation data will tell.

## References
N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout: a simple way to prevent neural
networks from overfitting", JMLR 15, 2014, section 7.3 (figure 9: the error grows steeply beyond 0.8 dropped). Stack
Overflow question 44695141.
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import LayerFacts, ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, SetLayer
from flatline.gates import severity_unless_learning
from flatline.layers import DROPOUT, RECURRENT, written
from flatline.registry import check

MAX_RATE = 0.8  # 1; Srivastava et al. 2014, figure 9: test error is flat from 0.2 to 0.6 dropped, and steep past 0.8
USUAL_RATE = 0.3  # 1; the middle of the range that is flat there


@check("FL205", cause=Cause.DROPOUT, severity=Severity.WARNING, explains=("FL001",))
def dropout_too_strong(model: ModelFacts, rehearsal: RehearsalFacts | None) -> Findings:
    """Flag dropout that leaves a fifth of the units or fewer."""
    if not model.layers:
        raise CannotTell("0 layers were seen in the forward pass, 1 needed")
    strong: list[tuple[LayerFacts, str, Evidence]] = []
    for layer in model.layers:
        for argument, rate in rates(layer):
            found = Evidence(quantity="dropout_rate", value=rate, bound=("<", MAX_RATE), where=layer.name)
            if found.broken:
                strong.append((layer, argument, found))
    if not strong:
        return
    told = ", ".join(f"`{layer.name}` ({found.value:.3g})" for layer, _, found in strong)
    kept = min(1 - found.value for _, _, found in strong)
    yield Finding(
        message=f"{len(strong)} dropout rate{'s' * (len(strong) > 1)} of {MAX_RATE} or more: {told}; "
        f"as few as {kept:.0%} of the units are left in a step",
        evidence=tuple(found for _, _, found in strong),
        where=strong[0][0].name,
        fixes=(
            Fix(
                title=f"lower the rate, for instance to {USUAL_RATE}",
                edits=tuple(
                    SetLayer(layer=layer.name, argument=argument, value=USUAL_RATE) for layer, argument, _ in strong
                ),
                snippet="\n".join(written(layer, **{argument: USUAL_RATE}) for layer, argument, _ in strong),
            ),
        ),
        severity=severity_unless_learning(Severity.WARNING, rehearsal),
    )


def rates(layer: LayerFacts) -> Iterator[tuple[str, float]]:
    """Tell the dropout rates of a layer by the arguments that set them."""
    if layer.kind in DROPOUT and layer.builtin:
        if "rate" not in layer.config:
            raise CannotTell(f"the rate of `{layer.name}` is not in its configuration")
        yield "rate", float(layer.config["rate"])
    elif layer.kind in RECURRENT and layer.builtin:
        for argument in ("dropout", "recurrent_dropout"):
            if argument in layer.config:
                yield argument, float(layer.config[argument])
