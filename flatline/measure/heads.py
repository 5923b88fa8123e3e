"""Compile state, live outputs and targets → HeadFacts: one for each output of the model."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Array, ArrayFacts, HeadFacts, Task
from flatline.measure import task as tasks
from flatline.measure.null import null_loss, perfect_loss, perfect_output

# (scale of the random last-layer weights, seed); each with its opposite, so that features which are much the same for
# all samples show both ends of a sigmoid, not one by chance.
_RANGE_DRAWS = ((1.0, 1), (30.0, 2), (-1.0, 1), (-30.0, 2))
_ROUND = 1e-4
_KNOWN_CONSTANT = (*tasks.CATEGORICAL[:1], *tasks.SPARSE, *tasks.BINARY[:1], *tasks.DISTANCE[:2], "poisson")


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of the model as a pass has produced it, with what belongs to it."""

    name: str
    layer: str
    weighted_layer: Any  # the layer object, or None
    declared: str | None
    predicted: Array  # inference-mode output on the probe batch
    live: Any  # training-mode tensor the loss was computed on
    target: ArrayFacts | None
    y: Any  # probe targets
    loss: Any  # resolved loss, or None
    weight: float


def loss_name(loss: Any) -> str:
    """Canonical name: "mean_squared_error" for "mse", `MeanSquaredError()` and `keras.losses.mse` alike."""
    function = getattr(loss, "fn", None)
    if function is None and isinstance(loss, str):
        return loss
    if function is not None and (getattr(function, "__module__", None) or "").startswith("keras."):
        return str(function.__name__)
    if type(loss).__module__.startswith("keras.") and function is None:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(loss).__name__).lower()
    return "custom"


def _from_logits(loss: Any) -> bool | None:
    if hasattr(loss, "from_logits"):
        return bool(loss.from_logits)
    arguments = getattr(loss, "_fn_kwargs", {})
    return bool(arguments["from_logits"]) if "from_logits" in arguments else None


def _squash(outputs: Array, units: int) -> tuple[str, bool]:
    """What the output's range and sums say of its last activation."""
    mild = (
        outputs.reshape(len(_RANGE_DRAWS), -1)[[abs(scale) == 1.0 for scale, _ in _RANGE_DRAWS]]
        if outputs.size
        else outputs
    )
    if not np.all(np.isfinite(outputs)):
        outputs = mild.reshape(-1, *outputs.shape[1:])  # an exponential overflows under large weights
    if not outputs.size or not np.all(np.isfinite(outputs)):
        return "unknown", False
    low, high = float(outputs.min()), float(outputs.max())
    rows = outputs.reshape(-1, units)
    sums = units > 1 and low >= 0 and bool(np.allclose(rows.sum(-1), 1, atol=2e-3))
    if high - low <= 1e-6 * max(1.0, abs(high)):
        return ("unknown" if high == 0 else "constant"), sums
    if sums:
        return "softmax", True
    if low >= -_ROUND and high <= 1 + _ROUND:
        return "sigmoid", False
    if low >= -1 - _ROUND and high <= 1 + _ROUND:
        return "tanh", False
    if low >= 0:
        return ("relu" if float(np.mean(mild == 0)) > 0.02 else "positive"), False  # softplus underflows when wild
    return "linear", False


def output_ranges(predict: backend.Inference, x: Any, weighted: Sequence[Any], n_outputs: int) -> list[Array]:
    """Predict with random weights in the last layer of each output: its whole range shows, whatever it is called.

    The weights are put back; the caller preserves the rest of the model.
    """
    variables = [v for layer in dict.fromkeys(filter(None, weighted)) for v in layer.weights if "seed" not in v.path]
    kept = [(v, np.array(v.numpy())) for v in variables]
    seen: list[list[Array]] = [[] for _ in range(n_outputs)]
    try:
        for scale, seed in _RANGE_DRAWS:
            rng = np.random.default_rng(seed)
            for v, value in kept:
                if "moving" in v.path or not np.issubdtype(value.dtype, np.floating):
                    continue
                spread = scale / np.sqrt(max(1, int(np.prod(value.shape[:-1])))) if value.ndim > 1 else scale
                v.assign((spread * rng.normal(size=value.shape)).astype(value.dtype))
            for found, output in zip(seen, keras.tree.flatten(predict(x)), strict=True):
                found.append(np.asarray(keras.ops.convert_to_numpy(output), dtype="float32"))
    finally:
        for v, value in kept:
            v.assign(value)
    return [np.concatenate(found) for found in seen]


def head_facts(output: Output, ranges: Array, x: Array | None, metrics: Sequence[str]) -> HeadFacts:
    """Put together what is known of one output."""
    shape = tuple(int(n) for n in output.predicted.shape[1:])
    units = shape[-1] if shape else 1
    squash, sums = _squash(ranges, units)
    name = loss_name(output.loss)
    how = tasks.encoding(output.target)
    what = tasks.infer(name, output.target, how, shape, x)
    logits = _from_logits(output.loss)
    measured: dict[str, Any] = {}
    if output.loss is not None and output.target is not None:
        measured = _measure_loss(output, shape, name, bool(logits), what)
    return HeadFacts(
        name=output.name,
        layer=output.layer,
        weighted_layer=getattr(output.weighted_layer, "name", ""),
        task=what,
        output_shape=shape,
        units=units,
        low=float(ranges.min()) if ranges.size else float("nan"),
        high=float(ranges.max()) if ranges.size else float("nan"),
        sums_to_one=sums,
        squash=squash,
        declared=output.declared,
        target=output.target,
        encoding=how,
        n_classes=tasks.n_classes(output.target, how, what),
        class_counts=tasks.class_counts(output.target, how),
        loss=name,
        from_logits=logits,
        logits_recovered=hasattr(output.live, "_keras_logits"),
        reduction=getattr(output.loss, "reduction", None),
        weight=output.weight,
        metrics=tuple(metrics),
        **measured,
    )


def _measure_loss(output: Output, shape: tuple[int, ...], name: str, logits: bool, what: Task) -> dict[str, Any]:
    """Initial, null and perfect loss, and how the loss behaves; whatever raises stays unknown."""

    def loss(y: Any, predicted: Any) -> Any:
        return output.loss(y, predicted)

    y = np.asarray(output.target.sample) if output.target is not None else np.empty(0)
    probe = np.asarray(output.y)
    classes = name in (*tasks.CATEGORICAL, *tasks.SPARSE, *tasks.BINARY)
    found: dict[str, Any] = {}

    def attempt(key: str, measure: Callable[[], Any]) -> None:
        try:
            found[key] = measure()
        except Exception:  # a loss may refuse these shapes; the field then keeps its "unknown" default
            found.pop(key, None)

    attempt("initial", lambda: backend.value(loss, probe, output.live))
    attempt("null", lambda: null_loss(loss, y, shape, from_logits=logits, known=name in _KNOWN_CONSTANT))
    right = perfect_output(y, shape, classes=classes)
    if right is not None:
        attempt("perfect", lambda: perfect_loss(loss, y, right, from_logits=logits, classes=classes))
        scores = 2 * right - 1 if classes and logits else right
        attempt("prefers_wrong", lambda: _prefers_wrong(loss, y, scores, found.get("null")))
    attempt("loss_gradient", lambda: _gradient_norm(loss, probe, output.live))
    attempt("batch_growth", lambda: _batch_growth(loss, probe, output.live))
    return found


def _prefers_wrong(loss: Any, y: Array, right: Array, null: float | None) -> bool | None:
    """Whether right answers cost more than a constant and more than answers dealt to the wrong samples."""
    if null is None or len(y) < 2 or float(np.std(right)) == 0:
        return None
    order = np.random.default_rng(0).permutation(len(y))
    dealt = backend.value(loss, y, np.ascontiguousarray(right[order]))
    at_right = backend.value(loss, y, right)
    margin = 1e-3 * max(abs(dealt), abs(at_right), 1e-6)
    return bool(at_right > dealt + margin and at_right > null + margin)


def _gradient_norm(loss: Any, y: Array, output: Any) -> float | None:
    gradient = backend.loss_gradient(loss, y, output)
    return None if gradient is None else float(np.linalg.norm(gradient))


def _batch_growth(loss: Any, y: Array, output: Any) -> float:
    once = backend.value(loss, y, output)
    values = np.asarray(keras.ops.convert_to_numpy(output))
    plain = backend.value(loss, y, values)
    twice = backend.value(loss, np.concatenate([y, y]), np.concatenate([values, values]))
    return twice / plain if plain and np.isfinite(once) else float("nan")
