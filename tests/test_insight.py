"""A look inside a run: when it is taken, what it leaves, and that the record tells the same later."""

import warnings

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import flatline
from flatline.cause import Cause
from flatline.insight import look_inside
from flatline.logs import SightLog
from flatline.measure.spending import Spending

X, Y = load_digits(return_X_y=True)
X = (X[:640] / 16).reshape(-1, 8, 8, 1).astype("float32")
Y = Y[:640]
CODES = ("FL501", "FL705", "FL707", "FL709", "FL806")  # what the run shows; the set-up cannot be judged again


def trained(rate, *callbacks, epochs=6):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    hidden = [layer for i in range(2) for layer in (layers.Conv2D(8, 3, name=f"conv_{i}"), layers.ReLU())]
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), *hidden, layers.Flatten(), layers.Dense(10, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(X, Y, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """A run that went flat at once by a rate of 0.5, recorded, and its model."""
    directory = tmp_path_factory.mktemp("run") / "run"
    monitor = flatline.FlatlineMonitor(run_dir=directory, verbose=0, select=CODES)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = trained(0.5, monitor)
    assert any("FL709 duplicate-channels" in str(warning.message) for warning in told)
    return monitor, model, directory


def test_training_is_the_same_to_the_bit(flat):
    weights = trained(0.5).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(weights, flat[1].get_weights(), strict=True))


def test_a_flat_run_is_looked_into_while_it_trains_and_at_its_end(flat):
    monitor, _, _ = flat
    log = monitor.record.logs()[SightLog]
    assert log.layers == ("conv_0", "conv_1") and log.inputs == ("input",) and log.heads and log.n_samples == 32
    assert len(log) >= 2 and log.step[-1] == 119
    assert monitor.record.spent["explaining"] > 0 and monitor.record.missing == ()
    (found,) = (finding for finding in monitor.report.findings if finding.code == "FL709")
    assert found.cause is Cause.LEARNING_RATE and found.where == "conv_1"


def test_the_record_is_judged_as_it_was_live(flat):
    monitor, _, directory = flat
    again = flatline.judge(flatline.load_run(directory), select=CODES)
    told = [[(f.code, f.message, f.severity, f.cause) for f in report.findings] for report in (monitor.report, again)]
    assert told[0] == told[1] and "FL709" in {code for code, *_ in told[1]}


@pytest.fixture
def later(flat):
    """The recorder of that run as if it had gone on, and the number of its looks."""
    recorder, n_steps, overhead = flat[0]._recorder, flat[0]._recorder.n_steps, flat[0]._recorder.spending.overhead
    yield recorder
    recorder.n_steps, recorder.spending.overhead = n_steps, overhead


def n_looks(recorder):
    return recorder.record.tables[SightLog].n


def test_it_is_looked_into_again_when_it_has_doubled_or_ended(flat, later):
    before = n_looks(later)
    look_inside(flat[1], later, lost=True, last=True)  # of the last step there is one
    later.n_steps = 239
    look_inside(flat[1], later, lost=True)
    assert n_looks(later) == before
    look_inside(flat[1], later, lost=True, last=True)
    assert n_looks(later) == before + 1


def test_a_run_that_learns_is_looked_into_only_where_there_is_time(flat, later):
    before, later.n_steps = n_looks(later), 1000
    look_inside(flat[1], later, lost=False, last=True)
    assert n_looks(later) == before
    later.spending.overhead = 0.99
    look_inside(flat[1], later, lost=False, last=True)
    assert n_looks(later) == before + 1 and later.record.spent["looking"] > 0


def test_a_network_that_cannot_be_looked_into_is_said_to_be_none(monkeypatch, flat, later):
    def refuse(*given):
        raise ValueError("no such thing")

    monkeypatch.setattr("flatline.insight.sight", refuse)
    before, later.n_steps = n_looks(later), 5000
    look_inside(flat[1], later, lost=True)
    assert n_looks(later) == before
    assert later.record.missing == ("what the network looks at: ValueError: no such thing",)


def test_what_is_left_of_the_time_is_what_nothing_was_spent_of():
    spending = Spending(0.1)
    spending._elapsed = 100.0
    assert spending.affords(10.0) and not spending.affords(10.1)
    spending.spend("probe", 4.0)
    spending.attend(1.0)
    assert spending.affords(5.0) and not spending.affords(5.1)
