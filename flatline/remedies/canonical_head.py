"""The last activation and the loss that are usual for the task, together.

Where both are wrong, mending one may not help: tanh with a squared error on class labels stays poor with softmax under
the same loss, and cross-entropy cannot be computed of what tanh returns. So both are tried at once, where neither alone
makes the output a usual one. Costs one run.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2 ("a natural pairing of the error
function and the output unit activation function").
"""

from collections.abc import Iterator

from flatline.canonical import canon, has_activation, has_loss, relabelled, single
from flatline.cause import Cause
from flatline.changes import at, fix, set_activation, set_loss
from flatline.editable import reaches
from flatline.facts import ModelFacts, ObjectiveFacts
from flatline.fix import Fix
from flatline.registry import remedy


@remedy(cause=Cause.OUTPUT_ACTIVATION)
def canonical_head(objective: ObjectiveFacts, model: ModelFacts) -> Iterator[Fix]:
    """Give the output the usual activation and loss."""
    head = single(objective)
    usual = None if head is None else canon(head)
    if head is None or usual is None or usual.units != head.units or has_loss(head, usual):
        return
    if has_activation(head, usual.activation) or has_activation(head, "linear"):
        return  # the loss alone will do
    change = set_activation(head, model, usual.activation)
    if change.edits and reaches(model, head.layer):
        labels = relabelled(objective, head, usual.loss)
        yield fix(
            f'use `activation="{usual.activation}"` in {at(head)} and `{usual.loss}`'
            + (", with labels from 0" if labels else ""),
            change,
            set_loss(objective, head, usual.loss),
            *labels,
        )
