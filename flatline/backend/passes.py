"""One forward and backward pass, eagerly, as the model's own training step would make it."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src import backend as keras_backend

from flatline.facts import Array


def to_tensors(structure: Any) -> Any:
    """NumPy arrays of a structure → tensors."""
    return keras.tree.map_structure(tf.convert_to_tensor, structure)


def call(model: Any, x: Any, *, training: bool) -> Any:
    """Call a model as its own training step would."""
    return model(x, training=training) if model._call_has_training_arg else model(x)


class Inference:
    """Calls a model as `predict` does: eagerly, or through one graph where eager calls are slow (long recurrences)."""

    def __init__(self, model: Any, *, compiled: bool, fixed_batch: int | None) -> None:
        self.compiled = compiled
        self.fixed_batch = fixed_batch  # rows that the model takes at a time; None for any number

        def predict(x: Any) -> Any:
            return call(model, x, training=False)

        self._predict: Any = tf.function(predict, reduce_retracing=True) if compiled else predict
        self.trace_seconds = 0.0
        self._traced = not compiled or fixed_batch is not None

    def __call__(self, x: Any) -> Any:
        """Outputs for the arrays of `x`."""
        tensors = to_tensors(x)
        if not self._traced:  # for any number of rows at once, or another number would trace again
            self._traced, start = True, time.perf_counter()
            with contextlib.suppress(Exception):  # a model that takes batches of known size only is traced as called
                self._predict.get_concrete_function(keras.tree.map_structure(_any_number, tensors))
            self.trace_seconds = time.perf_counter() - start
        return self._predict(tensors)


def _any_number(tensor: Any) -> Any:
    return tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype)


def total_loss(model: Any, x: Any, y: Any, outputs: Any, weight: Any) -> tuple[Any, Any]:
    """Return the total loss as `fit` computes it, and the part of it that `add_loss` and penalties contribute."""
    total = model._compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight, training=True)
    extra = model.losses
    penalty = tf.add_n([tf.cast(tf.reduce_sum(term), total.dtype) for term in extra]) if extra else tf.zeros_like(total)
    return total, penalty


def forward_backward(model: Any, x: Any, y: Any, weight: Any) -> tuple[Any, float, float, list[Array | None]]:
    """Run one training-mode pass; return outputs, total loss, penalty, and gradients by weight (None: not reached)."""
    with tf.GradientTape() as tape:
        outputs = call(model, x, training=True)
        total, penalty = total_loss(model, x, y, outputs, weight)
    gradients = tape.gradient(total, model.trainable_weights)
    found = [None if g is None else tf.convert_to_tensor(g).numpy() for g in gradients]
    return outputs, float(total), float(penalty), found


def apply_gradients(model: Any, gradients: Sequence[Array | None]) -> None:
    """Take one step of the model's own optimizer along gradients by trainable weight."""
    pairs = [(g, v) for g, v in zip(gradients, model.trainable_weights, strict=True) if g is not None]
    optimizer = model.optimizer
    optimizer.apply_gradients([(optimizer.scale_loss(tf.convert_to_tensor(g)), v) for g, v in pairs])


SHORT_LOOP = 20  # steps; tracing takes longer than these


@contextlib.contextmanager
def graph_loops() -> Iterator[None]:
    """Run the loops of recurrent layers through a graph, as `fit` does, where the model itself is called eagerly.

    Step by step from Python they take about ten times as long. A cell that no graph can hold runs as it is.
    """
    original = keras_backend.rnn

    def rnn(step_function: Any, inputs: Any, initial_states: Any, *args: Any, mask: Any = None, **given: Any) -> Any:
        def loop(x: Any, states: Any, seen: Any) -> Any:
            return original(step_function, x, states, *args, mask=seen, **given)

        if tf.executing_eagerly() and not given.get("unroll") and keras.tree.flatten(inputs)[0].shape[1] > SHORT_LOOP:
            with contextlib.suppress(Exception):  # whatever it is, the loop below says it better
                return tf.function(loop, autograph=False)(inputs, initial_states, mask)
        return loop(inputs, initial_states, mask)

    keras_backend.rnn = rnn
    try:
        yield
    finally:
        keras_backend.rnn = original


def loss_gradient(loss: Callable[[Any, Any], Any], y: Array, output: Any) -> Array | None:
    """∂loss/∂output at a live output (or at the logits behind it that the loss really reads); None: no gradient."""
    live = tf.convert_to_tensor(output)
    point = getattr(live, "_keras_logits", live)
    with tf.GradientTape() as tape:
        tape.watch([live, point])
        result = tf.reduce_mean(tf.cast(loss(tf.convert_to_tensor(y), live), tf.float32))
    found = [g for g in tape.gradient(result, [live, point]) if g is not None]
    return tf.convert_to_tensor(found[0]).numpy() if found else None


def value(loss: Callable[[Any, Any], Any], y: Array, output: Array) -> float:
    """Mean loss of an output, as a float."""
    return float(tf.reduce_mean(tf.cast(loss(tf.convert_to_tensor(y), tf.convert_to_tensor(output)), tf.float32)))


def minimise_constant(
    loss: Callable[[Any, Any], Any], y: Array, shape: tuple[int, ...], start: Array, steps: int
) -> float:
    """Follow the gradient of the loss from a constant output (one number per unit of the last axis)."""
    targets = tf.convert_to_tensor(y)
    constant = np.asarray(start, "float32")[: shape[-1] if len(shape) > 1 else 1]
    moments = np.zeros((2, *constant.shape))
    best = float("inf")
    scale = 0.1 * max(1.0, float(np.abs(constant).max(initial=0)), float(np.std(y)))
    for step in range(1, steps + 1):
        point = tf.constant(constant, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(point)
            output = tf.broadcast_to(point, shape) if len(shape) > 1 else tf.repeat(point, shape[0])
            result = tf.reduce_mean(tf.cast(loss(targets, output), tf.float32))
        gradient = tape.gradient(result, point)
        if gradient is None or not np.isfinite(float(result)):
            break
        best = min(best, float(result))
        g = gradient.numpy()
        moments = np.stack([0.9 * moments[0] + 0.1 * g, 0.99 * moments[1] + 0.01 * g * g])  # Adam, arXiv 1412.6980
        unbiased = moments[0] / (1 - 0.9**step), moments[1] / (1 - 0.99**step)
        constant = constant - scale / np.sqrt(step) * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-12)
    return best
