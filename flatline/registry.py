"""The checks and remedies: how one is declared, found on disk, and a check selected by code, prefix or name."""

import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flatline.cause import Cause
from flatline.errors import FlatlineError
from flatline.experiment import Candidate
from flatline.finding import Findings, Severity
from flatline.fix import Fix

PACKAGES = ("flatline.checks", "flatline.detectors")
REMEDIES = "flatline.remedies"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A declared check: its code, name, page and function; what it needs is read from the annotations."""

    code: str
    name: str
    cause: Cause | None
    severity: Severity
    explains: tuple[str, ...]
    function: Callable[..., Findings]
    needs: dict[str, type]
    optional: frozenset[str]

    @property
    def page(self) -> str:
        """The rule's page: the docstring of its module."""
        return inspect.getdoc(inspect.getmodule(self.function)) or ""

    @property
    def title(self) -> str:
        """First line of the page."""
        return self.page.partition("\n")[0]


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A declared remedy: changes worth trying when nobody knows what is wrong, and the cause that they would show."""

    name: str
    cause: Cause
    function: Callable[..., Iterable[Fix]]
    needs: dict[str, type]
    optional: frozenset[str]

    @property
    def page(self) -> str:
        """What it tries and why: the docstring of its module."""
        return inspect.getdoc(inspect.getmodule(self.function)) or ""

    def candidates(self, facts: Mapping[type, Any]) -> tuple[Candidate, ...]:
        """Return the changes that it proposes for these facts; none where a fact that it needs is missing."""
        given = {name: facts.get(kind) for name, kind in self.needs.items()}
        known = {name: fact for name, fact in given.items() if isinstance(fact, self.needs[name])}
        if self.needs.keys() - known.keys() - self.optional:
            return ()
        fixes = self.function(**{**dict.fromkeys(self.needs), **known})
        return tuple(Candidate(fix=fix, cause=self.cause, source=self.name, group=self.name) for fix in fixes)


def requirements(function: Callable[..., Any]) -> tuple[dict[str, type], frozenset[str]]:
    """Read what a check asks for; `Facts | None` asks for facts that it can do without.

    Keyword-only parameters are not facts: those of a picture say how to draw.
    """
    needs, optional = {}, set()
    hints, code = typing.get_type_hints(function), function.__code__
    for name in code.co_varnames[: code.co_argcount]:
        annotation = hints[name]
        if isinstance(annotation, types.UnionType):
            annotation = next(kind for kind in typing.get_args(annotation) if kind is not types.NoneType)
            optional.add(name)
        needs[name] = annotation
    return needs, frozenset(optional)


def check(
    code: str, *, cause: Cause | None, severity: Severity, explains: tuple[str, ...] = ()
) -> Callable[[Callable[..., Findings]], Check]:
    """Declare a check; the function's annotations say which facts it reads, its name is the rule's name.

    Parameters
    ----------
    code : str
        "FL" and three digits; the first digit is the subject.
    cause : Cause or None
        The root cause that a finding names; None for a symptom.
    severity : Severity
        Of its findings, unless a finding says otherwise.
    explains : tuple of str
        Codes of symptoms that hang under this cause when both are found.
    """

    def declare(function: Callable[..., Findings]) -> Check:
        needs, optional = requirements(function)
        return Check(
            code=code,
            name=function.__name__.replace("_", "-"),
            cause=cause,
            severity=severity,
            explains=explains,
            function=function,
            needs=needs,
            optional=optional,
        )

    return declare


def remedy(*, cause: Cause) -> Callable[[Callable[..., Iterable[Fix]]], Remedy]:
    """Declare a remedy; the function's annotations say which facts it reads, and it yields the fixes to try.

    Parameters
    ----------
    cause : Cause
        What was wrong if one of the fixes helps.
    """

    def declare(function: Callable[..., Iterable[Fix]]) -> Remedy:
        needs, optional = requirements(function)
        return Remedy(
            name=function.__name__.replace("_", "-"), cause=cause, function=function, needs=needs, optional=optional
        )

    return declare


_checks: dict[str, Check] = {}


def all_checks() -> tuple[Check, ...]:
    """Every check in the check folders, by code."""
    if not _checks:
        for package in PACKAGES:
            for value in declared(package, Check):
                if value.code in _checks:
                    raise FlatlineError(f"code {value.code} is used by two checks")
                _checks[value.code] = value
    return tuple(_checks[code] for code in sorted(_checks))


def all_remedies() -> tuple[Remedy, ...]:
    """Every remedy in its folder, by name."""
    return tuple(sorted(declared(REMEDIES, Remedy), key=lambda each: each.name))


def declared(package: str, kind: type) -> Iterator[Any]:
    """Every value of a kind in the modules of a package."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        yield from (value for value in vars(importlib.import_module(module.name)).values() if isinstance(value, kind))


def find(code_or_name: str) -> Check:
    """Return the check with this code or name, or raise a FlatlineError that lists near names."""
    for candidate in all_checks():
        if code_or_name.upper() == candidate.code or code_or_name == candidate.name:
            return candidate
    raise _unknown(code_or_name, "explain")


def matches(candidate: Check, selector: str) -> bool:
    """Whether a selector (code, code prefix or name) means this check."""
    return candidate.name == selector or (selector.startswith("FL") and candidate.code.startswith(selector))


def select(
    chosen: Iterable[str] = (), ignored: Iterable[str] = (), *, caller: str = "check_setup"
) -> tuple[Check, ...]:
    """Return the checks that `chosen` means (all, when empty) less those that `ignored` means."""
    checks = all_checks()
    chosen, ignored = tuple(chosen), tuple(ignored)
    for selector in (*chosen, *ignored):
        if not any(matches(candidate, selector) for candidate in checks):
            raise _unknown(selector, caller)
    return tuple(
        candidate
        for candidate in checks
        if (not chosen or any(matches(candidate, s) for s in chosen))
        and not any(matches(candidate, s) for s in ignored)
    )


def _unknown(selector: str, caller: str) -> FlatlineError:
    import difflib

    known: list[Any] = [name for candidate in all_checks() for name in (candidate.code, candidate.name)]
    near = difflib.get_close_matches(selector, known, n=3, cutoff=0.5) or known[:6:2]
    return FlatlineError(
        f"no check is called {selector!r} (asked by {caller}); expected a code such as 'FL301', a prefix such as 'FL3' "
        f"or a name, for instance {', '.join(near)}; `flatline rules` lists all"
    )
