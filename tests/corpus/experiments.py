"""Diagnose corpus cases by experiment, apply the cure, and train it as the program trains itself."""

import contextlib
import time
import warnings
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

import flatline
from flatline.diagnosis import causes as causes_of
from flatline.diagnosis import severity_of
from flatline.finding import Severity
from flatline.maps import mapped
from flatline.score import Score
from flatline.verdict import Ruling
from tests.corpus.case import Setup
from tests.corpus.flight import Clock

SECONDS = 20.0  # of a program's own training: enough for all but a few
REPAIRED = 0.9  # of the way from the buggy to the accepted fix's score


@dataclass(frozen=True, kw_only=True)
class Cured:
    """What `diagnose` said of one case, and what its cure is worth."""

    name: str
    causes: tuple[str, ...]  # the report's, with experiments
    without: tuple[str, ...]  # those of the checks alone
    confirmed: tuple[str, ...]  # titles of the changes that were confirmed
    alarms: tuple[str, ...]
    seconds: float
    scores: tuple[float, float, float] = (float("nan"),) * 3  # of the program, the accepted fix, and the cure
    ended: str = ""
    error: str = ""

    @property
    def repaired(self) -> bool | None:
        """Whether the cure gets as far as the accepted fix; None where that is no better than the program itself."""
        before, accepted, after = self.scores
        if not accepted > before + 0.02:
            return None
        return bool(after >= before + REPAIRED * (accepted - before))

    def line(self) -> str:
        """Describe it on one line."""
        before, accepted, after = self.scores
        scores = f"{before:.2f} fix {accepted:.2f} cure {after:.2f} {self.repaired}"
        told = f"{', '.join(self.causes) or 'nothing'} (checks alone: {', '.join(self.without) or 'nothing'})"
        end = f"{'; '.join(self.confirmed)} [{self.ended}] {self.error[:200]}"
        return f"{self.name:<36}{self.seconds:5.1f} s  {scores}  {told}  {end}"


def cure(name: str, build: Any, accepted: Any = None, *, budget: float, checks: bool = True) -> Cured:
    """Diagnose one case within a budget; with its repaired twin, compare the cure with that."""
    setup = _built(build)
    fit_args = {key: value for key, value in setup.fit_args.items() if key != "verbose"}
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            diagnosis = flatline.diagnose(
                setup.model, setup.X, setup.y, fit_args=fit_args, budget=budget, verbose=0,
                select=() if checks else ("FL004",),
            )  # fmt: skip
        except flatline.FlatlineError as error:
            return Cured(
                name=name, causes=(), without=(), confirmed=(), alarms=(), seconds=time.perf_counter() - start,
                error=str(error),
            )  # fmt: skip
        seconds = time.perf_counter() - start
        alarms = tuple(f"{f.code} {f.name}" for f in diagnosis.findings if severity_of(f) >= Severity.WARNING)
        experiment = diagnosis.experiment
        crashed = [n.reason for n in diagnosis.not_evaluated if n.reason.startswith("crashed") or n.code == "FL004"]
        scores: tuple[float, float, float] = (float("nan"),) * 3
        failed = "; ".join(crashed)
        if accepted is not None:
            try:
                scores = _scores(setup, _built(accepted), diagnosis)
            except Exception as error:  # a case that cannot be scored is shown as such
                failed += f" scoring raised {type(error).__name__}: {error}"
    chosen = () if experiment is None else experiment.chosen
    return Cured(
        name=name,
        causes=tuple(cause.value for cause in diagnosis.causes),
        without=tuple(c.value for c in causes_of(f for f in diagnosis.findings if f.code != "FL004")),
        confirmed=tuple(
            f"{each.cause.value if each.cause else ''}: {each.fix.title}"
            for each in chosen
            if each.fix.verdict is not None and each.fix.verdict.ruling is Ruling.CONFIRMED
        ),
        alarms=alarms,
        seconds=seconds,
        scores=scores,
        ended="" if experiment is None else experiment.ended,
        error=failed,
    )


def _built(build: Any) -> Setup:
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    setup: Setup = build()
    return setup


def _cure(diagnosis: Any) -> Any:
    """What a user would apply: the confirmed set, else the first fix of each alarm, else the first there is."""
    if diagnosis.experiment is not None and diagnosis.experiment.confirmed:
        return diagnosis.apply()
    alarms = [each for each in diagnosis.findings if severity_of(each) >= Severity.WARNING]
    fixes = [fix for each in alarms for fix in [fix for fix in each.fixes if fix.edits][:1]]
    fixes = fixes or [fix for fix in diagnosis.fixes if fix.edits][:1]
    return diagnosis.apply(fixes) if fixes else None


def _scores(setup: Setup, twin: Setup, diagnosis: Any) -> tuple[float, float, float]:
    repaired = _cure(diagnosis)
    before = _trained(setup.model, setup.X, setup.y, setup.fit_args)
    accepted = _trained(twin.model, twin.X, twin.y, twin.fit_args)
    after = before
    if repaired is not None:
        labels = mapped(setup.y, repaired._label_maps) if repaired._label_maps else setup.y
        rows = (repaired.prepare(setup.X), labels, setup.y)
        after = _trained(repaired.model, repaired.X, repaired.y, repaired.fit_args, rows)
    return before, accepted, after


def _trained(model: Any, X: Any, y: Any, fit_args: dict[str, Any], rows: Any = None) -> float:
    """Train as the program does and score on its own rows: accuracy (balanced) or R², whatever the loss.

    `rows` are (inputs as the model takes them, targets as it does, original targets), where a fix has changed them.
    """
    from flatline.facts import Task
    from flatline.search.variant import reads_logits

    if y is None:
        raise ValueError("a pipeline")
    arguments = {key: value for key, value in fit_args.items() if key not in ("verbose", "callbacks")}
    with contextlib.suppress(Exception):  # a program that dies has learnt nothing
        model.fit(X, y, verbose=0, callbacks=[*(fit_args.get("callbacks") or []), Clock(SECONDS)], **arguments)
    inputs, mapped_y, original = rows or (X, y, y)
    targets, trained = (keras.tree.flatten(part) for part in (original, mapped_y))
    outputs = keras.tree.flatten(model.predict(inputs, verbose=0))
    found = []
    for target, labels, output in zip(targets, trained, outputs, strict=True):
        score = Score.of_targets(Task.UNKNOWN, np.asarray(target))
        found.append(score(output, np.arange(len(output)), np.asarray(labels), logits=reads_logits(model)))
    return float(np.mean(found))


def summary(cured: list[Cured], right: dict[str, frozenset[str]], accepted: dict[str, frozenset[str]]) -> str:
    """Totals of the programs that did not learn, with and without experiments."""
    n = len(cured)
    lines = [f"\n{n} programs that did not learn{'':34}checks alone   with experiments"]
    told = [("without", [one.without for one in cured]), ("causes", [one.causes for one in cured])]

    def row(label: str, value: Any) -> None:
        lines.append(f"  {label:52}" + "".join(f"{value(answers):16.1%}" for _, answers in told))

    names = [one.name for one in cured]
    every = sorted({cause for name in names for cause in accepted[name]})

    def reported(answers: list[tuple[str, ...]]) -> tuple[int, int]:
        correct = sum(len(set(a) & right[name]) for name, a in zip(names, answers, strict=True))
        return correct, sum(len(a) for a in answers)

    def recall(answers: list[tuple[str, ...]], counts: Any) -> tuple[float, float]:
        """Share of the accepted causes that are told, over all programs and averaged over the causes."""
        shares: dict[str, list[bool]] = {cause: [] for cause in every}
        for name, a in zip(names, answers, strict=True):
            for cause in accepted[name]:
                shares[cause].append(counts(name, cause, set(a)))
        return float(np.mean(np.concatenate(list(shares.values())))), float(
            np.mean([np.mean(each) for each in shares.values()])
        )

    ways = {
        "by its own name": lambda name, cause, told: cause in told,
        "or by another patch in its place": lambda name, cause, told: bool(
            told & ({cause} | (right[name] - accepted[name]))
        ),
        "or by any patch of the program": lambda name, cause, told: bool(told & right[name]),
    }

    def first(answers: list[tuple[str, ...]]) -> float:
        return sum(bool(a) and a[0] in right[name] for name, a in zip(names, answers, strict=True)) / n

    row("a right cause (accepted or equivalent) reported", lambda answers: sum(
        bool(set(a) & right[name]) for name, a in zip(names, answers, strict=True)) / n)  # fmt: skip
    row("an accepted cause reported", lambda answers: sum(
        bool(set(a) & accepted[name]) for name, a in zip(names, answers, strict=True)) / n)  # fmt: skip
    row("reported causes that are right", lambda answers: reported(answers)[0] / max(reported(answers)[1], 1))
    row("first-ranked cause right (of all programs)", first)
    for label, counts in ways.items():
        row(f"accepted causes told {label}", lambda answers, counts=counts: recall(answers, counts)[0])
        row("  averaged over the causes", lambda answers, counts=counts: recall(answers, counts)[1])
    judged = [one for one in cured if one.repaired is not None]
    good = sum(bool(one.repaired) for one in judged)
    lines.append(f"  repaired: {good} of {len(judged)} whose accepted fix is better than the program")
    alone = sum(bool({c.split(":")[0] for c in one.confirmed} & right[one.name]) for one in cured)
    lines.append(f"  a confirmed change names a right cause: {alone} of {n}")
    seconds = sorted(one.seconds for one in cured)
    lines.append(f"  seconds a call: median {seconds[n // 2]:.1f}, largest {seconds[-1]:.1f}")
    return "\n".join(lines)
