"""A report to pass on: without data, paths, and any name or text of the user's.

What may stay is listed, what must go is not: flatline's own sentences word by word, Keras' own names, numbers, and the
facts of `_FACTS`. Layers are called by kind and place (`dense-3`) wherever they are named, other names of the user's by
number (`name-1`); a clause with a word that flatline does not use is left out as "…". Numbers stay, those of the labels
in a finding's sentence among them: they are what was found.
"""

import builtins
import dataclasses
import enum
import re
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
    UpdateLog,
)  # fmt: skip
from flatline.reports.words import WORD, keras_names, vocabulary
from flatline.verdict import Verdict

if TYPE_CHECKING:
    from flatline.reports.report import Report

R = TypeVar("R", bound="Report")

_FACTS = frozenset(
    {
        *(ModelFacts, ObjectiveFacts, OptimizerFacts, PlanFacts, TinySubsetFacts, RehearsalFacts, Experiment),
        *(RunFacts, LossLog, EpochLog, GradientLog, UpdateLog, ActivationLog, ProbeLog, ReplayLog, Marks),
    }
)
"""Facts whose numbers say nothing of single rows; all others are left out, and so are the pictures of them."""

_PARTS = _FACTS | {LayerFacts, HeadFacts, Arm, RunLayer, RunHead, Tried, Paired, Verdict}
_PARTS |= {Finding, Passed, NotEvaluated, Evidence, Fix, *get_args(Edit)}

_EMPTY: Mapping[type, Mapping[str, Any]] = {
    LayerFacts: {"config": {}, "input_feature_rms": np.empty(0), "input_feature_std": np.empty(0)},
    HeadFacts: {"target": None, "class_counts": ()},
    OptimizerFacts: {"config": {}},
    PlanFacts: {"class_weight": None},
}
"""Fields that tell of columns and labels, or may hold anything, and what is in their place."""

_PROSE = frozenset({"message", "title", "reason", "note", "score", "ended", "arms", "curves", "scope"})
_CODE = frozenset({"snippet"})

_CLAUSE = re.compile(r"([:;·] |[()…]|\n)")
_SPAN = re.compile(r"(`[^`]*`)")
_RAISED = re.compile(r"\b(?:(crashed: |raised |raises |exception: )(\w+)|()(\w+(?:Error|Exception)(?=:))).*", re.DOTALL)
_TOKEN = re.compile(r"""("[^"\n]*"|'[^'\n]*')|(#[^\n]*)|([^\W\d]\w*|\ue000\d+\ue001)""")
_HELD = re.compile("\ue000(\\d+)\ue001")  # in the place of a name that is no word, until all else is done


def private(report: R) -> R:
    """Return a report that holds nothing of the user's but numbers; it cannot be applied, and has no layers to browse.

    Parameters
    ----------
    report : Report
        Of any kind.
    """
    cloak = _Cloak(report)
    given = {field.name: cloak.value(getattr(report, field.name), field.name) for field in dataclasses.fields(report)}
    given["facts"] = {kind: cloak.fact(fact) for kind, fact in report.facts.items() if kind in _FACTS}
    code = getattr(report, "code", None)
    return dataclasses.replace(report, **given | ({} if code is None else {"code": lambda: cloak.code(code())}))


class _Cloak:
    """Gives every name of the user's another one, the same wherever it stands."""

    def __init__(self, report: "Report") -> None:
        self._words = vocabulary()
        self._names = _names(report.facts)
        self._others: dict[str, str] = {}
        self._longest = sorted(self._names, key=len, reverse=True)
        odd = (re.escape(name) for name in self._longest if len(name) > 2 and not WORD.fullmatch(name))
        self._odd = re.compile("|".join(odd) or r"(?!)")

    # ── what holds texts ────────────────────────────────────────────────────────────────────────────────────────

    def fact(self, fact: Any) -> Any:
        """What was measured, or the reason why it was not."""
        return self.prose(fact) if isinstance(fact, str) else self.value(fact)

    def value(self, value: Any, field: str = "") -> Any:
        """The same value without what is the user's; None in the place of what is of no known type."""
        if value is None or isinstance(value, bool | int | float | np.number | np.bool_ | enum.Enum):
            return value
        if isinstance(value, str):
            return self._text(value, field)
        if isinstance(value, np.ndarray):
            return value if value.dtype.kind in "biuf" else np.empty(0)
        if isinstance(value, Mapping):
            return self._mapping(value, field)
        if isinstance(value, tuple | list):
            return tuple(self.value(each, field) for each in value)
        if type(value) in _PARTS:
            empty = _EMPTY.get(type(value), {})
            rest = [each.name for each in dataclasses.fields(value) if each.name not in empty]
            return type(value)(**empty, **{name: self.value(getattr(value, name), name) for name in rest})
        return None

    def _text(self, text: str, field: str) -> str:
        if field in _PROSE:
            return self.prose(text)
        return self.code(text) if field in _CODE else self.name(text)

    def _mapping(self, value: Mapping[Any, Any], field: str) -> dict[Any, Any]:
        told: dict[Any, Any] = {}
        for key, each in value.items():
            shown = self._text(key, field) if isinstance(key, str) else key
            told[self._other(key) if shown in told else shown] = self.value(each, field)
        return told

    # ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def name(self, text: str) -> str:
        """A name: another one in its place, unless it is flatline's or Keras'."""
        if text in self._names:
            return self._names[text]
        if text.startswith("val_"):
            return f"val_{self.name(text.removeprefix('val_'))}"
        for name in self._longest:  # Keras calls the metrics of several outputs after them
            if text.startswith(f"{name}_"):
                return f"{self._names[name]}_{self.name(text.removeprefix(f'{name}_'))}"
        if text in self._words.names or all(word in self._words.names for word in WORD.findall(text)):
            return text
        return self._other(text)

    def prose(self, text: str) -> str:
        """A sentence of flatline's, with other names in backticks, and without the clauses that are not flatline's."""
        text = _RAISED.sub(lambda raised: f"{raised[1] or ''}{_error(raised[2] or raised[4])}", self._held(text))
        clauses = _CLAUSE.split(text)
        clauses[::2] = [self._clause(clause) for clause in clauses[::2]]
        return self._told("".join(clauses))

    def code(self, text: str) -> str:
        """A piece of code, with other names."""
        return self._told(_TOKEN.sub(self._token, self._held(text)))

    def _clause(self, clause: str) -> str:
        parts = _SPAN.split(clause)
        bare = [word for part in parts[::2] for word in WORD.findall(part)]
        if any(not self._is_word(word) and word not in self._names for word in bare):
            return re.sub(r"\S.*\S|\S", "…", clause, flags=re.DOTALL)
        parts[::2] = [WORD.sub(lambda word: self._bare(word[0]), part) for part in parts[::2]]
        parts[1::2] = [f"`{self._span(part[1:-1])}`" for part in parts[1::2]]
        return "".join(parts)

    def _span(self, span: str) -> str:
        return self._names[span] if span in self._names else _TOKEN.sub(self._token, span)

    def _bare(self, word: str) -> str:
        return word if self._is_word(word) else self._names[word]

    def _is_word(self, word: str) -> bool:
        word = word.lower()
        return word in self._words.sentences or (word.endswith("s") and word[:-1] in self._words.sentences)

    def _token(self, found: "re.Match[str]") -> str:
        quoted, comment, word = found.groups()
        if quoted is not None:
            return f"{quoted[0]}{self._literal(quoted[1:-1], found.string[: found.start()])}{quoted[0]}"
        if comment is not None:
            return WORD.sub(lambda each: self._names.get(each[0]) or self._known(each[0]), comment)
        return word if _HELD.fullmatch(word) else self._known(word)

    def _literal(self, text: str, before: str) -> str:
        if _HELD.fullmatch(text) or not text:
            return text
        is_name = re.search(r"(\bname=|get_layer\()$", before) is not None
        return self.name(text) if is_name or text not in self._words.names else text

    def _known(self, word: str) -> str:
        return word if word in self._words.code else self._names.get(word) or self._other(word)

    # ── names ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _held(self, text: str) -> str:
        text = text.replace("\ue000", "").replace("\ue001", "")
        return self._odd.sub(lambda found: f"\ue000{self._longest.index(found[0])}\ue001", text)

    def _told(self, text: str) -> str:
        return _HELD.sub(lambda held: self._names[self._longest[int(held[1])]], text)

    def _other(self, name: str) -> str:
        return self._others.setdefault(name, f"name-{len(self._others) + 1}")


def _error(name: str) -> str:
    """The class of an exception, where it is Python's own."""
    kind = getattr(builtins, name, None)
    return name if isinstance(kind, type) and issubclass(kind, BaseException) else "an exception"


def _names(facts: Mapping[type, Any]) -> dict[str, str]:
    """Names of the user's in the facts, and what they are called instead: a layer by its kind and its place."""
    names: dict[str, str] = {}
    layers: list[str] = []
    model, objective, run = facts.get(ModelFacts), facts.get(ObjectiveFacts), facts.get(RunFacts)
    for known in (model, run):
        for layer in known.layers if isinstance(known, ModelFacts | RunFacts) else ():
            if layer.name not in layers:
                layers.append(layer.name)
                names[layer.name] = f"{_kind(layer.kind)}-{len(layers)}"
    for outputs in (objective, run):
        heads = outputs.heads if isinstance(outputs, ObjectiveFacts | RunFacts) else ()
        for number, name in enumerate((head.name for head in heads), start=1):
            names.setdefault(name, f"output-{number}")
    if isinstance(run, RunFacts):
        names.setdefault(run.model, "model")
    return {name: other for name, other in names.items() if name}


def _kind(kind: str) -> str:
    """Keras' own kinds in small letters, as it names layers of its own accord."""
    if kind not in keras_names():
        return "layer"
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", kind).lower()
