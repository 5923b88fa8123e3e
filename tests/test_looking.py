"""A look inside the network: when a run ends, within the time for it, and when a report is saved."""

import copy
import gc
import json
import pickle
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import flatline
from flatline import looking
from flatline.looking import Later, of_run, take
from flatline.measure.seen import SeenRows
from flatline.records.record import RunRecord
from flatline.records.run_directory import load_run
from flatline.records.run_writer import RunWriter
from flatline.reports.layers import browser, folds
from flatline.view import View
from tests import views
from tests.records.samples import assert_same
from tests.reports import make

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 5)).astype("float32")
Y = RNG.integers(0, 3, 64)


def network():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((5,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential(layers, name="small")
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.fixture
def model():
    return network()


def ended(seconds, **spent):
    record = RunRecord()
    for kind, each in ({"training": seconds} | spent).items():
        record.spend(kind, each)
    record.end("finished")
    return record


def recorder(n_steps=100, given=(X, Y)):
    return SimpleNamespace(rows=SeenRows(given), n_steps=n_steps, spending=SimpleNamespace(overhead=0.01))


def test_a_long_run_is_looked_at_and_the_time_is_told(model):
    record = ended(10_000.0)
    take(model, record, recorder(), lost=False)
    assert isinstance(record.view, View)
    assert record.view.taken == "after 100 steps"
    assert [each.label for each in record.view.inputs] == [f"class {Y[at]}" for at in (0, 16, 32, 48)]
    assert record.viewed_at == 100
    assert record.spent["viewing"] > 0


@pytest.mark.parametrize("spent", [{}, {"sampling": 99.9}, {"viewing": 100.0}])
def test_where_there_is_no_time_it_says_so(model, spent):
    record = ended(1.0 if not spent else 10_000.0, **spent)
    take(model, record, recorder(), lost=False)
    assert record.view.startswith("a look takes about 0.3 s, and 0")
    assert "`monitor.report.save` takes one" in record.view
    assert "viewing" not in {kind for kind in record.spent if kind not in spent}


def test_the_time_of_a_flat_run_is_lost_anyway(model):
    record = ended(1.0)
    take(model, record, recorder(), lost=True)
    assert isinstance(record.view, View)
    assert "viewing" not in record.spent
    assert record.spent["explaining"] > 0


@pytest.mark.parametrize("how", ["interrupted", "exception: ValueError", None])
def test_a_run_that_was_broken_off_is_not_looked_at(model, how):
    record = ended(10_000.0)
    record.end(how)
    take(model, record, recorder(), lost=False)
    assert record.view is None


def test_many_calls_of_fit_are_not_many_looks(model):
    record = ended(10_000.0)
    taken = []
    for n_steps in (100, 110, 120, 130, 170):
        take(model, record, recorder(n_steps), lost=False)
        taken.append(record.view.taken)
    assert taken == ["after 100 steps"] * 3 + ["after 130 steps", "after 170 steps"]


def test_a_run_without_rows_says_so(model):
    record = ended(10_000.0)
    take(model, record, recorder(given=None), lost=False)
    assert record.view == "no rows of the training batches were seen"
    assert of_run(model, record, recorder(given=None)) == record.view


def test_a_reason_does_not_replace_a_look_and_a_look_replaces_a_reason():
    record = RunRecord()
    record.look("why not", 10)
    record.look(views.VIEW, 20)
    record.look("no time", 30)
    assert (record.view, record.viewed_at) == (views.VIEW, 20)


def test_looks_and_reasons_are_written_once_and_read_back(tmp_path):
    record = RunRecord()
    with_reason = RunWriter(tmp_path / "run", record)
    record.look("why not", 10)
    with_reason.flush()
    assert load_run(tmp_path / "run").view == "why not"
    record.look(views.EVIL, 20)
    with_reason.flush()
    with_reason.flush()
    record.spend("sampling", 1.0)
    with_reason.close()
    assert_same(record, load_run(tmp_path / "run"))
    (file,) = (tmp_path / "run").glob("events-*.jsonl")
    assert sum("view" in json.loads(line) for line in file.read_bytes().splitlines()) == 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that was looked at when it ended, its directory, and the state before and after the look."""
    model, states, run_dir = network(), [], tmp_path_factory.mktemp("looking") / "run"
    monitor = flatline.FlatlineMonitor(run_dir=run_dir, verbose=0)

    def keep(logs=None):
        states.append([v.numpy().tobytes() for v in (*model.variables, *model.optimizer.variables)])

    before = keras.callbacks.LambdaCallback(on_train_end=keep)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "LEAST_SECONDS", -100.0)
        model.fit(X, Y, epochs=2, batch_size=8, verbose=0, callbacks=[before, monitor])
    keep()
    return model, monitor, run_dir, states


def test_a_monitor_stores_its_look_and_leaves_no_trace(trained):
    model, monitor, run_dir, (before, after) = trained
    assert before == after
    assert monitor.report.view is monitor.record.view
    stored = flatline.judge(load_run(run_dir)).view
    assert stored.taken == "after 16 steps"
    assert [layer.name for layer in stored.layers] == [layer.name for layer in model.layers]


def test_without_a_stored_look_the_report_of_a_monitor_takes_one_when_it_is_saved(trained, monkeypatch):
    model, monitor, *_ = trained
    monkeypatch.setattr(monitor.record, "_view", None)
    later = of_run(model, monitor.record, monitor._recorder)
    assert later().taken == "as it was reported on"
    model.set_weights([w + 1 for w in model.get_weights()])
    assert later().taken == "when the report was shown, after the weights had changed"


def test_a_set_up_is_looked_at_when_its_report_is_saved(model):
    report = flatline.check_setup(model, X, Y, overfit=False, select=["FL101"], verbose=0)
    before = [w.tobytes() for w in model.get_weights()]
    markup = browser(report).markup
    assert "as it was reported on" in markup
    assert "statistics over 32 inputs" in markup
    assert [w.tobytes() for w in model.get_weights()] == before


def test_one_look_is_enough_while_the_weights_stay(model, monkeypatch):
    looks = []
    monkeypatch.setattr(looking, "_look", lambda *given: looks.append(given) or "a reason")
    later = Later(model, X, Y)
    assert [later(), later()] == ["a reason"] * 2
    assert len(looks) == 1
    assert later(0.5) == "a reason" and len(looks) == 1  # a longer look shows more


def test_a_notebook_gets_a_short_look_and_the_page_a_whole_one(model, monkeypatch):
    looks = []
    monkeypatch.setattr(looking, "_look", lambda *given: looks.append(given) or f"look {len(looks)}")
    later = Later(model, X, Y)
    assert [later(60.0), later(60.0), later(), later(60.0)] == ["look 1", "look 1", "look 2", "look 2"]
    assert [seconds for *_, seconds in looks] == [60.0, looking.SECONDS]


def test_where_a_look_takes_too_long_for_a_notebook_it_says_so(model):
    before = [w.tobytes() for w in model.get_weights()]
    later = Later(model, X, Y)
    assert "a look takes" in later(1e-6) and "`report.save(" in later(1e-6)
    assert [w.tobytes() for w in model.get_weights()] == before
    assert isinstance(later(), View)
    report = flatline.check_setup(model, X, Y, overfit=False, select=["FL101"], verbose=0)
    assert "Sequential with" in folds(report, seconds=600, most=100_000).markup


def test_a_report_does_not_keep_the_model():
    later = Later(network(), X, Y)
    gc.collect()
    assert later() == "the model is gone"


def test_a_copied_report_leaves_the_model_behind(model):
    report = make.report(view=Later(model, X, Y))
    for copied in (pickle.loads(pickle.dumps(report)), copy.deepcopy(report)):
        assert copied.view == "the model is gone"


def test_what_cannot_be_looked_at_does_not_cost_the_report(model):
    assert "Got rows of shape (2,)" in Later(model, X[:, :2], None)()
    assert "a label for each of 64 rows. Got 3" in Later(model, X, Y[:3])()
    report = make.report(view=Later(model, X[:, :2], None))
    assert "There are no pictures of the layers: The <code>x</code> parameter" in browser(report).markup
    assert browser(make.report(view="why <not>")).markup.count("why &lt;not&gt;") == 1
    assert browser(make.report()).markup == ""
