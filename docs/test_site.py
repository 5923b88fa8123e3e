"""The site is built, strictly; what would have to end the build does; the first page tells what was measured."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import hooks
import pictures
from test_howto import Reader

from flatline import demo
from flatline.plots.picture import all_pictures

ROOT = Path(__file__).parents[1]
BUILD = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", ".mkdocs.yml", "--site-dir"]
FOREIGN = re.compile(r'<(?:link|script|img|iframe)[^>]*(?:href|src)="(?:https?:)?//[^"]*"|@import|url\((?:https?:)?//')


def build(where: Path, site: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*BUILD, str(site)], capture_output=True, text=True, cwd=where, check=False)


def test_the_site_is_built_and_needs_nothing_from_elsewhere(tmp_path):
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    pages = [*tmp_path.rglob("*.html")]
    assert len(pages) > len(hooks.rules.pages())
    for path in [*pages, *tmp_path.rglob("*.css")]:
        assert not (found := FOREIGN.findall(path.read_text(encoding="utf-8"))), f"{path.name}: {found}"
    for name, filled_in in {
        "reference/terms": "gradient_norm",
        "reference/command-line": "--fail-on",
        "reference/before": "What <code>fit</code> would be given",
        "examples": "load_sample_images",
    }.items():
        assert filled_in in (tmp_path / f"{name}.html").read_text(encoding="utf-8"), name


def test_what_is_wrong_ends_the_build(tmp_path):
    for name in ("docs", "examples", "flatline"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".mkdocs.yml", tmp_path)
    docs = tmp_path / "docs"
    links = "[gone](rules/FL000.md) [gone too](howto/ci.md#nowhere) [and this][flatline.no_such_name]"
    (docs / "lost.md").write_text(f"# Not in the navigation\n\n{links}\n", encoding="utf-8")
    page = docs / "reference" / "before.md"
    page.write_text(page.read_text(encoding="utf-8").replace("::: flatline.lr_range\n", ""), encoding="utf-8")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    for said in (
        "'rules/FL000.md', but the target is not found",
        "does not contain an anchor '#nowhere'",
        "Could not find cross-reference target 'flatline.no_such_name'",
        "- lost.md",
        "no page of the reference documents `flatline.lr_range`",
    ):
        assert said in done.stderr


def test_a_public_name_without_a_page_or_a_docstring_is_a_problem(monkeypatch):
    names = hooks.public_names()
    assert hooks.problems(names) == []
    assert hooks.problems(names[1:]) == [f"no page of the reference documents `{names[0]}`"]
    monkeypatch.setattr(hooks._package()["check_setup"].target, "docstring", None)
    assert hooks.problems(names) == ["`flatline.check_setup` has no docstring"]


def test_a_picture_is_a_public_name(monkeypatch):
    names = hooks.public_names()
    assert {each.rpartition(".")[2] for each in names} >= {
        f"plot_{picture.name.replace('-', '_')}" for picture in all_pictures()
    }
    monkeypatch.setattr(hooks._package()["plots.loss.plot_loss"], "docstring", None)
    assert hooks.problems(names) == ["`flatline.plots.loss.plot_loss` has no docstring"]


def test_every_command_is_on_its_page():
    commands = re.findall(r"^    ([a-z]+)  ", hooks.help_of([]), flags=re.MULTILINE)
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    assert "run" in commands
    assert [name for name in commands if f"<!-- help: {name} -->" not in page] == []


def test_an_empty_folder_is_left_out_of_the_navigation(tmp_path):
    assert hooks.folder(tmp_path, "failures/") == []
    (tmp_path / "failures").mkdir()
    for name in ("a.md", "index.md"):
        (tmp_path / "failures" / name).touch()
    assert hooks.folder(tmp_path, "failures/") == ["failures/index.md", "failures/a.md"]


def test_the_first_page_tells_what_was_measured():
    run = pictures.measure(epochs=3)
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert f"a level line at {run.loss[-1]:.2f}, far above the {run.guessing:.2f} of guessing" in text
    assert run.loss[1] == run.loss[2]
    assert f"all {(run.gradient == 0).sum()} pictures" in text
    assert run.cured_loss[0] > run.guessing > run.cured_loss[1]
    assert {path.stem.rpartition("-")[0] for path in pictures.FOLDER.iterdir()} == {*pictures.PICTURES}


def test_the_report_on_the_first_page_is_what_is_printed(capsys):
    reader = Reader()
    X, y = demo.photographs()
    reader.execute("import flatline", Path("index.md"))
    reader.names |= {"model": demo.network(), "X": X, "y": y}
    reader.follow(ROOT / "docs" / "index.md", first=2)
