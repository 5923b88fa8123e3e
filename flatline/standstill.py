"""Whether what a user monitors has stopped improving, as `EarlyStopping` would say."""

from typing import Any

import numpy as np

from flatline.errors import FlatlineError
from flatline.logs import EpochLog


def check_waiting(monitor: Any, patience: Any, start_from_epoch: Any, caller: str) -> None:
    """Refuse what is no quantity, no patience and no epoch; the error names the parameter of the caller."""
    if not isinstance(monitor, str):
        raise FlatlineError(f"The `monitor` parameter of {caller} must be a str, such as 'val_loss'. Got {monitor!r}.")
    if patience != "auto" and not _is_count(patience):
        raise FlatlineError(
            f"The `patience` parameter of {caller} must be 'auto' or an int, at least 0. Got {patience!r}."
        )
    if not _is_count(start_from_epoch):
        raise FlatlineError(
            f"The `start_from_epoch` parameter of {caller} must be an int, at least 0. Got {start_from_epoch!r}."
        )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def stands_still(log: EpochLog, name: str, patience: Any, *, larger: bool, steps: int) -> bool:
    """Say whether a quantity that `fit` reports has not improved for as long as the user says.

    Parameters
    ----------
    log : EpochLog
    name : str
        One of its `values`.
    patience : int or "auto"
        Epochs; "auto" takes `steps` steps.
    larger : bool
        Whether larger values are better.
    steps : int
        That it takes to tell a flat loss.
    """
    values = np.asarray(log.values[name]) * (1 if larger else -1)
    if not np.isfinite(values).any():
        return True
    best = int(np.nanargmax(np.where(np.isfinite(values), values, np.nan)))
    if patience == "auto":
        return bool(log.step[-1] - log.step[best] >= steps)
    return len(values) - 1 - best >= int(patience)
