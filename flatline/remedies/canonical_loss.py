"""The loss that is usual for the task.

Cross-entropy is the negative log-likelihood of class labels, the squared error that of quantities with normal noise.
Another loss has another best answer (the absolute error's is the median, which for rare positives is "no" for all) or
hardly any gradient where the answer is wrong (squared errors behind softmax). Tried where the last activation already
fits the task; a linear output for classes gets `from_logits=True`. Labels are written for the new loss where they have
to be. Costs one run.

Source: C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.2; P. Golik, P. Doetsch, H. Ney,
"Cross-entropy vs. squared error training", Interspeech 2013, doi:10.21437/Interspeech.2013-436.
"""

from collections.abc import Iterator

from flatline.canonical import canon, has_activation, has_loss, relabelled, single
from flatline.cause import Cause
from flatline.changes import fix, set_loss
from flatline.facts import ObjectiveFacts
from flatline.fix import Fix
from flatline.registry import remedy


@remedy(cause=Cause.LOSS)
def canonical_loss(objective: ObjectiveFacts) -> Iterator[Fix]:
    """Compile with the usual loss for the output as it is."""
    head = single(objective)
    usual = None if head is None else canon(head)
    if head is None or usual is None or usual.units != head.units:
        return
    logits = usual.is_classifier and has_activation(head, "linear")
    if not logits and not has_activation(head, usual.activation):
        return  # the activation would have to change as well
    if has_loss(head, usual) and bool(head.from_logits) == logits:
        return
    labels = relabelled(objective, head, usual.loss)
    yield fix(
        f"compile with `{usual.loss}`"
        + (" and `from_logits=True`" if logits else "")
        + (", with labels from 0" if labels else ""),
        set_loss(objective, head, usual.loss, from_logits=logits),
        *labels,
    )
