"""RuleTester for authors of checks: runs a table of facts and adds the laws that every check obeys."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flatline.cause import Cause
from flatline.engine import judge
from flatline.finding import Finding, NotEvaluated, Outcome, Passed, Severity
from flatline.fix import Fix, Safety
from flatline.glossary import GLOSSARY
from flatline.registry import Check
from flatline.unmeasured import blank, fingerprint, traced

__all__ = ["Row", "RuleTester", "row"]

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
    **expected
        `message` (str): substring of the finding's message, or of the reason in `cannot_tell`; `severity`, `cause` and
        `where` of that finding; `fix` (str): substring of the title of one of its fixes, "" says that there is any.
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
    The table of a check is one call:

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
        expect(
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
                expect(twin == place, f"{place}: the same facts as {twin}")
                got = self._judge(one.facts, place)
                outcomes += got
                _EXPECTATIONS[kind](one, got, place)
                self._never_pass_unmeasured(one.facts, place)
        return tuple(outcomes)

    def _judge(self, facts: tuple[Any, ...], place: str) -> tuple[Outcome, ...]:
        before = fingerprint(facts)
        got = judge((self.check,), _by_type(facts), strict=True)
        expect(fingerprint(facts) == before, f"{place}: the check changed its facts")
        again = judge((self.check,), _by_type(facts), strict=True)
        expect(fingerprint(again) == fingerprint(got), f"{place}: the outcome differs when judged twice")
        for outcome in got:
            if isinstance(outcome, Finding):
                obey_laws(outcome, place)
        return got

    def _never_pass_unmeasured(self, facts: tuple[Any, ...], place: str) -> None:
        numbers_read: set[str] = set()
        judge((self.check,), {type(one): traced(one, numbers_read) for one in facts}, strict=True)
        if numbers_read:
            (got, *_) = judge((self.check,), _by_type(blank(facts, empty=False)), strict=True)
            read = ", ".join(sorted(numbers_read))
            expect(not isinstance(got, Passed), f"{place}: passes when every number is NaN (it reads {read})")
        (got, *_) = judge((self.check,), _by_type(blank(facts, empty=True)), strict=True)
        expect(not isinstance(got, Passed), f"{place}: passes when nothing was measured (all collections empty)")


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _as_row(given: Any) -> Row:
    return given if isinstance(given, Row) else Row(facts=given if isinstance(given, tuple) else (given,))


def _fires(expected: Row, got: tuple[Outcome, ...], place: str) -> None:
    findings = [one for one in got if isinstance(one, Finding)]
    expect(bool(findings), f"{place}: no finding, but {got}")
    expect(bool(expected.message), f"{place}: the row must say a part of the message")
    said = [one for one in findings if expected.message in one.message]
    expect(bool(said), f"{place}: no message holds {expected.message!r}: {[one.message for one in findings]}")
    for name in ("severity", "cause", "where"):
        wanted = getattr(expected, name)
        have = [getattr(one, name) for one in said]
        expect(wanted is None or wanted in have, f"{place}: {name} is {have}, not {wanted}")
    fixes = [fix.title for one in said for fix in one.fixes]
    expect(expected.fix is None or any(expected.fix in title for title in fixes), f"{place}: fixes are {fixes}")


def _passes(expected: Row, got: tuple[Outcome, ...], place: str) -> None:
    expect(all(isinstance(one, Passed) for one in got), f"{place}: not silent, but {got}")


def _is_not_evaluated(expected: Row, got: tuple[Outcome, ...], place: str) -> None:
    reasons = [one.reason for one in got if isinstance(one, NotEvaluated)]
    expect(len(reasons) == 1, f"{place}: judged, but {got}")
    expect(bool(expected.message) and expected.message in reasons[0], f"{place}: the reason is {reasons[0]!r}")


_EXPECTATIONS = {"fires": _fires, "silent": _passes, "cannot_tell": _is_not_evaluated}


# ── laws ────────────────────────────────────────────────────────────────────────────────────────────────────────


def expect(condition: bool, message: str) -> None:
    """Raise AssertionError unless it is so."""
    if not condition:
        raise AssertionError(message)


def obey_laws(finding: Finding, place: str) -> None:
    """Raise AssertionError, naming the place, where a finding breaks a law that `RuleTester` lists."""
    message = finding.message
    expect("\n" not in message, f"{place}: the message is more than one line: {message!r}")
    expect(not message.endswith("."), f"{place}: the message ends with a full stop: {message!r}")
    expect(message[:1].islower() or message[:1] in "`0123456789", f"{place}: begins in upper case: {message!r}")
    expect(any(sign.isdigit() for sign in message), f"{place}: the message holds no number: {message!r}")
    expect("nan" not in re.findall(r"[a-z]+", message), f"{place}: the message quotes a NaN: {message!r}")
    expect(bool(finding.evidence), f"{place}: the finding has no evidence")
    for evidence in finding.evidence:
        expect(evidence.broken, f"{place}: the evidence does not break its bound: {evidence}")
        expect(evidence.quantity in GLOSSARY, f"{place}: {evidence.quantity!r} is not in flatline.glossary")
    for fix in finding.fixes:
        _obey_fix_laws(fix, place)


def _obey_fix_laws(fix: Fix, place: str) -> None:
    title = fix.title
    expect(bool(title) and "\n" not in title and not title.endswith("."), f"{place}: the fix's title is {title!r}")
    if fix.safety is Safety.ADVICE:
        expect(not fix.edits, f"{place}: {title!r} has edits, but is ADVICE")
    else:
        expect(bool(fix.edits and fix.snippet), f"{place}: {title!r} needs edits and a snippet, or to be ADVICE")
    try:
        ast.parse(fix.snippet)
    except SyntaxError as error:
        raise AssertionError(f"{place}: the snippet of {title!r} is not Python: {fix.snippet!r}") from error


def _by_type(facts: Iterable[Any]) -> dict[type, Any]:
    return {type(one): one for one in facts}
