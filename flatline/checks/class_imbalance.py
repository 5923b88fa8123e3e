"""Point out classes of very different size, and flag a training set whose classes have all but vanished.

## What it looks for

Rows of each class, for a single label per row. INFO from a ratio of 10 between the largest and the smallest class
that occurs, unless weights answer for it. WARNING only when at least half of three or more classes are nearly empty
(fewer than 10 rows and less than a fifth of an even share), the ratio is at least 20, and neither `class_weight` nor
sample weights answer for it.

## Why it matters

The loss is a mean over rows: classes with a handful of rows hardly count in it, and answering with the large classes is
nearly optimal. The accuracy on such data looks good and says nothing. A moderate imbalance is no fault: a network
trained on it is calibrated to it.

## Example

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
y = np.repeat(np.arange(6), [150, 150, 3, 2, 2, 1])  # a filter went wrong
y = y[rng.permutation(len(y))]
X = rng.normal(size=(len(y), 6)).astype("float32") + np.eye(6)[y]
model = keras.Sequential(
    [keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(6, "softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy")
```

## Use instead

```python
import keras
import numpy as np

rng = np.random.default_rng(0)
y = np.repeat(np.arange(6), [60, 60, 50, 50, 40, 40])
y = y[rng.permutation(len(y))]
X = rng.normal(size=(len(y), 6)).astype("float32") + np.eye(6)[y]
model = keras.Sequential(
    [keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(6, "softmax")]
)
model.compile("adam", "sparse_categorical_crossentropy")
```

## When it is wrong

Long-tailed classes (words, species) are imbalanced by nature, and two-class problems with rare positives are common:
these are never more than INFO. Outputs for each step or pixel, and vocabularies of more than 100, are not judged. Small
data sets of a few rows a class may be all there is.

## How far to trust the fix

Class weights make rare classes count, and rows that are hardly there noisy: with two rows a class no weight helps, only
more rows do. Judge by balanced accuracy or by class, never by plain accuracy.

## References

- He and Garcia 2009, Learning from Imbalanced Data, doi:10.1109/TKDE.2008.239
- Buda, Maki, Mazurowski 2018, A systematic study of the class imbalance problem, arXiv:1710.05381
"""

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.facts import DataFacts, HeadFacts, ObjectiveFacts, PlanFacts, Task
from flatline.finding import Evidence, Finding, Findings, Severity
from flatline.fix import Fix, Safety, SetFit
from flatline.registry import check

NOTABLE_RATIO = 10.0  # 1; as Amazon SageMaker Debugger's ClassImbalance rule
EXTREME_RATIO = 20.0  # 1; a ratio that class weights still answer for (Buda et al. study up to 100)
FEW_ROWS = 10  # rows; too few to learn a class from, weighted or not
EVEN_SHARE = 0.2  # 1; of n/k; in a Zipf law with 50 classes no class is as rare as that
RARE_SHARE = 0.5  # 1; of the classes that occur
MAX_CLASSES = 100  # classes; more is a vocabulary
_CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})


@check("FL107", cause=Cause.DATA, severity=Severity.INFO)
def class_imbalance(data: DataFacts, objective: ObjectiveFacts, plan: PlanFacts | None) -> Findings:
    """Point out imbalanced classes; flag those that are nearly empty."""
    heads = [head for head in objective.heads if head.task in _CLASSES and len(head.class_counts) >= 2]
    if not heads:
        raise CannotTell(f"class counts are known for 0 of {len(objective.heads)} outputs, 1 is needed")
    weighted = data.has_sample_weight or (plan is not None and plan.class_weight is not None)
    for head in heads:
        counts = [n for _, n in head.class_counts if n > 0]
        ratio = Evidence(
            quantity="class_ratio", value=max(counts) / min(counts), bound=("<=", NOTABLE_RATIO), where=head.name
        )
        if not ratio.broken or not _one_label_a_row(head) or max(len(counts), head.units) > MAX_CLASSES:
            continue
        rare = Evidence(
            quantity="rare_class_share", value=_rare_share(counts), bound=("<", RARE_SHARE), where=head.name
        )
        extreme = rare.broken and ratio.value >= EXTREME_RATIO and len(counts) >= 3
        n_rare = round(rare.value * len(counts))
        detail = f"; {n_rare} of {len(counts)} classes have fewer than {FEW_ROWS} rows" if rare.broken else ""
        if weighted and not rare.broken:
            continue
        yield Finding(
            message=f"the largest class of `{head.name}` has {max(counts):,} rows, the smallest {min(counts):,}"
            + detail,
            evidence=(ratio, rare) if rare.broken else (ratio,),
            where=head.name,
            severity=Severity.WARNING if extreme and not weighted else Severity.INFO,
            fixes=() if weighted else _fixes(head, extreme),
        )


def _rare_share(counts: list[int]) -> float:
    even = sum(counts) / len(counts)
    return sum(n < FEW_ROWS and n < EVEN_SHARE * even for n in counts) / len(counts)


def _one_label_a_row(head: HeadFacts) -> bool:
    """Whether a row has one label: steps of a sequence and pixels of a mask are imbalanced by nature."""
    return len(head.output_shape) <= 1


def _fixes(head: HeadFacts, extreme: bool) -> tuple[Fix, ...]:
    if extreme:
        rows = ", ".join(f"{label:g}: {n}" for label, n in head.class_counts[:10])
        return (Fix(title=f"find out where the rows of the small classes went ({rows})", safety=Safety.ADVICE),)
    if head.encoding not in ("integers", "column", "one_hot"):
        return ()
    total, classes = sum(n for _, n in head.class_counts), len(head.class_counts)
    weights = {int(label): round(total / (classes * n), 3) for label, n in head.class_counts if n > 0}
    return (
        Fix(
            title="weight the classes by their inverse count",
            edits=(SetFit(argument="class_weight", value=weights),),
            snippet=f"model.fit(X, y, class_weight={weights})",
        ),
    )
