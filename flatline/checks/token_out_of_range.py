"""Flag numbers that an `Embedding` has no row for.

## What it looks for

The smallest and largest number that reaches each `Embedding`, against its `input_dim`. Where the model has one input
and the embedding reads it directly, the whole array is judged, not only the samples that were run.

## Why it matters

An embedding looks row i of a table up. Where there is no row i the CPU stops with an error about indices in the middle
of an epoch; a GPU may silently return zeros, and those tokens are never learned. The usual slip: a vocabulary of n
words numbered from 1 needs `input_dim=n + 1`, since 0 is the padding.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.integers(1, 101, size=(120, 8))  # words 1 … 100, 0 is padding
X[0, 0] = 100
y = rng.integers(0, 2, size=120)
model = keras.Sequential(
    [keras.Input((8,), dtype="int32"), keras.layers.Embedding(100, 4, name="words"), keras.layers.Flatten()]
)
model.add(keras.layers.Dense(1, "sigmoid"))
model.compile("adam", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.integers(1, 101, size=(120, 8))
X[0, 0] = 100
y = rng.integers(0, 2, size=120)
model = keras.Sequential(
    [keras.Input((8,), dtype="int32"), keras.layers.Embedding(101, 4, name="words"), keras.layers.Flatten()]
)
model.add(keras.layers.Dense(1, "sigmoid"))
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

It is not, for the numbers that it saw. Rows that were not read may hold larger ones.

## How far to trust the fix

A larger table is right when the numbers are right. When they come from another tokenizer than the model, or are values
and not tokens, correct the numbers instead.

## References

- Keras documentation, `keras.layers.Embedding`, `input_dim` ("maximum integer index + 1")
- TensorFlow documentation, `tf.gather` (out-of-bound indices on CPU and GPU)
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import DataFacts, LayerFacts, ModelFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetLayer
from flatline.layers import code
from flatline.registry import check


@check("FL109", cause=Cause.DATA, severity=Severity.ERROR)
def token_out_of_range(data: DataFacts | None, model: ModelFacts) -> Findings:
    """Flag embeddings that are asked for rows they do not have."""
    if not model.layers:
        raise CannotTell("0 layers were seen, at least 1 is needed")
    unknown: list[str] = []
    found = False
    for layer in model.layers:
        if layer.kind != "Embedding" or not layer.builtin:
            continue
        rows = layer.config.get("input_dim", layer.kernel_shape[0] if layer.kernel_shape else None)
        low, high = _range(data, model, layer)
        if rows is None or math.isnan(low) or math.isnan(high):
            unknown.append(layer.name)
            continue
        over = Evidence(quantity="token_id", value=high, bound=("<=", float(rows - 1)), where=layer.name)
        under = Evidence(quantity="token_id", value=low, bound=(">=", 0.0), where=layer.name)
        if over.broken:
            found = True
            yield Finding(
                message=f"`{layer.name}` has rows 0 to {rows - 1:,} and is asked for row {high:,.0f}",
                evidence=(over,),
                where=layer.name,
                fixes=(_enlarge(layer, int(high) + 1),),
            )
        if under.broken:
            found = True
            yield Finding(
                message=f"`{layer.name}` has rows from 0 and is asked for row {low:,.0f}",
                evidence=(under,),
                where=layer.name,
                fixes=(Fix(title="number the tokens from 0", safety=Safety.ADVICE, snippet="X = X - X.min()"),),
            )
    if unknown and not found:
        raise CannotTell(f"the numbers that reach {len(unknown)} embeddings (`{unknown[0]}`) were not measured")


def _range(data: DataFacts | None, model: ModelFacts, layer: LayerFacts) -> tuple[float, float]:
    """Smallest and largest number seen at a layer, over all rows read where it reads the only input."""
    seen = [layer.input_min], [layer.input_max]
    if data is not None and len(data.inputs) == 1 and layer.reads_model_input:
        seen[0].append(data.inputs[0].minimum)
        seen[1].append(data.inputs[0].maximum)
    low = min((value for value in seen[0] if not math.isnan(value)), default=math.nan)
    return low, max((value for value in seen[1] if not math.isnan(value)), default=math.nan)


def _enlarge(layer: LayerFacts, rows: int) -> Fix:
    width = layer.kernel_shape[-1] if layer.kernel_shape else layer.config.get("output_dim", "…")
    return Fix(
        title=f"give `{layer.name}` a row for every token: `input_dim={rows}`",
        edits=(SetLayer(layer=layer.name, argument="input_dim", value=rows),),
        snippet=code("Embedding", f"input_dim={rows}, output_dim={width}", layer.name),
    )
