"""The tree keeps its own law: imports go down the levels, heavy libraries have one door, files stay readable."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

import flatline

ROOT = Path(flatline.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
LEVELS = (
    {"errors", "cause", "finding", "fix", "verdict", "facts", "experiment", "logs", "glossary", "unmeasured"}
    | {"exhibits", "view", "png"},
    {"records", "statistics", "whole_file"},
    {"backend", "recipe", "rebuild", "maps", "score", "measure"},
    {"registry", "engine", "gates", "arms", "pairs", "layers", "graph", "outputs", "changes", "entry", "progress"}
    | {"rates", "sampled", "nonfinite", "comparing", "editable", "canonical"},
    {"checks", "detectors"},
    {
        "diagnosis",
        "remedies",
        "search",
        "rewriting",
    },
    {"inspect", "plots"},
    {"reports"},
    {
        "settings",
        "rules",
        "callbacks",
        "monitor",
        "judging",
        "looking",
        "images",
        "inspecting",
        "serving",
        "insight",
        "watching",
        "comparison",
        "loggers",
        "preflight",
        "live",
        "standstill",
        "midway",
        "stopping",
        "learning_rate",
        "pytest_plugin",
        "running",
        "api",
        "diagnosing",
        "cli",
        "commands",
        "demo",
        "pages",
        "testing",
        "__main__",
        "__init__",
    },
)
PURE = LEVELS[3] | LEVELS[4]  # machinery and checks: no measurement, no Keras
MAY_IMPORT_KERAS = {
    "api",
    "diagnosing",
    "cli",
    "commands",
    "demo",
    "pages",
    "rules",
    "callbacks",
    "watching",
    "loggers",
    "search",
    "inspect",
}  # above measurement
MAX_LINES = 300
MAX_MEDIAN = 130


def name_of(path: Path) -> str:
    """First part of a module's name below the package."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def level(name: str) -> int:
    return next(i for i, names in enumerate(LEVELS) if name in names)


def imports(path: Path, *, top_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    nodes = tree.body if top_only else list(ast.walk(tree))
    for node in nodes:
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "flatline":
                yield from (f"flatline.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module(path: Path) -> None:
    name, text = name_of(path), path.read_text(encoding="utf-8")
    mine = level(name)
    for imported in imports(path):
        top, _, rest = imported.partition(".")
        if top == "flatline" and rest and rest.split(".")[0] not in ("errors",):
            other = rest.split(".")[0]
            if any(other in names for names in LEVELS):
                assert level(other) <= mine, f"{name} (level {mine}) imports {imported}"
        if top == "tensorflow":
            assert name == "backend"
        if top == "matplotlib":
            assert name == "plots"
        if top == "keras":
            assert name in LEVELS[2] | MAY_IMPORT_KERAS, f"{name} imports keras"
    if name in PURE:
        assert not {"keras", "tensorflow", "matplotlib", "random", "warnings"} & set(imports(path))
    assert len(text.splitlines()) <= MAX_LINES
    calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    assert not any(isinstance(f, ast.Name) and f.id == "print" for f in calls), "no print"
    assert not any(isinstance(f, ast.Attribute) and f.attr == "show" and _is_plt(f) for f in calls), "no plt.show"


def _is_plt(function: ast.Attribute) -> bool:
    return isinstance(function.value, ast.Name) and function.value.id == "plt"


def test_pictures_are_imported_where_they_are_drawn() -> None:
    for path in MODULES:
        if name_of(path) != "plots":
            found = [name for name in imports(path, top_only=True) if name.startswith(("flatline.plots", "matplotlib"))]
            assert not found, path


def test_files_are_short_in_the_middle() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES if path.name != "__init__.py"]
    assert median(lengths) <= MAX_MEDIAN


def test_only_the_command_line_exits() -> None:
    for path in MODULES:
        names = {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
        assert "exit" not in names or name_of(path) in ("cli", "__main__"), path
