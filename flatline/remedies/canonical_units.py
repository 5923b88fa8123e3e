"""As many output units as the task has answers.

One softmax unit a class, one sigmoid unit for yes or no, one linear unit a column of the targets; with the activation
and the loss that go with them. Fewer units cannot name all classes; one unit against a row of targets is compared with
each of them by broadcasting. More softmax units than the labels name do no harm, and are left. Costs one run.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2; Keras documentation,
"SparseCategoricalCrossentropy" (one unit a class).
"""

from collections.abc import Iterator

from flatline.canonical import Canon, canon, has_loss, relabelled, single
from flatline.cause import Cause
from flatline.changes import Change, at, fix, set_loss, set_units
from flatline.editable import is_assembled, reaches
from flatline.facts import HeadFacts, ModelFacts, ObjectiveFacts
from flatline.fix import Fix
from flatline.outputs import SPARSE
from flatline.registry import remedy


@remedy(cause=Cause.OUTPUT_UNITS)
def canonical_units(objective: ObjectiveFacts, model: ModelFacts) -> Iterator[Fix]:
    """Give the output the usual number of units, their activation and their loss."""
    head = single(objective)
    usual = None if head is None else canon(head)
    if head is None or usual is None or not _is_off(head, usual):
        return
    if not is_assembled(model) or not reaches(model, head.layer, head.weighted_layer):
        return
    kept = has_loss(head, usual)
    activation = "linear" if kept and head.from_logits else usual.activation
    change = set_units(head, model, usual.units, activation)
    if change.edits:
        loss: tuple[Change, ...] = () if kept else (set_loss(objective, head, usual.loss),)
        labels = relabelled(objective, head, usual.loss)
        noun = "unit" if usual.units == 1 else "units"
        yield fix(
            f"use {usual.units} `{activation}` {noun} in {at(head)}"
            + ("" if kept else f", and `{usual.loss}`")
            + (", with labels from 0" if labels else ""),
            change,
            *loss,
            *labels,
        )


def _is_off(head: HeadFacts, usual: Canon) -> bool:
    if usual.loss in SPARSE:
        return head.units < usual.units
    return head.units != usual.units
