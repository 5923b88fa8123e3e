"""Project-wide settings: the table [tool.flatline] of pyproject.toml."""

import fnmatch
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flatline import registry
from flatline.errors import FlatlineError
from flatline.finding import Finding, Outcome, Severity
from flatline.registry import Check

FAIL_ON = {"info": Severity.INFO, "warning": Severity.WARNING, "error": Severity.ERROR}
KEYS = ("select", "ignore", "fail-on")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a team has agreed on.

    Parameters
    ----------
    select, ignore : tuple of str
        Codes, code prefixes or names.
    layer_ignores : tuple of (str, str)
        Selector and layer pattern: what `ignore` holds as "FL702:encoder_*".
    fail_on : Severity
        Least severity that counts as a failure on the command line.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    layer_ignores: tuple[tuple[str, str], ...] = ()
    fail_on: Severity = Severity.WARNING

    def silences(self, finding: Finding) -> bool:
        """Whether a finding is about a layer for which its check is ignored."""
        return any(
            _means(selector, finding) and fnmatch.fnmatchcase(finding.where, pattern)
            for selector, pattern in self.layer_ignores
        )


def load_settings(start: Path) -> Settings:
    """Read [tool.flatline] of the nearest pyproject.toml, in `start` or a folder above it.

    Raises
    ------
    FlatlineError
        When the file cannot be read, or the table holds an unknown key or a value of the wrong type.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return _settings(path)
    return Settings()


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The checks that an argument and the project's settings leave, and what they ignore at single layers."""

    checks: tuple[Check, ...]
    settings: Settings

    def heard(self, outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
        """Outcomes without the findings that are ignored."""
        return tuple(o for o in outcomes if not (isinstance(o, Finding) and self.settings.silences(o)))


def selection(select: Iterable[str], ignore: Iterable[str], *, caller: str) -> Selection:
    """Choose checks by the arguments `select` and `ignore` of a caller, and by the project's settings."""
    settings = load_settings(Path.cwd())
    whole, layered = split_ignores(ignore)
    settings = replace(settings, layer_ignores=(*settings.layer_ignores, *layered))
    checks = registry.select(tuple(select) or settings.select, (*whole, *settings.ignore), caller=caller)
    return Selection(checks=checks, settings=settings)


def split_ignores(ignore: Iterable[str]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Part selectors of checks from selectors of checks at layers ("FL702:encoder_*")."""
    whole, layered = [], []
    for selector in ignore:
        check, colon, pattern = selector.partition(":")
        if colon:
            layered.append((check.strip(), pattern.strip()))
        else:
            whole.append(selector)
    return tuple(whole), tuple(layered)


def _settings(path: Path) -> Settings:
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("flatline", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FlatlineError(f"cannot read {path}: {str(error).partition(chr(10))[0]}") from None
    if not isinstance(table, dict):
        raise FlatlineError(f"[tool.flatline] in {path} must be a table. Got {table!r}.")
    for key in table:
        if key not in KEYS:
            raise FlatlineError(f"[tool.flatline] in {path} must hold only {', '.join(KEYS)}. Got {key!r}.")
    whole, layered = split_ignores(_strings(table, "ignore", path))
    fail_on = table.get("fail-on", "warning")
    if not isinstance(fail_on, str) or fail_on not in FAIL_ON:
        raise FlatlineError(
            f"`fail-on` of [tool.flatline] in {path} must be one of {', '.join(FAIL_ON)}. Got {fail_on!r}."
        )
    return Settings(
        select=_strings(table, "select", path), ignore=whole, layer_ignores=layered, fail_on=FAIL_ON[fail_on]
    )


def _strings(table: dict[str, Any], key: str, path: Path) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FlatlineError(f"`{key}` of [tool.flatline] in {path} must be a list of strings. Got {value!r}.")
    return tuple(value)


def _means(selector: str, finding: Finding) -> bool:
    return finding.name == selector or (selector.startswith("FL") and finding.code.startswith(selector))
