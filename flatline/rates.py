"""The learning rate of a run as a number to change: what it is, and the fix that sets it."""

import numpy as np

from flatline.fix import Fix, Safety, SetCompile
from flatline.logs import RunFacts, UpdateLog

DEFAULTS = {"SGD": 0.01}  # Keras' default rate by optimizer; 0.001 for most others
LARGEST = 10.0  # 1; ten times the largest default there is (Adadelta had 1): what needs more has another fault
DEFAULT = 0.001  # 1; of Adam, AdamW, RMSprop, Nadam, Adamax, Adagrad


def rate_at(run: RunFacts, updates: UpdateLog | None, step: int | None = None) -> float:
    """Return the rate in the last sample up to `step`, or of all; what the run began with where none was sampled."""
    if updates is not None and len(updates):
        known = np.isfinite(updates.learning_rate)
        if step is not None:
            known &= updates.step <= step
        if known.any():
            return float(updates.learning_rate[known][-1])
    return run.learning_rate


def rounded(rate: float) -> float:
    """Round to one significant digit: a rate is a guess of magnitude."""
    return float(f"{rate:.0e}")


def set_rate(run: RunFacts, rate: float, *, than: float) -> tuple[Fix, ...]:
    """Return the fix that sets the rate; ADVICE under a schedule, nothing if `rate` is none to set.

    Parameters
    ----------
    run : RunFacts
    rate : float
        To be set, rounded to one significant digit.
    than : float
        The rate as it is, to which a schedule is compared.
    """
    if not 0 < rate <= LARGEST:
        return ()
    rate = rounded(rate)
    if run.scheduled:
        title = f"raise the schedule of the learning rate to some {rate:.3g}"
        if than > 0:
            title = f"multiply the schedule of the learning rate by {rate / than:.1g}, to {rate:.3g} at that step"
        return (Fix(title=title, safety=Safety.ADVICE),)
    if run.custom_train_step:
        title = f"set the learning rate of the optimizer that moves these weights to {rate:.3g}"
        return (Fix(title=title, safety=Safety.ADVICE),)
    return (
        Fix(
            title=f"set the learning rate to {rate:.3g}",
            edits=(SetCompile(argument="optimizer.learning_rate", value=rate),),
            snippet=f"optimizer = keras.optimizers.{run.optimizer}(learning_rate={rate:.3g})",
        ),
    )


def default_rate(run: RunFacts) -> float:
    """Return the rate to begin with where there is none to go by."""
    return DEFAULTS.get(run.optimizer, DEFAULT)
