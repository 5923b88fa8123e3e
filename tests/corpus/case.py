"""What a corpus case is: a set-up as its user would hand it to `check_setup`, and what is known to be wrong with it."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A compiled model, its data and the arguments its user is about to give `fit`."""

    model: Any
    X: Any
    y: Any = None
    fit_args: dict[str, Any] = field(default_factory=dict)
    score: Callable[[Any], float] | None = None
    """Quality of the trained model, higher is better; None: the final training loss decides."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A real bug: `build(fixed=False)` is the program that did not learn, `build(fixed=True)` its repaired twin."""

    name: str
    summary: str
    causes: frozenset[str]
    equivalent: frozenset[str]
    build: Callable[[bool], Setup]


@dataclass(frozen=True, kw_only=True)
class Healthy:
    """A set-up that is right and trains well, whatever a naive rule may say of it."""

    name: str
    kind: str
    build: Callable[[], Setup]


def program(*, causes: str, equivalent: str = "") -> Callable[[Callable[[bool], Setup]], Program]:
    """Declare a program; causes are words of `flatline.cause.Cause`, separated by spaces."""

    def declare(build: Callable[[bool], Setup]) -> Program:
        return Program(
            name=build.__name__,
            summary=(build.__doc__ or "").strip(),
            causes=frozenset(causes.split()),
            equivalent=frozenset(equivalent.split()),
            build=build,
        )

    return declare


def healthy(build: Callable[[], Setup]) -> Healthy:
    """Declare a healthy set-up; its docstring says which naive rule it would trip."""
    return Healthy(name=build.__name__, kind=build.__module__.rsplit(".", 1)[-1], build=build)


def _found(package: str, kind: type) -> Iterator[Any]:
    parent = importlib.import_module(package)
    for module in pkgutil.iter_modules(parent.__path__, f"{package}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, kind):
                yield value


def programs() -> tuple[Program, ...]:
    """All programs of the corpus, by name."""
    return tuple(sorted(_found("tests.corpus.programs", Program), key=lambda case: case.name))


def healthy_setups() -> tuple[Healthy, ...]:
    """All healthy set-ups of the corpus, by name."""
    return tuple(sorted(_found("tests.corpus.healthy", Healthy), key=lambda case: case.name))
