"""Record every layer call of one forward pass: who called what, in which order, on which tensors."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
from keras.src.ops.operation import Operation


@dataclass(kw_only=True)
class Call:
    """One call of a layer (or of an operation of a Functional graph)."""

    layer: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...] = ()
    sources: tuple[int, ...] = ()  # indices of the calls that made the inputs
    reads_model_input: bool = False
    nested_in: tuple[Any, ...] = ()
    children: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


Note = Callable[[Call], None]


def _tensors(structure: Any) -> tuple[Any, ...]:
    return tuple(t for t in keras.tree.flatten(structure) if hasattr(t, "dtype") and hasattr(t, "shape"))


def is_keras(thing: Any) -> bool:
    """Whether a thing is of a class of Keras itself."""
    return type(thing).__module__.startswith("keras.")


def _is_leaf(layer: Any) -> bool:
    """Whether what a layer calls inside is its own affair: a cell called once a time step, a wrapped layer."""
    return is_keras(layer) and not isinstance(layer, keras.Model)


@contextlib.contextmanager
def recorded(model: Any, note: Note, *, linked: bool = True) -> Iterator[list[Call]]:
    """Collect the calls made inside `model` while the block runs.

    Parameters
    ----------
    model : keras.Model
        The model that will be called in the block.
    note : callable
        Called with each finished `Call` while its tensors exist; what it keeps goes into `call.notes`.
    linked : bool
        Whether `sources` and `outputs` are to be right, for which every tensor is kept as long as the block runs.

    Notes
    -----
    Wraps `Layer.__call__` of Keras itself for the time of the block, because a subclassed model has no graph to read.
    Tensors are told apart by `id`; they are kept alive until the block ends, so that none is used twice.
    """
    calls: list[Call] = []
    stack: list[Call] = []
    makers: dict[int, int] = {}
    alive: list[Any] = []
    model_inputs: set[int] = set()
    wrapped = [(keras.layers.Layer, keras.layers.Layer.__call__), (Operation, Operation.__call__)]

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
            if (not stack and self is not model) or (stack and _is_leaf(stack[-1].layer)):
                return original(self, *args, **kwargs)
            inputs = _tensors((args, kwargs))
            call = Call(layer=self, inputs=inputs, nested_in=tuple(c.layer for c in stack[1:]))
            if self is model:
                model_inputs.update(map(id, inputs))
                alive.extend(inputs)
            call.sources = tuple(sorted({makers[id(t)] for t in inputs if id(t) in makers}))
            call.reads_model_input = any(id(t) in model_inputs for t in inputs)
            if stack:
                stack[-1].children += 1
            stack.append(call)
            try:
                outputs = original(self, *args, **kwargs)
            finally:
                stack.pop()
            call.outputs = _tensors(outputs)
            if linked:
                alive.extend(call.outputs)
            passes_through = all(any(o is i for i in inputs) for o in call.outputs)
            if stack and not passes_through:
                for tensor in call.outputs:
                    makers.setdefault(id(tensor), len(calls))  # the innermost layer made it
            note(call)
            call.inputs = ()  # a call deep in a big network must not keep its copy of the tensors named twice
            call.outputs = tuple(id(t) for t in call.outputs)
            calls.append(call)
            return outputs

        return __call__

    try:
        for owner, original in wrapped:
            owner.__call__ = around(original)
        yield calls
    finally:
        for owner, original in wrapped:
            owner.__call__ = original
