"""The report as JSON.

The schema, version 1; a field may be added within a version, none is renamed or removed:

- `format`: "flatline-report"; `version`: 1; `flatline`: version of the library that wrote it.
- `ok`: whether there is no WARNING or ERROR; `causes`: words of `flatline.Cause`, the most likely first.
- `scope`: what was measured, as in `Report.scope`.
- `findings`: ranked; each has `code`, `name`, `severity` ("INFO", "WARNING", "ERROR"), `cause` (a word or null),
  `message`, `where`, `explains` (codes), `evidence` and `fixes`.
- `evidence`: `quantity`, `value`, `bound` ([operator, limit] that holds when all is well), `unit`, `where`, `steps`
  ([first, last] or null), `broken`.
- `fixes`: `title`, `safety` ("safe", "unsafe", "advice"), `snippet`, `edits` (each with its `kind` and fields) and
  `verdict` (null until tried; else `ruling`, `gain`, `p_value`, `seconds`, `before`, `after`, `better`, `pairs` and
  `n_steps`).
- `passed`: `code`, `name`. `not_evaluated`: `code`, `name`, `reason`.
- `curves`: loss per step by name; `null`: loss of the best constant prediction.
- `experiment`: only of a diagnosis that tried changes: `score` (what scores are), `null_score`, `n_rows` (trained on),
  `n_scored` (of them; 0 for all), `n_held_out`, `n_steps`, `before`, `after`, `before_held_out`, `after_held_out`,
  `confirmed`, `verdict`, `seconds`, `ended`; `chosen`, `tried` and `asked` (what the user asked about), each with
  `fix`, `cause`, `source`, `note`, `score`, `held_out`, `n_steps` and `outcome` ("part of the best set-up", "helps",
  "no help", "diverged", "knows its own rows only", "not tried"); `paired`: `step`, and a row a run of scores `before`
  and `after`.

JSON has no word for a number that is not finite: such a number is the string "NaN", "Infinity" or "-Infinity", which
Python's `float` and JavaScript's `Number` both read. A value of another type is written as its text.
"""

import dataclasses
import enum
import json
import math
import numbers
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from flatline.experiment import Experiment, Tried
from flatline.finding import Finding
from flatline.fix import Fix

if TYPE_CHECKING:
    from flatline.reports.report import Report

FORMAT = "flatline-report"
VERSION = 1


def to_dict(report: "Report") -> dict[str, Any]:
    """Return the report as plain dictionaries, lists, strings and numbers."""
    from flatline import __version__

    return {
        "format": FORMAT,
        "version": VERSION,
        "flatline": __version__,
        "ok": report.ok,
        "causes": [cause.value for cause in report.causes],
        "scope": plain(report.scope),
        "findings": [_finding(finding) for finding in report.findings],
        "passed": [plain(dataclasses.asdict(passed)) for passed in report.passed],
        "not_evaluated": [plain(dataclasses.asdict(outcome)) for outcome in report.not_evaluated],
        "curves": plain(report.curves),
        "null": plain(report.null),
        **({} if report.experiment is None else {"experiment": _experiment(report.experiment)}),
    }


def to_json(report: "Report") -> str:
    """Return the report as JSON text."""
    return json.dumps(to_dict(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    fields = {each.name: getattr(finding, each.name) for each in dataclasses.fields(finding)}
    fields["severity"] = None if finding.severity is None else finding.severity.name
    fields["evidence"] = [{**dataclasses.asdict(each), "broken": each.broken} for each in finding.evidence]
    fields["fixes"] = [_fix(fix) for fix in finding.fixes]
    told: dict[str, Any] = plain(fields)
    return told


def _experiment(experiment: Experiment) -> dict[str, Any]:
    fields = {each.name: getattr(experiment, each.name) for each in dataclasses.fields(experiment)}
    fields["confirmed"] = experiment.confirmed
    fields["verdict"] = None if experiment.verdict is None else dataclasses.asdict(experiment.verdict)
    fields["paired"] = dataclasses.asdict(experiment.paired)
    for name in ("chosen", "tried", "asked"):
        fields[name] = [_tried(each) for each in fields[name]]
    told: dict[str, Any] = plain(fields)
    return told


def _tried(tried: Tried) -> dict[str, Any]:
    fields = {each.name: getattr(tried, each.name) for each in dataclasses.fields(tried)}
    return {**fields, "fix": _fix(tried.fix)}


def _fix(fix: Fix) -> dict[str, Any]:
    verdict = None if fix.verdict is None else dataclasses.asdict(fix.verdict)
    edits = [{"kind": type(edit).__name__, **dataclasses.asdict(edit)} for edit in fix.edits]
    return {"title": fix.title, "safety": fix.safety, "snippet": fix.snippet, "edits": edits, "verdict": verdict}


def plain(value: Any) -> Any:
    """Turn what findings carry (enums, NumPy numbers, tuples, arrays) into what JSON has."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return _number(float(value))
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    # A lone surrogate cannot be written to a UTF-8 file.
    return str(value).encode("utf-8", "backslashreplace").decode()


def _number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
