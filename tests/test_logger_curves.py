"""Names are safe and stay the same; what is new is told once."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from flatline.loggers.curves import News, label, labels
from flatline.logs import EpochLog, LossLog
from flatline.records.record import RunRecord
from tests.records.samples import NASTY, filled


def test_labels_stay_the_same_from_run_to_run():
    assert [label("dense_1"), label("a.b-C"), label("a/b"), label("")] == [
        "dense_1",
        "a.b-C",
        "a_b-c14cddc0",
        "-e3b0c442",
    ]
    assert labels(["dense", "dense", "dense-2"]) == ["dense", "dense-2", "dense-2-2"]


@given(st.lists(st.text() | st.sampled_from(NASTY)))
def test_labels_tell_all_names_apart(names):
    assert len(set(labels(names))) == len(names)


@settings(max_examples=50)
@given(filled(), st.integers(1, 4))
def test_no_value_is_told_twice_and_none_is_lost(rows, every):
    record = RunRecord()
    live, told = News(record), []
    for i, (kind, step, columns) in enumerate(rows):
        record.add(kind, step=step, **columns)
        if i % every == 0:
            told += list(live.rows())
    told += list(live.rows())
    values = [(step, name) for step, row in told for name in row]
    assert len(values) == len(set(values))
    losses = record.logs()[LossLog]
    n = 0 if isinstance(losses, str) else len(losses)
    assert sum(name == "flatline/training_loss" for _, name in values) == n


def test_a_record_that_is_thinned_is_told_once():
    record = RunRecord()
    news, told = News(record), []
    for step in range(50_000):
        record.add(LossLog, step=step, loss=1 / (step + 1))
        if step % 700 == 0:
            told += [at for at, _ in news.rows()]
    told += [at for at, _ in news.rows()]
    assert told == list(range(50_000))
    assert len(record.logs()[LossLog]) < 25_000


def test_values_that_fit_did_not_report_are_left_out():
    record = RunRecord()
    for step, values in enumerate(
        [{"loss": 1.0, "val_loss": 2.0}, {"loss": 1.0}, {"loss": math.nan, "val_loss": math.nan}]
    ):
        record.add(EpochLog, step=step, values=values | {"odd": math.nan})
    told = dict(News(record).rows())
    assert told[1].keys() == {"flatline/epoch_value/loss", "flatline/epoch_value/odd"}
    assert math.isnan(told[2]["flatline/epoch_value/val_loss"])
