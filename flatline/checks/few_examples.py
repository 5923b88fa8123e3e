"""Point out a training set that is very small for the number of weights.

## What it looks for

Fewer than 1,000 training rows together with more than 100 trainable weights a row. It is never more than INFO: large
networks on little data often do well.

## Why it matters

Networks of that size can learn every row by heart, labels at random included, so a falling training loss says
nothing yet about other data. For images a network that was trained on millions of others brings along what a few
hundred pictures cannot teach.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 1, size=(40, 16, 16, 3)).astype("float32")
y = (X[:, :8].mean(axis=(1, 2, 3)) > 0.5).astype("int32")
model = keras.Sequential(
    [keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(32, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile("adam", "binary_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
X = rng.uniform(0, 1, size=(40, 16, 16, 3)).astype("float32")
y = (X[:, :8].mean(axis=(1, 2, 3)) > 0.5).astype("int32")
backbone = keras.Sequential(  # stands for keras.applications.MobileNetV2(include_top=False)
    [keras.Input((16, 16, 3)), keras.layers.Conv2D(16, 3, strides=2, activation="relu")]
)
backbone.trainable = False
model = keras.Sequential([backbone, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
```

## When it is wrong

When the rows are enough for the task all the same, or are meant to be learned by heart (a single image, a test).

## How far to trust the fix

Pre-trained weights help with photographs and text, less with spectra or medical scans. More rows always help.

## References

- Zhang, Bengio, Hardt, Recht, Vinyals 2017, Understanding deep learning requires rethinking generalization,
  arXiv:1611.03530
- Yosinski, Clune, Bengio, Lipson 2014, How transferable are features in deep neural networks?, arXiv:1411.1792
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import DataFacts, ModelFacts, Shape
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety
from flatline.registry import check

MAX_WEIGHTS_PER_ROW = 100.0  # 1; ResNet-50 on ImageNet has 20, LeNet on MNIST 1
SMALLEST = 32  # pixels; side of the images that the backbones of keras.applications take
MANY_ROWS = 1000  # rows; beyond, networks of any size are routinely trained from scratch


@check("FL112", cause=Cause.CAPACITY, severity=Severity.INFO)
def few_examples(data: DataFacts, model: ModelFacts) -> Findings:
    """Point out few rows for many trainable weights."""
    if not data.n_rows or not data.inputs or not model.layers:
        raise CannotTell("the number of rows or of layers is 0 or unknown, both are needed")
    weights = Evidence(
        quantity="weights_per_row", value=model.n_trainable / data.n_rows, bound=("<=", MAX_WEIGHTS_PER_ROW)
    )
    if not weights.broken or data.n_rows >= MANY_ROWS:
        return
    image = next((array for array in data.inputs if len(array.shape) == 3), None)
    yield Finding(
        message=f"{data.n_rows:,} rows for {model.n_trainable:,} trainable weights: {weights.value:,.0f} a row",
        evidence=(weights,),
        fixes=(_more_rows(),) if image is None else (_augment(), *_pretrained(image.shape)),
    )


def _pretrained(shape: Shape) -> tuple[Fix, ...]:
    """Backbones take colour images of 32 pixels or more."""
    if shape[-1] != 3 or min(side or SMALLEST for side in shape[:-1]) < SMALLEST:
        return ()
    fix = Fix(
        title="start from pre-trained weights and train a new head",
        safety=Safety.ADVICE,
        snippet='backbone = keras.applications.MobileNetV2(include_top=False, pooling="avg", weights="imagenet")\n'
        "backbone.trainable = False  # it wants pixels scaled to [-1, 1]",
    )
    return (fix,)


def _augment() -> Fix:
    return Fix(
        title="augment the pictures",
        safety=Safety.ADVICE,
        snippet="keras.layers.RandomRotation(0.1), keras.layers.RandomZoom(0.1)  # RandomFlip too, if mirrored is well",
    )


def _more_rows() -> Fix:
    return Fix(title="hold rows out and compare with a smaller network, or collect more rows", safety=Safety.ADVICE)
