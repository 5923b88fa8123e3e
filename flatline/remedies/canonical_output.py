"""The last activation that is usual for the task.

Exclusive classes go with softmax, a yes or no and independent labels with sigmoid, quantities with no activation: the
canonical links, for which the error that flows back is simply answer minus target. Under a loss that takes logits it is
none for all. Tried where the output behaves otherwise, its units fit the task and the loss is kept. Costs one run.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, sections 4.3.6 and 5.2.
"""

from collections.abc import Iterator

from flatline.canonical import HINGES, canon, has_activation, single
from flatline.cause import Cause
from flatline.changes import at, fix, set_activation
from flatline.editable import reaches
from flatline.facts import ModelFacts, ObjectiveFacts
from flatline.fix import Fix
from flatline.registry import remedy


@remedy(cause=Cause.OUTPUT_ACTIVATION)
def canonical_output(objective: ObjectiveFacts, model: ModelFacts) -> Iterator[Fix]:
    """Give the output the usual activation, under the loss as it is."""
    head = single(objective)
    usual = None if head is None else canon(head)
    if head is None or usual is None or usual.units != head.units or head.loss in HINGES:
        return
    activation = "linear" if head.from_logits else usual.activation
    change = set_activation(head, model, activation)
    if change.edits and reaches(model, head.layer) and not has_activation(head, activation):
        yield fix(f'use `activation="{activation}"` in {at(head)}', change)
