"""The penalty within a loss: known in few rows, taken off in all."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatline.logs import LossLog, between
from flatline.records.events import apply
from flatline.records.record import RunRecord
from flatline.records.table import Table

NAN = np.nan
STEP = np.arange(5)


def log(penalty, loss=10.0):
    return LossLog(step=np.arange(len(penalty)), loss=np.full(len(penalty), loss), penalty=np.array(penalty, float))


def test_what_lies_between_changes_by_a_share_a_step_and_the_ends_go_on():
    np.testing.assert_allclose(log([NAN, 4, NAN, 1, NAN]).penalty_at(STEP), [4, 4, 2, 1, 1])


def test_what_is_not_positive_has_no_share_and_lies_on_a_line():
    np.testing.assert_allclose(log([4, NAN, 0, NAN, -2]).penalty_at(STEP), [4, 2, 0, -1, -2])


def test_a_penalty_that_is_no_number_is_not_known():
    np.testing.assert_allclose(log([3, np.inf, NAN, -np.inf, 3]).penalty_at(STEP), [3] * 5)


def test_a_penalty_that_is_known_nowhere_takes_nothing_off():
    for empty in (log([NAN] * 5), LossLog(step=STEP, loss=np.full(5, 10.0))):
        np.testing.assert_array_equal(empty.data, [10.0] * 5)
    assert np.isnan(between(STEP, STEP, np.full(5, NAN))).all()


def test_the_penalty_of_steps_between_rows_is_told_too():
    rows = LossLog(step=np.array([0, 10]), loss=np.ones(2), penalty=np.array([1.0, 100.0]))
    np.testing.assert_allclose(rows.penalty_at(np.array([5, 20])), [10, 100])


def test_data_is_the_loss_less_the_penalty():
    np.testing.assert_allclose(log([4, NAN, 1]).data, [6, 8, 9])


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.none() | st.floats(0, 1e3)), min_size=1, max_size=40), st.data())
def test_judged_live_a_row_has_the_data_loss_that_the_record_gives_it_later(rows, data):
    until = data.draw(st.integers(1, len(rows)))
    whole, live = RunRecord(), RunRecord()
    for record, n in ((whole, len(rows)), (live, until)):
        for step, (loss, penalty) in enumerate(rows[:n]):
            record.add(LossLog, step=step, loss=loss, **({} if penalty is None else {"penalty": penalty}))
    replayed = whole.logs(until=until)[LossLog]
    np.testing.assert_array_equal(replayed.data, live.logs()[LossLog].data)


def filled(table, n=2000, every=7):
    """A loss without shape over a penalty that shrinks, sampled now and then; its rows before anything is left out."""
    rng = np.random.default_rng(0)
    loss, penalty = rng.normal(size=n), np.geomspace(100, 1, n)
    for step in range(n):
        known = {"penalty": penalty[step]} if step % every == 1 else {}
        table.add(step, {"loss": loss[step] + penalty[step], **known})
    return loss


def test_rows_that_stay_when_others_are_left_out_keep_their_data_loss():
    table = Table(LossLog, note=pytest.fail, max_rows=256)
    loss = filled(table)
    kept = table.log()
    assert len(kept) < 256
    np.testing.assert_allclose(kept.data[1:], loss[kept.step[1:]], atol=0.05)  # 7 steps take 2 % of a hundredth


def test_which_rows_stay_is_told_by_the_loss_alone():
    with_penalty, without = (Table(LossLog, note=pytest.fail, max_rows=256) for _ in range(2))
    for step in range(2000):
        loss = float(np.sin(step))
        with_penalty.add(step, {"loss": loss, **({"penalty": 1 / (step + 1)} if step % 7 == 1 else {})})
        without.add(step, {"loss": loss})
    np.testing.assert_array_equal(with_penalty.steps(), without.steps())


def test_a_record_that_has_the_penalty_as_a_constant_is_read():
    record = RunRecord()
    for line in (
        {"log": "LossLog", "step": [0, 1, 2], "columns": {"loss": [5.0, 5.0, 5.0]}},
        {"log": "LossLog", "constants": {"penalty": 4.0}},
    ):
        apply(json.dumps(line).encode(), record)
    read = record.logs()[LossLog]
    np.testing.assert_array_equal(read.data, [1.0, 1.0, 1.0])
    for line in (
        {"log": "LossLog", "step": [3, 4], "columns": {"loss": [5.0, 5.0]}},
        {"log": "LossLog", "constants": {"penalty": 1.0}},
    ):
        apply(json.dumps(line).encode(), record)
    np.testing.assert_allclose(record.logs()[LossLog].data, [1.0, 1.0, 1.0, 3.0, 4.0])
    np.testing.assert_array_equal(read.data, [1.0, 1.0, 1.0])  # what was handed out has not changed


def test_a_constant_penalty_that_was_not_known_is_read_as_such():
    record = RunRecord()
    apply(b'{"log": "LossLog", "constants": {"penalty": "nan"}}', record)
    record.add(LossLog, step=0, loss=1.0)
    apply(b'{"log": "LossLog", "constants": {"penalty": "nan"}}', record)
    np.testing.assert_array_equal(record.logs()[LossLog].data, [1.0])
