"""RuleTester for authors of checks: runs a table of facts and adds the laws that every check obeys."""

import ast
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flatline.cause import Cause
from flatline.engine import judge
from flatline.errors import FlatlineWarning
from flatline.facts import RehearsalFacts, TinySubsetFacts
from flatline.finding import Finding, NotEvaluated, Outcome, Passed, Severity
from flatline.fix import Fix, Safety
from flatline.glossary import GLOSSARY
from flatline.registry import Check
from flatline.unmeasured import blank, fingerprint, traced

HEADINGS = (
    "What it looks for",
    "Why it matters",
    "Example",
    "Use instead",
    "When it is wrong",
    "How far to trust the fix",
    "References",
)
"""The headings of a rule's page, in order."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a check's table: the facts it is given and what it must say of them; see `row`."""

    facts: tuple[Any, ...]
    message: str = ""
    severity: Severity | None = None
    cause: Cause | None = None
    where: str | None = None
    fix: str | None = None


def row(*facts: Any, **expected: Any) -> Row:
    """Build a row from facts objects and the expectations of `Row`.

    Parameters
    ----------
    *facts : facts objects
        In any order, at most one of a type; a type that is left out was not measured.
    message : str
        Substring of the finding's message, or of the reason in `cannot_tell`.
    severity, cause, where : optional
        Of that finding.
    fix : str
        Substring of the title of one of that finding's fixes; "" says that there is any.
    """
    return Row(facts=facts, **expected)


@dataclass(frozen=True)
class RuleTester:
    """Run a check on a table of facts and add the laws.

    Parameters
    ----------
    check : Check
        The check under test.

    Notes
    -----
    The laws: facts are left unchanged; the outcome is the same twice; every evidence breaks its own bound and is named
    in the glossary; messages are one line, begin in lower case or with a code name, hold a number, end without a full
    stop; a fix that is not ADVICE has edits and a snippet, and snippets are Python; a check that looked at numbers does
    not pass when they are all NaN, nor any check when every collection is empty; there are at least as many silent rows
    as firing ones, and no row twice.

    Examples
    --------
    The table of a check is one call::

        RuleTester(non_finite_data).run(
            fires=[row(make.data(with_a_hole), message="1 non-finite cell", severity=Severity.ERROR)],
            silent=[make.data(whole)],
            cannot_tell=[row(make.data(half_read), message="200 of 400 rows")],
        )
    """

    check: Check

    def run(
        self, *, fires: Sequence[Row], silent: Sequence[Any] = (), cannot_tell: Sequence[Row] = ()
    ) -> tuple[Outcome, ...]:
        """Judge every row; raise AssertionError, naming the row, at the first that is not as it should be.

        Parameters
        ----------
        fires : sequence of Row
            Each must give a finding as described.
        silent : sequence of Row, facts or tuple of facts
            Each must pass.
        cannot_tell : sequence of Row
            Each must be "not evaluated", for the reason described.
        """
        table = {"fires": list(fires), "silent": [_as_row(one) for one in silent], "cannot_tell": list(cannot_tell)}
        _expect(
            len(table["silent"]) >= len(table["fires"]) > 0,
            f"{self.check.name}: {len(fires)} firing and {len(silent)} silent rows; at least one, and as many silent, "
            "are needed",
        )
        seen: dict[str, str] = {}
        outcomes: list[Outcome] = []
        for kind, rows in table.items():
            for index, one in enumerate(rows):
                place = f"{self.check.name}, {kind}[{index}]"
                twin = seen.setdefault(fingerprint(one.facts), place)
                _expect(twin == place, f"{place}: the same facts as {twin}")
                got = self._judge(one.facts, place)
                outcomes += got
                _EXPECTATIONS[kind](one, got, place)
                self._never_pass_unmeasured(one.facts, place)
        return tuple(outcomes)

    def _judge(self, facts: tuple[Any, ...], place: str) -> tuple[Outcome, ...]:
        before = fingerprint(facts)
        got = judge((self.check,), _by_type(facts), strict=True)
        _expect(fingerprint(facts) == before, f"{place}: the check changed its facts")
        again = judge((self.check,), _by_type(facts), strict=True)
        _expect(fingerprint(again) == fingerprint(got), f"{place}: the outcome differs when judged twice")
        for outcome in got:
            if isinstance(outcome, Finding):
                _obey_laws(outcome, place)
        return got

    def _never_pass_unmeasured(self, facts: tuple[Any, ...], place: str) -> None:
        numbers_read: set[str] = set()
        judge((self.check,), {type(one): traced(one, numbers_read) for one in facts}, strict=True)
        if numbers_read:
            (got, *_) = judge((self.check,), _by_type(blank(facts, empty=False)), strict=True)
            read = ", ".join(sorted(numbers_read))
            _expect(not isinstance(got, Passed), f"{place}: passes when every number is NaN (it reads {read})")
        (got, *_) = judge((self.check,), _by_type(blank(facts, empty=True)), strict=True)
        _expect(not isinstance(got, Passed), f"{place}: passes when nothing was measured (all collections empty)")


def run_examples(check: Check) -> None:
    """Run both examples of a check's page: the bad one must give the finding, its repaired twin must not.

    Every fix of the bad one that is not ADVICE must apply, change something, and clear the finding. The examples are
    complete programs that leave a compiled `model`, `X`, `y` and, if need be, `fit_args` and `validation_data`. Raises
    AssertionError where the page does not keep what it promises.
    """
    from flatline.recipe import Recipe

    page = sections(check.page)
    bad = _execute(page["Example"], f"{check.code} Example")
    findings = _check_setup(check, bad)
    _expect(findings != (), f"{check.code}: the page's example gives no finding")
    for finding in findings:
        _obey_laws(finding, f"{check.code}, example")
    good = _check_setup(check, _execute(page["Use instead"], f"{check.code} Use instead"))
    loudest = max(finding.severity or Severity.INFO for finding in findings)
    left = [finding.message for finding in good if (finding.severity or loudest) >= min(loudest, Severity.WARNING)]
    _expect(not left, f"{check.code}: 'Use instead' still gives {left}")
    for finding, fix in [(one, fix) for one in findings for fix in one.fixes if fix.safety is not Safety.ADVICE]:
        set_up = _execute(page["Example"], f"{check.code} Example")
        recipe = Recipe(**{name: set_up[name] for name in ("model", "X", "y", "fit_args")})
        mended = vars(recipe.apply(fix))
        changed = any(mended[name] is not set_up[name] for name in ("model", "X", "y"))
        _expect(changed or mended["fit_args"] != set_up["fit_args"], f"{check.code}: {fix.title!r} changes nothing")
        still = [one.message for one in _check_setup(check, set_up | mended) if _matches(one, finding)]
        _expect(not still, f"{check.code}: {fix.title!r} does not clear the finding: {still}")


def sections(page: str) -> dict[str, str]:
    """Split a rule's page at its `## ` headings: heading → text below it, in order."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def example(section: str) -> str:
    """Return the Python code of a section of a page: its fenced blocks, one after the other."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL))


# ── examples ────────────────────────────────────────────────────────────────────────────────────────────────────


def _execute(section: str, title: str) -> dict[str, Any]:
    import keras

    code = example(section)
    _expect(code != "", f"{title}: no ```python block")
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    names: dict[str, Any] = {}
    exec(compile(code, f"<{title}>", "exec"), names)
    missing = {"model", "X", "y"} - names.keys()
    _expect(not missing, f"{title}: does not define {', '.join(sorted(missing))}")
    return {"fit_args": {}, "validation_data": None} | names


def _check_setup(check: Check, names: Mapping[str, Any]) -> tuple[Finding, ...]:
    from flatline.api import check_setup

    trained = {kind for name, kind in check.needs.items() if name not in check.optional}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlatlineWarning)
        report = check_setup(
            names["model"],
            names["X"],
            names["y"],
            validation_data=names["validation_data"],
            fit_args=names["fit_args"],
            overfit=not trained.isdisjoint({RehearsalFacts, TinySubsetFacts}),
            select=(check.code,),
            verbose=0,
        )
    return tuple(report.findings)


def _matches(after: Finding, before: Finding) -> bool:
    return after.where == before.where and (after.severity or 0) >= (before.severity or 0)


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _as_row(given: Any) -> Row:
    return given if isinstance(given, Row) else Row(facts=given if isinstance(given, tuple) else (given,))


def _fires(expected: Row, got: tuple[Outcome, ...], place: str) -> None:
    findings = [one for one in got if isinstance(one, Finding)]
    _expect(bool(findings), f"{place}: no finding, but {got}")
    _expect(bool(expected.message), f"{place}: the row must say a part of the message")
    said = [one for one in findings if expected.message in one.message]
    _expect(bool(said), f"{place}: no message holds {expected.message!r}: {[one.message for one in findings]}")
    for name in ("severity", "cause", "where"):
        wanted = getattr(expected, name)
        have = [getattr(one, name) for one in said]
        _expect(wanted is None or wanted in have, f"{place}: {name} is {have}, not {wanted}")
    fixes = [fix.title for one in said for fix in one.fixes]
    _expect(expected.fix is None or any(expected.fix in title for title in fixes), f"{place}: fixes are {fixes}")


def _passes(expected: Row, got: tuple[Outcome, ...], place: str) -> None:
    _expect(all(isinstance(one, Passed) for one in got), f"{place}: not silent, but {got}")


def _is_not_evaluated(expected: Row, got: tuple[Outcome, ...], place: str) -> None:
    reasons = [one.reason for one in got if isinstance(one, NotEvaluated)]
    _expect(len(reasons) == 1, f"{place}: judged, but {got}")
    _expect(bool(expected.message) and expected.message in reasons[0], f"{place}: the reason is {reasons[0]!r}")


_EXPECTATIONS = {"fires": _fires, "silent": _passes, "cannot_tell": _is_not_evaluated}


# ── laws ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _obey_laws(finding: Finding, place: str) -> None:
    message = finding.message
    _expect("\n" not in message, f"{place}: the message is more than one line: {message!r}")
    _expect(not message.endswith("."), f"{place}: the message ends with a full stop: {message!r}")
    _expect(message[:1].islower() or message[:1] in "`0123456789", f"{place}: begins in upper case: {message!r}")
    _expect(any(sign.isdigit() for sign in message), f"{place}: the message holds no number: {message!r}")
    _expect("nan" not in re.findall(r"[a-z]+", message), f"{place}: the message quotes a NaN: {message!r}")
    _expect(bool(finding.evidence), f"{place}: the finding has no evidence")
    for evidence in finding.evidence:
        _expect(evidence.broken, f"{place}: the evidence does not break its bound: {evidence}")
        _expect(evidence.quantity in GLOSSARY, f"{place}: {evidence.quantity!r} is not in flatline.glossary")
    for fix in finding.fixes:
        _obey_fix_laws(fix, place)


def _obey_fix_laws(fix: Fix, place: str) -> None:
    title = fix.title
    _expect(bool(title) and "\n" not in title and not title.endswith("."), f"{place}: the fix's title is {title!r}")
    if fix.safety is Safety.ADVICE:
        _expect(not fix.edits, f"{place}: {title!r} has edits, but is ADVICE")
    else:
        _expect(bool(fix.edits and fix.snippet), f"{place}: {title!r} needs edits and a snippet, or to be ADVICE")
    try:
        ast.parse(fix.snippet)
    except SyntaxError as error:
        raise AssertionError(f"{place}: the snippet of {title!r} is not Python: {fix.snippet!r}") from error


def _by_type(facts: Iterable[Any]) -> dict[type, Any]:
    return {type(one): one for one in facts}
