"""A run that goes flat is diagnosed by experiment before it goes on: from where it began, and without a trace."""

import random
import time

import keras
import numpy as np
import pytest

import flatline
from flatline import midway
from flatline.backend import read
from flatline.cause import Cause
from flatline.errors import FlatlineError
from flatline.experiment import Candidate
from flatline.fix import Fix, SetCompile
from flatline.measure.beginning import Beginning
from flatline.measure.preserve import preserved
from flatline.search import candidates
from tests.test_monitor import X, Y, equal, network, trained, warned

CANDIDATES, DIAGNOSED = candidates.candidates, midway.diagnosed
SECONDS = 20.0  # enough to confirm a single change beside other tests; it ends as soon as that is done


def monitor_of(**given) -> flatline.FlatlineMonitor:
    return flatline.FlatlineMonitor(**({"verbose": 0, "overhead": 0.2, "diagnose": SECONDS} | given))


RATE = Fix(
    title="set the learning rate to 0.01",
    edits=(SetCompile(argument="optimizer.learning_rate", value=0.01),),
    snippet="optimizer = keras.optimizers.Adam(learning_rate=0.01)",
)


def cure_only(outcomes, facts):
    """The cure alone, so that there is time to confirm it on a machine that is busy."""
    return [Candidate(fix=RATE, cause=Cause.LEARNING_RATE, source="another-rate")]


@pytest.fixture(scope="module")
def flat():
    """A flat run, its monitor, its weights at the end, what was warned of, seconds, and calls."""
    model, monitor, calls = network(rate=1e-9), monitor_of(), []

    def counted(*args, **kwargs):
        calls.append(args)
        return DIAGNOSED(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, warned("FL004 cured-by-experiment") as told:
        patch.setattr(candidates, "candidates", cure_only)
        patch.setattr(midway, "diagnosed", counted)
        start = time.perf_counter()
        weights = trained(model, monitor, epochs=10)
        seconds = time.perf_counter() - start
    return model, monitor, weights, [str(warning.message) for warning in told], seconds, calls


def test_training_goes_on_the_same_to_the_bit(flat):
    model, monitor, weights, *_ = flat
    other = network(rate=1e-9)
    assert monitor.diagnosis.experiment.chosen
    assert equal(weights, trained(other, epochs=10))
    assert equal(map(read, model.optimizer.variables), map(read, other.optimizer.variables))
    assert equal(map(read, model.variables), map(read, other.variables))  # seeds of dropout among them


def test_random_numbers_of_the_user_are_the_same_after_it(monkeypatch):
    drawn = []
    monkeypatch.setattr(candidates, "candidates", cure_only)
    for callbacks in ([], [monitor_of()]):
        trained(network(rate=1e-9), *callbacks, epochs=10)
        drawn.append((random.random(), keras.random.normal((3,)).numpy().tolist()))
    assert drawn[0] == drawn[1]


def test_the_cure_is_told_while_it_trains_and_the_report_ends_with_what_was_tried(flat):
    monitor = flat[1]
    steps = [step for step, finding in monitor.record.live if finding.code == "FL004"]
    assert steps
    assert steps[0] <= 0.25 * 160
    assert monitor.diagnosis.experiment.confirmed
    assert monitor.report.experiment is monitor.diagnosis.experiment
    text = str(monitor.report)
    assert "Tried on your data" in text
    assert "FL501" in text  # beside what the run shows
    assert monitor.report.scope["steps"] == "160"


def test_what_it_takes_is_told_apart_from_training_and_watching(flat):
    spent = flat[1].record.spent
    assert spent["diagnosing"] > flat[1].diagnosis.experiment.seconds > 0.1
    assert spent["training"] + spent["diagnosing"] < flat[4]


def test_it_is_diagnosed_once_and_judged_again_from_the_record(flat):
    monitor, told, calls = flat[1], flat[3], flat[5]
    assert len(calls) == 1
    assert len([text for text in told if text.startswith("FL004")]) == 1
    assert "FL004" in {finding.code for finding in flatline.judge(monitor.record).findings}
    assert "FL004" not in {finding.code for finding in flatline.judge(monitor.record, ignore=["FL004"]).findings}


def test_the_repaired_set_up_begins_anew_and_learns(flat):
    model, monitor, *_ = flat
    before = [read(variable) for variable in model.variables]
    setup = monitor.diagnosis.apply()
    assert equal(before, [read(variable) for variable in model.variables])
    assert "steps_per_epoch" not in setup.fit_args
    model_now = setup.model.layers[0].kernel.numpy()
    assert not np.array_equal(model_now, model.layers[0].kernel.numpy())
    setup.model.fit(setup.prepare(X), Y, epochs=20, verbose=0)
    assert setup.model.evaluate(setup.prepare(X), Y, verbose=0)[1] > 0.6


def test_a_run_that_learns_is_not_diagnosed(monkeypatch):
    monkeypatch.setattr(midway, "diagnosed", lambda *a, **k: pytest.fail("diagnosed"))
    monitor = monitor_of()
    trained(network(), monitor, epochs=10)
    assert monitor.diagnosis is None
    assert monitor.record.missing == ()
    assert monitor.report.ok


def test_watch_gives_it_the_arrays_and_the_arguments_of_fit(monkeypatch):
    given = []

    def asked(model, x, y, **arguments):
        given.append((x, y, arguments))
        raise FlatlineError("enough")

    monkeypatch.setattr(midway, "diagnosed", asked)
    model = network(rate=1e-9)
    monitor = flatline.watch(model, verbose=0, overhead=0.2, diagnose=True)
    with warned():
        trained(model, epochs=10)
    (x, y, arguments), *more = given
    assert not more
    assert x is X
    assert y is Y
    assert arguments["budget"] == 60.0
    assert arguments["fit_args"] == {"epochs": 10, "batch_size": 32, "verbose": 0, "callbacks": []}
    assert "the diagnosis by experiment: enough" in monitor.record.missing


def test_a_callback_gives_it_the_rows_it_has_seen_and_what_is_known_of_the_plan(monkeypatch):
    given = []

    def asked(model, x, y, **arguments):
        given.append((x, y, arguments["fit_args"]))
        raise FlatlineError("enough")

    monkeypatch.setattr(midway, "diagnosed", asked)
    monitor = monitor_of()
    with warned():
        network(rate=1e-9).fit(
            X, Y, epochs=10, batch_size=32, class_weight={0: 1.0, 1: 2.0, 2: 4.0}, verbose=0, callbacks=[monitor]
        )
    ((x, y, fit_args),) = given
    assert len(x) == len(y) >= 64
    np.testing.assert_array_equal(fit_args.pop("sample_weight"), 2.0 ** np.ravel(y))
    assert fit_args == {"batch_size": 32, "epochs": 10, "steps_per_epoch": 16}


def test_what_the_run_proposes_is_put_to_the_test(monkeypatch):
    tried = []

    def noted(outcomes, facts):
        tried.extend(CANDIDATES(outcomes, facts))
        return tried[:0]

    monkeypatch.setattr(candidates, "candidates", noted)
    monitor = monitor_of()
    with warned("FL805"):
        trained(network(rate=1e-9), monitor, epochs=10)
    proposed = [fix for _, finding in monitor.record.live if finding.code == "FL805" for fix in finding.fixes]
    assert proposed
    assert any(each.source == "FL805" and each.fix in proposed for each in tried)


def test_a_fault_leaves_the_diagnosis_out_and_not_the_training(monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(midway, "diagnosed", broken)
    monitor = monitor_of()
    with warned("leaves the diagnosis out, training goes on: ZeroDivisionError: ours"):
        weights = trained(network(rate=1e-9), monitor, epochs=10)
    assert monitor.diagnosis is None
    assert "the diagnosis by experiment: ZeroDivisionError: ours" in monitor.record.missing
    assert monitor.record.ended == "finished"
    assert equal(weights, trained(network(rate=1e-9), epochs=10))


def test_an_interrupt_ends_the_search_and_then_the_training(monkeypatch):
    def interrupted(self, *_):
        raise KeyboardInterrupt

    monkeypatch.setattr("flatline.search.search.Search._singles", interrupted)
    model, monitor = network(rate=1e-9), monitor_of()
    with warned(), pytest.raises(KeyboardInterrupt):
        trained(model, monitor, epochs=10)
    assert monitor.diagnosis.experiment.ended == "interrupted"
    assert 0 < model.optimizer.iterations.numpy() < 160
    assert monitor.report.experiment is monitor.diagnosis.experiment


def test_a_run_is_diagnosed_before_it_is_stopped(monkeypatch):
    monkeypatch.setattr(candidates, "candidates", cure_only)
    model, stop = network(rate=1e-9), flatline.StopOnFlatline(verbose=0, diagnose=SECONDS)
    with warned("FL004"):
        trained(model, stop, epochs=30)
    assert len(model.history.epoch) < 20
    assert stop.diagnosis.experiment.confirmed


def test_layers_that_the_run_has_trained_are_drawn_anew_and_others_are_as_they_were():
    model = network()
    pretrained, frozen, plain = model.layers[0], model.layers[3], model.layers[4]
    pretrained.bias.assign(np.full(24, 0.5))
    frozen.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    began = {layer: [read(w) for w in layer.weights] for layer in (pretrained, frozen, plain)}
    beginning = Beginning(model)
    trained(model, epochs=3)
    after = [read(variable) for variable in model.variables]
    with preserved(model):
        beginning.restore(0)
        assert equal(map(read, pretrained.weights), began[pretrained])
        assert equal(map(read, frozen.weights), began[frozen])
        assert not plain.bias.numpy().any()  # as drawn, not as trained
        assert plain.kernel.numpy().std() == pytest.approx(began[plain][0].std(), rel=0.3)
        assert int(model.optimizer.iterations.numpy()) == 0
    assert equal(after, [read(variable) for variable in model.variables])
    assert int(model.optimizer.iterations.numpy()) == 48


@pytest.mark.parametrize("value", ["yes", 0, -1, float("nan"), float("inf"), None, [60]], ids=str)
def test_anything_but_a_switch_or_seconds_is_refused_in_one_line(value):
    for callback in (flatline.FlatlineMonitor, flatline.StopOnFlatline):
        with pytest.raises(FlatlineError, match="must be True, False or a positive number of seconds") as error:
            callback(diagnose=value)
        assert "\n" not in str(error.value)
