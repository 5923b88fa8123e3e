"""The observer leaves no trace: everything measurement may touch is put back, bit by bit, also after an error."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state

from flatline import backend


class _Snapshot:
    """What an object graph looked like: attributes, contents of containers, values of variables."""

    def __init__(self, *roots: Any) -> None:
        self._seen: dict[int, Any] = {}  # keeps visited objects alive, so that an id is not used twice
        self._attributes: list[tuple[Any, dict[str, Any]]] = []
        self._contents: list[tuple[Any, Any]] = []
        self._values: list[tuple[Any, np.ndarray[Any, Any]]] = []
        pending = list(roots)
        while pending:
            pending.extend(self._visit(pending.pop()))

    def _visit(self, thing: Any) -> Iterator[Any]:
        if id(thing) in self._seen:
            return
        self._seen[id(thing)] = thing
        thing = backend.unwrapped(thing)
        if backend.is_variable(thing):
            self._values.append((thing, backend.read(thing)))
        elif isinstance(thing, dict):
            self._contents.append((thing, dict(thing)))
            yield from thing.values()
        elif isinstance(thing, (list, set)):
            self._contents.append((thing, list(thing) if isinstance(thing, list) else set(thing)))
            yield from list(thing)
        elif isinstance(thing, tuple):
            yield from thing
        elif _is_stateful(thing):
            attributes = vars(thing)
            self._attributes.append((thing, dict(attributes)))
            yield from list(attributes.values())

    def restore(self) -> None:
        for thing, attributes in self._attributes:
            current = vars(thing)
            if current.keys() != attributes.keys() or any(current[name] is not attributes[name] for name in attributes):
                current.clear()
                current.update(attributes)
        for thing, contents in self._contents:
            # The base class's methods: Keras' tracked containers would register what is put back a second time.
            if isinstance(thing, dict):
                dict.clear(thing)
                dict.update(thing, contents)
            elif isinstance(thing, list):
                list.__setitem__(thing, slice(None), contents)
            else:
                set.clear(thing)
                set.update(thing, contents)
        for variable, value in self._values:
            backend.write(variable, value)


def _is_stateful(thing: Any) -> bool:
    """Whether an object belongs to a Keras model: a class of Keras, or the user's own subclass of one."""
    if isinstance(thing, type) or not hasattr(thing, "__dict__"):
        return False
    return any(base.__module__.startswith("keras.") for base in type(thing).__mro__)


@contextlib.contextmanager
def random_state_kept() -> Iterator[None]:
    """Put the global random states of Python, NumPy and the backend back to what they were, however the block ends."""
    python_state, numpy_state, backend_state = random.getstate(), np.random.get_state(), backend.random_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        backend.set_random_state(backend_state)


@contextlib.contextmanager
def preserved(*roots: Any) -> Iterator[None]:
    """Put models, random state and Keras' global state back to what they were, however the block ends.

    Parameters
    ----------
    *roots : object
        Models (compiled or not, built or not), optimizers, or containers of them.

    Notes
    -----
    Copies the value of every variable once: time and memory are linear in the number of weights.
    """
    tracker = vars(global_state.GLOBAL_STATE_TRACKER)
    attributes = dict(tracker)
    snapshot = _Snapshot(*roots, *attributes.values(), keras.config.dtype_policy())
    try:
        with random_state_kept():
            yield
    finally:
        snapshot.restore()
        tracker.clear()
        tracker.update(attributes)
