"""A look inside the network for a report: when a run ends, if there is time for it, or when the report is saved."""

import hashlib
import time
import weakref
from typing import TYPE_CHECKING, Any

from flatline.errors import FlatlineError
from flatline.judging import WATCHING
from flatline.records.record import RunRecord
from flatline.view import View

if TYPE_CHECKING:
    from flatline.measure.recorder import Recorder

SECONDS = 20.0  # of a look that the user waits for
LOST_SECONDS = 5.0  # of one at a run that has gone flat
PASSES = (
    2.0  # 1; what a look takes, in passes of the few rows that the recorder has timed: 8 of 4 rows and their gradients
)
LEAST_PASSES = 3  # of a row, that any look takes
LEAST_SECONDS = 0.3  # that one takes of a small model: putting it back as it was, mostly
GROWN = 1.25  # 1; steps since the last look: `fit` may be called in a loop
ROWS = 32
GONE = "the model is gone"
CELLS = 512  # of each weight that tell whether it has changed


class Later:
    """A look inside a network that is taken when it is asked for; a model that the user has dropped is not kept.

    Parameters
    ----------
    model : keras.Model
    x, y : structure of ndarray
        A few rows; `y` may be None.
    """

    def __init__(self, model: Any, x: Any, y: Any) -> None:
        self._model, self._x, self._y = weakref.ref(model), x, y
        self._mark = _mark(model)
        self._seen: dict[float | None, tuple[bytes, View | str]] = {}

    @classmethod
    def of(cls, model: Any, rows: tuple[Any, Any] | None) -> "Later | None":
        """Return one, None where there are no rows."""
        return None if rows is None else cls(model, *rows)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Leave the model behind where the report is copied or pickled."""
        return str, (GONE,)

    def __call__(self, seconds: float | None = None) -> View | str:
        """Take the look, or say why there is none; once, unless the weights change.

        Parameters
        ----------
        seconds : float or None
            Time for it; where that is too short for a look, none is taken. None: as long as someone waits who has
            asked for it, and what was seen in less time before is looked at again.
        """
        model = self._model()
        if model is None:
            return GONE
        mark = _mark(model)
        for granted in (None, seconds):
            if granted in self._seen and self._seen[granted][0] == mark:
                return self._seen[granted][1]
        when = "as it was reported on"
        if mark != self._mark:
            when = "when the report was shown, after the weights had changed"
        why_not = None if seconds is None else _too_long(model, self._x, seconds)
        self._seen[seconds] = mark, why_not or _look(model, self._x, self._y, when, seconds or SECONDS)
        return self._seen[seconds][1]


def take(model: Any, record: RunRecord, recorder: "Recorder", *, lost: bool) -> None:
    """Look at a run that has ended, and keep it in the record: within the time for watching, or what is lost anyway."""
    rows, n_steps = recorder.rows, recorder.n_steps
    if record.ended not in ("finished", "stopped") or n_steps < GROWN * record.viewed_at:
        return
    if rows.x is None:
        record.look("no rows of the training batches were seen", n_steps)
        return
    training = record.spent.get("training", 0.0)
    left = recorder.spending.overhead * training - sum(record.spent.get(kind, 0.0) for kind in WATCHING)
    needed = LEAST_SECONDS + PASSES * rows.pass_seconds
    if lost:
        left = max(left, LOST_SECONDS)
    if needed > left:
        why = f"a look takes about {needed:.1g} s, and {max(left, 0):.1g} s were left for watching (`overhead`)"
        record.look(f"{why}; `monitor.report.save` takes one while the model is at hand", n_steps)
        return
    start = time.perf_counter()
    record.look(_look(model, *_few(rows), f"after {n_steps:,} steps", left), n_steps)
    record.spend("explaining" if lost else "viewing", time.perf_counter() - start)


def of_run(model: Any, record: RunRecord, recorder: "Recorder | None") -> "View | Later | str | None":
    """Return the look of a run: as it was taken, or one to take while the model is at hand."""
    if isinstance(record.view, View) or recorder is None or recorder.rows.x is None:
        return record.view
    return Later(model, *_few(recorder.rows))


def _few(rows: Any) -> tuple[Any, Any]:
    import numpy as np

    from flatline.measure.setup import rows_of

    at = np.unique(np.linspace(0, len(rows) - 1, ROWS).astype(int))
    return rows_of(rows.x, at), rows_of(rows.y, at)


def _too_long(model: Any, x: Any, seconds: float) -> str | None:
    """Why there is not the time for a look, from one pass of a row; None where there is."""
    from flatline import backend
    from flatline.inspect.opened import opened, prepared
    from flatline.measure.setup import fixed_batch, rows_of

    start = time.perf_counter()
    try:
        with opened(model):
            row = rows_of(prepared(model, x), slice(0, fixed_batch(model) or 1))
            backend.call(model, backend.to_tensors(row), training=False)
    except Exception:
        return None  # the look says what is wrong
    needed = LEAST_PASSES * (time.perf_counter() - start)
    if needed <= seconds:
        return None
    return f'a look takes {needed:.1g} s or more, and {seconds:g} s are granted; `report.save("report.html")` takes it'


def _look(model: Any, x: Any, y: Any, taken: str, seconds: float) -> View | str:
    from flatline.inspect import view

    try:
        return view(model, x, labels=y, taken=taken, seconds=seconds)
    except FlatlineError as error:
        return str(error)
    except Exception as error:  # the report is worth having without
        return f"{type(error).__name__}: {str(error)[:200]}"


def _mark(model: Any) -> bytes:
    """What tells the weights of a model from other ones, from a few cells of each."""
    from flatline import backend

    mark = hashlib.blake2b(digest_size=16)
    for variable in model.weights:
        mark.update(backend.peek(variable, CELLS).tobytes())
    return mark.digest()
