"""Listen to layers while they are called."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras

_lock = threading.Lock()
_listeners: list[Callable[[Any, Any], None]] = []
_layer_call = keras.layers.Layer.__call__


def _call_and_tell(self: Any, *args: Any, **kwargs: Any) -> Any:
    outputs = _layer_call(self, *args, **kwargs)
    for listener in _listeners:
        listener(self, outputs)
    return outputs


@contextlib.contextmanager
def hooked(listener: Callable[[Any, Any], None]) -> Iterator[None]:
    """Tell a listener of every layer call; replicas run in threads of their own, so the hooks are counted."""
    with _lock:
        _listeners.append(listener)
        _set(_call_and_tell)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(listener)
            if not _listeners:
                _set(_layer_call)


def _set(call: Callable[..., Any]) -> None:
    keras.layers.Layer.__call__ = call
