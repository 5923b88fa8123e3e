"""The only module that imports tensorflow: variables, random state, tapes, compiled training, data sets."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context as tf_context

Array = np.ndarray[Any, Any]

# ── variables and random state ──────────────────────────────────────────────────────────────────────────────────


def is_variable(thing: Any) -> bool:
    """Whether this is a variable of the backend (Keras' own variables hold one)."""
    return isinstance(thing, tf.Variable)


def read(variable: Any) -> Array:
    """Copy the value of a variable."""
    return np.array(variable.numpy(), copy=True)


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


# ── one forward and backward pass ───────────────────────────────────────────────────────────────────────────────


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

        self._predict = tf.function(predict, reduce_retracing=True) if compiled else predict

    def __call__(self, x: Any) -> Any:
        """Outputs for the arrays of `x`."""
        return self._predict(to_tensors(x))


def total_loss(model: Any, x: Any, y: Any, outputs: Any, weight: Any) -> tuple[Any, Any]:
    """Return the total loss as `fit` computes it, and the part of it that `add_loss` and penalties contribute."""
    total = model._compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight, training=True)
    extra = model.losses
    penalty = tf.add_n([tf.cast(tf.reduce_sum(term), total.dtype) for term in extra]) if extra else tf.zeros_like(total)
    return total, penalty


def forward_backward(model: Any, x: Any, y: Any, weight: Any) -> tuple[Any, float, float, list[Array | None], str]:
    """Run one training-mode pass without an update.

    Returns
    -------
    tuple
        Outputs, total loss, penalty, gradients by trainable weight (None: not reached), and the stage that was
        reached ("done").
    """
    with tf.GradientTape() as tape:
        outputs = call(model, x, training=True)
        total, penalty = total_loss(model, x, y, outputs, weight)
    gradients = tape.gradient(total, model.trainable_weights)
    return (
        outputs,
        float(total),
        float(penalty),
        [None if g is None else tf.convert_to_tensor(g).numpy() for g in gradients],
        "done",
    )


def one_step(model: Any, x: Any, y: Any, weight: Any) -> None:
    """Take one step of the model's own optimizer, eagerly."""
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    with tf.GradientTape() as tape:
        total, _ = total_loss(model, x, y, call(model, x, training=True), weight)
        total = optimizer.scale_loss(total)
    gradients = tape.gradient(total, model.trainable_weights)
    pairs = [(g, v) for g, v in zip(gradients, model.trainable_weights, strict=True) if g is not None]
    optimizer.apply_gradients(pairs)


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


# ── compiled training ───────────────────────────────────────────────────────────────────────────────────────────


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

    def run(self, x: Any, y: Any, weight: Any, order: Array) -> Array:
        """Take one step per row of `order` (n_steps, batch); return the data loss of each."""
        losses: Array = self._steps(x, y, weight, tf.constant(order, tf.int32)).numpy()
        return losses

    def state(self) -> list[Array]:
        """Copy weights and optimizer state."""
        return [np.array(v.numpy()) for v in self._variables]

    def set_state(self, state: Sequence[Array]) -> None:
        """Put `state` back."""
        for variable, value in zip(self._variables, state, strict=True):
            variable.assign(value)


# ── data sets ───────────────────────────────────────────────────────────────────────────────────────────────────


def is_dataset(value: Any) -> bool:
    """Whether it is a `tf.data.Dataset`."""
    return isinstance(value, tf.data.Dataset)


def tensor_kind(value: Any) -> str | None:
    """Return "dense", "sparse" or "ragged"; None for anything but a tensor of this backend."""
    kinds = {"ragged": tf.RaggedTensor, "sparse": tf.SparseTensor, "dense": (tf.Tensor, tf.Variable)}
    return next((name for name, kind in kinds.items() if isinstance(value, kind)), None)


def dense_view(tensor: Any) -> Array:
    """Values of a dense tensor, in place where its type allows that."""
    if isinstance(tensor, tf.Variable):
        tensor = tensor.read_value()
    if tensor.dtype in (tf.string, tf.bfloat16, tf.float16) or len(tensor.shape) == 0:
        return np.asarray(tensor.numpy())
    return np.asarray(memoryview(tensor))


def sparse_parts(tensor: Any) -> tuple[Array, Array, tuple[int, ...]]:
    """Indices, values and shape of a sparse tensor."""
    return tensor.indices.numpy(), tensor.values.numpy(), tuple(tensor.dense_shape.numpy().tolist())


def tensor_specs(spec: Any) -> list[tuple[str, str, tuple[int | None, ...] | None]]:
    """Kind, dtype and shape of every tensor of a structure of specifications."""
    kinds = {tf.TensorSpec: "dense", tf.SparseTensorSpec: "sparse", tf.RaggedTensorSpec: "ragged"}
    return [
        (kinds[type(leaf)], leaf.dtype.name, None if leaf.shape.rank is None else tuple(leaf.shape))
        for leaf in tf.nest.flatten(spec)
        if type(leaf) in kinds
    ]


def dataset_op(name: str, **inputs: Any) -> Any:
    """Make the variant of a data set by its raw operation."""
    return getattr(tf.raw_ops, name)(**inputs)


def dataset_graph(dataset: Any) -> Any | None:
    """Graph of a data set, with the tensors that it reads from embedded; None where it has none."""
    policy = tf.data.experimental.ExternalStatePolicy.IGNORE
    try:
        return tf.compat.v1.GraphDef.FromString(dataset._as_serialized_graph(external_state_policy=policy).numpy())
    except tf.errors.OpError:
        return None


def dataset_of_variant(variant: Any, like: Any) -> Any:
    """Wrap a variant as a data set with elements like those of another."""
    return tf.data.experimental.from_variant(variant, like.element_spec)


def captured_variables(functions: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Handles and values of the variables that traced functions may write to."""
    captured = {id(tensor): tensor for function in functions for tensor in function.captured_inputs}
    handles = [tensor for tensor in captured.values() if tensor.dtype == tf.resource and tensor._handle_data.is_set]
    return [
        (handle, tf.raw_ops.ReadVariableOp(resource=handle, dtype=handle._handle_data.shape_and_type[0].dtype))
        for handle in handles
    ]


def restore_variables(captured: Sequence[tuple[Any, Any]]) -> None:
    """Put the values of `captured_variables` back."""
    for handle, value in captured:
        tf.raw_ops.AssignVariableOp(resource=handle, value=value)
