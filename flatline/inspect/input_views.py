"""Pictures of what a model was given, and of what in it the answer depends on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.inspect.channels import UNITS
from flatline.inspect.class_maps import grad_cam
from flatline.inspect.saliency import saliency
from flatline.inspect.shades import evenly, pooled, shaded
from flatline.measure.setup import first_line
from flatline.view import ViewedLayer, ViewedPart

SIDE = 96  # pixels of the picture of an input
DIM_SIDE = 64  # of what was computed for it
WORDS = 128  # of a text
WORD = 40  # characters
FEATURES = 32  # lines of a series
STEPS = 128
COLOURS = (1, 3, 4)
RESHAPING = ("Flatten", "Reshape")


def input_bytes(x: Any) -> float:
    """Bytes that the pictures of one input may take in a file."""
    wide = [leaf for leaf in keras.tree.flatten(x) if leaf.ndim > 2]
    sides: list[int] = [min(SIDE, leaf.shape[1]) * min(SIDE, leaf.shape[2]) for leaf in wide]
    return 2_000 + 4 / 3 * sum(3 * cells + DIM_SIDE**2 for cells in sides)


class InputViews:
    """Pictures of some rows.

    Parameters
    ----------
    model : keras.Model
    few : structure of ndarray
        The rows.
    names : sequence of str
        Of the inputs, in the order of the leaves.
    layers : sequence of ViewedLayer
        Tell what an array is: tokens where an embedding reads it.
    """

    def __init__(self, model: Any, few: Any, names: Sequence[str], layers: Sequence[ViewedLayer]) -> None:
        self._model, self._few = model, few
        readers = [layer for layer in layers if layer.reads_input]
        self._looks_up = any(layer.kind == "Embedding" for layer in readers)
        self._unfolds = any(layer.kind in RESHAPING or len(layer.output_shape) == 3 for layer in readers)
        self._leaves = keras.tree.flatten(few)
        self.parts = [self._part(name, leaf) for name, leaf in zip(names, self._leaves, strict=True)]

    def _part(self, name: str, leaf: Array) -> ViewedPart:
        form = self._form(leaf)
        if form == "words":
            words = tuple(tuple(_word(word) for word in np.ravel(row)[:WORDS].tolist()) for row in leaf)
            return ViewedPart(name=name, form=form, words=words)
        if not form:
            return ViewedPart(name=name, missing=f"it has the shape {leaf.shape[1:]}, which is no picture")
        return ViewedPart(name=name, form=form, shades=shaded(_picture(leaf, form, SIDE)[None], alike=True))

    def _form(self, leaf: Array) -> str:
        if leaf.dtype.kind not in "biuf" and not keras.backend.is_float_dtype(str(leaf.dtype)):
            return "words"
        if leaf.ndim <= 2:
            whole = leaf.dtype.kind in "biu" or (self._looks_up and bool(np.all(leaf == np.floor(leaf))))
            return "words" if whole else "vector"
        return {3: "image" if self._unfolds else "series", 4: "image", 5: "image"}.get(leaf.ndim, "")

    def add_saliency(self) -> None:
        """Look what small changes of each input would do."""

        def look() -> None:
            found = keras.tree.flatten(saliency(self._model, self._few))
            for i, gradient in enumerate(found):
                self.parts[i] = replace(self.parts[i], saliency=self._strength(self.parts[i], gradient, i))

        self._try(look, "no_saliency")

    def _strength(self, part: ViewedPart, gradient: Array, number: int) -> Any:
        strength = np.abs(gradient)
        if part.form == "words":
            strength = np.linalg.norm(strength, axis=-1) if strength.ndim > 2 else strength
            return shaded(strength.reshape(len(strength), -1)[None, :, None, :WORDS], from_zero=True, coarse=True)
        if part.form == "vector":  # units differ: what a usual change of the feature does
            spread = self._leaves[number].std(0)
            strength = strength * np.where(spread > 0, spread, 1) if len(strength) > 1 else strength
        return shaded(_picture(strength, part.form, DIM_SIDE, strongest=True)[None], from_zero=True, coarse=True)

    def add_class_map(self) -> None:
        """Look where the last maps speak for the class."""

        def look() -> None:
            found = grad_cam(self._model, self._few, resize=False)
            form = "image" if found.ndim == 3 else "series"
            at = next((i for i, part in enumerate(self.parts) if part.form == form), None)
            if at is None:
                raise FlatlineError("no input is drawn with the places that the last maps have")
            maps = found if found.ndim == 3 else found[:, None]
            small = pooled(pooled(maps, 1, DIM_SIDE), 2, DIM_SIDE)
            self.parts[at] = replace(self.parts[at], class_map=shaded(small[None], from_zero=True, coarse=True))

        self._try(look, "no_class_map")

    def leave_out(self, field: str, reason: str) -> None:
        """Say why there is none of these."""
        told: dict[str, Any] = {field: reason}
        self.parts = [replace(part, **told) for part in self.parts]

    def _try(self, look: Callable[[], None], field: str) -> None:
        try:
            look()
        except FlatlineError as error:
            self.leave_out(field, str(error))
        except Exception as error:  # a model may refuse whatever we try; all else is drawn
            self.leave_out(field, f"{type(error).__name__}: {first_line(error)}")


def _word(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    text = f"{text:g}" if isinstance(text, float) else str(text)
    return text if len(text) <= WORD else text[: WORD - 1] + "…"


def _picture(leaf: Array, form: str, side: int, *, strongest: bool = False) -> Array:
    """Pictures (n_rows, height, width) or (…, 3) of a batch."""
    values = np.asarray(leaf, "float32")
    if form == "vector":
        flat = values.reshape(len(values), -1)
        return flat[:, None, evenly(flat.shape[1], UNITS)]
    if form == "series":
        lines = values[..., evenly(values.shape[-1], FEATURES)]
        return pooled(lines, 1, STEPS).transpose(0, 2, 1)
    if values.ndim == 5:
        values = values[:, values.shape[1] // 2]
    if values.ndim == 4:
        first = values.shape[1] in COLOURS and values.shape[-1] not in COLOURS
        values = np.moveaxis(values, 1, -1) if first else values
        n_colours = values.shape[-1]
        if strongest:
            values = values.max(-1)
        else:
            values = values[..., :3] if n_colours in (3, 4) else values.mean(-1)
    return pooled(pooled(values, 1, side), 2, side)
