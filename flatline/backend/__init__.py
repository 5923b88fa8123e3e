"""The door to the backend: the only package that imports tensorflow."""

from flatline.backend.datasets import (
    captured_variables,
    dataset_graph,
    dataset_of_variant,
    dataset_op,
    dense_view,
    is_dataset,
    restore_variables,
    sparse_parts,
    tensor_kind,
    tensor_specs,
)
from flatline.backend.gradients import (
    ReluRule,
    differentiate,
    is_eager,
    is_float,
    layer_output,
    with_mask_of,
)
from flatline.backend.hooks import (
    edited,
)
from flatline.backend.maps import (
    affine,
    map_dataset,
    relabel,
)
from flatline.backend.passes import (
    Inference,
    apply_gradients,
    call,
    forward_backward,
    graph_loops,
    loss_gradient,
    minimise_constant,
    to_tensors,
    total_loss,
    value,
)
from flatline.backend.state import (
    is_variable,
    peek,
    random_state,
    read,
    set_random_state,
    unwrapped,
    write,
)
from flatline.backend.strategies import (
    in_strategy,
    is_distributed,
    strategy_scope,
)
from flatline.backend.training import (
    OUT_OF_MEMORY,
    CompiledTraining,
)

__all__ = [
    "OUT_OF_MEMORY",
    "CompiledTraining",
    "Inference",
    "ReluRule",
    "affine",
    "apply_gradients",
    "call",
    "captured_variables",
    "dataset_graph",
    "dataset_of_variant",
    "dataset_op",
    "dense_view",
    "differentiate",
    "edited",
    "forward_backward",
    "graph_loops",
    "in_strategy",
    "is_dataset",
    "is_distributed",
    "is_eager",
    "is_float",
    "is_variable",
    "layer_output",
    "loss_gradient",
    "map_dataset",
    "minimise_constant",
    "peek",
    "random_state",
    "read",
    "relabel",
    "restore_variables",
    "set_random_state",
    "sparse_parts",
    "strategy_scope",
    "tensor_kind",
    "tensor_specs",
    "to_tensors",
    "total_loss",
    "unwrapped",
    "value",
    "with_mask_of",
    "write",
]
