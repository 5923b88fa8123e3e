"""What `fit` is about to be asked for: epochs, batches, steps."""

import inspect
import math
from collections.abc import Mapping
from typing import Any

import keras

from flatline.facts import DataFacts, PlanFacts
from flatline.measure.sources import refusal

BATCH_SIZE = 32  # Keras' default for arrays


def check_fit_args(fit_args: Mapping[str, Any]) -> None:
    """Refuse arguments that `fit` does not know.

    Raises
    ------
    FlatlineError
        If a key is not an argument of `keras.Model.fit`, or a value cannot be one.
    """
    if not isinstance(fit_args, Mapping):
        raise refusal("fit_args", "a mapping of arguments of fit", f"a {type(fit_args).__name__}.")
    known = [name for name in inspect.signature(keras.Model.fit).parameters if name not in ("self", "x", "y")]
    unknown = [str(name) for name in fit_args if name not in known]
    if unknown:
        raise refusal("fit_args", f"arguments of fit ({', '.join(known)})", f"{', '.join(unknown)}.")
    for name in ("epochs", "batch_size", "steps_per_epoch"):
        value = fit_args.get(name)
        if value is not None and not (isinstance(value, (int, float)) and value >= 1 and int(value) == value):
            raise refusal("fit_args", f"arguments of fit, {name} a positive whole number", f"{value!r}.")
    split = fit_args.get("validation_split") or 0.0
    if not (isinstance(split, (int, float)) and 0 <= split < 1):
        raise refusal("fit_args", "arguments of fit, validation_split in [0, 1)", f"{split!r}.")


def plan_facts(
    fit_args: Mapping[str, Any], *, data: DataFacts, validation_split: float, pipeline_steps: int | None
) -> PlanFacts:
    """Derive what the coming `fit` will do from its arguments and the data.

    Parameters
    ----------
    fit_args : mapping
        Empty if not known; `epochs` is None where nobody knows how often `fit` will be called.
    data : DataFacts
        The training data.
    validation_split : float
        That is in effect: 0 when there are validation data.
    pipeline_steps : int or None
        Batches of one epoch of a pipeline, where it knows them.
    """
    batch_size, steps = fit_args.get("batch_size"), fit_args.get("steps_per_epoch")
    if data.source == "arrays":
        n = math.floor((data.n_rows or 0) * (1.0 - validation_split))
        # Keras cuts arrays into as many batches as there are steps when only the steps are given.
        batch_size = batch_size or (math.ceil(n / steps) if steps else BATCH_SIZE)
        steps = steps or math.ceil(n / batch_size)
        shuffle = bool(fit_args.get("shuffle", True))
    else:
        batch_size, steps, shuffle = data.batch_size, steps or pipeline_steps, None
    epochs = None
    if fit_args and fit_args.get("epochs", 1) is not None:
        epochs = max(0, int(fit_args.get("epochs", 1)) - int(fit_args.get("initial_epoch") or 0))
    return PlanFacts(
        given=bool(fit_args),
        epochs=epochs,
        batch_size=None if batch_size is None else int(batch_size),
        steps_per_epoch=None if steps is None else int(steps),
        shuffle=shuffle,
        validation_split=validation_split,
        class_weight=fit_args.get("class_weight"),
    )
