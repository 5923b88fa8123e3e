"""The rows of one log while it is filled: compact columns that grow, and thin out before they grow too large."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from flatline.facts import Array
from flatline.logs import Log, between
from flatline.records.thinning import rows_to_keep

MAX_ROWS = 20_000  # ten times the pixels of a wide plot; the newer half holds the last 10,000 rows as they were
MAX_CELLS = 320_000  # numbers in all rows together: 2.6 MB; 800 rows of four quantities over 100 layers
MIN_ROWS = 32  # whatever the width: fewer are no curve
MAX_NAMES = 500  # of curves that `fit` reports

Columns = dict[str, Any]
"""Rows by field: an array, or arrays by name where the log has a mapping."""


class Table:
    """Rows of one log type.

    What a field of the log is follows from its default: an array is a column (of numbers, or of one-dimensional
    arrays), a mapping holds columns by name, anything else is a constant of which the latest value counts.

    Parameters
    ----------
    log_type : type of Log
        What `log` returns.
    note : callable
        Told in words what could not be taken in.
    max_rows, max_cells : int
        When one of them is reached, the older half is thinned.
    """

    def __init__(
        self,
        log_type: type[Log],
        note: Callable[[str], None],
        *,
        max_rows: int = MAX_ROWS,
        max_cells: int = MAX_CELLS,
    ) -> None:
        self.log_type = log_type
        self.n = 0
        self.written = 0  # rows that are on disk; the writer sets it, thinning moves it along
        self.constants: dict[str, Any] = {}
        self._axes: dict[str, int] = {}
        self._names: dict[str, str] = {}  # of a wide column: the constant that names its columns
        self._nested: dict[str, dict[str, Array]] = {}
        self._columns: dict[str, Array] = {}
        self._wide: dict[str, Array] = {}
        self._note, self._max_rows, self._max_cells = note, max_rows, max_cells
        self._step, self._last = np.empty(MIN_ROWS, "int64"), -1
        self._room = min(MIN_ROWS, max_rows)
        self._log: Log | None = None
        self.sparse = frozenset(each.name for each in dataclasses.fields(log_type) if each.metadata.get("sparse"))
        named = ""
        for field, default in vars(log_type()).items():
            if isinstance(default, np.ndarray):
                self._axes[field], self._names[field] = default.ndim, named
            elif isinstance(default, Mapping):
                self._nested[field] = {}
            else:
                self.constants[field] = default
                named = field if isinstance(default, tuple) else named
        del self._axes["step"]

    def add(self, step: int, columns: Mapping[str, Any]) -> None:
        """Append a row; what it does not give is NaN, and a row that is not above the last step is not taken."""
        row = self.n
        if step <= self._last:
            self._note(f"rows of {self.log_type.__name__} whose step was not above the step of the row before")
            return
        if row >= self._room:
            self._make_room()
            row = self.n
        own = self._columns
        for field in columns:
            if field in own:
                own[field][row] = columns[field]
            else:
                self._place(field, columns[field], row)
        self._step[row] = self._last = step
        self.n = row + 1
        self._log = None

    def extend(self, step: Array, columns: Columns) -> None:
        """Append many rows, as one `add` after the other would.

        Raises
        ------
        ValueError
            When the steps do not increase, or columns have other shapes than in the rows before.
        """
        if len(step) == 0:
            return
        if step[0] <= self._last or (np.diff(step) <= 0).any():
            raise ValueError("steps do not increase")
        self.add(int(step[0]), _first_row(columns))
        at = 1
        while at < len(step):
            if self.n >= self._room:
                self._make_room()
            rows = min(len(step) - at, self._room - self.n)
            here, there = slice(self.n, self.n + rows), slice(at, at + rows)
            self._step[here] = step[there]
            for field, value in columns.items():
                if isinstance(value, Mapping):
                    for name in value.keys() & self._nested[field].keys():
                        self._nested[field][name][here] = value[name][there]
                else:
                    (self._wide if field in self._wide else self._columns)[field][here] = value[there]
            self.n, at = self.n + rows, at + rows
        self._last = int(step[-1])
        self._log = None

    def set(self, field: str, value: Any) -> None:
        """Set a constant, as the type of its default."""
        self.constants[field] = type(self.constants[field])(value)
        self._log = None

    def sample(self, field: str, value: float) -> None:
        """Set a column of numbers in the last row, if there is a row."""
        if self.n:
            column = self._columns.get(field)
            column = self._blank(()) if column is None else column.copy()  # views handed out keep what they show
            column[self.n - 1] = value
            self._columns[field], self._log = column, None

    def log(self) -> Log:
        """Return the rows as the log that detectors read; its arrays are views that nobody can write to."""
        if self._log is None:
            rows = self.rows(0)
            for field, axes in self._axes.items():
                if field not in rows:
                    width = (len(self.constants.get(self._names[field], ())),) * (axes - 1)
                    rows[field] = _read_only(np.full((self.n, *width), np.nan))
            step = _read_only(self._step[: self.n])
            self._log = self.log_type(step=step, **rows, **self.constants)
        return self._log

    def steps(self, start: int = 0) -> Array:
        """Steps of the rows from `start` on."""
        return _read_only(self._step[start : self.n])

    def rows(self, start: int = 0) -> Columns:
        """All columns that were ever given, from row `start` on."""
        single = {**self._columns, **self._wide}
        rows: Columns = {field: _read_only(column[start : self.n]) for field, column in single.items()}
        for field, inner in self._nested.items():
            rows[field] = {name: _read_only(column[start : self.n]) for name, column in inner.items()}
        return rows

    @property
    def columns(self) -> frozenset[str]:
        """Fields that hold one array."""
        return frozenset(self._axes)

    @property
    def mappings(self) -> frozenset[str]:
        """Fields that hold arrays by name."""
        return frozenset(self._nested)

    @property
    def width(self) -> int:
        """Numbers in a row, its step left out."""
        return sum(column[0].size for column in self._buffers())

    @property
    def nbytes(self) -> int:
        """Memory that the columns hold."""
        return self._step.nbytes + sum(column.nbytes for column in self._buffers())

    def _buffers(self) -> list[Array]:
        named = (column for inner in self._nested.values() for column in inner.values())
        return [*self._columns.values(), *self._wide.values(), *named]

    def _limit(self) -> int:
        return max(MIN_ROWS, min(self._max_rows, self._max_cells // max(1, self.width)))

    def _place(self, field: str, value: Any, row: int) -> None:
        """Take what is no number in a column that is there."""
        if field in self.constants:
            self.set(field, value)
        elif field in self._nested:
            self._place_named(field, value, row)
        elif field in self._axes:
            self._place_array(field, np.asarray(value, "float64"), row)
        else:
            raise TypeError(f"{self.log_type.__name__} has no field {field!r}")

    def _place_array(self, field: str, value: Array, row: int) -> None:
        column = self._wide.get(field)
        if column is None:
            if value.ndim != self._axes[field] - 1:
                raise ValueError(f"{self.log_type.__name__}.{field} has rows of {self._axes[field] - 1} axes")
            column = self._blank(value.shape)
            (self._wide if value.ndim else self._columns)[field] = column
            self._room = min(self._room, self._limit())
        if value.shape != column.shape[1:]:  # NumPy would spread one number over a row
            raise ValueError(f"{self.log_type.__name__}.{field} has rows of {column.shape[1]} numbers")
        column[row] = value

    def _place_named(self, field: str, values: Mapping[str, Any], row: int) -> None:
        inner = self._nested[field]
        for name, value in values.items():
            if name not in inner:
                if len(inner) >= MAX_NAMES:
                    self._note(f"curves of {self.log_type.__name__} after the first {MAX_NAMES}")
                    continue
                inner[name] = self._blank(())
                self._room = min(self._room, self._limit())
            inner[name][row] = value

    def _blank(self, shape: tuple[int, ...]) -> Array:
        return np.full((len(self._step), *shape), np.nan)

    def _make_room(self) -> None:
        """Grow, or thin out where the table may not grow; views handed out before keep what they show."""
        limit = self._limit()
        while self.n >= limit:
            self._thin()
        if self.n >= len(self._step):
            self._copy(np.arange(self.n), min(limit, 2 * self.n))
        self._room = min(len(self._step), limit)

    def _thin(self) -> None:
        """Leave rows out; what stands between samples is filled in first, since its sample may be left out."""
        n = self.n
        sparse = self.sparse & self._columns.keys()
        full = [column for field, column in self._columns.items() if field not in sparse]
        cells = [column[:n].reshape(n, -1) for column in (*full, *self._buffers()[len(self._columns) :])]
        for field in sparse:
            column = self._columns[field]
            known = np.isfinite(column[:n])
            end = int(known.nonzero()[0][-1]) + 1 if known.any() else 0  # of what is after it more will be known
            filled = between(self._step[:end], self._step[:n], column[:n])
            self._columns[field] = np.concatenate([np.where(known[:end], column[:end], filled), column[end:]])
        keep = rows_to_keep(self._step[:n], np.concatenate(cells, axis=1) if cells else np.empty((n, 0)))
        self.written = int(np.searchsorted(keep, self.written))
        self._copy(keep, len(self._step))

    def _copy(self, keep: Array, size: int) -> None:
        def moved(column: Array) -> Array:
            fresh = np.full((size, *column.shape[1:]), np.nan)
            fresh[: len(keep)] = column[keep]
            return fresh

        step = np.empty(size, "int64")
        step[: len(keep)] = self._step[keep]
        self._step, self.n, self._log = step, len(keep), None
        self._columns = {field: moved(column) for field, column in self._columns.items()}
        self._wide = {field: moved(column) for field, column in self._wide.items()}
        for field, inner in self._nested.items():
            self._nested[field] = {name: moved(column) for name, column in inner.items()}


def _first_row(columns: Columns) -> Columns:
    return {
        field: {name: inner[0] for name, inner in value.items()} if isinstance(value, Mapping) else value[0]
        for field, value in columns.items()
    }


def _read_only(column: Array) -> Array:
    view = column[:]
    view.flags.writeable = False
    return view
