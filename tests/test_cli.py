"""The command line: what it prints, and its exit codes 0, 1 and 2."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flatline import cli, commands, demo, registry, rules
from flatline.comparison import compare
from flatline.logs import LossLog
from flatline.records.record import RunRecord
from flatline.records.run_writer import RunWriter
from flatline.reports import report as reports
from tests.records.samples import facts
from tests.reports import make

ROOT = Path(__file__).parent.parent


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, x=np.zeros((4, 3), "float32"), Y=np.zeros(4), other=np.ones(2))
    return path


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"no model")
    return path


@pytest.fixture
def checked(monkeypatch, model):
    """Let `check` find a report without training anything; returns what check_setup was called with."""
    calls = {}

    def give(report):
        def check_setup(model, X, y, **arguments):
            calls.update(arguments, model=model, X=X, y=y)
            return report

        monkeypatch.setattr("flatline.api.check_setup", check_setup)
        monkeypatch.setattr(commands, "load_model", lambda path: f"model of {path.name}")
        return calls

    return give


def wrong(capsys, *arguments):
    assert cli.main([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("flatline: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_rules_lists_every_check(capsys):
    assert cli.main(["rules"]) == 0
    shown = capsys.readouterr().out
    for check in registry.all_checks():
        assert f"{check.code}  {check.severity.name}" in shown
        assert check.name in shown


@pytest.mark.parametrize("wanted", ["FL301", "fl301", "logits-into-probability-loss"])
def test_explain_prints_the_page(capsys, wanted):
    assert cli.main(["explain", wanted]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# FL301 logits-into-probability-loss\n")
    assert "## Why it matters" in shown


def test_explain_of_an_unknown_check_names_near_ones(capsys):
    assert "logits-into-probability-loss" in wrong(capsys, "explain", "logits-into-loss")


@pytest.mark.parametrize(
    ("outcomes", "options", "code"),
    [
        (make.passed(3), (), 0),
        ((make.REMARK,), (), 0),
        ((make.REMARK,), ("--fail-on", "info"), 1),
        ((make.INPUT_SCALE,), (), 1),
        ((make.INPUT_SCALE,), ("--fail-on", "error"), 0),
        ((make.RAW_SCORES,), ("--fail-on", "error"), 1),
    ],
)
def test_the_exit_code_says_whether_something_was_found(capsys, checked, model, data, outcomes, options, code):
    checked(make.report(*outcomes))
    assert cli.main(["check", str(model), "--data", str(data), *options]) == code
    assert "Sequential, 3 layers" in capsys.readouterr().out


def test_check_passes_its_options_on(checked, model, data):
    calls = checked(make.CLEAN)
    options = ["--batch-size", "16", "--epochs", "3", "--select", "FL3,FL102", "--ignore", "FL301", "--no-overfit"]
    assert cli.main(["check", str(model), "--data", str(data), "--y", "other", *options]) == 0
    assert calls["fit_args"] == {"batch_size": 16, "epochs": 3}
    assert (calls["select"], calls["ignore"], calls["overfit"]) == (("FL3", "FL102"), ("FL301",), False)
    assert (calls["X"].shape, calls["y"].shape) == ((4, 3), (2,))
    assert (calls["model"], calls["verbose"]) == ("model of model.keras", 0)


def test_json_is_all_that_is_written(capsys, checked, model, data):
    checked(make.SEED)
    assert cli.main(["check", str(model), "--data", str(data), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["format"] == "flatline-report"


@pytest.fixture
def runs(tmp_path):
    for name, rate in (("before", 0.5), ("after", 0.0)):
        record = RunRecord()
        for step in range(20):
            record.add(LossLog, step=step, loss=np.exp(-rate * step))
        RunWriter(tmp_path / name, record).close()
    return tmp_path / "before", tmp_path / "after"


def test_compare_says_where_two_runs_part(capsys, runs):
    assert cli.main(["compare", *map(str, runs)]) == 0
    shown = capsys.readouterr().out
    assert shown == f"{compare(*runs)}\n"
    assert "equal to the bit at step 0, not after it" in shown
    assert cli.main(["compare", *map(str, runs), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["losses"]["differs_at"] == 1


def test_compare_needs_two_runs(capsys, runs, tmp_path):
    assert "No run in" in wrong(capsys, "compare", runs[0], tmp_path / "gone")
    assert "give the directory that a run was recorded to" in wrong(capsys, "compare", tmp_path, runs[1])
    assert "required: RUN_B" in wrong(capsys, "compare", runs[0])


def test_a_report_is_written_as_a_page_also_to_pass_on(capsys, tmp_path):
    record = RunRecord({})
    record.describe(dataclasses.replace(facts(), model="secret"))
    record.add(LossLog, step=0, loss=1.0)
    RunWriter(tmp_path / "run", record).close()
    cli.main(["report", str(tmp_path / "run"), "-o", str(tmp_path / "a.html")])
    cli.main(["report", str(tmp_path / "run"), "-o", str(tmp_path / "b.html"), "--private"])
    out, err = capsys.readouterr()
    assert not out
    assert [line.rpartition("/")[2] for line in err.splitlines()] == ["a.html", "b.html"]
    assert "secret" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "secret" not in (tmp_path / "b.html").read_text(encoding="utf-8")
    assert "come with --output" in wrong(capsys, "report", tmp_path / "run", "--private")
    assert "cannot write the report" in wrong(capsys, "report", tmp_path / "run", "-o", tmp_path / "no" / "a.html")


def test_the_demos_page_takes_a_name_that_is_free(tmp_path, monkeypatch):
    taken = tmp_path / "flatline-demo.html"
    taken.write_text("mine")
    assert demo.saved(make.CLEAN, tmp_path).name == "flatline-demo-2.html"
    assert taken.read_text() == "mine"
    monkeypatch.setattr(demo.tempfile, "mkdtemp", lambda: str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    assert demo.saved(make.CLEAN, tmp_path / "missing").parent == tmp_path / "elsewhere"


def test_fail_on_is_read_from_the_project(checked, model, data, monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.flatline]\nfail-on = "error"\n')
    monkeypatch.chdir(tmp_path)
    checked(make.report(make.INPUT_SCALE))
    assert cli.main(["check", str(model), "--data", str(data)]) == 0
    assert cli.main(["check", str(model), "--data", str(data), "--fail-on", "warning"]) == 1


def test_wrong_usage_is_one_line(capsys):
    assert "--help` shows the usage" in wrong(capsys)
    assert "invalid choice: 'chekc'" in wrong(capsys, "chekc")
    assert "required: MODEL.keras, --data" in wrong(capsys, "check")
    assert "must come with --docs or --readme" in wrong(capsys, "rules", "--check")


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_numbers_are_checked(capsys, model, data, number):
    assert "must be a whole number from 1" in wrong(capsys, "check", model, "--data", data, f"--epochs={number}")


def test_missing_files_are_said(capsys, model, data, tmp_path):
    assert "MODEL.keras must be a file. Got" in wrong(capsys, "check", tmp_path / "gone.keras", "--data", data)
    assert "which does not exist" in wrong(capsys, "check", model, "--data", tmp_path / "gone.npz")
    assert "which is no file" in wrong(capsys, "check", model, "--data", tmp_path)


def test_missing_arrays_are_said_with_those_that_are_there(capsys, model, data):
    error = wrong(capsys, "check", model, "--data", data, "--x", "inputs")
    assert "--x must name an array of" in error
    assert "which holds x, Y, other. Got inputs." in error


def test_data_that_are_no_archive_are_refused(capsys, model, tmp_path):
    text = tmp_path / "text.npz"
    text.write_text("not an archive")
    assert "cannot read" in wrong(capsys, "check", model, "--data", text)
    single = tmp_path / "single.npy"
    np.save(single, np.zeros(3))
    assert "must be an .npz file with named arrays" in wrong(capsys, "check", model, "--data", single)


def test_pickles_are_not_opened(capsys, model, tmp_path):
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, x=np.array([{"a": 1}], dtype=object), y=np.zeros(1))
    assert "without pickles" in wrong(capsys, "check", model, "--data", pickled)


def test_a_file_that_is_no_model_is_refused(capsys, model, data):
    assert "in Keras' safe mode" in wrong(capsys, "check", model, "--data", data)


def test_the_documentation_is_up_to_date(capsys):
    arguments = ["rules", "--docs", str(ROOT / "docs" / "rules"), "--readme", str(ROOT / "README.md")]
    assert cli.main([*arguments, "--check"]) == 0, "run: flatline rules --docs docs/rules --readme README.md"


def test_pages_are_written_updated_and_removed(capsys, tmp_path):
    folder = tmp_path / "rules"
    assert cli.main(["rules", "--docs", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == set(rules.pages())
    (folder / "FL301.md").write_text("old")
    (folder / "FL999.md").write_text("gone")
    assert cli.main(["rules", "--docs", str(folder), "--check"]) == 1
    assert capsys.readouterr().out.count("out of date") == 2
    assert cli.main(["rules", "--docs", str(folder)]) == 0
    assert rules.stale(folder) == ()


def test_the_list_in_a_readme_is_written_between_its_comments(capsys, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"# Title\n\n{rules.BEGIN}by hand -->\nold\n{rules.END}\n\nmore\n")
    assert cli.main(["rules", "--readme", str(path)]) == 0
    text = path.read_text()
    assert text.startswith("# Title") and text.endswith("more\n") and "old" not in text
    assert "[logits-into-probability-loss](docs/rules/FL301.md)" in text
    assert cli.main(["rules", "--readme", str(path), "--check"]) == 0
    path.write_text("nothing here")
    capsys.readouterr()
    assert "must hold a line" in wrong(capsys, "rules", "--readme", path)


@pytest.mark.slow
def test_the_process_exits_with_the_code_and_without_a_traceback():
    def call(*arguments):
        command = [sys.executable, "-m", "flatline", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)

    assert call("explain", "FL301").returncode == 0
    failed = call("check", "gone.keras", "--data", "gone.npz")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert "Traceback" not in failed.stderr
    usage = call("--help")
    assert (usage.returncode, usage.stderr) == (0, "")
    assert "explain" in usage.stdout


@pytest.mark.slow
def test_a_saved_model_is_loaded_and_checked(capsys, tmp_path):
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "categorical_crossentropy")
    model.save(tmp_path / "model.keras")
    X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    np.savez(tmp_path / "data.npz", X=X, y=np.eye(2)[(X[:, 0] > 0).astype(int)])
    arguments = ["check", str(tmp_path / "model.keras"), "--data", str(tmp_path / "data.npz"), "--no-overfit"]
    assert cli.main(arguments) == 1
    assert "FL301" in capsys.readouterr().out
    assert cli.main([*arguments, "--ignore", "FL301", "--fail-on", "error"]) == 0


def test_reports_of_the_command_line_are_reports():
    assert isinstance(make.SEED, reports.Report)
