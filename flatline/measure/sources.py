"""What `fit` takes as an array, read row by row and in place: NumPy, memory maps, tensors, pandas, sparse."""

import mmap
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array

AROUND = 1 << 16  # bytes: what an operating system maps around a page that is touched


def refusal(what: str, must: str, got: str) -> FlatlineError:
    """The one form of an error about a parameter."""
    return FlatlineError(f"The {what} parameter of check_setup must be {must}. Got {got.removesuffix('.')}.")


class Source:
    """Rows of one array that is read in place.

    Parameters
    ----------
    array : object
        Has `shape`, a NumPy `dtype` and can be sliced: an ndarray, a memory map, a file's data set.
    """

    def __init__(self, array: Any) -> None:
        self.array = array
        self.n_rows = int(array.shape[0])
        self.shape = tuple(int(size) for size in array.shape[1:])
        self.dtype = self._dtype()
        self.dtype_name = str(self.dtype)
        self._map = _file_map(array)

    @property
    def cells_per_row(self) -> int:
        """Number of values of one sample."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def row_bytes(self) -> int:
        """Bytes of one sample."""
        return max(1, self.cells_per_row * int(self.dtype.itemsize))

    @property
    def whole(self) -> Array | None:
        """The array itself, where it is in memory."""
        return np.asarray(self.array) if isinstance(self.array, np.ndarray) and self._map is None else None

    @property
    def in_memory(self) -> bool:
        """Whether rows can be read one by one without a cost."""
        return self._map is None and isinstance(self.array, np.ndarray)

    def block(self, start: int, stop: int) -> Array:
        """Rows `start` to `stop`."""
        return np.asarray(self.array[start:stop])

    def take(self, rows: Array) -> Array:
        """Copy the rows of these ascending indices."""
        if self._map is None:
            return np.asarray(self.array[rows])
        out = np.empty((len(rows), *self.array.shape[1:]), self.dtype)
        file, _ = self._map
        # Reading ahead of a row here and there would read most of the file.
        _advise(file, "MADV_RANDOM")
        for at, row in enumerate(rows.tolist()):
            out[at] = self.array[row]
            self.release(row, row + 1)
        _advise(file, "MADV_NORMAL")
        return out

    def release(self, start: int, stop: int) -> None:
        """Let the operating system have back the pages of rows that were read from a file."""
        if self._map is None:
            return
        file, at = self._map
        low, high = np.lib.array_utils.byte_bounds(self.array[start:stop])
        # Pages around those touched were mapped as well.
        low = max(0, (low - at) // AROUND * AROUND)
        high = min(len(file), -(-(high - at) // AROUND) * AROUND)
        _advise(file, "MADV_DONTNEED", low, high - low)

    def feed(self, rows: Array) -> Array:
        """Give rows in the form in which they are fed to the model, but for the type."""
        return rows

    def _dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype


class FrameSource(Source):
    """A pandas frame or series, recognised by its class so that pandas need not be installed."""

    def __init__(self, frame: Any, what: str) -> None:
        self._series = type(frame).__name__ == "Series"
        types = [frame.dtype] if self._series else list(frame.dtypes)
        names = [frame.name] if self._series else list(frame.columns)
        for name, kind in zip(names, types, strict=True):
            if getattr(kind, "kind", "O") not in "biuf":
                values = frame if self._series else frame[name]
                raise _not_numeric(what, f"{kind} in column {name!r}", values.iloc[0] if len(values) else None)
        # Types that allow for missing values are read as floats, so that those show as NaN.
        self._types = [np.dtype(float if hasattr(kind, "numpy_dtype") else kind) for kind in types]
        super().__init__(frame)
        self.dtype_name = str(types[0]) if len(set(map(str, types))) == 1 else str(self.dtype)

    def block(self, start: int, stop: int) -> Array:
        return self._values(self.array.iloc[start:stop])

    def take(self, rows: Array) -> Array:
        return self._values(self.array.iloc[rows])

    @property
    def in_memory(self) -> bool:
        return True

    def feed(self, rows: Array) -> Array:
        return rows[:, None] if self._series else rows

    def _values(self, part: Any) -> Array:
        masked = {"na_value": np.nan} if self.dtype.kind == "f" else {}
        return np.asarray(part.to_numpy(dtype=self.dtype, **masked))

    def _dtype(self) -> np.dtype[Any]:
        common: np.dtype[Any] = np.result_type(*self._types) if self._types else np.dtype(np.float32)
        return common


class SparseSource(Source):
    """Coordinates and values of a sparse array; its rows are made dense as they are read."""

    def __init__(self, indices: Array, values: Array, shape: Sequence[int]) -> None:
        order = np.lexsort(indices.T[::-1])
        self._indices, self._values = indices[order], values[order]
        super().__init__(np.broadcast_to(np.zeros((), values.dtype), tuple(int(size) for size in shape)))

    @property
    def whole(self) -> Array | None:
        return None

    def block(self, start: int, stop: int) -> Array:
        low, high = np.searchsorted(self._indices[:, 0], (start, stop))
        dense = np.zeros((stop - start, *self.array.shape[1:]), self.dtype)
        at = self._indices[low:high]
        np.add.at(dense, (at[:, 0] - start, *at[:, 1:].T), self._values[low:high])
        return dense

    def take(self, rows: Array) -> Array:
        return np.concatenate([self.block(row, row + 1) for row in rows.tolist()])


def open_source(value: Any, what: str) -> Source:
    """Make one array readable; refuse what is not numeric.

    Parameters
    ----------
    value : object
        Array, tensor, frame, sparse matrix, or nested Python numbers.
    what : str
        Parameter that it came in by, for the error.

    Raises
    ------
    FlatlineError
        If it is ragged, has no sample axis, or holds anything but numbers.
    """
    module = type(value).__module__.partition(".")[0]
    if module == "pandas":
        return FrameSource(value, what)
    if module == "scipy" and hasattr(value, "tocoo"):
        entries = value.tocoo()
        return SparseSource(np.stack([entries.row, entries.col], axis=1), entries.data, entries.shape)
    if isinstance(value, keras.Variable):
        value = value.value
    kind, given = backend.tensor_kind(value), value
    if kind == "ragged":
        raise refusal(what, "arrays of equal rows", f"a ragged tensor; pass {what}.to_tensor()")
    if kind == "sparse":
        return SparseSource(*backend.sparse_parts(value))
    if kind == "dense":
        value = backend.dense_view(value)
    elif not (isinstance(value, np.ndarray) or _sliceable(value)):
        try:
            value = np.asarray(value)
        except ValueError:
            got = f"a {type(value).__name__} of rows of unequal length; pad it, e.g. with keras.utils.pad_sequences"
            raise refusal(what, "arrays of equal rows", got) from None
    if len(value.shape) == 0:
        raise refusal(what, "arrays with a sample axis", _short(given))
    if np.dtype(value.dtype).kind not in "biuf" and "float" not in str(value.dtype):
        raise _not_numeric(what, str(value.dtype), next(iter(np.asarray(value[:1]).reshape(-1)), None))
    return Source(value)


def fed_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type to which Keras' adapter of arrays casts: `floatx` for floats, the same for the rest."""
    if dtype.kind == "f" or "float" in str(dtype):
        floatx: np.dtype[Any] = np.dtype(keras.config.floatx())
        return floatx
    return dtype


def fed_limit(dtype: np.dtype[Any]) -> float:
    """The largest magnitude that survives that cast."""
    cast = fed_dtype(dtype)
    return float(np.finfo(cast).max) if cast.kind == "f" and dtype.itemsize > cast.itemsize else float("inf")


def _not_numeric(what: str, dtype: str, first: Any) -> FlatlineError:
    if isinstance(first, (int, float, np.number)):
        advice = f"np.asarray({what}, dtype='float32')"
    elif what == "y":
        advice = "np.unique(y, return_inverse=True)[1] for integer labels"
    else:
        advice = "keras.layers.StringLookup or TextVectorization for text, astype('float32') for numbers"
    return refusal(
        what, "numeric arrays", f"dtype {dtype} (first value: {_short(first)}); encode or convert it, e.g. {advice}"
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _sliceable(value: Any) -> bool:
    """Whether it may be an array on a disk, which must not be read as a whole."""
    if type(value).__module__.startswith("jax"):
        return False
    has = all(hasattr(value, name) for name in ("shape", "__array__", "__getitem__"))
    return has and isinstance(getattr(value, "dtype", None), np.dtype)


def _advise(file: mmap.mmap, advice: str, *part: int) -> None:
    """Advise the operating system about a map of a file, where it takes such advice."""
    if hasattr(mmap, advice):
        file.madvise(getattr(mmap, advice), *part)


def _file_map(array: Any) -> tuple[mmap.mmap, int] | None:
    """Map of a file whose pages can be dropped without loss (shared with it, not copy-on-write), and its address."""
    while array is not None:
        if isinstance(array, np.memmap):
            file: mmap.mmap | None = vars(array).get("_mmap")
            if file is None or array.mode not in ("r", "r+", "w+"):
                return None
            return file, np.lib.array_utils.byte_bounds(np.frombuffer(file, np.uint8))[0]
        array = getattr(array, "base", None)
    return None
