"""`watch` and `flatline run`: nothing else in the script changes, and the training is the same to the bit."""

import pickle
import sys
import textwrap
import warnings

import keras
import numpy as np
import pytest

import flatline
from flatline import cli
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.logs import EpochLog, GradientLog, LossLog, RunFacts
from flatline.preflight import Looked
from flatline.running import Flight
from tests.test_monitor import X, Y, equal, network, trained, warned


def codes(report) -> set[str]:
    return {finding.code for finding in report.findings}


def test_a_watched_model_is_checked_before_and_recorded_while_it_trains():
    model = network()
    model.layers[-1].activation = keras.activations.linear
    monitor = flatline.watch(model, verbose=0)
    with warned("FL301"):
        trained(model)
    assert min(step for step, _ in monitor.record.live) == 0
    assert len(monitor.record.logs()[LossLog]) == 48
    assert monitor.record.spent["checking"] > 0
    assert "FL301" in codes(monitor.report)


def test_checks_of_an_experiment_do_not_look_at_the_set_up(monkeypatch):
    asked = []
    monkeypatch.setattr("flatline.preflight.look", lambda *given, begun: asked.extend(given[-1]) or Looked((), {}))
    model = network()
    flatline.watch(model, verbose=0)
    trained(model, epochs=1)
    assert "FL301" in {check.code for check in asked}
    assert "FL004" not in {check.code for check in asked}


def test_a_watched_training_is_the_same_to_the_bit():
    model = network()
    monitor = flatline.watch(model, verbose=0)
    assert equal(trained(model), trained(network()))
    assert monitor.report.ok
    assert monitor.record.missing == ()


def test_watching_twice_is_watching_once():
    model = network()
    monitor = flatline.watch(model, verbose=0)
    assert flatline.watch(model) is monitor
    trained(model, epochs=1)
    trained(model, epochs=1)
    assert len(monitor.record.logs()[LossLog]) == 32


def test_a_monitor_among_the_callbacks_is_enough():
    model, own = network(), flatline.FlatlineMonitor(verbose=0)
    monitor = flatline.watch(model, verbose=0)
    trained(model, own, epochs=1)
    assert len(own.record.logs()[LossLog]) == 16
    assert isinstance(monitor.record.logs()[LossLog], str)


def test_the_callbacks_of_the_user_are_kept_however_they_are_given():
    model, history = network(), keras.callbacks.History()
    monitor = flatline.watch(model, verbose=0)
    model.fit(X, Y, 32, 1, 0, history)  # one callback, by position
    assert history.history["loss"]
    model.fit(X, Y, verbose=0, callbacks=keras.callbacks.CallbackList([history], model=model, epochs=1, steps=16))
    assert len(monitor.record.logs()[LossLog]) == 16
    assert "CallbackList" in monitor.record.missing[0]


def test_a_training_that_raises_is_recorded_as_such():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    model = network()
    monitor = flatline.watch(model, verbose=0)
    with pytest.raises(KeyboardInterrupt):
        trained(model, Stop())
    assert monitor.record.ended == "interrupted"
    assert monitor.report.scope["steps"] == "16"


def test_a_watched_model_can_be_saved_copied_and_pickled(tmp_path):
    model = network()
    flatline.watch(model, verbose=0)
    trained(model, epochs=1)
    model.save(tmp_path / "model.keras")
    for again in (keras.models.load_model(tmp_path / "model.keras"), pickle.loads(pickle.dumps(model))):
        assert "fit" not in vars(again)
        np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_loops_of_train_on_batch_are_one_run_with_the_losses_of_single_steps():
    losses = []
    for watched in (True, False):
        model = network()
        monitor = flatline.watch(model, verbose=0, overhead=0.9) if watched else None
        keras.utils.set_random_seed(1)
        for start in range(0, 512, 32):
            values = model.train_on_batch(X[start : start + 32], Y[start : start + 32])
            losses.append(float(np.ravel(values)[0]))
        if monitor is not None:
            monitor.finish()
            logs, weights = monitor.record.logs(), model.get_weights()
    assert equal(weights, model.get_weights())
    np.testing.assert_allclose(logs[LossLog].loss, losses[:16], rtol=1e-5)
    np.testing.assert_allclose(logs[GradientLog].loss, logs[LossLog].loss[logs[GradientLog].step], rtol=1e-3)
    assert logs[RunFacts].null == pytest.approx(1.05, abs=0.05)
    assert isinstance(logs[EpochLog], str)


def test_what_is_no_model_is_told_in_one_line():
    with pytest.raises(FlatlineError, match=r"The `model` parameter of watch must be a keras.Model of Keras 3. Got b"):
        flatline.watch("no model")


class OwnFit(keras.Model):
    def fit(self, x, y):
        return super().fit(x, y, verbose=0)


def test_a_fit_without_callbacks_is_told():
    with pytest.raises(FlatlineError, match=r"must take `callbacks`. Got \(x, y\)"):
        flatline.watch(OwnFit())


def flown(tmp_path, text: str, *args: str):
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(text))
    told: list[str] = []
    flight = Flight(tmp_path / "runs", tell=told.append)
    fit, argv, path = keras.Model.fit, list(sys.argv), list(sys.path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        code = flight.run(str(script), args)
    assert (keras.Model.fit, sys.argv, sys.path) == (fit, argv, path)
    runs = sorted((tmp_path / "runs").glob("*")) if (tmp_path / "runs").exists() else []
    alarms = [w for w in caught if issubclass(w.category, FlatlineWarning)]
    return code, [flatline.load_run(run) for run in runs], alarms, told


SCRIPT = """
import argparse, pathlib, sys
import keras
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
arguments = parser.parse_args()

def build():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "categorical_crossentropy")
    return model

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(320, 4)).astype("float32")
    y = keras.utils.to_categorical((X[:, 0] > 0).astype("int64"), 2)
    for model in (build(), build()):
        for _ in range(arguments.epochs):
            model.fit(X, y, verbose=0)
    pathlib.Path(__file__).with_name("out.npy").write_bytes(model.get_weights()[0].tobytes())
"""


def test_a_script_runs_as_it_would_and_each_of_its_models_is_recorded(tmp_path):
    code, records, alarms, told = flown(tmp_path, SCRIPT, "--epochs", "3")
    assert (code, told) == (0, [])
    assert [len(record.logs()[LossLog]) for record in records] == [30, 30]
    assert all(record.ended == "finished" for record in records)
    assert "FL301" in codes(flatline.judge(records[0]))
    assert alarms[0].filename.endswith("train.py")
    assert (tmp_path / "out.npy").exists()


def test_a_script_that_ends_early_or_fails_keeps_its_exit_code(tmp_path, capsys):
    assert flown(tmp_path, "import sys; sys.exit(3)")[0] == 3
    code, _, _, told = flown(tmp_path, "raise SystemExit('no data')")
    assert (code, told) == (1, ["no data"])
    assert flown(tmp_path, "def f():\n    raise ValueError('mine')\nf()")[0] == 1
    shown = capsys.readouterr().err
    assert "ValueError: mine" in shown
    assert "runpy" not in shown
    assert "running.py" not in shown


def test_a_fit_of_the_users_own_is_watched_where_it_calls_keras(tmp_path):
    text = SCRIPT.replace("keras.Sequential([", "Own([").replace(
        "def build", "class Own(keras.Sequential):\n    def fit(self, x, y, verbose):\n"
        "        return super().fit(x, y, verbose=verbose)\n\ndef build"
    )  # fmt: skip
    _, records, _, _ = flown(tmp_path, text)
    assert [len(record.logs()[LossLog]) for record in records] == [10, 10]


def test_a_script_goes_on_where_nothing_can_be_written(tmp_path):
    (tmp_path / "runs").write_text("in the way")
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    told: list[str] = []
    assert Flight(tmp_path / "runs", tell=told.append).run(str(script), []) == 0
    assert "cannot be recorded" in told[0]
    assert (tmp_path / "out.npy").exists()


def ran(capsys, *arguments) -> tuple[int, str, str]:
    code = cli.main(["run", *map(str, arguments)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_command_shows_the_report_and_fails_where_something_was_found(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT).replace("(build(), build())", "(build(),)"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlatlineWarning)
        code, out, err = ran(capsys, "--run-dir", "runs", script, "--epochs", "3")
    assert code == 1
    assert "FL301 logits-into-probability-loss" in out
    assert "recorded in runs; `flatline report runs` shows this again" in err
    assert "`flatline report runs -o report.html` writes it as a page" in err
    assert cli.main(["report", "runs", "--fail-on", "error"]) == 1
    assert len(flatline.load_run("runs").logs()[LossLog]) == 30  # the only run in the directory
    assert cli.main(["compare", "runs", "runs"]) == 0


def test_runs_of_several_models_are_told_apart(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(textwrap.dedent(SCRIPT))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlatlineWarning)
        _, out, err = ran(capsys, "--run-dir", "runs", "--select", "FL3", "train.py")
    assert "run 2 · " in out
    assert "`flatline report runs/1 -o report.html`" in err
    assert out.count("✗ ERROR") == 1  # the second says the same
    with pytest.raises(FlatlineError, match=r"it holds 2 runs, the first in 'runs/1'"):
        flatline.load_run("runs")


def test_a_script_in_which_nothing_was_watched_is_no_pass(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("print('no training')")
    code, _, err = ran(capsys, "train.py")
    assert code == 2
    assert "nothing was recorded" in err
    assert "with monitor.step" in err


@pytest.mark.parametrize("wrong", [["--overhead", "3"], ["--select", "FL999"], ["--run-dir", "."]], ids=str)
def test_a_wrong_option_is_told_before_the_script_runs(tmp_path, capsys, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("raise SystemExit(5)")
    code, _, err = ran(capsys, *wrong, "train.py")
    assert code == 2
    assert len(err.strip().splitlines()) == 1
