"""Facts as they would be had nothing been measured, which numbers of them a check reads, what tells two apart.

What RuleTester needs to show that a check never takes silence for health.
"""

import copy
import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from flatline.facts import PlanFacts
from flatline.logs import Log


def blank(value: Any, *, empty: bool) -> Any:
    """Return facts as if no number had been measured: every float is NaN; with `empty`, every collection is empty.

    The user's plan and the steps of a log are left as they are: they are told, not measured.
    """
    if isinstance(value, PlanFacts):
        return value
    if isinstance(value, np.ndarray):
        if empty or value.dtype.kind not in "fiu":
            return np.empty(0)
        return np.full(value.shape, math.nan)
    if isinstance(value, float):
        return math.nan
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        blanked = {name: _field(inner, empty) for name, inner in _fields(value).items()}
        if isinstance(value, Log) and not empty:
            blanked["step"] = value.step
        return dataclasses.replace(value, **blanked)
    if isinstance(value, tuple):
        return tuple(blank(one, empty=empty) for one in value)
    return value


def _field(value: Any, empty: bool) -> Any:
    if isinstance(value, tuple) and empty:
        return ()
    if isinstance(value, Mapping):
        numbers = {key: blank(one, empty=empty) for key, one in value.items()}
        return {} if empty else numbers
    return blank(value, empty=empty)


def traced(value: Any, read: set[str]) -> Any:
    """Return a copy that notes in `read` which fields holding measured numbers are looked at."""
    if isinstance(value, tuple):
        return tuple(traced(one, read) for one in value)
    if isinstance(value, Mapping):
        return {key: traced(one, read) for key, one in value.items()}
    if isinstance(value, PlanFacts | type) or not dataclasses.is_dataclass(value):
        return value
    kind = type(value)
    numbers = {name for name, inner in _fields(value).items() if isinstance(inner, float | np.ndarray)}

    def note(self: Any, name: str) -> Any:
        if name in numbers:
            read.add(f"{kind.__name__}.{name}")
        return object.__getattribute__(self, name)

    twin = copy.copy(value)
    for name, inner in _fields(value).items():
        object.__setattr__(twin, name, traced(inner, read))
    object.__setattr__(twin, "__class__", type(kind.__name__, (kind,), {"__getattribute__": note}))
    return twin


def fingerprint(value: Any) -> str:
    """Tell two values apart by what they hold: arrays by their bytes, dataclasses by their fields."""
    if isinstance(value, np.ndarray):
        return f"array({value.dtype}, {value.shape}, {hash(value.tobytes())})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ", ".join(f"{name}={fingerprint(inner)}" for name, inner in _fields(value).items())
        return f"{type(value).__name__}({fields})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{fingerprint(k)}: {fingerprint(v)}' for k, v in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(fingerprint, value))})"
    return repr(value)


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
