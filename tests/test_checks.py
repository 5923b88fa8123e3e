"""What every check has: a page, a code of its own, a table of facts, and terms that the glossary explains."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import flatline
from flatline import registry
from flatline.cause import Cause
from flatline.glossary import GLOSSARY
from flatline.logs import Log
from flatline.pages import example, sections
from flatline.testing import HEADINGS

CHECKS = registry.all_checks()
FOLDERS = ("checks", "detectors")
FILES = sorted(
    path
    for folder in FOLDERS
    for path in (Path(flatline.__file__).parent / folder).glob("*.py")
    if path.stem != "__init__"
)
TABLES = Path(__file__).parent
every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.code}-{check.name}")
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@every_file
def test_a_file_holds_one_check_of_its_name(path):
    names = [check.name.replace("-", "_") for check in CHECKS if Path(inspect.getfile(check.function)) == path]
    assert names == [path.stem]


def test_codes_are_unique():
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes) == len(FILES)


@every_check
def test_the_code_is_fl_and_three_digits(check):
    assert re.fullmatch(r"FL\d{3}", check.code)


@every_check
def test_the_page_has_the_headings_in_order(check):
    assert tuple(sections(check.page)) == HEADINGS


@every_check
def test_no_section_of_the_page_is_empty(check):
    assert [heading for heading, text in sections(check.page).items() if not text] == []


@every_check
def test_the_page_begins_with_one_sentence(check):
    title, rest = check.page.split("\n", 1)
    assert title.endswith(".")
    assert rest.startswith("\n")


@every_check
@pytest.mark.parametrize("heading", ["Example", "Use instead"])
def test_examples_are_whole_programs(check, heading):
    code = example(sections(check.page)[heading])
    assigned = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    assert {"model", "X", "y"} <= assigned


@every_check
def test_the_examples_differ(check):
    page = sections(check.page)
    assert example(page["Example"]) != example(page["Use instead"])


@every_check
def test_a_table_exists(check):
    folder = Path(inspect.getfile(check.function)).parent.name
    table = TABLES / folder / f"test_{check.name.replace('-', '_')}.py"
    assert "RuleTester(" in table.read_text(encoding="utf-8")


@every_check
def test_the_function_says_in_one_line_what_it_does(check):
    summary = (inspect.getdoc(check.function) or "").partition("\n")[0]
    assert summary.endswith(".")


@every_check
def test_what_it_explains_exists(check):
    assert set(check.explains) <= {other.code for other in CHECKS}


@every_check
def test_facts_come_from_the_menu(check):
    logs = [kind for kind in check.needs.values() if issubclass(kind, Log)]
    assert {kind.__module__ for kind in check.needs.values()} <= {
        "flatline.facts",
        "flatline.logs",
        "flatline.experiment",
    }
    assert bool(logs) == ("/detectors/" in inspect.getfile(check.function))


@every_file
def test_quantities_are_in_the_glossary(path):
    used = {
        keyword.value.value
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "quantity" and isinstance(keyword.value, ast.Constant)
    }
    assert used <= set(GLOSSARY)


@every_file
def test_checks_are_pure(path):
    allowed = {"flatline", "numpy", "math", "collections", "dataclasses", "itertools", "functools", "typing", "re"}
    roots = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").partition(".")[0])
    assert roots <= allowed


@every_file
def test_thresholds_say_where_they_come_from(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    thresholds = [line for line in lines if re.match(r"[A-Z][A-Z_]+(: \w+)? = -?[\d.]+(e-?\d+)?\b", line)]
    assert [line for line in thresholds if "  # " not in line] == []


def test_every_term_of_the_glossary_is_explained():
    for quantity in GLOSSARY.values():
        assert quantity.symbol
        assert quantity.formula
        assert quantity.unit
        assert quantity.source


def test_causes_are_the_closed_list():
    assert {check.cause for check in CHECKS} <= {None, *Cause}
