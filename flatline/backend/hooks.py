"""Listen to layers while they are called."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

_lock = threading.Lock()
_listeners: list[Callable[[Any, Any], None]] = []
_editors: list[Callable[[Any, Any, Any], Any]] = []
_layer_call = keras.layers.Layer.__call__


def _call_and_tell(self: Any, *args: Any, **kwargs: Any) -> Any:
    outputs = _layer_call(self, *args, **kwargs)
    for editor in _editors:
        outputs = editor(self, (args, kwargs), outputs)
    for listener in _listeners:
        listener(self, outputs)
    return outputs


@contextlib.contextmanager
def hooked(listener: Callable[[Any, Any], None]) -> Iterator[None]:
    """Tell a listener of every layer call; replicas run in threads of their own, so the hooks are counted."""
    with _registered(_listeners, listener):
        yield


@contextlib.contextmanager
def edited(editor: Callable[[Any, Any, Any], Any]) -> Iterator[None]:
    """Show an editor what every layer is given and makes, in this thread alone; what it returns takes its place."""
    mine = threading.get_ident()

    def edit(layer: Any, given: Any, outputs: Any) -> Any:
        return editor(layer, given, outputs) if threading.get_ident() == mine else outputs

    with _registered(_editors, edit):
        yield


@contextlib.contextmanager
def _registered(group: list[Any], member: Any) -> Iterator[None]:
    with _lock:
        group.append(member)
        _set(_call_and_tell)
    try:
        yield
    finally:
        with _lock:
            group.remove(member)
            if not (_listeners or _editors):
                _set(_layer_call)


def _set(call: Callable[..., Any]) -> None:
    keras.layers.Layer.__call__ = call


@dataclass(kw_only=True)
class Step:
    """What one run of the training step has shown so far."""

    data: Any
    # By layer and graph: one that is being built, or called in a loop, makes tensors of a graph of its own.
    outputs: dict[tuple[int, int], Any] = field(default_factory=dict)
    loss: Any = None
    penalty: Any = None
    updated: set[int] = field(default_factory=set)  # graphs in which the optimizer has been called

    def note(self, layer: Any, outputs: Any) -> None:
        """Keep the first output that a layer makes in a graph."""
        first = next((t for t in keras.tree.flatten(outputs) if isinstance(t, tf.Tensor)), None)
        if first is not None:
            self.outputs.setdefault((id(layer), _graph(first)), first)

    def output(self, layer: Any) -> Any:
        """Return what a layer has made in the graph of the update; None where it has not been called."""
        return self.outputs.get((id(layer), here()))

    def first_update(self) -> bool:
        """Whether the optimizer is called for the first time, which is the one that is sampled."""
        first = here() not in self.updated
        self.updated.add(here())
        return first


def here() -> int:
    """What tells the graph that is being made; 0 for none."""
    return 0 if tf.executing_eagerly() else id(tf.compat.v1.get_default_graph())


def _graph(tensor: Any) -> int:
    """What tells the graph of a tensor; 0 for an eager one, which has none."""
    return id(tensor.graph) if isinstance(tensor, tf.__internal__.SymbolicTensor) else 0
