"""Distribution strategies: whether a model is under one, and its scope."""

from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf


def in_strategy() -> bool:
    """Whether the caller is within the scope of a strategy."""
    return bool(tf.distribute.has_strategy())


def is_distributed(model: Any) -> bool:
    """Whether a model was made under a strategy: then a step outside of its scope raises."""
    return getattr(model, "_distribute_strategy", None) is not None


def strategy_scope(model: Any) -> AbstractContextManager[Any]:
    """Return the scope of a model's strategy; the default one's changes nothing."""
    scope: AbstractContextManager[Any] = model.distribute_strategy.scope()
    return scope
