"""Every example runs and tells its story: `python -m pytest examples`."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
STORIES = {  # what each must print, in this order
    "two_photographs": ("FL301", "FL102", "As it is:", "With the advice taken"),
    "house_prices": ("as it is", "FL318", "Confirmed", "y = (y - y_mean", "the repaired network"),
    "pairs_apart": ("FL501", "accuracy 0.", "FL003", "one shuffle", "accuracy 0.9"),
    "own_loop": ("FL705", "0.5: 1", "Nothing found", "0.01: 9"),
}


@pytest.mark.parametrize("name", STORIES)
def test_the_script_tells_its_story(name, tmp_path):
    script = FOLDER / f"{name}.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    rest = done.stdout
    for part in STORIES[name]:
        before, found, rest = rest.partition(part)
        assert found, f"{part!r} is not in what follows:\n{before}"
    assert not any(tmp_path.iterdir()), "the script left files behind"


def test_no_script_is_forgotten():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*STORIES, "test_network", "test_examples"}
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in FOLDER.glob("*.[pi]*") if path.is_file() and path.name not in listed] == []


def test_the_notebook_runs_and_shows_reports_and_plots(tmp_path):
    notebook = nbformat.read(FOLDER / "first_look.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "committed without outputs, which would go stale"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("text/html" in data for data in shown) >= 3, "the reports"
    assert sum("image/png" in data for data in shown) >= 4, "the plots"
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))
    assert 'activation="softmax"' in printed
