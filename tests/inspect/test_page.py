"""The page on inspection runs as it is printed."""

import re
from pathlib import Path

import pytest
from matplotlib import pyplot

from flatline import inspect

PAGE = (Path(__file__).parents[2] / "docs" / "inspect.md").read_text(encoding="utf-8")


def test_every_public_name_is_on_the_page():
    assert [name for name in inspect.__all__ if f"`{name}" not in PAGE and f"### {name}" not in PAGE] == []


@pytest.mark.slow
def test_the_code_of_the_page_runs():
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "docs/inspect.md", "exec"), names)
    pyplot.close("all")
    assert names["falls"].shape == (4, 8, 8) and names["per_token"].shape == (1, 6)
    assert len(names["frames"]) == 20
