import numpy as np
import pytest

from flatline.errors import CannotTell
from flatline.finding import Severity
from flatline.progress import Progress, State
from flatline.sampled import (
    Spell,
    applied,
    fruitless,
    growth,
    kernels,
    lacks_null_only,
    largest,
    require_finite_weights,
    settled,
    severity_of_share,
    spell,
)
from tests.detectors import make

STEP = np.array([0, 10, 20, 30])
LOW = ("<=", 0.5)


def _now(state, best_share=0.0, share=0.0):
    return Progress(state=state, n_steps=300, best_share=best_share, share=share)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 0.1, 0.9, 0.8], Spell(value=0.8, since=20, until=30, before=10)),
        ([0.9, 0.9, 0.9, 0.9], Spell(value=0.9, since=0, until=30, before=None)),
        ([0.9, np.nan, 0.9, np.nan], Spell(value=0.9, since=0, until=20, before=None)),  # what was not measured
        ([0.1, np.nan, 0.9, 0.9], Spell(value=0.9, since=20, until=30, before=0)),
        ([0.9, 0.9, 0.9, 0.1], None),  # over
        ([0.1, 0.1, 0.1, 0.9], None),  # once
        ([0.5, 0.5, 0.5, 0.5], None),  # at the bound
        ([np.nan] * 4, None),
    ],
)
def test_a_spell_lasts_until_the_latest_sample(values, expected):
    assert spell(STEP, np.array(values), LOW) == expected


def test_a_spell_is_from_the_start_only_if_the_start_was_sampled():
    broken = np.full(4, 0.9)
    assert spell(STEP, broken, LOW).from_the_start
    assert not spell(STEP + 100, broken, LOW).from_the_start
    assert not spell(STEP, np.array([0.1, 0.9, 0.9, 0.9]), LOW).from_the_start


def test_settled_returns_where_a_run_stands():
    assert settled(make.run(), make.FLAT).state is State.FLAT
    for losses in (make.losses(1.0, 1.0, n=40), make.losses(1.0, np.nan), make.losses(1.0, n=0)):
        with pytest.raises(CannotTell):
            settled(make.run(), losses)


def test_the_null_model_alone_may_be_missing():
    unknown = Progress(state=State.UNKNOWN, n_steps=200, reason="x")
    assert lacks_null_only(make.run(null=np.nan), unknown)
    assert not lacks_null_only(make.run(), _now(State.FLAT))
    for run, now in (
        (make.run(null=np.nan), Progress(state=State.UNKNOWN, n_steps=199, reason="x")),
        (make.run(), unknown),
        (make.run(), Progress(state=State.DIVERGED, n_steps=200, reason="x")),
    ):
        with pytest.raises(CannotTell):
            lacks_null_only(run, now)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (_now(State.FLAT), True),
        (_now(State.DIVERGED), True),
        (_now(State.PLATEAU, 0.5, 0.02), True),
        (_now(State.CONVERGED, 0.95, 0.0), True),
        (_now(State.PLATEAU, 0.5, 0.03), False),
        (_now(State.PLATEAU, 0.1, 0.0), False),  # a low signal, and a noisy last window
        (_now(State.LEARNING, 0.6, 0.0), False),
        (_now(State.CONVERGED, 0.95, 0.95), False),
    ],
)
def test_fruitless_is_no_better_than_guessing(now, expected):
    assert fruitless(now) is expected


@pytest.mark.parametrize(
    ("now", "share", "severity"),
    [
        (_now(State.FLAT), 0.6, Severity.WARNING),
        (_now(State.PLATEAU, 0.3, 0.3), 0.9, Severity.WARNING),
        (_now(State.PLATEAU, 0.3, 0.3), 0.8, Severity.INFO),
        (_now(State.PLATEAU, 0.5, 0.5), 0.9, Severity.INFO),
        (_now(State.LEARNING, 0.3, 0.3), 1.0, Severity.INFO),
    ],
)
def test_units_out_of_work_alarm_only_where_the_run_is_stuck(now, share, severity):
    assert severity_of_share(now, share) is severity


def test_kernels_come_in_the_order_of_the_layers():
    layers = [
        make.layer("embedding", kind="Embedding"),
        make.layer("first"),
        make.layer("norm", kind="BatchNormalization"),
        make.layer("scale", has_kernel=False),
        make.layer("frozen", trainable=False),
        make.layer("second"),
        make.layer("unsampled"),
    ]
    assert kernels(make.run(*layers), ("second", "scale", "frozen", "norm", "embedding", "first")) == [5, 0]


def test_growth_is_the_median_over_kernels_of_which_the_beginning_is_known():
    began = {"a": 1.0, "b": 2.0, "c": 0.5, "zero": 0.0, "unbuilt": np.nan}
    run = make.run(*(make.layer(name, weight_norm=norm) for name, norm in began.items()))
    weight = {"a": np.array([3.0, 900.0]), "b": 40.0, "c": 0.5, "zero": 7.0, "unbuilt": 7.0}
    log = make.gradients(dict.fromkeys(weight, 1.0), n=2, weight=weight, step=np.array([4, 9]))
    assert growth(run, log) == (3.0, 4)
    assert np.isnan(growth(run, None)[0])
    assert np.isnan(growth(make.run(make.layer("zero", weight_norm=0.0)), log)[0])


def test_steps_that_were_meant_to_change_nothing_are_told_apart():
    assert applied(make.updates({"a": 1.0}, n=3, skipped=[0, 1, np.nan])).tolist() == [True, False, True]


def test_weights_that_are_no_numbers_end_all_talk():
    require_finite_weights(None)
    require_finite_weights(make.gradients({"a": 1.0}))
    require_finite_weights(make.gradients({"a": 1.0}, nonfinite_weights=np.full((20, 1), np.nan)))
    with pytest.raises(CannotTell, match="2 weights are no numbers, the most in `a`"):
        require_finite_weights(make.gradients({"a": 1.0}, nonfinite_weights=np.full((20, 1), 2.0)))


def test_largest_leaves_out_what_is_no_number():
    assert largest(np.array([1.0, np.inf, np.nan, 2.0])) == 2.0
    assert np.isnan(largest(np.array([np.nan])))
