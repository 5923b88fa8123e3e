"""Look into a network that trains: when it has gone flat, and at the end where there is time for it."""

import time
from typing import Any

from flatline.inspect.sight import LEAST_ROWS, MOST_ROWS, PASSES, sight
from flatline.logs import SightLog
from flatline.measure.recorder import Recorder
from flatline.measure.run import FEW

MAX_SECONDS = 3.0  # of a look at a run that is lost anyway; fewer rows are looked at then
AGAIN = 2  # 1; a flat run is looked into anew when it has grown by this factor


def look_inside(model: Any, recorder: Recorder, *, lost: bool, last: bool = False) -> None:
    """Add a row to `SightLog`, unless nothing is known to look at, it was done a short while ago, or it takes too long.

    Parameters
    ----------
    model : keras.Model
        Left as it is.
    recorder : Recorder
    lost : bool
        Whether the run learns nothing, so that the time is no loss; else it must be within what may be spent.
    last : bool
        Whether the run is over: a look that is not of its last step is too old then.
    """
    record, rows = recorder.record, recorder.rows
    facts, before = record.facts, record.tables[SightLog].steps()
    if facts is None or not facts.heads or rows.x is None or len(rows) < LEAST_ROWS:
        return
    if len(before) and recorder.n_steps < (before[-1] + 1) * (1 if last else AGAIN) + last:
        return
    each = len(facts.heads) * PASSES * rows.pass_seconds / min(FEW, len(rows))
    n = min(MOST_ROWS, len(rows), max(rows.batch_size or MOST_ROWS, LEAST_ROWS))  # a training holds as many in memory
    n = max(LEAST_ROWS, min(n, int(MAX_SECONDS / max(each, 1e-9))))
    if not (lost and n * each <= AGAIN * MAX_SECONDS) and not recorder.spending.affords(n * each):
        return
    start = time.perf_counter()
    try:
        found = sight(model, rows.some(n), [head.n_classes for head in facts.heads])
    except Exception as error:  # a network may refuse whatever is tried: what it looks at is worth no training
        record.miss(f"what the network looks at: {type(error).__name__}: {str(error)[:200]}")
    else:
        record.add(SightLog, step=recorder.n_steps - 1, heads=tuple(head.name for head in facts.heads), **found)
    record.spend("explaining" if lost else "looking", time.perf_counter() - start)
