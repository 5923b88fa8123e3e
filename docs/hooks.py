"""What the build does beyond mkdocs: folders in the navigation, tables from the code, and a law on public names."""

import contextlib
import importlib
import importlib.util
import io
import logging
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import griffe

from flatline import cli, rules
from flatline.glossary import GLOSSARY

LOG = logging.getLogger("mkdocs.hooks.flatline")  # a warning ends a strict build
PUBLIC = ("flatline", "flatline.loggers", "flatline.testing", "flatline.inspect")  # their `__all__` is a promise
PICTURES = "flatline.plots"  # is a folder of them: functions `plot_…` that return `Axes`
DOCUMENTED = re.compile(r"^::: (\S+)", flags=re.MULTILINE)
TERMS = "<!-- terms -->"
HELP = re.compile(r"<!-- help:(.*?) -->")


def on_config(config: Any) -> Any:
    """Put the pages of a folder where the navigation names a folder (`rules/`); one that is empty is left out."""
    docs, entries = Path(config.docs_dir), []
    for entry in config.nav:
        ((title, pages),) = entry.items()
        if isinstance(pages, str) and pages.endswith("/"):
            pages = folder(docs, pages)
        if pages:
            entries.append({title: pages})
    config.nav = entries
    return config


def folder(docs: Path, name: str) -> list[Any]:
    """Pages of a folder for the navigation, its first page first; those of the rules by subject."""
    pages = sorted(f"{name}{path.name}" for path in (docs / name).glob("*.md"))
    first = [page for page in pages if page.endswith(("/index.md", "/README.md"))]
    if name == "rules/":
        subjects = rules.by_subject().items()
        return [*first, *({subject: [f"{name}{check.code}.md" for check in checks]} for subject, checks in subjects)]
    return [*first, *(page for page in pages if page not in first)]


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Write the table of terms, and what the commands say of themselves, where a page asks for it."""
    markdown = markdown.replace(TERMS, terms()) if TERMS in markdown else markdown
    return HELP.sub(lambda found: f"```text\n{help_of(found[1].split())}\n```", markdown)


def help_of(command: list[str]) -> str:
    """Return what `flatline COMMAND --help` prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
        cli.main([*command, "--help"])
    return printed.getvalue().strip()


def terms() -> str:
    """Return the glossary as a list of definitions."""
    return "\n\n".join(
        f"`{name}` · {term.symbol}{'' if term.unit == '1' else f' · {term.unit}'}\n"
        f":   {term.formula}  \n    *{term.source}*"
        for name, term in sorted(GLOSSARY.items())
    )


def on_files(files: Any, **_: Any) -> Any:
    """End the build where a public name has no page or no docstring."""
    pages = [file.content_string for file in files.documentation_pages()]
    for problem in problems(name for page in pages for name in DOCUMENTED.findall(page)):
        LOG.warning(problem)
    return files


def problems(documented: Iterable[str]) -> list[str]:
    """Say what is missing, given the names that the reference documents."""
    documented = set(documented)
    found = [f"no page of the reference documents `{name}`" for name in public_names() if name not in documented]
    return found + [f"`{name}` has no docstring" for name in public_names() if not _described(name)]


@cache
def public_names() -> tuple[str, ...]:
    """Names that the package promises, in full; a version number explains itself."""
    modules = [name for name in PUBLIC if importlib.util.find_spec(name) is not None]
    listed = [f"{module}.{name}" for module in modules for name in importlib.import_module(module).__all__]
    return (*(_in_full(name) for name in listed if not name.endswith(".__version__")), *_pictures())


def _pictures() -> Iterator[str]:
    for name, module in _read(PICTURES).modules.items():
        for each in module.functions.values():
            if not each.is_alias and each.name.startswith("plot_") and str(each.returns) == "Axes":
                yield f"{PICTURES}.{name}.{each.name}"


def _in_full(name: str) -> str:
    """Where a function and its module go by one name, the reference would take the module: name the function in it."""
    return f"{name}.{name.rpartition('.')[2]}" if _read(name).is_module else name


def _described(name: str) -> bool:
    """Whether it has a docstring, and so have its public methods and properties; read, not imported."""
    documented = _read(name)
    members = documented.members.values() if documented.is_class else ()
    return all(
        each.has_docstring
        for each in (documented, *members)
        if each.is_class or each.is_function or "property" in each.labels
        if not each.name.startswith("_")
    )


def _read(name: str) -> Any:
    return _package()[name.removeprefix("flatline.")]


@cache
def _package() -> Any:
    return griffe.load("flatline", search_paths=[Path(__file__).parents[1]], resolve_aliases=True)
