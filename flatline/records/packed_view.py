"""A view as plain dictionaries, lists, strings and numbers, its pictures as PNG images: for records and pages.

A dictionary has the fields of its dataclass, those that are at their defaults left out. `Shades` are `{"png": "…",
"rows": 4, "low": […], "high": […]}`: one image in base64, in which the pictures stand in rows and columns.
"""

import base64
import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from flatline import png
from flatline.facts import Array
from flatline.view import Prediction, Shades, View, ViewedInput, ViewedLayer, ViewedPart

T = TypeVar("T")


def pack(thing: Any) -> Any:
    """Return a view, or a part of one, as dictionaries; numbers that are not finite stay what they are."""
    if isinstance(thing, Shades):
        n_rows, _, height = thing.pictures.shape[:3]
        sprite = np.moveaxis(thing.pictures, 2, 1).reshape(n_rows * height, -1, *thing.pictures.shape[4:])
        image = base64.b64encode(png.encode(sprite)).decode("ascii")
        return {"png": image, "rows": n_rows, "low": thing.low.tolist(), "high": thing.high.tolist()}
    if isinstance(thing, np.ndarray):
        return thing.tolist()
    if isinstance(thing, tuple):
        return [pack(each) for each in thing]
    if dataclasses.is_dataclass(thing):
        fields = ((field, getattr(thing, field.name)) for field in dataclasses.fields(thing))
        return {field.name: pack(value) for field, value in fields if not _is_default(field, value)}
    return thing


def _is_default(field: "dataclasses.Field[Any]", value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size == 0
    return value is field.default or (type(value) is type(field.default) and bool(value == field.default))


def unpack(told: Mapping[str, Any]) -> View:
    """Return the view that was packed.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        When it is none.
    """
    return _made(
        View,
        told,
        layers=tuple(_layer(each) for each in told.get("layers", ())),
        inputs=tuple(_input(each) for each in told.get("inputs", ())),
        parts=tuple(_part(each) for each in told.get("parts", ())),
        seconds=float(told.get("seconds", "nan")),
    )


def _layer(told: Mapping[str, Any]) -> ViewedLayer:
    n_drawn = len(told.get("channels", ()))
    numbers = {name: _numbers(told[name], n_drawn) for name in ("mean", "std", "zero_share") if name in told}
    shades = _shades(told)
    if shades is not None:
        _, n_columns, height, width = shades.pictures.shape
        if n_drawn != {"maps": n_columns, "vector": width, "series": height}[told["form"]]:
            raise ValueError("a picture of other channels")
    return _made(ViewedLayer, told, **({} if shades is None else {"shades": shades}), **numbers)


def _part(told: Mapping[str, Any]) -> ViewedPart:
    pictures = {name: _shades(told, name) for name in ("shades", "saliency", "class_map") if name in told}
    words = tuple(tuple(map(str, each)) for each in told.get("words", ()))
    return _made(ViewedPart, told, words=words, **pictures)


def _input(told: Mapping[str, Any]) -> ViewedInput:
    predictions = tuple(
        _made(Prediction, each, values=tuple(map(float, each["values"]))) for each in told.get("predictions", ())
    )
    return _made(ViewedInput, told, predictions=predictions)


def _shades(told: Mapping[str, Any], name: str = "shades") -> Shades | None:
    if name not in told:
        return None
    packed = told[name]
    sprite = png.decode(base64.b64decode(packed["png"], validate=True))
    low = _numbers(packed["low"], len(packed["low"]))
    n_rows, n_columns = int(packed["rows"]), len(low)
    height, width = sprite.shape[0] // n_rows, sprite.shape[1] // n_columns
    pictures = sprite.reshape(n_rows, height, n_columns, width, *sprite.shape[2:])
    return Shades(pictures=np.moveaxis(pictures, 1, 2), low=low, high=_numbers(packed["high"], n_columns))


def _numbers(told: Any, n: int) -> Array:
    numbers = np.array(told, "float64")
    if numbers.shape != (n,):
        raise ValueError("numbers of another count")
    return numbers


def _made(kind: type[T], told: Mapping[str, Any], **rest: Any) -> T:
    """Make a dataclass of the fields that it knows."""
    fields = {field.name: field.type for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    known = {name: _tuples(value) for name, value in told.items() if name in fields and name not in rest}
    wrong = [name for name, value in known.items() if fields[name] in (str, int) and type(value) is not fields[name]]
    if wrong:
        raise TypeError(f"no {fields[wrong[0]]}: {wrong[0]}")
    return kind(**known, **rest)


def _tuples(told: Any) -> Any:
    return tuple(map(_tuples, told)) if isinstance(told, list) else told
