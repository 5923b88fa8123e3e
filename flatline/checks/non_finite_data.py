"""Flag a NaN or infinite cell in X or y, even a single one.

## What it looks for

Cells of inputs and targets that are NaN or ±infinity, in every row that fits into the scan. It passes only when all
rows were read; otherwise it says how many were. It is INFO where the model seems to expect them: a `Masking` layer, a
`Lambda`, a layer of your own or code between layers reads the data first; or a loss of your own reads the targets.

## Why it matters

One NaN makes the loss of its batch NaN, one step later every weight, and nothing recovers from that. Worse, the loss
need not show it: a ReLU can turn NaN into 0, and then the loss stays at a finite value for ever while the first kernel
is NaN and `keras.callbacks.TerminateOnNaN` sees nothing.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4)).astype("float32")
y = (X[:, 0] > 0).astype("int32")
X[17, 2] = np.nan  # one sensor failed once
model = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4)).astype("float32")
y = (X[:, 0] > 0).astype("int32")
X[17, 2] = np.nan
whole = np.isfinite(X).all(axis=1)
X, y = X[whole], y[whole]
model = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

A model that replaces or masks missing values in a way this check does not recognise, for instance in a custom
`train_step`, is right to receive them. Ignore the code there.

## How far to trust the fix

Dropping rows is advice: it is right for a few rows that miss at random. Where many rows miss a value, or missing tells
something, impute the value and add a column that says that it was missing.

## References

- Keras documentation, `keras.callbacks.TerminateOnNaN` (it looks at the loss only)
- Little and Rubin 2019, Statistical Analysis with Missing Data, doi:10.1002/9781119482260
"""

import math

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import ArrayFacts, DataFacts, ModelFacts, ObjectiveFacts
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.registry import check

_HANDLES_NAN = frozenset({"Masking", "Lambda", "Where", "NanToNum", "Isnan", "Isfinite", "GetItem", "IsNan"})


@check("FL101", cause=Cause.DATA, severity=Severity.ERROR, explains=("FL501", "FL503"))
def non_finite_data(data: DataFacts, model: ModelFacts | None, objective: ObjectiveFacts | None) -> Findings:
    """Flag NaN and infinite cells; pass only when every row was searched."""
    if not data.inputs:
        raise CannotTell("no input was read, at least one is needed")
    any_found = False
    for array in (*data.inputs, *data.targets):
        cells = Evidence(
            quantity="nonfinite_cells", value=array.n_nonfinite, bound=("==", 0), unit="cells", where=array.name
        )
        if cells.broken:
            any_found = True
            is_input = any(array is one for one in data.inputs)
            meant = _model_expects_nan(model) if is_input else _loss_expects_nan(objective)
            yield Finding(
                message=_message(array),
                evidence=(cells,),
                where=array.name,
                severity=Severity.INFO if meant else Severity.ERROR,
                fixes=() if meant else (_drop_rows(array, is_input),),
            )
    half_read = next((one for one in (*data.inputs, *data.targets) if _can_hold_nan(one) and not one.complete), None)
    if half_read is not None and not any_found:
        total = "an unknown number of" if half_read.n_rows is None else f"{half_read.n_rows:,}"
        raise CannotTell(f"{half_read.n_scanned:,} of {total} rows of `{half_read.name}` were read, all are needed")


def _can_hold_nan(array: ArrayFacts) -> bool:
    return not array.dtype.startswith(("int", "uint", "bool", "str", "object"))


def _model_expects_nan(model: ModelFacts | None) -> bool:
    if model is None:
        return False
    before_kernels: list[bool] = []
    for layer in model.layers:
        read_by_code = not layer.inputs and not layer.reads_model_input
        before_kernels.append(layer.kind in _HANDLES_NAN or not layer.builtin or read_by_code)
        if len(layer.kernel_shape) >= 2:
            break
    return any(before_kernels)


def _loss_expects_nan(objective: ObjectiveFacts | None) -> bool:
    return objective is not None and any(head.loss == "custom" for head in objective.heads)


def _message(array: ArrayFacts) -> str:
    total = array.n_scanned * math.prod(length or 1 for length in array.shape)
    noun = "cell" if array.n_nonfinite == 1 else "cells"
    where = []
    if array.nonfinite_features and math.prod(length or 2 for length in array.shape) > 1:
        where.append(_listed("feature", array.nonfinite_features))
    if array.nonfinite_rows:
        where.append(_listed("row", array.nonfinite_rows))
    place = f" ({'; '.join(where)})" if where else ""
    return f"`{array.name}` holds {array.n_nonfinite:,} non-finite {noun} among the {total:,} read{place}"


def _listed(noun: str, numbers: tuple[int, ...]) -> str:
    more = ", …" if len(numbers) >= 5 else ""
    return f"{noun}{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:5]))}{more}"


def _drop_rows(array: ArrayFacts, is_input: bool) -> Fix:
    name = "X" if is_input else "y"
    return Fix(
        title=f"drop or impute the rows of `{array.name}` that are not finite",
        safety=Safety.ADVICE,
        snippet=f"whole = np.isfinite({name}).reshape(len({name}), -1).all(axis=1)\nX, y = X[whole], y[whole]",
    )
