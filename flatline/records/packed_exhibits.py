"""Facts that hold arrays, as plain JSON and back: what `flatline.records.events` writes of an exhibit.

A fact is an object by field; an array is `{"shape": […], "type": "f4", "bytes": "…"}`, little-endian bytes in base64,
and a number that is not finite is the string "nan", "inf" or "-inf".
"""

import base64
import dataclasses
import functools
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np

from flatline.exhibits import SHOWS_DATA


def packed(value: Any) -> Any:
    """Turn a fact into what JSON has."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: packed(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        cells = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        told = base64.b64encode(cells.tobytes()).decode("ascii")
        return {"shape": list(value.shape), "type": cells.dtype.str[1:], "bytes": told}
    if isinstance(value, Mapping):
        return {str(key): packed(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [packed(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else str(float(value))
    return value.item() if isinstance(value, np.generic) else value


def unpacked(name: str, told: Any) -> tuple[type, Any] | None:
    """Return a fact with its type; None where there is no such type here.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        When it does not hold what such a fact holds.
    """
    kind = next((kind for kind in SHOWS_DATA if kind.__name__ == name), None)
    if kind is None:
        return None
    return kind, told if isinstance(told, str) else _made(kind, told)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _made(kind: Any, told: Any) -> Any:
    """Make a value of a type as it is annotated; fields that are not known here are passed over."""
    if dataclasses.is_dataclass(kind):
        make: Any = kind
        return make(**{name: _made(hint, told[name]) for name, hint in _hints(make).items() if name in told})
    if isinstance(kind, types.UnionType):
        return None if told is None else _made(typing.get_args(kind)[0], told)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is np.ndarray:
        cells = np.frombuffer(base64.b64decode(told["bytes"], validate=True), np.dtype(f"<{told['type']}"))
        return cells.reshape(tuple(told["shape"]))
    if origin is tuple:
        return tuple(_made(inner[0], item) for item in told)
    if origin is Mapping:
        return {str(key): _made(inner[1], item) for key, item in told.items()}
    return kind(told) if kind in (float, int, str, bool) else told
