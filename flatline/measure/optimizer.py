"""The compiled optimizer, and what its first real step does to the weights."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Array, OptimizerFacts, PlanFacts


def rate_setter(callbacks: Any) -> str | None:
    """Name the callback that will set the learning rate in `fit`: the compiled one is then not what is trained with.

    Keras' own scheduler is known; a callback of the user's is one when its code names `learning_rate`.
    """
    for callback in keras.tree.flatten(callbacks or []):
        kind = type(callback)
        own = not kind.__module__.startswith("keras.") and isinstance(callback, keras.callbacks.Callback)
        codes = [getattr(method, "__code__", None) for method in vars(kind).values()] if own else []
        names = {name for code in codes if code is not None for name in (*code.co_names, *code.co_consts)}
        if isinstance(callback, keras.callbacks.LearningRateScheduler) or "learning_rate" in names:
            return kind.__name__
    return None


def optimizer_facts(model: Any, plan: PlanFacts, gradients: Sequence[Array | None] | None) -> OptimizerFacts | str:
    """Read the optimizer's arguments and take one step along gradients (undone); None: take none."""
    optimizer = model.optimizer
    if optimizer is None:
        return "the model was compiled without an optimizer"
    rate = optimizer._learning_rate
    scheduled = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    if scheduled:
        horizon = np.unique(np.linspace(0, (plan.n_steps or 1000) - 1, 50).astype(int))
        rates = [float(np.asarray(keras.ops.convert_to_numpy(rate(int(s))))) for s in horizon]
        first, peak = rates[0], max(rates)
    else:
        first = peak = float(np.asarray(keras.ops.convert_to_numpy(optimizer.learning_rate)))
    config = {k: v for k, v in optimizer.get_config().items() if isinstance(v, (int, float, str, bool, type(None)))}
    ratios = {} if gradients is None else _first_step(model, gradients)
    return OptimizerFacts(
        kind=type(optimizer).__name__,
        learning_rate=first,
        scheduled=scheduled,
        peak_rate=peak,
        config=config,
        update_ratio=float(np.median(list(ratios.values()))) if ratios else float("nan"),
        update_ratios=ratios,
    )


def _first_step(model: Any, gradients: Sequence[Array | None]) -> dict[str, float]:
    """‖ΔW‖/‖W‖ of every kernel in one real step, by layer."""
    kernels = [v for v in model.trainable_variables if len(v.shape) >= 2]
    before = [np.array(v.numpy()) for v in kernels]
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    everything = [(v, np.array(v.numpy())) for v in (*model.variables, *model.optimizer.variables)]
    backend.apply_gradients(model, gradients)
    ratios = {}
    for variable, old in zip(kernels, before, strict=True):
        norm = float(np.linalg.norm(old.astype("float64")))
        if norm > 0:
            owner = variable.path.rpartition("/")[0].rpartition("/")[2]
            change = float(np.linalg.norm((np.asarray(variable.numpy()) - old).astype("float64")))
            ratios[owner or variable.path] = change / norm
    for variable, value in everything:
        variable.assign(value)
    return ratios
