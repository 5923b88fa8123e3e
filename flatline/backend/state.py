"""Variables of the backend, and the state of its random numbers."""

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context as tf_context

from flatline.facts import Array


def is_variable(thing: Any) -> bool:
    """Whether this is a variable of the backend (Keras' own variables hold one)."""
    return isinstance(thing, tf.Variable)


def read(variable: Any) -> Array:
    """Copy the value of a variable."""
    return np.array(variable.numpy(), copy=True)


def peek(variable: Any, n: int) -> Array:
    """Copy the first cells of a variable."""
    return np.asarray(tf.reshape(tf.convert_to_tensor(variable), [-1])[:n])


def write(variable: Any, value: Array) -> None:
    """Set the value of a variable."""
    variable.assign(value)


def unwrapped(thing: Any) -> Any:
    """The plain container inside a tracking wrapper of the backend."""
    if type(thing).__module__.startswith("tensorflow."):
        return getattr(thing, "__wrapped__", getattr(thing, "_storage", thing))
    return thing


def random_state() -> Any:
    """State of the backend's own eager random numbers."""
    internal = getattr(tf_context.context(), "_rng", None)  # absent until a seed is set or a number drawn
    return None if internal is None else internal.getstate()


def set_random_state(state: Any) -> None:
    """Put `random_state` back."""
    if state is not None:
        tf_context.context()._rng.setstate(state)
