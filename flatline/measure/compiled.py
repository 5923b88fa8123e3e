"""The compile state: which loss, targets and metrics belong to which output."""

from typing import Any

import keras

from flatline.facts import DataFacts
from flatline.measure.heads import Output
from flatline.measure.model import declared_activation


def metric_names(model: Any) -> tuple[str, ...]:
    """What the user compiled as metrics, by name."""
    compiled = getattr(model, "_compile_metrics", None)
    if compiled is None:
        return ()
    user = [m for m in keras.tree.flatten([compiled._user_metrics, compiled._user_weighted_metrics]) if m is not None]
    return tuple(
        m if isinstance(m, str) else getattr(m, "name", getattr(m, "__name__", type(m).__name__)) for m in user
    )


def by_name(structure: Any, names: list[str]) -> list[Any]:
    """Leaves of targets in the order of the outputs."""
    if isinstance(structure, dict):
        return [structure.get(name) for name in names]
    leaves = keras.tree.flatten(structure) if structure is not None else []
    return [*leaves, *[None] * (len(names) - len(leaves))]


def pair(
    model: Any, live: Any, makers: Any, weighted: Any, predicted: Any, data: DataFacts, y: Any, loss: Any = None
) -> list[Output]:
    """Pair every output with its loss and targets, by name where they have names, by order otherwise.

    `loss` is that of a model that was not compiled with one.
    """
    flat = keras.tree.flatten(live)
    names = sorted(live) if isinstance(live, dict) else list(getattr(model, "output_names", []))[: len(flat)]
    names = names if len(names) == len(flat) else [f"output_{i}" for i in range(len(flat))]
    targets: list[Any] = list(data.targets)
    if isinstance(y, dict):
        named = {target.name: target for target in targets}
        targets = [named.get(name) for name in names]
    targets = [*targets, *[None] * len(flat)]
    ys = by_name(y, names)
    losses = _losses(model, names) if loss is None else {0: (_resolve(loss), 1.0)}
    found = []
    for i, name in enumerate(names):
        maker = makers[i]
        its_loss, weight = losses.get(i, (None, 1.0))
        found.append(
            Output(
                name=name, layer=maker.name if maker else "", weighted_layer=weighted[i],
                declared=declared_activation(maker) if maker else None, predicted=predicted[i],
                live=flat[i], target=targets[i] if ys[i] is not None else None, y=ys[i], loss=its_loss, weight=weight,
            )
        )  # fmt: skip
    return found


def _losses(model: Any, names: list[str]) -> dict[int, tuple[Any, float]]:
    """The resolved loss of each output, by index; unresolved ones as the user gave them."""
    compiled = getattr(model, "_compile_loss", None)
    if compiled is None:
        return {}
    if not compiled._flat_losses:
        given = compiled._user_loss
        if keras.tree.is_nested(given) and not isinstance(given, dict):
            return {i: (_resolve(loss), 1.0) for i, loss in enumerate(given) if loss is not None}
        if isinstance(given, dict):
            return {i: (_resolve(given[name]), 1.0) for i, name in enumerate(names) if given.get(name) is not None}
        return {i: (_resolve(given), 1.0) for i in range(len(names))}
    found = {}
    for path, loss, weight, _ in compiled._flat_losses:
        key = path[0] if path else 0
        index = names.index(key) if key in names else int(key) if isinstance(key, int) else 0
        found[index] = (loss, 1.0 if weight is None else float(weight))
    return found


def _resolve(loss: Any) -> Any:
    try:
        resolved = keras.losses.get(loss)
    except Exception:  # an odd loss of the user's own stays as given
        return loss
    if isinstance(resolved, keras.losses.Loss) or resolved is None:
        return resolved
    from keras.src.losses.losses import LossFunctionWrapper

    return LossFunctionWrapper(resolved, name=getattr(resolved, "__name__", "loss"))
