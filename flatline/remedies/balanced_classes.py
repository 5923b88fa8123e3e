"""Classes weighted by their inverse count.

The loss is a mean over rows: where one class has most of them, answering with it always is nearly as good as anything,
and rare classes hardly move a weight. Weights that make each class count the same take that answer away. Tried where
the largest class has at least three times the rows of the smallest, and nothing weights them already. Costs one run;
outputs are then no longer probabilities under the classes' true shares.

Source: G. King, L. Zeng, "Logistic Regression in Rare Events Data", 2001, doi:10.1093/oxfordjournals.pan.a004868;
M. Buda, A. Maki, M. Mazurowski, "A systematic study of the class imbalance problem", 2018, arXiv 1710.05381.
"""

from collections.abc import Iterator

from flatline.canonical import single
from flatline.cause import Cause
from flatline.facts import DataFacts, ObjectiveFacts, PlanFacts, Task
from flatline.fix import Fix, SetFit
from flatline.registry import remedy

LEAST_RATIO = 3.0  # 1; always answering with the larger of two such classes is right in three rows of four
MOST_CLASSES = 100  # classes; more is a vocabulary, as in class-imbalance
_CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})


@remedy(cause=Cause.DATA)
def balanced_classes(data: DataFacts, objective: ObjectiveFacts, plan: PlanFacts | None) -> Iterator[Fix]:
    """Pass `class_weight` to `fit`."""
    head = single(objective)
    weighted = data.has_sample_weight or (plan is not None and plan.class_weight is not None)
    if head is None or weighted or head.task not in _CLASSES:
        return
    counts = {int(label): n for label, n in head.class_counts if n > 0}
    if not 2 <= len(counts) <= MOST_CLASSES or len(head.output_shape) > 1 or min(counts) < 0:
        return
    if max(counts.values()) >= LEAST_RATIO * min(counts.values()):
        total = sum(counts.values())
        weights = {label: round(total / (len(counts) * n), 3) for label, n in counts.items()}
        yield Fix(
            title="weight the classes by their inverse count",
            edits=(SetFit(argument="class_weight", value=weights),),
            snippet=f"model.fit(X, y, class_weight={weights})",
        )
