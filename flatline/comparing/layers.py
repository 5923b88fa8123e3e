"""In which layer and quantity two runs part first: sampled logs of both, aligned on steps."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import numpy as np

from flatline.comparing.parting import LASTING, Spell, paired, spell
from flatline.facts import Array
from flatline.logs import ActivationLog, GradientLog, Log, ProbeLog, RunFacts, RunLayer, UpdateLog

ZERO = float(np.finfo(np.float32).tiny)  # smallest normal number of training's usual type: below it lies nothing


class _Quantity(NamedTuple):
    log: type[Log]
    field: str
    matters: float  # a factor, a share, or standard deviations
    group: int  # 0: weights and outputs, 1: gradients, 2: updates
    nonfinite: str = ""  # field of the log that is 1 where the value is no number


# Between seeds of a small network nothing lasted that was more than a factor of 1.13, and between batches of 32 and of
# 128 rows 1.5 (gradient norms). Shares: a quarter of a layer is far above the error of a share over 256 rows, 0.03.
QUANTITIES: Mapping[str, _Quantity] = {
    "weight norm": _Quantity(GradientLog, "weight_norm", 1.5, 0, "nonfinite_weights"),
    "dead share": _Quantity(ProbeLog, "dead_share", 0.25, 0),
    "saturated share": _Quantity(ActivationLog, "saturated_share", 0.25, 0),
    "activation spread": _Quantity(ActivationLog, "spread", 2.0, 0, "nonfinite"),
    "activation mean": _Quantity(ActivationLog, "mean", 1.0, 0, "nonfinite"),
    "gradient norm": _Quantity(GradientLog, "gradient_norm", 3.0, 1, "nonfinite_gradients"),
    "update ratio": _Quantity(UpdateLog, "update_ratio", 3.0, 2),
}
SHARES = ("dead share", "saturated share")


@dataclass(frozen=True, kw_only=True)
class LayerParting:
    """A quantity of a layer that parts for good between two runs."""

    quantity: str
    layer: str  # as run A names it
    layer_b: str  # as run B names it
    step: int  # first that shows it
    a: float  # median of each run there
    b: float
    from_start: bool  # the first samples that both runs have show it


def matched(
    layers_a: Sequence[RunLayer], layers_b: Sequence[RunLayer]
) -> list[tuple[RunLayer | None, RunLayer | None]]:
    """Pair the layers of two models: by name where the names are the same, else in the order that changes the least.

    Keras numbers the layers that a user does not name, so the same model may have other names in another run.
    """
    if [layer.name for layer in layers_a] == [layer.name for layer in layers_b]:
        return list(zip(layers_a, layers_b, strict=True))
    pairs: list[tuple[RunLayer | None, RunLayer | None]] = []
    signs_a, signs_b = [_sign(layer) for layer in layers_a], [_sign(layer) for layer in layers_b]
    for _, a0, a1, b0, b1 in SequenceMatcher(None, signs_a, signs_b, autojunk=False).get_opcodes():
        both = min(a1 - a0, b1 - b0)
        pairs += zip(layers_a[a0 : a0 + both], layers_b[b0 : b0 + both], strict=True)
        pairs += ((layer, None) for layer in layers_a[a0 + both : a1])
        pairs += ((None, layer) for layer in layers_b[b0 + both : b1])
    return pairs


def _sign(layer: RunLayer) -> tuple[object, ...]:
    return layer.kind, layer.activation, layer.n_trainable, layer.is_output


def layer_partings(logs_a: Mapping[type, Any], logs_b: Mapping[type, Any]) -> tuple[tuple[LayerParting, ...], int]:
    """Find all quantities of layers that part for good, the first and most causal first.

    Of those that part at the same time, or before the first sample, the group that parts the furthest comes first: it
    is nearest to the cause. Weights and outputs come in the order of the layers, where an error spreads forwards;
    gradients from the output backwards.

    Parameters
    ----------
    logs_a, logs_b : mapping of type to object
        As `RunRecord.logs` returns them.

    Returns
    -------
    tuple of (tuple of LayerParting, int)
        What parts, and how many curves could be compared at all.
    """
    n_compared = 0
    found: list[tuple[float, int, float, int, LayerParting]] = []
    furthest: dict[tuple[float, int], float] = {}
    names = _names(logs_a[RunFacts], logs_b[RunFacts])
    for order, (name, quantity) in enumerate(QUANTITIES.items()):
        a, b = logs_a[quantity.log], logs_b[quantity.log]
        if isinstance(a, str) or isinstance(b, str):
            continue
        for layer_a, layer_b, place in _common(a.layers, b.layers, names):
            curves = paired(a.step, _column(a, quantity, layer_a), b.step, _column(b, quantity, layer_b))
            n_compared += len(curves[0]) >= LASTING
            apart = _apart(name, quantity, curves, _spread(a, layer_a, b, layer_b))
            if apart is None or apart.until is not None:
                continue
            since, group = (0.0 if apart.from_start else float(apart.step)), quantity.group
            furthest[since, group] = max(apart.size, furthest.get((since, group), 0.0))
            place = (place, -place, -apart.size)[group]
            parting = LayerParting(
                quantity=name,
                layer=layer_a,
                layer_b=layer_b,
                step=apart.step,
                a=apart.a,
                b=apart.b,
                from_start=apart.from_start,
            )
            found.append((since, group, place, order, parting))
    found.sort(key=lambda each: (each[0], -furthest[each[0], each[1]], *each[1:4]))
    return tuple(each[-1] for each in found), n_compared


def _names(facts_a: Any, facts_b: Any) -> dict[str, str]:
    """Name of each layer of run A in run B; empty where a run was not described."""
    if isinstance(facts_a, str) or isinstance(facts_b, str):
        return {}
    return {a.name: b.name for a, b in matched(facts_a.layers, facts_b.layers) if a and b}


def _common(
    layers_a: Sequence[str], layers_b: Sequence[str], names: Mapping[str, str]
) -> Iterator[tuple[str, str, float]]:
    """Columns that both logs have, with the place of the layer in run A."""
    order = {name: float(place) for place, name in enumerate(names)}
    for at, name in enumerate(layers_a):
        other = names.get(name, "" if names else name)
        if other in layers_b:
            yield name, other, order.get(name, float(at))


def _column(log: Any, quantity: _Quantity, layer: str) -> Array:
    """Values of a layer; infinite where the log says that they were no numbers, NaN where they were not measured."""
    column = log.layers.index(layer)
    values: Array = _cells(log, quantity.field, column)
    if quantity.nonfinite:
        values = np.where(_cells(log, quantity.nonfinite, column) > 0, np.inf, values)
    skipped = getattr(log, "skipped", np.empty(0))
    return np.where(skipped == 1, np.nan, values) if len(skipped) else values


def _cells(log: Any, field: str, column: int) -> Array:
    table: Array = getattr(log, field)
    return table[:, column] if table.ndim == 2 and table.shape[1] > column else np.full(len(log), np.nan)


def _spread(a: Any, layer_a: str, b: Any, layer_b: str) -> float:
    """Typical spread of a layer's outputs, the unit of their mean; NaN where there is none."""
    if not isinstance(a, ActivationLog):
        return math.nan
    cells = np.concatenate([_cells(a, "spread", a.layers.index(layer_a)), _cells(b, "spread", b.layers.index(layer_b))])
    cells = cells[np.isfinite(cells) & (cells > 0)]
    return float(np.median(cells)) if len(cells) else math.nan


def _apart(name: str, quantity: _Quantity, curves: tuple[Array, Array, Array], spread: float) -> Spell | None:
    step, a, b = curves
    if name in SHARES:
        return spell(step, a, b, matters=quantity.matters, one_of_many=True)
    if name == "activation mean":
        return spell(step, a, b, matters=quantity.matters * spread, one_of_many=True) if spread > 0 else None
    found = spell(step, _log(a), _log(b), matters=math.log(quantity.matters), one_of_many=True)
    if found is None:
        return None
    return Spell(**{**vars(found), "a": _exp(found.a), "b": _exp(found.b)})


def _log(values: Array) -> Array:
    logs: Array = np.log(np.maximum(values, ZERO))
    return logs


def _exp(value: float) -> float:
    return 0.0 if value <= math.log(ZERO) else math.exp(min(value, 700.0)) if math.isfinite(value) else value
