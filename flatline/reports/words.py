"""The words that may stay in a report that is passed on: those of flatline's own sentences, and Keras' own names."""

import functools
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from types import CodeType
from typing import Any

WORD = re.compile(r"[^\W\d]\w*")
_NAMED = re.compile(r"`([^`]*)`|\"([^\"]*)\"")  # in a sentence or a snippet of flatline's
_PAGE = re.compile(r"[^\n]*\.\n\n")  # how pages and long docstrings begin, which no report shows

_SPEAK = ("checks", "detectors", "remedies", "measure", "plots", "reports")  # folders of modules that write sentences
_SILENT = frozenset({"cli", "commands", "demo", "pages", "testing", "pytest_plugin"})  # whose words are in no report


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words of flatline and Keras.

    Parameters
    ----------
    sentences : frozenset of str
        Every word of every sentence that flatline can write, in lower case.
    code : frozenset of str
        The same in their own case, for code, in which `Patient` is a class and no word.
    names : frozenset of str
        What may stand in the place of a name: Keras' own names, and flatline's own.
    """

    sentences: frozenset[str]
    code: frozenset[str]
    names: frozenset[str]


@functools.cache
def vocabulary() -> Vocabulary:
    """Read the vocabulary from the compiled modules: what flatline can say is what is written in them.

    Notes
    -----
    A list kept by hand would be forgotten when a check is added; a list of what must go would leak what nobody thought
    of. Nothing is imported or run: the strings are constants of the code.
    """
    words, names = set(keras_names()), set(keras_names())
    for text in _constants():
        words.update(WORD.findall(text))
        names.add(text)
        for found in _NAMED.finditer(text):
            names.update(WORD.findall(found[0]))
    return Vocabulary(
        sentences=frozenset(word.lower() for word in words), code=frozenset(words), names=frozenset(names)
    )


@functools.cache
def keras_names() -> frozenset[str]:
    """Return the names of Keras' own classes, functions and their arguments, without importing Keras."""
    lines = files("flatline.reports").joinpath("keras_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())


def _constants() -> Iterator[str]:
    for folder in ("", *_SPEAK):
        path = [str(files("flatline").joinpath(folder))]
        prefix = f"flatline.{folder}." if folder else "flatline."
        for module in pkgutil.iter_modules(path, prefix):
            if not module.ispkg and module.name.rpartition(".")[2] not in _SILENT:
                code = _code_of(module.module_finder, module.name)
                if code is not None:
                    yield from _strings(code)


def _code_of(finder: Any, name: str) -> CodeType | None:
    spec = finder.find_spec(name)
    code: CodeType | None = spec.loader.get_code(name) if spec is not None and spec.loader is not None else None
    return code


def _strings(code: CodeType) -> Iterator[str]:
    yield code.co_name.replace("_", "-")  # the name of a check is that of its function
    for constant in code.co_consts:
        yield from _strings_in(constant)


def _strings_in(constant: Any) -> Iterator[str]:
    if isinstance(constant, str):
        if not _PAGE.match(constant):
            yield constant
    elif isinstance(constant, CodeType):
        yield from _strings(constant)
    elif isinstance(constant, tuple | frozenset):
        for part in constant:
            yield from _strings_in(part)
