"""Data sets and tensors of the backend."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from flatline.facts import Array


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
