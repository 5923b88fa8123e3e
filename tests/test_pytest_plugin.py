"""The pytest plugin as a test suite meets it; in this process where possible, as TensorFlow takes seconds to load."""

import importlib.metadata
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import keras  # loaded here, so that the runs inside this process find it loaded
import pytest

import flatline
import flatline.pytest_plugin as plugin
from flatline import api
from flatline.finding import Passed
from flatline.reports.report import Report
from tests.reports import make

pytest_plugins = "pytester"

INSTALLED = any(point.name == "flatline" for point in importlib.metadata.entry_points(group="pytest11"))
# Named twice, a plugin is refused: where the project is installed, its entry point has loaded it.
LOAD = () if INSTALLED else ("-p", "flatline.pytest_plugin")
ROOT = Path(flatline.__file__).parents[1]
GOOD = Report(outcomes=(Passed(code="FL101", name="non-finite-data"),))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Arguments that reach `check_setup`, which finds fault with the model "bad" and with no other."""
    found: list[dict[str, Any]] = []

    def check_setup(model: Any, X: Any, y: Any = None, **arguments: Any) -> Report:
        found.append({"model": model, "X": X, "y": y, **arguments})
        return make.SEED if model == "bad" else GOOD

    monkeypatch.setattr(api, "check_setup", check_setup)
    monkeypatch.setattr(flatline, "check_setup", check_setup, raising=False)
    return found


def run(pytester: pytest.Pytester, source: str, *options: str) -> Any:
    pytester.makepyfile(textwrap.dedent(source))
    return pytester.runpytest_inprocess(*LOAD, "-p", "no:cacheprovider", "--strict-markers", *options)


def test_a_failure_is_the_report_and_the_line_of_the_test(pytester: pytest.Pytester, calls: Any) -> None:
    result = run(
        pytester,
        """
        def test_network(flatline):
            flatline.assert_trainable("bad", [1], [2])
        """,
    )
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert 'flatline.assert_trainable("bad", [1], [2])' in text
    for line in str(make.SEED).splitlines()[:5]:
        assert line in text
    assert "outcomes=(" not in text and "Report(" not in text  # no wall of repr
    assert "raise_for_findings" not in text and "pytest_plugin.py" not in text and "api.py" not in text  # no frames


def test_the_function_itself_hides_its_frames_too(pytester: pytest.Pytester, calls: Any) -> None:
    result = run(
        pytester,
        """
        from flatline import assert_trainable
        def test_network():
            assert_trainable("bad", [1], [2])
        """,
    )
    result.assert_outcomes(failed=1)
    assert "raise_for_findings" not in result.stdout.str()


def test_the_marker_sets_defaults_and_the_call_has_the_last_word(pytester: pytest.Pytester, calls: Any) -> None:
    result = run(
        pytester,
        """
        import pytest
        pytestmark = pytest.mark.flatline(seed=1, ignore=("FL1",))

        @pytest.mark.flatline(select=("FL3",), seed=2)
        def test_marked(flatline):
            flatline.assert_trainable("good", [1], [2])
            flatline.check_setup("good", [1], seed=3)

        def test_module(flatline):
            flatline.assert_trainable("good", [1])
        """,
    )
    result.assert_outcomes(passed=2)
    marked, called, module = calls
    assert (marked["select"], marked["ignore"], marked["seed"]) == (("FL3",), ("FL1",), 2)
    assert (called["seed"], called["ignore"], called["verbose"]) == (3, ("FL1",), 0)
    assert (module["seed"], "select" in module) == (1, False)


@pytest.mark.parametrize("wrong", ["rate=1", "'FL3'"])
def test_a_marker_that_is_not_understood_is_an_error(pytester: pytest.Pytester, calls: Any, wrong: str) -> None:
    result = run(
        pytester,
        f"""
        import pytest
        @pytest.mark.flatline({wrong})
        def test_network(flatline):
            flatline.assert_trainable("good", [1])
        """,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*marker `flatline` takes the keywords select, ignore, seed*"])
    assert not calls


def test_the_fixture_and_the_marker_are_listed(pytester: pytest.Pytester) -> None:
    pytester.runpytest_inprocess(*LOAD, "--markers").stdout.fnmatch_lines(["@pytest.mark.flatline(select=*"])
    pytester.makepyfile("def test_nothing(): pass")
    pytester.runpytest_inprocess(*LOAD, "--fixtures").stdout.fnmatch_lines(["flatline -- *"])


def test_a_real_network_passes_and_a_broken_one_fails(pytester: pytest.Pytester) -> None:
    assert keras.Model is not None
    result = run(
        pytester,
        """
        import keras
        import numpy as np
        import pytest

        X = np.random.default_rng(0).normal(size=(256, 6)).astype("float32")
        Y = np.eye(2)[(X[:, 0] > 0).astype(int)]

        def network(activation):
            keras.utils.set_random_seed(0)
            layers = [keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(2, activation)]
            model = keras.Sequential(layers)
            model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy")
            return model

        @pytest.mark.flatline(fit_args={"epochs": 40})
        def test_good(flatline):
            flatline.assert_trainable(network("softmax"), X, Y)
            assert 1e-4 < flatline.lr_range(network("softmax"), X, Y).suggested < 1

        def test_bad(flatline):
            flatline.assert_trainable(network(None), X, Y)
        """,
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E*FL301 logits-into-probability-loss"])


def test_starting_pytest_imports_no_network_library(tmp_path: Path) -> None:
    (tmp_path / "test_heavy.py").write_text(
        "import sys\n"
        "def test_heavy():\n"
        "    heavy = {'keras', 'tensorflow', 'numpy', 'matplotlib', 'rich', 'flatline.api'} & set(sys.modules)\n"
        "    assert not heavy\n"
        "def test_fixture(flatline):\n"
        "    assert flatline.defaults == {} and 'keras' not in sys.modules\n"
    )
    # Without what other packages plug in, which may import anything.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "flatline.pytest_plugin", "-p", "no:cacheprovider", tmp_path]
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_pytest_finds_the_plugin_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"flatline": plugin.__name__}


def test_nearer_markers_win() -> None:
    near, far = pytest.mark.flatline(seed=1).mark, pytest.mark.flatline(seed=2, overfit=False).mark
    assert plugin._merged([near, far]) == {"seed": 1, "overfit": False}
