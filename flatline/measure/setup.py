"""One look at the whole set-up: build, size the probe, observe a pass, and turn what was seen into facts."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array, DataFacts, FitError, HeadFacts, ModelFacts, ObjectiveFacts
from flatline.measure.budget import BACKWARD
from flatline.measure.calls import Call
from flatline.measure.compiled import metric_names, pair
from flatline.measure.heads import head_facts, output_ranges
from flatline.measure.model import (
    has_custom_train_step,
    layer_facts,
    model_facts,
    observe,
    observe_forward,
)
from flatline.measure.receiving import Receiving
from flatline.measure.repeat import repeated

PROBE_ROWS = 256  # enough to tell a dead unit from a rare one: (1 − 1 %)^256 = 8 %
PROBE_BYTES = 128_000_000  # of layer outputs kept during the observed pass
PROBE_SECONDS = 1.5  # of a forward pass; all measurements before the short trainings take about seven times that
RANGE_SECONDS = 0.2  # of a forward pass that is made for several random last layers
NOTHING = 1e-6  # 1; of a difference: an output that is smaller is no size to compare it with
_FEW = 8
_MORE = 16


def rows_of(structure: Any, rows: Any) -> Any:
    """Rows (a slice or indices) of every array of a structure; None stays None."""
    return None if structure is None else keras.tree.map_structure(lambda array: array[rows], structure)


def spread(rows: Array, most: int) -> Array:
    """Return so many of the rows at most, evenly from first to last: of sorted data the first are one class."""
    chosen: Array = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int))]
    return chosen


def n_rows(structure: Any) -> int:
    """Number of rows of the first array of a structure."""
    return len(keras.tree.flatten(structure)[0])


def row_weights(y: Any, classes: Mapping[int, float] | None, weight: Array | None) -> Array | None:
    """Sample weights times class weights, one factor per row; None where there are neither."""
    leaves = [] if y is None else keras.tree.flatten(y)
    if not classes or len(leaves) != 1:
        return weight
    y = np.asarray(leaves[0])
    labels = y.argmax(-1) if y.ndim == 2 and y.shape[-1] > 1 else y.reshape(len(y), -1)[:, 0]
    factors = np.array([float(classes.get(int(label), 1.0)) for label in labels], "float32")
    return factors if weight is None else factors * weight


def check_compiled(model: Any) -> None:
    """Raise unless this is a compiled Keras model, and steps can be tried on it."""
    if not isinstance(model, keras.Model):
        kind = type(model)
        raise FlatlineError(
            "The `model` parameter of check_setup must be a keras.Model of Keras 3. "
            f"Got {kind.__module__}.{kind.__qualname__}."
        )
    if not getattr(model, "compiled", False) or (model.optimizer is None and not has_custom_train_step(model)):
        raise FlatlineError(
            "The `model` parameter of check_setup must be compiled. "
            f"Got {model.name!r} without loss and optimizer; call model.compile(loss=…, optimizer=…) first."
        )
    if backend.in_strategy():
        raise FlatlineError(
            "flatline must be called outside of the scope of a tf.distribute strategy, because steps are tried on one "
            "device. Got a call within it; make and compile the model in the scope, and call flatline behind it."
        )


SLOW_CALL = 0.2  # s for two rows: from there a graph, which takes about 1 s to trace, pays for itself
FAST_CALL = 0.02  # s for two rows: below that the seconds a row takes are not worth measuring


def build(model: Any, x: Any) -> backend.Inference:
    """Call the model on a few rows, which builds it if need be; raise a one-line error if it cannot take the data."""
    few = rows_of(x, slice(0, fixed_batch(model) or 2))
    eager = backend.Inference(model, compiled=False, fixed_batch=fixed_batch(model))
    try:
        eager(few)
        start = time.perf_counter()
        eager(few)
        slow = time.perf_counter() - start > SLOW_CALL
    except Exception as error:
        shapes = ", ".join(str(tuple(array.shape)) for array in keras.tree.flatten(x))
        raise FlatlineError(
            f"The `X` parameter of check_setup must be data that `model` can be called on. Got arrays of shape "
            f"{shapes}, and the model raised {type(error).__name__}: {first_line(error)}"
        ) from error
    return backend.Inference(model, compiled=True, fixed_batch=eager.fixed_batch) if slow else eager


def fixed_batch(model: Any) -> int | None:
    """Return the number of rows that the model was built to take at a time, as stateful layers need; None for any.

    Only before the first call: that call writes its own number of rows into the shapes of an unbuilt Sequential.
    """
    shapes = keras.tree.flatten(
        [getattr(tensor, "shape", (None,))[:1] for tensor in getattr(model, "inputs", None) or []]
    )
    return next((int(size) for size in shapes if size is not None), None)


def first_line(error: BaseException) -> str:
    """First telling line of an exception's text."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Exception encountered", "Arguments received"))]
    line = (telling or lines or [type(error).__name__])[0]
    return line.replace("\x1b[1m", "").replace("\x1b[0m", "")[:300]


def probe_size(model: Any, x: Any) -> tuple[int, float]:
    """How many rows an observed pass can take within its bytes and seconds, and the seconds of a row more."""
    n = n_rows(x)
    start = time.perf_counter()
    calls, _ = observe_forward(model, backend.to_tensors(rows_of(x, slice(0, 2))))
    slow = time.perf_counter() - start > FAST_CALL
    cells = sum(int(np.prod([n or 1 for n in call.notes.get("output_shape", ())])) for call in calls)
    by_bytes = PROBE_BYTES // max(1, 4 * cells)
    more = max(2 * 2, min(_MORE, by_bytes, n))
    each = (_seconds(model, x, more) - _seconds(model, x, 2)) / (more - 2) if slow and n >= more else 0.0
    by_time = int(PROBE_SECONDS / max(each, 1e-6))
    return max(min(PROBE_ROWS, by_bytes, by_time, n), min(_FEW // 2, n)), max(each, 0.0)


def _seconds(model: Any, x: Any, n: int) -> float:
    """Seconds of an eager forward pass of the first n rows."""
    rows = backend.to_tensors(rows_of(x, slice(0, n)))
    start = time.perf_counter()
    backend.call(model, rows, training=True)
    return time.perf_counter() - start


class SetupFacts:
    """Facts of model and objective, and what later measurements need of them."""

    @property
    def has_gradient(self) -> bool:
        """Whether a gradient reaches any weight."""
        return any(g is not None for g in self.gradients)

    def __init__(
        self, model: Any, predict: backend.Inference, x: Any, y: Any, weight: Any, data: DataFacts, *, seed: int
    ) -> None:
        size, each = (predict.fixed_batch, 0.0) if predict.fixed_batch else probe_size(model, x)
        rows = np.sort(np.random.default_rng(seed).permutation(n_rows(x))[:size])
        self.x, self.y = rows_of(x, rows), rows_of(y, rows)
        self.weight = None if weight is None else weight[rows]
        self.error: FitError | None = None
        tensors = backend.to_tensors(self.x)
        targets = None if self.y is None else backend.to_tensors(self.y)
        self.gradients: Sequence[Array | None] = ()  # by trainable weight; () where the pass raises
        self.total = self.penalty = float("nan")
        names = [array.name for array in data.inputs]
        start = time.perf_counter()
        try:
            self.receiving = Receiving(self.x, tensors, names, training=True)
            calls, result = observe(model, tensors, targets, self.weight, also=self.receiving.note)
            live, self.total, self.penalty, self.gradients = result
        except Exception as error:  # what `fit` would die of is a finding, with the reason
            self.error = FitError(stage="loss", kind=type(error).__name__, message=first_line(error))
            self.receiving = Receiving(self.x, tensors, names, training=True)
            calls, live = observe_forward(model, tensors, also=self.receiving.note)
        self.pass_seconds = time.perf_counter() - start
        self.row_seconds = min(BACKWARD * each, self.pass_seconds / size)  # that one more row adds to a training step
        gradients = {id(w): g for w, g in zip(model.trainable_weights, self.gradients, strict=bool(self.gradients))}
        flat_live = keras.tree.flatten(live)
        predicted_tensors = keras.tree.flatten(predict(self.x))
        predicted = [np.asarray(keras.ops.convert_to_numpy(t), dtype="float32") for t in predicted_tensors]
        layers = layer_facts(calls, gradients, {id(t) for t in flat_live})
        makers = [_maker(calls, id(tensor)) for tensor in flat_live]
        weighted = [_weighted(calls, maker) for maker in makers]
        n_few = int(np.clip(RANGE_SECONDS / max(each, 1e-6), _FEW // 2, 32))
        few = self.x if predict.fixed_batch else rows_of(self.x, slice(0, n_few))
        ranges = output_ranges(predict, few, weighted, len(predicted))
        outputs = pair(
            model, live, [None if m is None else calls[m].layer for m in makers], weighted, predicted, data, self.y
        )
        inputs = keras.tree.flatten(x)
        only = np.asarray(inputs[0]) if len(inputs) == 1 else None
        metrics = metric_names(model)
        heads = tuple(head_facts(o, r, only, metrics) for o, r in zip(outputs, ranges, strict=True))
        self.model: ModelFacts = model_facts(
            model,
            layers,
            n_probe=size,
            input_dependence=max((_dependence(p) for p in predicted), default=float("nan")),
            mode_gap=_mode_gap(predicted, flat_live),
            **dataclasses.asdict(repeated(model, predict, self.x, predicted)),
        )
        self.objective = _objective(heads, self.total, self.penalty, model)


def _maker(calls: list[Call], tensor: int) -> int | None:
    return next((i for i, call in enumerate(calls) if tensor in call.outputs and not call.children), None)


def _weighted(calls: list[Call], start: int | None) -> Any:
    """The nearest layer with weights behind an output; the last one called where the chain is not known."""

    def has_weights(call: Call) -> bool:
        return not call.children and bool(getattr(call.layer, "weights", ()))

    pending, seen = [start] if start is not None else [], set()
    while pending:
        index = pending.pop(0)
        if index in seen:
            continue
        seen.add(index)
        if has_weights(calls[index]):
            return calls[index].layer
        pending.extend(calls[index].sources)
    return next((call.layer for call in reversed(calls) if has_weights(call)), None)


def _dependence(predicted: Any) -> float:
    """‖f(x) − f(x′)‖/‖f(x)‖ where x′ is another sample."""
    norm = float(np.linalg.norm(predicted))
    if len(predicted) < 2 or not norm > 0:
        return 0.0 if len(predicted) > 1 and np.all(np.isfinite(predicted)) else float("nan")
    return float(np.linalg.norm(predicted - np.roll(predicted, 1, axis=0)) / norm)


def _mode_gap(predicted: Any, live: Any) -> float:
    """Difference over the size of the inference output; outputs of next to nothing are left out."""
    gaps = []
    for inference, tensor in zip(predicted, live, strict=True):
        training = np.asarray(keras.ops.convert_to_numpy(tensor), dtype="float32")
        if training.shape == inference.shape:
            gap, size = float(np.linalg.norm(training - inference)), float(np.linalg.norm(inference))
            if not size < NOTHING * gap:
                gaps.append(gap / size if size else gap)
    return max(gaps, default=float("nan"))


def _objective(heads: tuple[HeadFacts, ...], total: float, penalty: float, model: Any) -> ObjectiveFacts:
    def weighted(values: list[float]) -> float:
        return float(sum(h.weight * v for h, v in zip(scored, values, strict=True))) if scored else float("nan")

    scored = [head for head in heads if head.loss != "unknown" and head.target is not None]
    return ObjectiveFacts(
        heads=heads,
        initial=total - penalty,
        null=weighted([head.null for head in scored]),
        perfect=weighted([head.perfect for head in scored]),
        penalty=penalty,
        penalty_is_regularisation=_regularised(model),
    )


def _regularised(model: Any) -> bool:
    """Whether the extra loss terms come from weight regularisers."""
    return any(getattr(weight, "regularizer", None) is not None for weight in model.trainable_weights)
