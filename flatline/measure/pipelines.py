"""Data that come in batches: `tf.data`, `PyDataset` and whatever else can be iterated again, opened for reading."""

import copy
import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.measure import datasets
from flatline.measure.scan import spread
from flatline.measure.sources import refusal

PROBED_BUFFERS = (32, 256, 2_048, 16_384)  # shuffle buffers filled to learn what an element costs
COPIED_BYTES = 8 << 20  # arrays up to this size are copied with the object that holds them


@dataclass(kw_only=True)
class Opened:
    """Batches of a set, and what the set itself says about them."""

    source: str
    batches: Iterator[tuple[int, Any]]  # (position in the set, element)
    n_batches: int | None  # None: not known, or endless
    batch_size: int | None
    ordered: bool  # batches come in the order in which they lie
    steps: int | None  # of an epoch over the set as the user made it
    close: Callable[[], None] = lambda: None


def open_pipeline(data: Any, what: str, *, seconds: float) -> Opened | None:
    """Open what comes in batches; None if `data` is nothing of the kind.

    Parameters
    ----------
    data : object
        Whatever was passed for `what`.
    what : str
        Name of the parameter, for errors.
    seconds : float
        Time for reading, which bounds the shuffle buffer that is filled.

    Raises
    ------
    FlatlineError
        If reading would use it up or change what it yields later, or if its elements are not numeric batches.
    """
    if backend.is_dataset(data):
        return _open_dataset(data, what, seconds=seconds)
    if isinstance(data, keras.utils.PyDataset):
        return _open_indexable(data)
    if isinstance(data, Iterator):
        got = f"a {type(data).__name__}, which reading would use up; pass a tf.data.Dataset, a keras.utils.PyDataset"
        raise refusal(what, "data that can be read again", f"{got} or arrays")
    if type(data).__name__.startswith("DistributedDataset"):
        raise refusal(what, "data that can be copied", "a distributed data set; pass the one that it was made from")
    if isinstance(data, (str, bytes, list, tuple, dict)) or not hasattr(data, "__iter__") or hasattr(data, "shape"):
        return None
    length = len(data) if hasattr(data, "__len__") else None
    return Opened(
        source="iterable",
        batches=enumerate(_twin(data)),
        n_batches=length,
        batch_size=None,
        ordered=True,
        steps=length,
    )


def _open_dataset(dataset: Any, what: str, *, seconds: float) -> Opened:
    specs = backend.tensor_specs(dataset.element_spec)
    for kind, dtype, shape in specs:
        if kind == "ragged":
            raise refusal(what, "data of equal rows", "ragged tensors; call .to_tensor() on them in the pipeline")
        if dtype == "string":
            got = "dtype string; encode it in the pipeline, e.g. with keras.layers.StringLookup or TextVectorization"
            raise refusal(what, "numeric data", got)
        if shape == ():
            raise refusal(what, "data in batches", "elements without a sample axis; call .batch(32)")
    captured = backend.captured_variables(datasets.traced_functions(dataset))
    twin = datasets.independent_copy(dataset, buffer_limit=_affordable_buffer(dataset, seconds))
    if twin is None:
        if datasets.is_stateful(dataset):
            got = "a tf.data.Dataset that cannot be read without changing the order in which it yields its elements"
            raise refusal(what, "data that can be copied", f"{got}; pass arrays, or the set before .shuffle and .cache")
        twin = dataset
    steps, n_batches = (_known(int(data.cardinality())) for data in (dataset, twin))
    sizes = [shape[0] for _, _, shape in specs if shape]
    return Opened(
        source="tf.data",
        batches=enumerate(twin),
        n_batches=n_batches,
        batch_size=sizes[0] if sizes else None,
        ordered=True,
        steps=steps,
        close=lambda: backend.restore_variables(captured),
    )


def _known(cardinality: int) -> int | None:
    """The number of elements, unless it is unknown or infinite."""
    return cardinality if cardinality >= 0 else None


def _affordable_buffer(dataset: Any, seconds: float) -> int | None:
    """The shuffle buffer that can be filled in half the time; None if the set's own can.

    Filling it cannot be interrupted, so small ones are timed first.
    """
    size = datasets.shuffle_buffer(dataset)
    if not datasets.can_be_remade(dataset):
        return None
    each = 0.0
    for buffer in PROBED_BUFFERS:
        if size <= 2 * buffer:
            return None
        if each * buffer > seconds / 4:
            break
        began = time.perf_counter()
        twin: Any = datasets.independent_copy(dataset, buffer_limit=buffer)
        try:
            next(iter(twin), None)
        except Exception:
            return None  # what is wrong shows when it is read
        each = (time.perf_counter() - began) / buffer
        if each * size < seconds / 2:
            return None
    return max(PROBED_BUFFERS[0], int(seconds / 2 / each))


def _open_indexable(data: Any) -> Opened:
    twin = _twin(data)
    n = None if data.num_batches is None else int(data.num_batches)
    order = itertools.count() if n is None else spread(n)
    return Opened(
        source="PyDataset",
        batches=((i, twin[i]) for i in order),
        n_batches=n,
        batch_size=None,
        ordered=False,
        steps=n,
    )


def _twin(data: Any) -> Any:
    """A shallow copy with containers, small arrays and random generators of its own, so that nothing of it changes."""
    try:
        twin = copy.copy(data)
        held = dict(vars(twin))
    except (TypeError, AttributeError):
        return data
    for name, value in held.items():
        if isinstance(value, (random.Random, np.random.Generator, np.random.RandomState)):
            setattr(twin, name, copy.deepcopy(value))
        elif isinstance(value, (list, dict, set)) or (isinstance(value, np.ndarray) and value.nbytes < COPIED_BYTES):
            setattr(twin, name, copy.copy(value))
    return twin
