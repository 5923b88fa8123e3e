"""`import flatline` costs next to nothing, and its public names are complete."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import flatline

HEAVY = ("numpy", "keras", "tensorflow", "matplotlib", "sklearn", "rich")


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    ).stdout.strip()


def test_import_brings_nothing_along():
    loaded = run(f"import flatline, sys; print([name for name in {HEAVY!r} if name in sys.modules])")
    assert loaded == "[]"


def test_explain_does_without_keras_and_matplotlib():
    code = (
        "import sys, flatline\n"
        "assert 'FL301' in flatline.explain('FL301')\n"
        "print([name for name in ('keras', 'tensorflow', 'matplotlib', 'sklearn') if name in sys.modules])"
    )
    assert run(code) == "[]"


@pytest.mark.slow
def test_import_takes_less_than_fifty_milliseconds():
    # Processor time, and the least of several: other work on the machine does not count.
    code = "import time; start = time.process_time(); import flatline; print(time.process_time() - start)"
    assert min(float(run(code)) for _ in range(5)) < 0.050


@pytest.mark.parametrize("name", [name for name in flatline.__all__ if name != "__version__"])
def test_every_public_name_is_found_where_it_is_said_to_be(name):
    value = getattr(flatline, name)
    assert value.__name__ == name
    assert name in dir(flatline)


def test_inspect_is_there_when_it_is_asked_for():
    assert flatline.__getattr__("inspect").__name__ == "flatline.inspect"
    assert "inspect" in dir(flatline) and "inspect" not in flatline.__all__


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(flatline.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {(alias.asname, node.module) for node in block.body for alias in node.names}
    assert seen == set(flatline._HOMES.items())


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'flatline' has no attribute 'diagnoze'"):
        _ = flatline.diagnoze
