"""Checks × facts → outcomes; a check that crashes is an outcome too, never the end of a training."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from flatline.errors import CannotTell, FlatlineWarning
from flatline.finding import Finding, NotEvaluated, Outcome, Passed
from flatline.registry import Check

Facts = Mapping[type, Any]
"""What was measured, by its type; a type may map to a string: the reason why it could not be measured."""


def judge(checks: Iterable[Check], facts: Facts, *, strict: bool = False) -> tuple[Outcome, ...]:
    """Run every check on the facts it asks for.

    Parameters
    ----------
    checks : iterable of Check
        In the order in which outcomes are wanted.
    facts : mapping of type to object
        The measured facts; a missing type makes a check that needs it "not evaluated".
    strict : bool
        Let a crashing check raise (for tests) instead of reporting it as not evaluated.
    """
    return tuple(outcome for check in checks for outcome in _judge_one(check, facts, strict))


def _judge_one(check: Check, facts: Facts, strict: bool) -> tuple[Outcome, ...]:
    def cannot(reason: str) -> tuple[Outcome, ...]:
        return (NotEvaluated(code=check.code, name=check.name, reason=reason),)

    arguments: dict[str, Any] = {}
    for name, kind in check.needs.items():
        value = facts.get(kind)
        if value is None or isinstance(value, str):
            if name in check.optional:
                value = None
            else:
                return cannot(value or f"needs {kind.__name__}, which was not measured")
        arguments[name] = value
    try:
        findings = tuple(_complete(check, finding) for finding in check.function(**arguments))
    except CannotTell as reason:
        return cannot(str(reason))
    except FlatlineWarning:
        raise
    except Exception as error:
        if strict:
            raise
        return cannot(f"crashed: {type(error).__name__}: {str(error).partition(chr(10))[0][:160]}")
    return findings or (Passed(code=check.code, name=check.name),)


def _complete(check: Check, finding: Finding) -> Finding:
    return dataclasses.replace(
        finding,
        code=check.code,
        name=check.name,
        cause=check.cause if finding.cause is None else finding.cause,
        severity=check.severity if finding.severity is None else finding.severity,
        explains=(*check.explains, *finding.explains),
    )
