"""Inference called again: on the same rows, which shows randomness, and on fewer, which shows their company at work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Array
from flatline.measure.calls import Call, recorded

FEW = 8  # rows that are predicted again
LOCATED = 2  # rows that go through every layer twice, where the model is random
NOISE = 1e-4  # 1; above what kernels that sum in another order make of the same numbers (about 1e-6)


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """What calling inference again shows, as fields of `ModelFacts`; NaN where it cannot be told."""

    inference_noise: float = float("nan")
    noise_sources: tuple[str, ...] = ()
    cross_sample: float = float("nan")


def repeated(model: Any, predict: backend.Inference, x: Any, predicted: list[Array]) -> Repeated:
    """Predict some rows of `x` twice, and compare with what was predicted for all of them.

    A stateful layer carries a state from call to call: such models are not measured.
    """
    n = len(keras.tree.flatten(x)[0])
    if any(getattr(layer, "stateful", False) for layer in model._flatten_layers()):
        return Repeated()
    few = n if predict.fixed_batch else min(FEW, max(1, n // 2))
    rows = _first(x, few)
    one, other = _outputs(predict(rows)), _outputs(predict(rows))
    noise = _gap(one, other)
    if noise > NOISE:
        return Repeated(inference_noise=noise, noise_sources=_sources(model, _first(x, LOCATED)))
    alone = n < 2 or few == n
    cross = float("nan") if alone else _gap([many[:few] for many in predicted], one)
    return Repeated(inference_noise=noise, cross_sample=cross)


def _first(x: Any, n: int) -> Any:
    return keras.tree.map_structure(lambda array: array[:n], x)


def _outputs(structure: Any) -> list[Array]:
    return [_array(tensor) for tensor in keras.tree.flatten(structure)]


def _array(tensor: Any) -> Array:
    numbers: Array = np.asarray(keras.ops.convert_to_numpy(tensor), dtype="float32")
    return numbers


def _gap(some: list[Array], others: list[Array]) -> float:
    """Largest ‖a − b‖/‖a‖ over outputs of the same shape."""
    gaps = [
        float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(a)), 1e-12)
        for a, b in zip(some, others, strict=True)
        if a.shape == b.shape
    ]
    return max(gaps, default=float("nan"))


def _sources(model: Any, x: Any) -> tuple[str, ...]:
    """Name the innermost layers whose outputs differ between two calls although their inputs do not."""
    tensors, seen = backend.to_tensors(x), list[tuple[Any, Any, Any]]()
    noisy: list[Call] = []

    def keep(call: Call) -> None:
        seen.append((call.layer, call.inputs, call.outputs))

    def compare(call: Call) -> None:
        layer, inputs, outputs = next(before, (None, (), ()))
        if layer is call.layer and not _differ(inputs, call.inputs) and _differ(outputs, call.outputs):
            noisy.append(call)

    _observe(model, tensors, keep)
    before = iter(seen)
    _observe(model, tensors, compare)
    around = {id(outer) for call in noisy for outer in call.nested_in if outer is not call.layer}
    names = (call.layer.name for call in noisy if id(call.layer) not in around and call.layer is not model)
    return tuple(dict.fromkeys(names))


def _observe(model: Any, tensors: Any, note: Callable[[Call], None]) -> None:
    with recorded(model, note):
        backend.call(model, tensors, training=False)


def _differ(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    if len(some) != len(others) or any(a.shape != b.shape for a, b in zip(some, others, strict=True)):
        return True
    return _gap([_array(a) for a in some], [_array(b) for b in others]) > NOISE
