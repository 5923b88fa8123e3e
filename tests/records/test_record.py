"""The record in memory: rows in, logs out, and never more than so much."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings

from flatline import logs as menu
from flatline.logs import ActivationLog, EpochLog, GradientLog, Log, LossLog, ProbeLog, RunFacts, UpdateLog
from flatline.records.record import EMPTY, MAX_FOUND, MAX_MISSING, RunRecord
from flatline.records.table import MAX_NAMES, MAX_ROWS, MIN_ROWS, Table
from tests.records.samples import assert_same, facts, filled, finding, full, same

NAMES = ("a", "b", "c")


def table(kind, **limits):
    return Table(kind, lambda what: None, **limits)


def test_every_log_of_the_menu_has_its_table():
    kinds = {kind for kind in vars(menu).values() if isinstance(kind, type) and issubclass(kind, Log) and kind != Log}
    assert set(EMPTY) == kinds == set(RunRecord().tables)


def test_logs_without_rows_say_why():
    assert RunRecord().logs() == {RunFacts: "the run was not described", **EMPTY}


def test_the_latest_description_counts():
    record = RunRecord()
    record.describe(facts())
    record.describe(facts(("other",)))
    assert record.logs()[RunFacts] is record.facts
    assert record.facts.layer("other") is not None


def test_rows_become_a_log():
    record = RunRecord()
    record.add(LossLog, step=0, loss=0.5)
    record.add(LossLog, step=3, loss=np.float32(0.25), penalty=0.1)
    log = record.logs()[LossLog]
    assert same(log, LossLog(step=np.array([0, 3]), loss=np.array([0.5, 0.25]), penalty=np.array([np.nan, 0.1])))


def test_what_a_row_does_not_give_is_nan_and_of_constants_the_latest_counts():
    record = RunRecord()
    record.add(GradientLog, step=0, layers=["x", "y", "z"], gradient_norm=[1, 2, 3])
    record.add(GradientLog, step=1, loss=0.5, layers=list(NAMES))
    log = record.logs()[GradientLog]
    nan = np.nan
    assert log.layers == NAMES
    np.testing.assert_array_equal(log.loss, [nan, 0.5])
    np.testing.assert_array_equal(log.gradient_norm, [[1, 2, 3], [nan] * 3])
    np.testing.assert_array_equal(log.weight_norm, [[nan] * 3] * 2)


def test_what_a_row_does_not_give_is_nan_in_a_long_log_too():
    record = RunRecord()
    for step in range(10 * MIN_ROWS):
        record.add(UpdateLog, step=step, **({"update_ratio": [0.1], "skipped": 0.0} if step % 2 else {}))
    log = record.logs()[UpdateLog]
    assert np.isnan(log.update_ratio[::2]).all()
    assert np.isnan(log.skipped[::2]).all()
    assert (log.update_ratio[1::2] == 0.1).all()


def test_columns_that_were_never_given_have_a_column_for_each_name():
    record = RunRecord()
    record.add(ProbeLog, step=0, layers=NAMES, heads=("out",), input_dependence=0.1)
    log = record.logs()[ProbeLog]
    assert (log.dead_share.shape, log.distinct_classes.shape, log.output_spread.shape) == ((1, 3), (1, 1), (1, 1))
    assert np.isnan(log.dead_share).all()


def test_names_that_come_late_are_nan_before():
    record = RunRecord()
    record.add(EpochLog, step=9, values={"loss": 0.5})
    record.add(EpochLog, step=19, values={"loss": 0.4, "val_loss": 0.6})
    record.add(EpochLog, step=29, values={"val_loss": 0.7})
    values = record.logs()[EpochLog].values
    np.testing.assert_array_equal(values["loss"], [0.5, 0.4, np.nan])
    np.testing.assert_array_equal(values["val_loss"], [np.nan, 0.6, 0.7])


def test_until_leaves_out_what_came_later():
    record = full()
    assert list(record.logs(until=3)[LossLog].step) == [0, 1, 2]
    assert len(record.logs(until=3)[EpochLog].values["loss"]) == 1
    assert record.logs(until=0)[LossLog] == "no training loss was recorded"


def test_logs_are_the_same_object_until_a_row_is_added():
    record = full()
    before = record.logs()[LossLog]
    assert record.logs()[LossLog] is before
    record.add(LossLog, step=10, loss=0.0)
    assert record.logs()[LossLog] is not before


def test_what_was_handed_out_never_changes_and_cannot_be_written_to():
    record = RunRecord()
    kept = []
    for step in range(3 * MIN_ROWS):
        record.add(UpdateLog, step=step, layers=NAMES, update_ratio=[step] * 3)
        kept.append(record.logs()[UpdateLog])
    for n, log in enumerate(kept, start=1):
        assert log.update_ratio[:, 2].tolist() == list(range(n))
    for array in (log.step, log.update_ratio, log.learning_rate):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_row_that_is_not_above_the_last_step_is_left_out_and_noted():
    record = RunRecord()
    for step in (0, 5, 5, 4):
        record.add(LossLog, step=step, loss=float(step))
    assert list(record.logs()[LossLog].step) == [0, 5]
    assert record.missing == ("rows of LossLog whose step was not above the step of the row before",)


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ({"lost": 1.0}, TypeError),
        ({"step_size": 1.0}, TypeError),
        ({"gradient_norm": [1.0]}, ValueError),
        ({"weight_norm": 1.0}, ValueError),
        ({"nonfinite_weights": [[1.0, 2.0]]}, ValueError),
        ({"loss": [1.0, 2.0]}, (TypeError, ValueError)),
    ],
)
def test_a_row_that_does_not_fit_is_an_error_and_no_row(columns, error):
    record = RunRecord()
    record.add(GradientLog, step=0, loss=0.1, gradient_norm=[1.0, 2.0])
    with pytest.raises(error):
        record.add(GradientLog, step=1, **columns)
    assert len(record.logs()[GradientLog]) == 1


def test_findings_time_and_gaps_are_kept():
    record = RunRecord({"python": "3.11"})
    record.found(finding(), 7)
    record.spend("probe", 0.5)
    record.spend("probe", 0.25)
    record.miss("x")
    record.miss("x")
    assert record.header == {"python": "3.11"}
    assert record.live == ((7, finding()),) or same(record.live, ((7, finding()),))
    assert record.spent == {"probe": 0.75}
    assert record.missing == ("x",)
    assert record.ended is None
    record.end("finished")
    assert record.ended == "finished"


def test_two_records_have_two_names():
    assert RunRecord().run_id != RunRecord().run_id


def test_findings_and_gaps_are_bounded():
    record = RunRecord()
    for step in range(MAX_FOUND + 5):
        record.found(finding(), step)
    assert len(record.live) == MAX_FOUND
    assert record.missing == ("findings after the first 1,000",)
    for i in range(2 * MAX_MISSING):
        record.miss(str(i))
    assert len(record.missing) == MAX_MISSING


def test_names_of_curves_are_bounded():
    record = RunRecord()
    for step in range(2 * MAX_NAMES):
        record.add(EpochLog, step=step, values={str(step): 0.0})
    assert len(record.logs()[EpochLog].values) == MAX_NAMES
    assert record.missing == (f"curves of EpochLog after the first {MAX_NAMES}",)


@pytest.mark.parametrize("width", [1, 30, 3000])
def test_a_table_is_thinned_at_its_limit(width):
    rows = table(UpdateLog, max_rows=200, max_cells=3000)
    limit = max(MIN_ROWS, min(200, 3000 // width))
    for step in range(1000):
        rows.add(step, {"update_ratio": np.full(width, step)})
        assert rows.n <= limit
    log = rows.log()
    assert (np.diff(log.step) > 0).all()
    assert log.step[-1] == 999
    assert (log.update_ratio == log.step[:, None]).all()


def test_rows_without_columns_are_thinned_too():
    rows = table(LossLog, max_rows=100)
    for step in range(1000):
        rows.add(step, {})
    assert rows.n <= 100
    assert np.isnan(rows.log().loss).all()


def test_spikes_and_what_is_not_finite_survive_a_long_run():
    record, rng = RunRecord(), np.random.default_rng(0)
    odd = {123: np.nan, 77_777: np.inf, 77_778: 1e9, 150_000: -5.0, 160_000: -np.inf}
    for step, loss in enumerate(rng.random(200_000).tolist()):
        record.add(LossLog, step=step, loss=odd.get(step, loss))
    log = record.logs()[LossLog]
    assert len(log) <= MAX_ROWS
    assert (np.diff(log.step) > 0).all()
    kept = dict(zip(log.step.tolist(), log.loss.tolist(), strict=True))
    assert all(same(kept[step], value) for step, value in odd.items())
    assert log.step[0] == 0


def test_memory_is_bounded_over_a_million_steps():
    record, wide = RunRecord(), np.random.default_rng(0).random((1000, 50))
    tracemalloc.start()
    for step in range(0, 1_000_000, 200):
        record.tables[LossLog].extend(np.arange(step, step + 200), {"loss": wide[:200, step % 50]})
        record.add(ActivationLog, step=step, **dict.fromkeys(("mean", "spread", "saturated_share"), wide[step % 1000]))
        record.logs()
    used, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert record.logs()[LossLog].step[-1] == 999_999
    assert used < 5e6  # 320,000 numbers in the one, 40,000 in the other
    assert peak < 20e6
    assert sum(rows.nbytes for rows in record.tables.values()) < 4e6


@settings(deadline=None, max_examples=50)
@given(filled())
def test_many_rows_at_once_are_the_same_as_one_after_the_other(rows):
    one, many = RunRecord(run_id="x"), RunRecord(run_id="x")
    for kind, step, row in rows:
        one.add(kind, step=step, **row)
    for kind, own in one.tables.items():
        many.tables[kind].extend(own.steps(), own.rows())
        for field, value in own.constants.items():
            many.tables[kind].set(field, value)
    assert_same(one, many)


def test_many_rows_at_once_are_thinned_at_the_same_rows():
    one, many = table(UpdateLog, max_rows=100), table(UpdateLog, max_rows=100)
    ratio = np.random.default_rng(0).random((1000, 2))
    for step in range(1000):
        one.add(step, {"update_ratio": ratio[step]})
    for start in range(0, 1000, 125):
        many.extend(np.arange(start, start + 125), {"update_ratio": ratio[start : start + 125]})
    assert same(one.log(), many.log())


@pytest.mark.parametrize("step", [[3], [5, 5], [6, 4]])
def test_rows_out_of_order_are_refused(step):
    rows = table(LossLog)
    rows.add(4, {"loss": 0.0})
    with pytest.raises(ValueError, match="do not increase"):
        rows.extend(np.array(step), {"loss": np.zeros(len(step))})
    assert rows.n == 1
