"""Targets of zero mean and unit scale.

A fresh network answers with numbers around zero of size one. Targets around 200, or of a millionth, have to be reached
by the bias and the scale of the last layer alone, step by step, before anything else is learnt. Tried for quantities
under a squared, absolute or Huber loss and a linear output. Costs one run; predictions are then in units of the
targets' spread, and the two numbers that undo it have to be kept.

Source: C. M. Bishop, "Neural Networks for Pattern Recognition", 1995, section 8.2 (pre-processing of inputs and
targets); Y. LeCun et al., "Efficient BackProp", 1998, section 4.3, doi:10.1007/3-540-49430-8_2.
"""

from collections.abc import Iterator

import numpy as np

from flatline.canonical import QUANTITIES, single
from flatline.cause import Cause
from flatline.changes import fix, map_labels
from flatline.entry import STANDARDISE_TARGETS
from flatline.facts import ArrayFacts, ObjectiveFacts, Task
from flatline.fix import Fix
from flatline.outputs import cell_by_cell
from flatline.registry import remedy

MOST_MEAN = 1.0  # 1; what a fresh output of unit size reaches by itself
USUAL_STD = (0.5, 2.0)  # 1; within a factor of two of a fresh output's


@remedy(cause=Cause.LABELS)
def standardised_targets(objective: ObjectiveFacts) -> Iterator[Fix]:
    """Standardise the columns of the targets."""
    head = single(objective)
    if head is None or head.target is None or head.task is not Task.REGRESSION or head.loss not in QUANTITIES:
        return
    if cell_by_cell(head) and not _is_usual(head.target):  # another activation may have to go as well: that is tried
        yield fix("standardise the targets", map_labels(objective, "standardize", STANDARDISE_TARGETS))


def _is_usual(target: ArrayFacts) -> bool:
    """Whether columns lie around zero at unit scale already, or none varies."""
    used = target.feature_std > 0
    mean, std = target.feature_mean[used], target.feature_std[used]
    return bool(np.all(np.abs(mean) <= MOST_MEAN) and np.all((std >= USUAL_STD[0]) & (std <= USUAL_STD[1])))
