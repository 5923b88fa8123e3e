"""What was written is read back to the last digit, and what is damaged is told from what is merely torn."""

import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings

from flatline.errors import FlatlineError
from flatline.finding import Finding
from flatline.fix import Fix, Safety
from flatline.logs import GradientLog, LossLog, RunFacts, RunHead
from flatline.records.events import apply, finding_event, plain, to_line, version_event
from flatline.records.record import RunRecord
from flatline.records.run_directory import load_run
from flatline.records.run_writer import RunWriter
from tests.records.samples import NASTY, assert_same, facts, filled, finding, full, same


def write(directory, record, **options):
    writer = RunWriter(directory, record, **options)
    writer.close()
    assert writer.problem is None
    return directory


def events(directory):
    return max(directory.glob("events-*.jsonl"))


@pytest.fixture
def run(tmp_path):
    return write(tmp_path / "run", full())


def refusal(path):
    with pytest.raises(FlatlineError) as error:
        load_run(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_all_of_a_record_is_read_back(tmp_path):
    record = full()
    assert_same(record, load_run(write(tmp_path, record)))


def test_an_empty_record_is_read_back(tmp_path):
    record = RunRecord()
    assert_same(record, load_run(write(tmp_path, record)))


def test_hostile_names_are_read_back_and_name_no_file(tmp_path):
    record = full(NASTY)
    record.found(finding(NASTY[1]), 4)
    record.miss(NASTY[0])
    record.miss(NASTY[4])
    assert_same(record, load_run(write(tmp_path / "run", record)))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["events-000001.jsonl", "lock", "run"]


def test_a_finding_without_anything_is_read_back(tmp_path):
    record = RunRecord()
    record.found(Finding(message="m"), 0)
    assert load_run(write(tmp_path, record)).live == ((0, Finding(message="m")),)


def test_a_fix_is_read_back_as_advice(tmp_path):
    record = RunRecord()
    record.found(finding(), 3)
    (_, found), *_ = load_run(write(tmp_path, record)).live
    assert found.fixes == (Fix(title="set it", safety=Safety.ADVICE, snippet="x\ny"),)
    assert json.loads(events(tmp_path).read_bytes().split(b"\n")[-2])  # the last event is a whole line
    assert b'"safety":"unsafe"' in events(tmp_path).read_bytes()


def test_numbers_of_numpy_are_read_back_as_numbers(tmp_path):
    record = RunRecord({"n": np.int64(3), "ok": np.bool_(True), "when": np.float32(0.5)})
    head = RunHead(name="out", task="regression", loss="mse", units=np.int32(1), n_classes=None)
    record.describe(
        RunFacts(model="m", kind="k", optimizer="o", heads=(head,), null=np.float32(math.inf), n_null=np.int64(9))
    )
    loaded = load_run(write(tmp_path, record))
    assert loaded.header == {"n": 3, "ok": True, "when": 0.5}
    assert same(loaded.facts.null, math.inf)
    assert same(loaded.facts.n_null, 9)
    assert loaded.facts.heads[0].units == 1


@settings(deadline=None, max_examples=60)
@given(filled())
def test_any_record_written_bit_by_bit_is_read_back(tmp_path_factory, rows):
    record, directory = RunRecord(), tmp_path_factory.mktemp("run")
    writer = RunWriter(directory, record)
    for n, (kind, step, row) in enumerate(rows):
        record.add(kind, step=step, **row)
        record.spend("sampling", step / 3)
        if n % 3 == 0:
            writer.flush()
    writer.close()
    assert_same(record, load_run(directory))


def test_every_line_is_json_without_numbers_that_json_lacks(run):
    def unknown(word):
        raise AssertionError(word)

    *lines, rest = events(run).read_bytes().split(b"\n")
    assert rest == b""
    for line in lines:
        json.loads(line.decode("ascii"), parse_constant=unknown)
    assert {"format": "flatline-run", "version": 1}.items() <= json.loads(lines[0]).items()


def test_a_number_that_json_lacks_is_never_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_line({"loss": math.nan})


def test_what_is_described_again_or_goes_on_is_read_as_it_was_last(tmp_path):
    record = full()
    writer = RunWriter(tmp_path, record)
    record.describe(facts(("later",)))
    record.end("interrupted")
    writer.flush()
    record.end(None)
    record.add(LossLog, step=9, loss=0.1, penalty=7.0)
    writer.close()
    loaded = load_run(tmp_path)
    assert loaded.ended is None
    assert loaded.logs()[LossLog].penalty[-1] == 7.0
    assert_same(record, loaded)


def test_a_file_cut_anywhere_is_read_up_to_the_cut(tmp_path):
    record = full()
    whole = events(write(tmp_path / "run", record)).read_bytes()
    head = whole.index(b"\n") + 1
    (tmp_path / "cut").mkdir()
    file = tmp_path / "cut" / "events-000001.jsonl"
    for size in [*range(0, len(whole), 53), len(whole) - 1, head - 1, head]:
        file.write_bytes(whole[:size])
        if size < head:
            assert "no version line" in refusal(tmp_path / "cut")
        else:
            loaded = load_run(tmp_path / "cut")
            lines = whole[:size].count(b"\n")
            twin = RunRecord(loaded.header, run_id=loaded.run_id)
            for line in whole.split(b"\n")[1:lines]:
                apply(line, twin)
            assert_same(twin, loaded)


DAMAGE = [
    b"\0" * 20,
    b'{"log": "LossLog"',
    b"\xff\xfe",
    b"",
    b"[1, 2]",
    b"7",
    b"[" * 100_000,
    b'{"log": "LossLog", "step": [90, 91], "columns": {"loss": [0.1]}}',
    b'{"log": "LossLog", "step": [90], "columns": {"loss": [0.1, 0.2]}}',
    b'{"log": "LossLog", "step": [91, 90], "columns": {"loss": [0.1, 0.1]}}',
    b'{"log": "LossLog", "step": [0], "columns": {"loss": [0.1]}}',
    b'{"log": "LossLog", "step": [90], "columns": {"loss": ["much"]}}',
    b'{"log": "LossLog", "step": [99999999999999999999], "columns": {"loss": [1]}}',
    b'{"log": "GradientLog", "step": [90], "columns": {"gradient_norm": {"shape": [1, 3], "f4": "AAAAAA=="}}}',
    b'{"log": "GradientLog", "step": [90], "columns": {"gradient_norm": {"shape": [1, 1], "f4": "AAAAAA=="}}}',
    b'{"log": "EpochLog", "step": [90], "columns": {"values": [1]}}',
    b'{"facts": {"model": "m"}}',
    b'{"found": {}, "step": 1}',
    b'{"spent": {"probe": null}}',
]


@pytest.mark.parametrize("line", DAMAGE)
def test_a_damaged_line_is_named_unless_it_is_the_last(run, line):
    file = events(run)
    whole = file.read_bytes()
    lines = whole.split(b"\n")
    file.write_bytes(whole + line + b"\n")
    assert load_run(run).ended == "exception: ValueError"
    file.write_bytes(b"\n".join([*lines[:-2], line, *lines[-2:]]))
    message = refusal(run)
    assert message.startswith(f"Line {len(lines) - 1} of {str(file)!r} is damaged (")
    assert len(message) < 400 + len(str(file))


def test_events_and_fields_of_a_later_time_are_passed_over(run):
    record, file = load_run(run), events(run)
    more = [
        {"weather": "fine"},
        {"log": "WeatherLog", "step": [1], "columns": {"rain": [1.0]}},
        {"log": "WeatherLog", "constants": {"rain": 1}},
        {"log": "LossLog", "constants": {"rain": 1}},
        {"log": "LossLog", "step": [90], "columns": {"loss": [0.25], "rain": [1.0]}},
        {"missing": []},
        {"facts": {**plain(record.facts), "weather": "fine"}},
        {"found": {**finding_event(Finding(message="m"), 3)["found"], "weather": "fine"}, "step": 3},
    ]
    file.write_bytes(file.read_bytes() + b"".join(map(to_line, more)))
    record.add(LossLog, step=90, loss=0.25)
    record.found(Finding(message="m"), 3)
    assert_same(record, load_run(run))


def test_a_cause_that_is_not_known_here_is_none(run):
    file = events(run)
    file.write_bytes(file.read_bytes().replace(b'"cause":"loss"', b'"cause":"weather"'))
    ((_, found),) = load_run(run).live
    assert found.cause is None


def test_where_there_is_no_run_it_is_said(tmp_path):
    assert "No such file" in refusal(tmp_path / "no\nwhere")
    assert "no file `events-*.jsonl`" in refusal(tmp_path)
    (tmp_path / "file").write_text("x")
    assert "Not a directory" in refusal(tmp_path / "file")
    assert "No run in" in refusal("a\0b")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"step,loss\n1,2\n",
        b'{"format": "other", "version": 1, "run": "x", "header": {}}\n',
        b"{}\n",
        b"[]\n",
        b'{"format": "flatline-run", "version": "1", "run": "x", "header": {}}\n',
        b'{"format": "flatline-run", "version": 1, "run": "x", "header": []}\n',
        b'{"format": "flatline-run", "version": 1, "run": "x", "header": {}}',
    ],
)
def test_a_foreign_file_is_refused(tmp_path, text):
    (tmp_path / "events-000001.jsonl").write_bytes(text)
    assert "no version line" in refusal(tmp_path)


def test_a_newer_format_is_refused(tmp_path):
    head = {**version_event(RunRecord()), "version": 2}
    (tmp_path / "events-000001.jsonl").write_bytes(to_line(head))
    assert "has format 2, this flatline reads up to 1; update flatline" in refusal(tmp_path)


def test_the_file_with_the_highest_number_counts(run):
    other = full()
    other.add(LossLog, step=50, loss=0.5)
    write(run / "other", other)
    events(run / "other").rename(run / "events-000010.jsonl")
    (run / "events-000011.tmp").write_bytes(b"half")
    for name in ("events-x.jsonl", "events-000012.jsonl~", "old-events-000012.jsonl"):
        (run / name).write_bytes(b"x")
    assert_same(other, load_run(run))


def test_a_file_that_is_deleted_while_it_is_found_is_looked_for_again(run, monkeypatch):
    from flatline.records import run_directory

    listing, gone = run_directory.files, iter([[(9, run / "events-000009.jsonl")]])
    monkeypatch.setattr(run_directory, "files", lambda directory: next(gone, None) or listing(directory))
    assert load_run(run).ended == "exception: ValueError"


def test_a_hundred_thousand_steps_load_in_well_under_a_second(tmp_path):
    record, rng, names = RunRecord(), np.random.default_rng(0), tuple(map(str, range(10)))
    writer = RunWriter(tmp_path, record)
    for start in range(0, 100_000, 1000):
        record.tables[LossLog].extend(np.arange(start, start + 1000), {"loss": rng.random(1000)})
        for step in range(start, start + 1000, 10):
            record.add(GradientLog, step=step, layers=names, gradient_norm=rng.random(10), weight_norm=rng.random(10))
        writer.flush()
    writer.close()
    started = time.process_time()
    loaded = load_run(tmp_path)
    assert time.process_time() - started < 1.0
    assert_same(record, loaded)
