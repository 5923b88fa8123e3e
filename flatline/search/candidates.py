"""Which changes are tried: what the findings propose, the remedies, and what the user asks about."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any

from flatline.diagnosis import rank, severity_of
from flatline.experiment import Candidate
from flatline.finding import Finding, Outcome, Severity
from flatline.fix import Fix
from flatline.registry import all_remedies
from flatline.search.bundles import STANDARD


def candidates(outcomes: Iterable[Outcome], facts: Mapping[type, Any]) -> list[Candidate]:
    """Changes to try, each once: what the findings propose, the most certain first, then the remedies in turn."""
    told = [
        Candidate(
            fix=fix, cause=finding.cause, source=finding.code, sure=severity_of(finding) >= Severity.WARNING,
            group=f"{finding.code} {finding.where} {finding.message}",
        )
        for finding in rank(outcomes)
        for fix in finding.fixes
        if fix.edits
    ]  # fmt: skip
    remarks = [each for each in told if not each.sure]

    def order(name: str) -> int:
        return STANDARD.index(name) if name in STANDARD else len(STANDARD)

    remedies = sorted(all_remedies(), key=lambda each: order(each.name))
    turns = list(zip_longest(*(each.candidates(facts) for each in remedies)))
    found: dict[str, Candidate] = {}
    for candidate in chain((each for each in told if each.sure), *turns[:1], remarks, *turns[1:]):
        if candidate is not None:
            found.setdefault(repr(candidate.fix.edits), candidate)
    return list(found.values())


def asked(fixes: Iterable[Fix], outcomes: Iterable[Outcome]) -> list[Candidate]:
    """What the user asks about; a fix of a finding names what the finding does."""
    known = {repr(fix.edits): each for each in outcomes if isinstance(each, Finding) for fix in each.fixes}
    return [
        Candidate(fix=replace(fix, verdict=None), cause=finding.cause if finding else None, source="asked")
        for fix, finding in ((fix, known.get(repr(fix.edits))) for fix in fixes)
    ]
