"""What differs between the set-ups of two runs, as far as their records tell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flatline.comparing.layers import matched
from flatline.comparing.losses import NULLS
from flatline.logs import LossLog, RunFacts, RunLayer
from flatline.records.record import RunRecord

SAME_RATE = 1e-6  # 1; a learning rate that went through 32 bits is off by less


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Something of the set-up that is not the same in both runs; None stands for "has none" or "not known"."""

    what: str
    a: str | float | None
    b: str | float | None


def setup_differences(a: RunRecord, b: RunRecord) -> list[Difference]:
    """List what is not the same: facts of the run, its layers, and the versions it ran with."""
    found: list[Difference] = []
    if a.facts is not None and b.facts is not None:
        found += _of_facts(a.facts, b.facts) + _of_layers(a.facts, b.facts)
    else:
        there = ["recorded" if record.facts is not None else None for record in (a, b)]
        found.append(Difference(what="description of the run", a=there[0], b=there[1]))
    logs = [record.logs()[LossLog] for record in (a, b)]
    penalties = [float(log.penalty_at(log.step[-1:])[0]) if isinstance(log, LossLog) else 0.0 for log in logs]
    if (penalties[0] > 0) != (penalties[1] > 0):  # its size changes as the weights do, and differs in any two runs
        found.append(Difference(what="penalties in the loss, last known", a=penalties[0], b=penalties[1]))
    keys = [key for key in {**a.header, **b.header} if key != "started"]
    found += _unequal({key: (a.header.get(key), b.header.get(key)) for key in keys})
    return found


def _of_facts(a: RunFacts, b: RunFacts) -> list[Difference]:
    pairs: dict[str, tuple[Any, Any]] = {
        "model": (unnumbered(a.model), unnumbered(b.model)),
        "kind of model": (a.kind, b.kind),
        "optimizer": (a.optimizer, b.optimizer),
        "learning rate": (a.learning_rate, b.learning_rate),
        "learning rate scheduled": (_yes(a.scheduled), _yes(b.scheduled)),
        "batch size": (a.batch_size, b.batch_size),
    }
    for number, (one, other) in enumerate(zip(a.heads, b.heads, strict=False)):
        of = f" of output {number + 1}" if len(a.heads) > 1 else ""
        for name in ("loss", "task"):
            pairs[f"{name}{of}"] = (getattr(one, name), getattr(other, name))
        pairs[f"output units{of}"] = (one.units, other.units)
        pairs[f"classes{of}"] = (one.n_classes, other.n_classes)
    if a.heads and b.heads:  # they are known when the first rows have been looked at
        pairs["outputs"] = (len(a.heads), len(b.heads))
        pairs["null loss"] = (a.null, b.null)
    pairs["planned steps"] = (a.planned_steps, b.planned_steps)
    pairs["steps per epoch"] = (a.steps_per_epoch, b.steps_per_epoch)
    pairs["own training step"] = (_yes(a.custom_train_step), _yes(b.custom_train_step))
    pairs["steps accumulated"] = (a.accumulation, b.accumulation)
    return _unequal(pairs)


def _of_layers(a: RunFacts, b: RunFacts) -> list[Difference]:
    """Differences of layers; one that several layers share is told once."""
    shared: dict[tuple[str, Any, Any], list[str]] = {}
    found: list[Difference] = []
    for one, other in matched(a.layers, b.layers):
        if one is None or other is None:
            there = one or other
            found += [Difference(what=f"layer `{there.name}`", a=_described(one), b=_described(other))] if there else []
            continue
        pairs = {
            "class": (one.kind, other.kind),
            "activation": (one.activation, other.activation),
            "trainable": (_yes(one.trainable), _yes(other.trainable)),
            "weights": (one.n_trainable, other.n_trainable),
        }
        for each in _unequal(pairs):
            shared.setdefault((each.what, each.a, each.b), []).append(f"`{one.name}`")
    told = [Difference(what=f"{what} of {_few(names)}", a=x, b=y) for (what, x, y), names in shared.items()]
    return found + told


def _unequal(pairs: Mapping[str, tuple[Any, Any]]) -> list[Difference]:
    return [Difference(what=what, a=_known(a), b=_known(b)) for what, (a, b) in pairs.items() if not _equal(what, a, b)]


def _equal(what: str, a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        if np.isnan(a) or np.isnan(b):
            return True  # not known is no difference
        return abs(a - b) <= (NULLS if what == "null loss" else SAME_RATE) * max(abs(a), abs(b))
    return bool(a == b)


def _known(value: Any) -> str | float | None:
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _described(layer: RunLayer | None) -> str | None:
    return None if layer is None else f"{layer.kind}, {layer.n_trainable:,} weights"


def unnumbered(name: str) -> str:
    """Return a name without the number that Keras gives to what it names itself."""
    return re.sub(r"_\d+$", "", name)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _few(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
