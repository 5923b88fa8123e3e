"""The pages of the checks: explained on request, and written out as documentation.

Every page is the docstring of its check's module; nothing here adds a word beyond the header.
"""

from pathlib import Path

from flatline import registry
from flatline.errors import FlatlineError
from flatline.registry import Check

SUBJECTS = {
    "0": "Trainability",
    "1": "Data",
    "2": "Model",
    "3": "Objective",
    "4": "Optimizer",
    "5": "Loss",
    "6": "Gradients",
    "7": "Activations",
    "8": "Weights",
    "9": "Generalization",
}
"""First digit of a code → subject."""

INDEX = "index.md"
BEGIN, END = "<!-- checks: ", "<!-- /checks -->"  # what stands between them in the README is written by `readme`


def explain(code_or_name: str) -> str:
    """Return the page of a check, as Markdown.

    Parameters
    ----------
    code_or_name : str
        A code such as "FL301", or the name of a check.

    Raises
    ------
    FlatlineError
        When no check is called so; it lists near names.
    """
    if not isinstance(code_or_name, str):
        raise FlatlineError(
            f'The `code_or_name` parameter of explain must be a code such as "FL301" or a name. Got {code_or_name!r}.'
        )
    return page(registry.find(code_or_name.strip()))


def page(check: Check) -> str:
    """Return a check's page under a header with its code, severity and cause."""
    cause = "a symptom, which names no cause" if check.cause is None else f"cause: `{check.cause.value}`"
    return f"# {check.code} {check.name}\n\n{check.severity.name} · {cause}\n\n{check.page.strip()}\n"


def by_subject() -> dict[str, tuple[Check, ...]]:
    """Return the checks under the name of their subject, in the order of their codes."""
    checks = registry.all_checks()
    return {
        name: those
        for digit, name in sorted(SUBJECTS.items())
        if (those := tuple(check for check in checks if check.code[2:3] == digit))
    }


def summary() -> str:
    """Return the list of all checks by subject, as Markdown."""
    lines = ["# What is checked", "", "Written by `flatline rules --docs docs/rules` from the checks themselves."]
    for subject, checks in by_subject().items():
        lines += ["", f"## {subject}", "", "| code | severity | name | what it looks for |", "|---|---|---|---|"]
        for check in checks:
            title = check.title.replace("|", "\\|")
            lines.append(f"| [{check.code}]({check.code}.md) | {check.severity.name} | {check.name} | {title} |")
    return "\n".join(lines) + "\n"


def readme(text: str) -> str:
    """Return a README with the list of checks, by subject, brought up to date.

    Raises
    ------
    FlatlineError
        When the text lacks the two comments between which the list stands.
    """
    before, begin, rest = text.partition(BEGIN)
    marker, _, rest = rest.partition("\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise FlatlineError(f"the README must hold a line that starts with {BEGIN!r} and, below, the line {END!r}")
    subjects = "".join(
        f"- **{subject}**: {', '.join(f'[{check.name}](docs/rules/{check.code}.md)' for check in checks)}\n"
        for subject, checks in by_subject().items()
    )
    return f"{before}{begin}{marker}\n\n{subjects}\n{end}{after}"


def pages() -> dict[str, str]:
    """Return every documentation page by its file name."""
    return {INDEX: summary()} | {f"{check.code}.md": page(check) for check in registry.all_checks()}


def stale(folder: Path) -> tuple[str, ...]:
    """Return the files of a folder that are missing, out of date, or of a check that is gone."""
    wanted = pages()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return tuple(sorted(name for name in {*wanted, *present} if wanted.get(name) != present.get(name)))


def write(folder: Path) -> tuple[str, ...]:
    """Bring the pages in a folder up to date and return the names of the files that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    changed = stale(folder)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed
