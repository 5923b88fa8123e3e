"""Copies of `tf.data` sets that can be read without the original noticing.

The order in which a shuffled set yields its elements is state of the set, which every iterator over it advances, and
a cache is state that every iterator fills. So the operations above the last stateful one are built anew, with the
traced functions they have; sets of another make are copied by way of their graph, which embeds the tensors that they
read from and is therefore kept to small ones. Caches and prefetching are left out of a copy, and so is `repeat`: one
pass is what a scan needs.
"""

from collections.abc import Callable
from typing import Any

from flatline import backend

PASSED_BY = {"CacheDataset", "RepeatDataset", "PrefetchDataset", "OptionsDataset", "AssertCardinalityDataset"}
STATELESS = {
    *("TensorSliceDataset", "TensorDataset", "RangeDataset", "ZipDataset", "ConcatenateDataset", "FlatMapDataset"),
    *("InterleaveDataset", "ParallelInterleaveDataset", "MapDataset", "ParallelMapDataset", "FilterDataset"),
    *("BatchDataset", "ParallelBatchDataset", "PaddedBatchDataset", "UnbatchDataset", "WindowDataset", "TakeDataset"),
    *("SkipDataset", "ShardDataset", "RepeatDataset", "PrefetchDataset", "OptionsDataset", "TextLineDatasetV2"),
    *("TFRecordDatasetV2", "FixedLengthRecordDatasetV2", "SparseTensorSliceDataset", "AssertCardinalityDataset"),
}
EMBEDDED_BYTES = 64 << 20  # copying by graph takes some 40 ms a megabyte (measured: 27 s for 614 MB)
IN_LINE = ("Batch", "ParallelBatch", "PaddedBatch", "Map", "ParallelMap", "Prefetch", "Shuffle", "Options", "Filter")
_FRESH = {"SeedGenerator": "DummySeedGenerator", "MemoryCache": "DummyMemoryCache"}


def independent_copy(dataset: Any, *, buffer_limit: int | None = None) -> Any | None:
    """Make a data set of the same elements that shares no state with `dataset`; None if that cannot be done.

    Parameters
    ----------
    dataset : tf.data.Dataset
        Left as it is.
    buffer_limit : int, optional
        Cut shuffle buffers down to this size: filling a large one takes as long as reading that many elements.
    """
    above, base = _split(dataset)
    if can_be_remade(dataset):
        variant = base._variant_tensor
        for node in reversed(above):
            if _kind(node) not in PASSED_BY:
                variant = _REMADE[_kind(node)](node, variant, buffer_limit)
    else:
        variant = None if _embedded_bytes(dataset) > EMBEDDED_BYTES else _copied_graph(dataset, buffer_limit)
    return None if variant is None else backend.dataset_of_variant(variant, dataset)


def can_be_remade(dataset: Any) -> bool:
    """Whether it can be copied without its graph, which is quick whatever it holds."""
    return all(_kind(node) in STATELESS for node in _nodes(_split(dataset)[1]))


def is_stateful(dataset: Any) -> bool:
    """Whether the set, or one that it is made from, may keep an order or a cache of its own."""
    return any(_kind(node) not in STATELESS for node in _nodes(dataset))


def shuffle_buffer(dataset: Any) -> int:
    """Size of the largest shuffle buffer among the sets that it is made from, 0 without one."""
    return max((int(node._buffer_size) for node in _nodes(dataset) if _kind(node) == "ShuffleDataset"), default=0)


def traced_functions(dataset: Any) -> list[Any]:
    """The traced functions of the set and of those that it is made from."""
    return [wrapper.function for node in _nodes(dataset) for wrapper in node._functions()]


def _split(dataset: Any) -> tuple[list[Any], Any]:
    """The operations that can be made anew, the last one first, and the set that they start from."""
    above, base = [], dataset
    while _kind(base) in PASSED_BY or _kind(base) in _REMADE:
        above.append(base)
        (base,) = base._inputs()
    return above, base


def _kind(node: Any) -> str:
    return type(node).__name__.lstrip("_")


def _nodes(dataset: Any) -> list[Any]:
    found, todo = [], [dataset]
    while todo:
        found.append(todo.pop())
        todo += found[-1]._inputs()
    return found


def _embedded_bytes(dataset: Any) -> int:
    tensors = [tensor for node in _nodes(dataset) for tensor in getattr(node, "_tensors", ())]
    return sum(int(tensor.shape.num_elements() or 0) * int(tensor.dtype.size or 8) for tensor in tensors)


def _shuffle(node: Any, variant: Any, limit: int | None) -> Any:
    return backend.dataset_op(
        "ShuffleDatasetV3",
        input_dataset=variant,
        buffer_size=int(node._buffer_size) if limit is None else min(int(node._buffer_size), limit),
        seed=node._seed,
        seed2=node._seed2,
        seed_generator=backend.dataset_op("DummySeedGenerator"),
        reshuffle_each_iteration=node._reshuffle_each_iteration,
        **node._common_args,
    )


def _batch(node: Any, variant: Any, limit: int | None) -> Any:
    sizes = {"batch_size": node._batch_size, "drop_remainder": node._drop_remainder}
    return backend.dataset_op("BatchDatasetV2", input_dataset=variant, **sizes, **node._common_args)


def _map(node: Any, variant: Any, limit: int | None) -> Any:
    function = node._map_func.function
    return backend.dataset_op(
        "MapDataset",
        input_dataset=variant,
        other_arguments=function.captured_inputs,
        f=function,
        preserve_cardinality=node._preserve_cardinality,
        **node._common_args,
    )


def _parallel_map(node: Any, variant: Any, limit: int | None) -> Any:
    function = node._map_func.function
    return backend.dataset_op(
        "ParallelMapDatasetV2",
        input_dataset=variant,
        other_arguments=function.captured_inputs,
        f=function,
        num_parallel_calls=node._num_parallel_calls,
        deterministic=node._deterministic,
        preserve_cardinality=node._preserve_cardinality,
        **node._common_args,
    )


def _filter(node: Any, variant: Any, limit: int | None) -> Any:
    function = node._predicate.function
    inputs = {"other_arguments": function.captured_inputs, "predicate": function}
    return backend.dataset_op("FilterDataset", input_dataset=variant, **inputs, **node._common_args)


def _part(node: Any, variant: Any, limit: int | None) -> Any:
    return backend.dataset_op(_kind(node), input_dataset=variant, count=node._count, **node._common_args)


_REMADE: dict[str, Callable[[Any, Any, int | None], Any]] = {
    "ShuffleDataset": _shuffle,
    "BatchDataset": _batch,
    "ParallelBatchDataset": _batch,
    "MapDataset": _map,
    "ParallelMapDataset": _parallel_map,
    "FilterDataset": _filter,
    "TakeDataset": _part,
    "SkipDataset": _part,
}


def _copied_graph(dataset: Any, buffer_limit: int | None) -> Any | None:
    """Rebuild a set from its graph, with shuffles and random sources of its own."""
    graph = backend.dataset_graph(dataset)
    if graph is None:
        return None
    nodes = {node.name: node for node in graph.node}
    for node in graph.node:
        if node.op.startswith("ShuffleDataset") and buffer_limit is not None:
            size = nodes[node.input[1]].attr["value"].tensor.int64_val
            size[:] = [min(value, buffer_limit) for value in size]
        held = node.attr["value"].tensor.resource_handle_val if node.op == "Const" else ()
        if held:
            node.op = next((op for name, op in _FRESH.items() if name in held[0].maybe_type_name), "")
            node.attr.clear()
            if not node.op:
                return None
    passed = {node.name: node.input[0] for node in graph.node if node.op.startswith(("Cache", "Snapshot"))}
    at = next(node.input[0] for node in graph.node if node.op == "_Retval")
    while nodes[at].op.partition("Dataset")[0] in (*IN_LINE, "Repeat", "Cache", "AssertCardinality"):
        if nodes[at].op == "RepeatDataset":
            passed[at] = nodes[at].input[0]
        at = nodes[at].input[0]
    for node in graph.node:
        for place, name in enumerate(node.input):
            while name in passed:
                name = passed[name]
            node.input[place] = name
    return backend.dataset_op("DatasetFromGraph", graph_def=graph.SerializeToString())
