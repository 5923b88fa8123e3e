"""The three outcomes of a check: a finding with its evidence, passed, or not evaluated."""

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from flatline.cause import Cause
from flatline.fix import Fix

Bound = tuple[str, float]
"""What a healthy set-up satisfies: ("<=", 10.0), (">=", 1e-3), ("==", 0) or ("!=", 0)."""

_COMPARE = {
    "<=": lambda value, limit: value <= limit,
    ">=": lambda value, limit: value >= limit,
    "<": lambda value, limit: value < limit,
    ">": lambda value, limit: value > limit,
    "==": lambda value, limit: value == limit,
    "!=": lambda value, limit: value != limit,
}


class Severity(enum.IntEnum):
    """How sure and how bad: ERROR cannot train as written, WARNING probably harmful, INFO worth knowing."""

    INFO = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A measured number against the bound that a healthy set-up satisfies.

    Parameters
    ----------
    quantity : str
        A term of `flatline.glossary`.
    value : float
        What was measured.
    bound : tuple of (str, float)
        The comparison that holds when all is well.
    unit : str
        Unit of value and bound; "1" for ratios, counts say what they count.
    where : str
        Layer, output, feature or argument.
    steps : tuple of (int, int) or None
        First and last training step, where steps were taken.
    """

    quantity: str
    value: float
    bound: Bound
    unit: str = "1"
    where: str = ""
    steps: tuple[int, int] | None = None

    @property
    def broken(self) -> bool:
        """Whether the value fails the bound; NaN fails every bound."""
        value = float(self.value)
        if math.isnan(value):
            return True
        operator, limit = self.bound
        return not _COMPARE[operator](value, limit)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong, or worth knowing, with the numbers that show it.

    A check fills in message, evidence, `where` and fixes, and may override severity and cause; the engine adds the
    check's code and name, and the declared severity and cause where the check left them open.
    """

    message: str
    evidence: tuple[Evidence, ...] = ()
    where: str = ""
    fixes: tuple[Fix, ...] = ()
    severity: Severity | None = None
    cause: Cause | None = None
    code: str = ""
    name: str = ""
    explains: tuple[str, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A check that was evaluated and found nothing."""

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class NotEvaluated:
    """A check that could not judge, and why. Silence never means health."""

    code: str
    name: str
    reason: str


Outcome = Finding | Passed | NotEvaluated
Findings = Iterable[Finding]
"""What a check returns: it yields its findings, or nothing."""
