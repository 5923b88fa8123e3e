"""Every how-to is run as its reader would: `python -m pytest docs`.

On a page, a block of Python with a title is a file, any other is executed, in the order of the page; before it comes
the network of `howto/index.md`. A line of a block `sh` is a command that must exit with 0, or with what its comment
says. A block `text` or `diff` must have been printed by then, but for its numbers and for what stands at `…`.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras
import matplotlib
import pytest
import yaml

from flatline.errors import FlatlineWarning

PAGES = sorted((Path(__file__).parent / "howto").glob("*.md"))
BLOCK = re.compile(r'^( *)```(\w+)(?: title="(.+?)")?\n(.*?)^\1```$', flags=re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"# exit code (\d)")
ROOT = Path(__file__).parents[1]
READ = {".py": lambda text: compile(text, "", "exec"), ".toml": tomllib.loads, ".yml": yaml.safe_load}


class Block(NamedTuple):
    """A fenced block of a page; the title is the name of a file."""

    kind: str
    title: str
    code: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        indent, kind, title, code = found.groups()
        line = text.count("\n", 0, found.start()) + 2
        yield Block(kind, title or "", re.sub(f"^{indent}", "", code, flags=re.MULTILINE), line)


class Reader:
    """Does what a page says, and remembers what was printed."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.printed = io.StringIO()

    def follow(self, page: Path, *, first: int | None = None) -> None:
        """Do what the blocks of a page say: all of them, or the first few."""
        for block in [*blocks(page)][:first]:
            if block.title:
                path = Path(block.title)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.code, encoding="utf-8")
                READ[path.suffix](block.code)
            elif block.kind == "python":
                self.execute("\n" * (block.line - 1) + block.code, page)
            elif block.kind == "sh":
                for line in block.code.splitlines():
                    self.command(line)
            else:
                assert block.kind in ("text", "diff"), f"{page.name}:{block.line}: nobody knows what {block.kind} is"
                for part in block.code.split("…"):
                    assert like(part) in like(self.printed.getvalue()), f"{page.name}:{block.line} was not printed"

    def execute(self, code: str, page: Path) -> None:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(self.printed),
            contextlib.redirect_stderr(self.printed),
        ):
            warnings.simplefilter("default", FlatlineWarning)
            warnings.showwarning = lambda *args: self.printed.write(warnings.formatwarning(*args[:4]))
            exec(compile(code, str(page), "exec"), self.names)

    def command(self, line: str) -> None:
        if line.startswith("pip install"):
            return
        wanted = int(found[1]) if (found := EXIT.search(line)) else 0
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False)
        self.printed.write(done.stdout + done.stderr)
        assert done.returncode == wanted, f"{line}: exit code {done.returncode}\n{done.stdout}{done.stderr}"


def like(text: str) -> str:
    """Leave out what differs from run to run: numbers, and where lines break."""
    return " ".join(re.sub(r"(?<![A-Za-z_0-9])[-−]?\d[\d.,:]*(e[-+]?\d+)?", "0", text).split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_does_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    matplotlib.use("agg")
    keras.utils.set_random_seed(0)
    reader = Reader()
    (first, *_) = blocks(PAGES[0].with_name("index.md"))
    reader.execute(first.code, page)
    reader.follow(page)


def test_a_page_that_says_what_is_not_so_is_caught(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for wrong in ("```text\nhallo\n```", "```sh\nfalse\n```", "```python\n1 / 0\n```", "```py\n```"):
        page = tmp_path / "page.md"
        page.write_text(f"```python\nprint('hello 1')\n```\n\n```text\nhello 2\n```\n\n{wrong}\n")
        with pytest.raises((AssertionError, ZeroDivisionError)):
            Reader().follow(page)
