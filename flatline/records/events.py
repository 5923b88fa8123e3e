"""A run record as lines of JSON: what can be told of a run, written and read back.

The format, version 1; an event or a field may be added within a version, none is renamed or removed. The first line of
a file is `{"format": "flatline-run", "version": 1, "run": id, "header": {…}}`; each line after it is one event:

- `{"facts": {…}}`: fields of `RunFacts`; the latest counts.
- `{"log": "LossLog", "step": […], "columns": {"loss": […]}}`: rows of a log, by field; `EpochLog.values` has one list
  for each name. A column of rows over layers is `{"shape": [rows, layers], "f4": "…"}` or `"f8"`: the little-endian
  bytes of the array in base64, as 32 bits where these are exact. (Decimal digits cost 30 times the time and 4 times
  the space, which a training would feel.)
- `{"log": "UpdateLog", "constants": {"layers": […]}}`: the latest counts. The penalty of `LossLog` was such a
  constant once: read back, it is that of the last row before it.
- `{"found": {…}, "step": 120}`: a finding, all of it but the edits of its fixes.
- `{"exhibit": "FirstBatch", "is": {…}}`: pieces of the data and of the answers (see `packed_exhibits`), or a text: why
  there are none. The latest of a type counts.
- `{"view": {…}, "step": 120}`: a look inside the network after so many steps; the latest counts. Its fields are those
  of `View`, its pictures PNG images in base64 (see `packed_view`). In place of the object a string says why there is
  none.
- `{"spent": {…}}`, `{"missing": […]}`, `{"ended": "finished"}`: the latest counts.

Every number reads back as the same number. One that is not finite, for which JSON has no word, is the string "nan",
"inf" or "-inf". All characters are ASCII; whatever a name holds stands escaped between quotes.
"""

import base64
import dataclasses
import enum
import json
import math
import numbers
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from flatline.cause import Cause
from flatline.facts import Array
from flatline.finding import Evidence, Finding, Severity
from flatline.fix import Fix, Safety
from flatline.logs import RunFacts, RunHead, RunLayer
from flatline.records.packed_exhibits import packed, unpacked
from flatline.records.packed_view import pack, unpack
from flatline.records.record import RunRecord
from flatline.records.table import Table
from flatline.view import View

FORMAT = "flatline-run"
VERSION = 1
CELLS_PER_LINE = 1 << 16  # so that a line is no larger than a megabyte

Event = dict[str, Any]


def to_line(event: Event) -> bytes:
    """Return an event as one line."""
    return json.dumps(event, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def version_event(record: RunRecord) -> Event:
    """Return the first line of every file."""
    return {"format": FORMAT, "version": VERSION, "run": record.run_id, "header": plain(record.header)}


def row_events(table: Table, start: int = 0) -> Iterator[Event]:
    """Return rows from `start` on, as few lines as may be."""
    step, columns = table.steps(start), table.rows(start)
    rows = max(1, CELLS_PER_LINE // (table.width + 1))
    for at in range(0, len(step), rows):
        part = slice(at, at + rows)
        told = {
            field: {name: _told(inner[part]) for name, inner in value.items()}
            if isinstance(value, Mapping)
            else _told(value[part])
            for field, value in columns.items()
        }
        yield {"log": table.log_type.__name__, "step": step[part].tolist(), "columns": told}


def finding_event(finding: Finding, step: int) -> Event:
    """Return a finding and when it was found."""
    fields = {each.name: getattr(finding, each.name) for each in dataclasses.fields(finding)}
    fields["severity"] = None if finding.severity is None else finding.severity.name
    fields["evidence"] = [dataclasses.asdict(each) for each in finding.evidence]
    fields["fixes"] = [{"title": fix.title, "safety": fix.safety, "snippet": fix.snippet} for fix in finding.fixes]
    return {"found": plain(fields), "step": int(step)}


def exhibit_event(kind: type, fact: Any) -> Event:
    """Return a piece of the data or of the answers."""
    return {"exhibit": kind.__name__, "is": packed(fact)}


def view_event(view: View | str, step: int) -> Event:
    """Return a look inside the network and when it was taken."""
    return {"view": plain(pack(view)), "step": int(step)}


def plain(value: Any) -> Any:
    """Turn what facts and findings hold into what JSON has; a value of another type becomes its text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return str(value)


def _told(column: Array) -> Any:
    if column.ndim == 1:
        cells = column.tolist()
        for at in np.flatnonzero(~np.isfinite(column)).tolist():
            cells[at] = str(cells[at])
        return cells
    with np.errstate(over="ignore", invalid="ignore"):
        short = column.astype("<f4")
    exact = np.array_equal(short, column, equal_nan=True)
    kind, cells = ("f4", short) if exact else ("f8", column.astype("<f8"))
    return {"shape": list(column.shape), kind: base64.b64encode(cells.tobytes()).decode("ascii")}


def apply(line: bytes, record: RunRecord) -> None:
    """Read one line into a record; an event of a kind that is not known here is passed over.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError
        When the line is not an event. The record may then hold a part of it.
    """
    event = json.loads(line)
    if not isinstance(event, dict):
        raise ValueError("no event")
    if "columns" in event:
        _read_rows(event, record)
    elif "constants" in event:
        if (table := _table(event, record)) is not None:
            told = event["constants"]
            for name in told.keys() & table.constants.keys():
                table.set(name, told[name])
            for name in told.keys() & table.sparse:
                table.sample(name, float(told[name]))
    elif "facts" in event:
        record.describe(_facts(event["facts"]))
    elif "found" in event:
        record.found(_finding(event["found"]), event["step"])
    elif "exhibit" in event:
        if (known := unpacked(event["exhibit"], event["is"])) is not None:
            record.exhibit(*known)
    elif "view" in event:
        view = event["view"]
        record.look(view if isinstance(view, str) else unpack(view), event["step"])
    elif "spent" in event:
        record.restore_spent({kind: float(seconds) for kind, seconds in event["spent"].items()})
    elif "missing" in event:
        for what in event["missing"]:
            record.miss(what)
    elif "ended" in event:
        record.end(event["ended"])


def _table(event: Event, record: RunRecord) -> Table | None:
    return next((table for kind, table in record.tables.items() if kind.__name__ == event["log"]), None)


def _read_rows(event: Event, record: RunRecord) -> None:
    table = _table(event, record)
    if table is None:
        return
    step, told, n = np.array(event["step"], "int64"), event["columns"], len(event["step"])
    columns: dict[str, Any] = {field: _read(told[field], n) for field in told.keys() & table.columns}
    for field in told.keys() & table.mappings:
        columns[field] = {name: _read(inner, n) for name, inner in told[field].items()}
    table.extend(step, columns)


def _read(told: Any, n: int) -> Array:
    if isinstance(told, dict):
        kind = "f4" if "f4" in told else "f8"
        cells = np.frombuffer(base64.b64decode(told[kind], validate=True), f"<{kind}")
        column = cells.reshape(told["shape"]).astype("float64")
    else:
        column = np.array(told, "float64")
    if len(column) != n:
        raise ValueError("columns of different lengths")
    return column


def _made(kind: type, told: Mapping[str, Any], **rest: Any) -> Any:
    """Make a dataclass of the fields that it knows; a float may stand there as a word."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    known = {name: value for name, value in told.items() if name in fields and name not in rest}
    floats = {name: float(value) for name, value in known.items() if fields[name].type is float}
    return kind(**{**known, **floats, **rest})


def _facts(told: Mapping[str, Any]) -> RunFacts:
    layers = tuple(_made(RunLayer, layer) for layer in told["layers"])
    heads = tuple(_made(RunHead, head) for head in told["heads"])
    facts: RunFacts = _made(RunFacts, told, layers=layers, heads=heads)
    return facts


def _finding(told: Mapping[str, Any]) -> Finding:
    """Restore a finding; its fixes say what to do and no longer do it, so they are ADVICE."""
    finding: Finding = _made(
        Finding,
        told,
        severity=next((severity for severity in Severity if severity.name == told["severity"]), None),
        cause=next((cause for cause in Cause if cause.value == told["cause"]), None),
        explains=tuple(told["explains"]),
        evidence=tuple(_evidence(each) for each in told["evidence"]),
        fixes=tuple(Fix(title=each["title"], safety=Safety.ADVICE, snippet=each["snippet"]) for each in told["fixes"]),
    )
    return finding


def _evidence(told: Mapping[str, Any]) -> Evidence:
    operator, limit = told["bound"]
    steps = None if told["steps"] is None else (told["steps"][0], told["steps"][1])
    evidence: Evidence = _made(Evidence, told, bound=(operator, _number(limit)), steps=steps)
    return evidence


def _number(told: Any) -> Any:
    return float(told) if isinstance(told, str) else told
