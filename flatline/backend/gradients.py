"""Gradients of a score with respect to what one eager pass is given and makes."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import keras
import tensorflow as tf
from tensorflow.python.framework import ops as tf_ops

from flatline.facts import Array

ReluRule = Literal["plain", "guided", "rectified"]
SCALES = (1024.0, 1.0)  # of a score in half precision, whose smallest number is 6e-8; the first that stays finite


def is_float(tensor: Any) -> bool:
    """Whether a tensor of this backend holds numbers that a gradient can be taken of."""
    return isinstance(tensor, tf.Tensor) and bool(tensor.dtype.is_floating)


def is_eager(tensor: Any) -> bool:
    """Whether a tensor has a value: one inside a compiled loop has none."""
    return isinstance(tensor, tf.Tensor) and not isinstance(tensor, tf.__internal__.SymbolicTensor)


def differentiate(
    run: Callable[[Callable[..., Any]], tuple[Any, Sequence[Any]]],
    *,
    relu: ReluRule = "plain",
    last: bool = False,
) -> list[Array | None]:
    """Run a pass; return the gradient of its score at each of its points, None where the score does not depend on it.

    Parameters
    ----------
    run : callable
        Gets `watch`, which makes a tensor a point to differentiate at and returns it; `watch(tensor, alone=True)`
        forgets all that was before, whose gradient then costs nothing. Returns the score (any shape; its sum is
        differentiated) and the points. It is run again where half precision overflows.
    relu : {"plain", "guided", "rectified"}
        How the gradient passes a rectifier: as it is, only where it and the output are positive
        (arXiv 1412.6806), or only where it is positive itself (arXiv 1311.2901).
    last : bool
        Only at the last point that the gradient reaches; the others are None.
    """
    for scale in SCALES:
        with tf.GradientTape(persistent=last, watch_accessed_variables=False) as tape:
            score, points = run(_watch(tape))
            half = any(t.dtype == tf.float16 for t in (score, *points))
            total = tf.cast(score, "float32") * (scale if half else 1.0)
        with _relu_gradient(relu):
            found = _last(tape, total, points) if last else tape.gradient(total, list(points))
        dense = [None if g is None else tf.cast(tf.convert_to_tensor(g), "float32") for g in found]
        if not half or all(g is None or bool(tf.reduce_all(tf.math.is_finite(g))) for g in dense):
            break
    return [None if g is None else (g / scale if half else g).numpy() for g in dense]


def _watch(tape: Any) -> Callable[..., Any]:
    def watch(tensor: Any, *, alone: bool = False) -> Any:
        if alone:
            tape.reset()
        tape.watch(tensor)
        return tensor

    return watch


def _last(tape: Any, total: Any, points: Sequence[Any]) -> list[Any]:
    found: list[Any] = [None] * len(points)
    for i in reversed(range(len(points))):
        found[i] = tape.gradient(total, points[i])
        if found[i] is not None:
            break
    return found


# ── rectifiers ──────────────────────────────────────────────────────────────────────────────────────────────────────

_RECTIFIERS = ("Relu", "Relu6")
_lock = threading.Lock()
_rules: dict[int, ReluRule] = {}  # by thread: a training that goes on beside keeps its own gradients
_originals: dict[str, Callable[[Any, Any], Any]] = {}


@contextlib.contextmanager
def _relu_gradient(rule: ReluRule) -> Iterator[None]:
    """Let gradients pass rectifiers by another rule, in this thread, however the model came to call them.

    The gradient of the operation is exchanged, so `layers.ReLU`, `activation="relu"`, `keras.ops.relu` and `tf.nn.relu`
    are all reached; `maximum(x, 0)`, leaky and smooth rectifiers are other operations and keep theirs.
    """
    if rule == "plain":
        yield
        return
    mine, entries = threading.get_ident(), tf_ops.gradient_registry._registry
    with _lock:
        if not _rules:
            for name in _RECTIFIERS:
                _originals[name] = entries[name]["type"]
                entries[name]["type"] = _by_rule(_originals[name])
        _rules[mine] = rule
    try:
        yield
    finally:
        with _lock:
            del _rules[mine]
            if not _rules:
                for name in _RECTIFIERS:
                    entries[name]["type"] = _originals.pop(name)


def _by_rule(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def gradient(op: Any, grad: Any) -> Any:
        rule = _rules.get(threading.get_ident(), "plain")
        if rule == "plain":
            return original(op, grad)
        positive = tf.nn.relu(grad)
        return positive if rule == "rectified" else original(op, positive)

    return gradient


def layer_output(outputs: Any) -> Any:
    """First tensor with a value among what a layer made; None where there is none."""
    return next((t for t in keras.tree.flatten(outputs) if is_eager(t)), None)


def with_mask_of(made: Any, instead: Any) -> Any:
    """Give what takes the place of a tensor the mask that Keras has attached to it."""
    if instead is not made and hasattr(made, "_keras_mask"):
        instead._keras_mask = made._keras_mask
    return instead
