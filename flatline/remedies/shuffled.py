"""Rows in random order.

Batches of neighbouring rows that resemble each other have gradients that pull one way, then another: the network learns
the last class it has seen. Tried where `shuffle=False` keeps the order, or rows sorted by label are split by
`validation_split`, which holds out the last ones as they stand; `fit` shuffles arrays by itself otherwise. Not for
stateful networks, for which the order carries meaning. Costs one run.

Source: L. Bottou, "Stochastic Gradient Descent Tricks", 2012, section 5.1, doi:10.1007/978-3-642-35289-8_25;
Keras documentation, `Model.fit` (`shuffle`, `validation_split`).
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.facts import DataFacts, ModelFacts, PlanFacts
from flatline.fix import Edit, Fix, SetFit, Shuffle
from flatline.registry import remedy

MAX_ORDER = 0.9  # 1; runs of equal labels are ten rows and more above, as in sorted-labels


@remedy(cause=Cause.DATA)
def shuffled(data: DataFacts, plan: PlanFacts, model: ModelFacts | None) -> Iterator[Fix]:
    """Shuffle the rows of X and y together."""
    if data.source != "arrays" or _is_stateful(model):
        return
    kept = plan.shuffle is False
    is_sorted = data.label_order_is_known and data.label_order > MAX_ORDER
    if not kept and not (is_sorted and plan.validation_split > 0):
        return
    edits: tuple[Edit, ...] = (Shuffle(),)
    snippet = "order = np.random.default_rng(0).permutation(len(X))\nX, y = X[order], y[order]"
    if kept:
        edits = (Shuffle(), SetFit(argument="shuffle", value=True))
        snippet += "\nmodel.fit(X, y, shuffle=True)"
    yield Fix(title="shuffle the rows of X and y together before `fit`", edits=edits, snippet=snippet)


def _is_stateful(model: ModelFacts | None) -> bool:
    return model is not None and any(layer.config.get("stateful") is True for layer in model.layers)
