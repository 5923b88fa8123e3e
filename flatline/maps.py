"""Maps of inputs and labels: fitted once on the training data, then the same for validation data and new rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.fix import MapInput, MapLabels


@dataclass(frozen=True, kw_only=True)
class Affine:
    """x · factor + offset, as float32; one pair of numbers, or one for each feature of the last axis."""

    factor: Any
    offset: Any

    def __call__(self, array: Array) -> Any:
        """Map an array."""
        return (array.astype("float64") * self.factor + self.offset).astype("float32")

    def inverse(self, array: Array) -> Any:
        """Undo the map."""
        return (np.asarray(array, "float64") - self.offset) / self.factor

    def tensor(self, tensor: Any) -> Any:
        """Map a tensor of a pipeline."""
        return backend.affine(tensor, np.asarray(self.factor, "float64"), np.asarray(self.offset, "float64"))

    def layer(self) -> Any:
        """Return the layer that computes the same."""
        return _rescaling(self.factor, self.offset)

    def inverse_layer(self) -> Any:
        """Return the layer that undoes the map."""
        return _rescaling(1 / np.asarray(self.factor), -np.asarray(self.offset) / self.factor)


def _rescaling(scale: Any, offset: Any) -> Any:
    return keras.layers.Rescaling(np.asarray(scale).tolist(), np.asarray(offset).tolist(), dtype="float32")


@dataclass(frozen=True, kw_only=True)
class Relabel:
    """Labels in another form: "integers", "one_hot", "zero_one" or "from_zero"."""

    how: str
    classes: int = 0
    low: float = 0.0
    cut: float = 0.0
    dtype: str = "float32"

    def __call__(self, y: Array) -> Any:
        """Map an array of labels."""
        if self.how == "integers":
            return y.argmax(-1).astype("int64")
        if self.how == "one_hot":
            column = y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y
            return np.eye(self.classes, dtype="float32")[column.astype(int)]
        if self.how == "zero_one":
            return (y > self.cut).astype("float32")
        return (y - self.low).astype(self.dtype)

    def inverse(self, y: Array) -> Any:
        """Return the labels as they were, from labels of the new form (not from scores)."""
        if self.how == "integers":
            return np.eye(self.classes, dtype="float32")[np.asarray(y).astype(int)]
        if self.how == "one_hot":
            return np.asarray(y).argmax(-1)
        if self.how == "zero_one":
            return np.where(np.asarray(y) > 0.5, 2 * self.cut - self.low, self.low)
        return np.asarray(y) + self.low

    def tensor(self, tensor: Any) -> Any:
        """Map a tensor of a pipeline."""
        return backend.relabel(tensor, self.how, classes=self.classes, low=self.low, cut=self.cut)


Map = Affine | Relabel


def fit_inputs(edit: MapInput, array: Array) -> Affine:
    """Fit the map of one input array; features are the last axis, an image's channels."""
    if edit.how == "rescale":
        return Affine(factor=edit.factor, offset=edit.offset)
    if edit.how == "standardize":
        return _standardising(array)
    raise FlatlineError(f"MapInput.how must be 'standardize' or 'rescale'. Got {edit.how!r}.")


def fit_labels(edit: MapLabels, y: Array) -> Map:
    """Fit the map of one array of targets."""
    known: dict[str, Callable[[], Map]] = {
        "integers": lambda: Relabel(how="integers", classes=int(y.shape[-1])),
        "one_hot": lambda: Relabel(how="one_hot", classes=edit.classes or int(y.max()) + 1),
        "zero_one": lambda: Relabel(how="zero_one", low=float(y.min()), cut=(float(y.min()) + float(y.max())) / 2),
        "from_zero": lambda: Relabel(how="from_zero", low=y.min(), dtype=str(y.dtype)),
        "standardize": lambda: _standardising(y),
        "rescale": lambda: Affine(factor=edit.factor, offset=0.0),
    }
    if edit.how not in known:
        raise FlatlineError(f"MapLabels.how must be one of {', '.join(known)}. Got {edit.how!r}.")
    return known[edit.how]()


def _standardising(array: Array) -> Affine:
    axes = tuple(range(array.ndim - 1)) if array.ndim > 1 else (0,)
    values = array.astype("float64")
    finite = np.where(np.isfinite(values), values, np.nan)
    empty = np.all(np.isnan(finite), axis=axes)
    finite = np.where(empty, 0.0, finite)  # a column without a number is left as it is
    mean, std = np.nanmean(finite, axis=axes), np.nanstd(finite, axis=axes)
    std = np.where(std > 0, std, 1.0)
    return Affine(factor=1.0 / std, offset=-mean / std)


def are_arrays(structure: Any) -> bool:
    """Whether a structure holds arrays all through, and at least one."""
    leaves = keras.tree.flatten(structure)
    return structure is not None and bool(leaves) and all(hasattr(leaf, "__array__") for leaf in leaves)


def mapped(structure: Any, maps: Any) -> Any:
    """Every array of a structure through its map (None: as it is)."""
    leaves = [np.asarray(leaf) for leaf in keras.tree.flatten(structure)]
    done = [leaf if one is None else _whole(one, leaf) for one, leaf in zip(maps, leaves, strict=True)]
    return keras.tree.pack_sequence_as(structure, done)


def _whole(one: Map, array: Array) -> Any:
    """A factor that makes whole numbers of labels, e.g. 0–255 back from 0–1, gives whole numbers."""
    result = one(array)
    if isinstance(one, Affine) and np.ndim(one.factor) == 0 and one.factor > 1 and one.offset == 0.0:
        rounded = np.round(result)
        if np.allclose(result, rounded, atol=1e-4):
            return rounded.astype("int64")
    return result
