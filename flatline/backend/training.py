"""Training steps of a model in one compiled loop."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from flatline.backend.passes import call, total_loss
from flatline.facts import Array

OUT_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)
"""What is raised where memory does not suffice."""


def _gathered(structure: Any, rows: Any) -> Any:
    """Rows of every tensor of a structure; None stays None."""
    return None if structure is None else keras.tree.map_structure(lambda tensor: tf.gather(tensor, rows), structure)


class CompiledTraining:
    """Training steps of a model in one compiled loop; data and rate are arguments, so that runs share one trace.

    Parameters
    ----------
    model : keras.Model
        Built; trained in place.
    optimizer : keras.optimizers.Optimizer
        Built on the model's trainable variables.
    penalties : bool
        Whether `add_loss` terms and regularisers are trained on as well.
    """

    def __init__(self, model: Any, optimizer: Any, *, penalties: bool = True) -> None:
        self._variables = [*model.variables, *optimizer.variables]

        def step(x: Any, y: Any, weight: Any) -> Any:
            with tf.GradientTape() as tape:
                outputs = call(model, x, training=True)
                total, penalty = total_loss(model, x, y, outputs, weight)
                objective = total if penalties else total - penalty
                scaled = optimizer.scale_loss(objective)
            gradients = tape.gradient(scaled, model.trainable_weights)
            optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
            return tf.cast(total - penalty, tf.float32)

        def steps(x: Any, y: Any, weight: Any, order: Any) -> Any:
            losses = tf.TensorArray(tf.float32, size=tf.shape(order)[0])
            for i in tf.range(tf.shape(order)[0]):
                losses = losses.write(i, step(*(_gathered(part, order[i]) for part in (x, y, weight))))
            return losses.stack()

        self._steps = tf.function(steps, reduce_retracing=True)
        self.traced: set[tuple[Any, ...]] = set()  # shapes and types of rows, targets, weights and batches

    def run(self, x: Any, y: Any, weight: Any, order: Array) -> Array:
        """Take one step per row of `order` (n_steps, batch); return the data loss of each."""
        shape = order.shape[1:]
        leaves = keras.tree.flatten((x, y, weight))
        signature = (shape, *(None if leaf is None else (leaf.dtype, tuple(leaf.shape)) for leaf in leaves))
        if signature not in self.traced:  # for any number of steps at once, or the second call would trace again
            self._steps.get_concrete_function(x, y, weight, tf.TensorSpec((None, *shape), tf.int32))
            self.traced.add(signature)
        losses: Array = self._steps(x, y, weight, tf.constant(order, tf.int32)).numpy()
        return losses

    def state(self) -> list[Array]:
        """Copy weights and optimizer state."""
        return [np.array(v.numpy()) for v in self._variables]

    def set_state(self, state: Sequence[Array]) -> None:
        """Put `state` back."""
        for variable, value in zip(self._variables, state, strict=True):
            variable.assign(value)
