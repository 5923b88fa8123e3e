"""A report to pass on: without data, paths, and any name or text of the user's.

What may stay is listed, what must go is not: the facts of `_FACTS` without the fields of `_EMPTY`, numbers, and of
texts what `flatline.reports.cloak` lets through. Of numbers that tell of the data one digit stays, and no extreme: the
row with the highest target can be known by it.
"""

import dataclasses
import enum
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import numpy as np

from flatline.experiment import Experiment, Paired, Tried
from flatline.facts import (
    Arm,
    HeadFacts,
    LayerFacts,
    ModelFacts,
    ObjectiveFacts,
    OptimizerFacts,
    PlanFacts,
    RehearsalFacts,
    TinySubsetFacts,
)  # fmt: skip
from flatline.finding import Evidence, Finding, NotEvaluated, Passed
from flatline.fix import Edit, Fix
from flatline.logs import (
    ActivationLog,
    EpochLog,
    GradientLog,
    LossLog,
    Marks,
    ProbeLog,
    ReplayLog,
    RunFacts,
    RunHead,
    RunLayer,
    SightLog,
    UpdateLog,
)  # fmt: skip
from flatline.reports import rounding
from flatline.reports.cloak import Cloak
from flatline.verdict import Verdict

if TYPE_CHECKING:
    from flatline.reports.report import Report

R = TypeVar("R", bound="Report")

_FACTS = frozenset(
    {
        *(ModelFacts, ObjectiveFacts, OptimizerFacts, PlanFacts, TinySubsetFacts, RehearsalFacts, Experiment),
        *(RunFacts, LossLog, EpochLog, GradientLog, UpdateLog, ActivationLog, ProbeLog, SightLog, ReplayLog, Marks),
    }
)
"""Facts whose numbers say nothing of single rows; all others are left out, and so are the pictures of them."""

_PARTS = _FACTS | {LayerFacts, HeadFacts, Arm, RunLayer, RunHead, Tried, Paired, Verdict}
_PARTS |= {Finding, Passed, NotEvaluated, Evidence, Fix, *get_args(Edit)}

_EMPTY: Mapping[type, Mapping[str, Any]] = {
    LayerFacts: {
        "config": {}, "input_feature_rms": np.empty(0), "input_feature_std": np.empty(0),
        "input_min": float("nan"), "input_max": float("nan"),
    },
    HeadFacts: {"target": None, "class_counts": ()},
    OptimizerFacts: {"config": {}},
    PlanFacts: {"class_weight": None},
}  # fmt: skip
"""Fields that tell of columns and labels, or may hold anything, and what is in their place."""

_SCALES = frozenset({"factor", "offset"})  # of edits, which the data give
_PROSE = frozenset({"message", "title", "reason", "note", "score", "ended", "arms", "curves", "scope"})
_CODE = frozenset({"snippet"})
"""Fields and mappings that hold sentences or code; what any other holds is a name."""


def private(report: R) -> R:
    """Return a report that holds nothing of the user's but numbers; it cannot be applied, and has no layers to browse.

    Parameters
    ----------
    report : Report
        Of any kind.
    """
    cloak = Cloak(_names(report.facts))
    given = {field.name: _value(cloak, getattr(report, field.name), field.name) for field in dataclasses.fields(report)}
    given["facts"] = {
        kind: cloak.prose(fact) if isinstance(fact, str) else _value(cloak, fact)
        for kind, fact in report.facts.items()
        if kind in _FACTS
    }
    given["scope"] |= {"private": "data, paths and names are left out"}
    code = getattr(report, "code", None)  # of a diagnosis
    told = {} if code is None else {"code": lambda: cloak.code(rounding.unscaled(code()))}
    return dataclasses.replace(report, **given | told)


def _value(cloak: Cloak, value: Any, field: str = "") -> Any:
    """The same value without what is the user's; None in the place of what is of no known type."""
    if isinstance(value, float) and field in _SCALES:
        return rounding.one_digit(value)
    if value is None or isinstance(value, bool | int | float | np.number | np.bool_ | enum.Enum):
        return value
    if isinstance(value, str):
        return _text(cloak, value, field)
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "biuf" else np.empty(0)
    if isinstance(value, Mapping):
        return _mapping(cloak, value, field)
    if isinstance(value, tuple | list):
        return tuple(_value(cloak, each, field) for each in value)
    if type(value) in _PARTS:
        empty = _EMPTY.get(type(value), {})
        rest = [each.name for each in dataclasses.fields(value) if each.name not in empty]
        kept = type(value)(**empty, **{name: _value(cloak, getattr(value, name), name) for name in rest})
        return _rounded(kept, value.code) if isinstance(value, Finding | NotEvaluated) else kept
    return None


def _rounded(outcome: Finding | NotEvaluated, code: str) -> Finding | NotEvaluated:
    """The same outcome; of the check of this code, with one digit of what was measured of the data."""
    if not rounding.tells_of_data(code):
        return outcome
    if isinstance(outcome, NotEvaluated):
        return dataclasses.replace(outcome, reason=rounding.rounded(outcome.reason))
    evidence = tuple(
        each if each.unit not in ("", "1") or each.quantity.endswith("_share") else _about(each)
        for each in outcome.evidence
    )
    return dataclasses.replace(outcome, message=rounding.rounded(outcome.message), evidence=evidence)


def _about(evidence: Evidence) -> Evidence:
    """One digit of the value, unless that lies on the other side of its bound."""
    if not math.isfinite(evidence.value):
        return evidence
    about = dataclasses.replace(evidence, value=rounding.one_digit(evidence.value))
    return about if about.broken == evidence.broken else evidence


def _text(cloak: Cloak, text: str, field: str) -> str:
    if field in _PROSE or field in _CODE:
        text = rounding.unscaled(text)
    if field in _PROSE:
        return cloak.prose(text)
    return cloak.code(text) if field in _CODE else cloak.name(text)


def _mapping(cloak: Cloak, value: Mapping[Any, Any], field: str) -> dict[Any, Any]:
    told: dict[Any, Any] = {}
    for key, each in value.items():
        shown = _text(cloak, key, field) if isinstance(key, str) else key
        told[cloak.other(key) if shown in told else shown] = _value(cloak, each, field)
    return told


def _names(facts: Mapping[type, Any]) -> dict[str, str]:
    """Names of the user's in the facts, and what they are called instead: by place, a layer by its kind as well.

    Layers that are trained are counted first, so that a layer goes by one number on every page of its model, whether of
    the set-up or of a run.
    """
    names: dict[str, str] = {}
    model, objective, run = facts.get(ModelFacts), facts.get(ObjectiveFacts), facts.get(RunFacts)
    layers = [layer for known in (model, run) if isinstance(known, ModelFacts | RunFacts) for layer in known.layers]
    trained = [layer for layer in layers if layer.trainable and layer.n_trainable]  # a run knows of no others
    others = [layer for layer in layers if not (layer.trainable and layer.n_trainable)]
    kinds = {layer.name: layer.kind for layer in reversed((*trained, *others))}
    for number, name in enumerate(dict.fromkeys(layer.name for layer in (*trained, *others)), start=1):
        names[name] = f"{Cloak.kind(kinds[name])}-{number}"
    for outputs in (objective, run):
        heads = outputs.heads if isinstance(outputs, ObjectiveFacts | RunFacts) else ()
        for number, name in enumerate((head.name for head in heads), start=1):
            names.setdefault(name, f"output-{number}")
    sight = facts.get(SightLog)
    for number, name in enumerate(sight.inputs if isinstance(sight, SightLog) else (), start=1):
        names.setdefault(name, f"input-{number}")
    if isinstance(run, RunFacts):
        names.setdefault(run.model, "model")
    return {name: other for name, other in names.items() if name}
