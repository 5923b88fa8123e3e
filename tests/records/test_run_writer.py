"""The writer: never more than a second lost, never more disk than allowed, never an error into a training."""

import errno
import gc
import math
import mmap
import os
import random
import shutil
import signal
import struct
import time
import traceback

import numpy as np
import pytest

from flatline.errors import FlatlineError
from flatline.logs import EpochLog, GradientLog, LossLog, UpdateLog
from flatline.records.record import RunRecord
from flatline.records.run_directory import load_run
from flatline.records.run_writer import MAX_BYTES, RunWriter
from tests.records.samples import assert_same, finding, full

# Children do nothing but add rows until they are killed: no thread of this process is waited for.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def size(directory):
    return sum(path.stat().st_size for path in directory.iterdir())


def forked(function):
    """Run in a forked child; its exit status tells whether it came to the end."""
    child = os.fork()
    if child == 0:
        gc.disable()  # a hundred children that walk all objects would each have a copy of them
        try:
            function()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return child


def succeeded(child):
    return os.waitpid(child, 0)[1] == 0


def broken(writer, record):
    """Add a row and write it; return what was told of it."""
    record.add(LossLog, step=1_000_000, loss=0.5)
    writer.flush()
    return writer.problem


def train(directory, seen, interval, max_bytes):
    """Add rows until killed; `seen` holds the last step that was written, and when `flush` was last through."""
    record = RunRecord()
    writer = RunWriter(directory, record, interval=interval, max_bytes=max_bytes)
    ratio, started = np.random.default_rng(0).random(4), time.monotonic()
    step, written = 0, -1
    while (now := time.monotonic()) < started + 300:
        record.add(LossLog, step=step, loss=now)
        record.add(UpdateLog, step=step, update_ratio=ratio, learning_rate=0.1)
        if step % 50 == 0:
            record.add(EpochLog, step=step, values={"loss": 0.5})
            record.found(finding(), step)
        before = record.spent.get("writing", 0.0)
        writer.flush(now)
        if record.spent.get("writing", 0.0) > before:
            written = step
        struct.pack_into("<qd", seen, 0, written, now)
        step += 1
        assert writer.problem is None
        time.sleep(0.02)


@pytest.mark.slow
def test_a_hundred_runs_killed_at_random_moments_have_lost_a_second_at_most(tmp_path):
    chance, runs = random.Random(0), []
    for n in range(100):
        # Half of them write after each row, and so little at a time that the record is written anew all the time.
        interval, max_bytes = (0.0, 100_000) if n % 2 else (1.0, MAX_BYTES)
        seen = mmap.mmap(-1, 16)
        struct.pack_into("<qd", seen, 0, -1, 0.0)
        directory = tmp_path / str(n)
        child = forked(lambda d=directory, s=seen, i=interval, m=max_bytes: train(d, s, i, m))
        runs.append((chance.uniform(0.2, 3.5), child, directory, seen, interval))
    started, written_anew, last_rows = time.monotonic(), 0, 0
    for moment, child, *_ in sorted(runs, key=lambda run: run[0]):
        time.sleep(max(0.0, started + moment - time.monotonic()))
        os.kill(child, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    for _, _, directory, seen, interval in runs:
        last, now = struct.unpack_from("<qd", seen)
        if not list(directory.glob("events-*.jsonl")):
            assert last == -1  # killed before it had begun
            continue
        record = load_run(directory)
        assert record.ended is None
        written_anew += not (directory / "events-000001.jsonl").exists()
        log = record.logs()[LossLog]
        if isinstance(log, str):
            assert last == -1
            continue
        assert log.step[-1] >= last
        assert log.loss[-1] >= now - interval
        last_rows += log.step[-1]
    assert written_anew > 10
    assert last_rows > 1000


def die_at(call, calls):
    """Be killed before the call of this number."""
    count = iter(range(call + 1))

    def dying(real):
        def call_or_die(*args, **kwargs):
            if next(count) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call_or_die

    for name in calls:
        setattr(os, name, dying(getattr(os, name)))


def test_a_run_killed_at_any_call_of_the_system_has_all_that_was_written(tmp_path):
    for call in range(1000):
        record = RunRecord()
        directory = tmp_path / str(call)
        writer = RunWriter(directory, record, max_bytes=2_000)
        record.add(LossLog, step=0, loss=0.5)
        writer.flush()

        def child(writer=writer, record=record, call=call):
            writer._pid = os.getpid()
            die_at(call, ("open", "write", "fsync", "close", "replace", "unlink"))
            record.tables[LossLog].extend(np.arange(1, 30), {"loss": np.full(29, 1 / 3)})
            writer.flush()  # writes the record anew
            assert writer.problem is None

        ended = succeeded(forked(child))
        loaded = load_run(directory).logs()[LossLog]
        assert loaded.step[-1] == 29 if ended else loaded.step[0] == 0
        if ended:
            assert (directory / "events-000002.jsonl").exists()
            break
    assert call >= 8


def test_a_week_of_steps_takes_no_more_disk_than_allowed(tmp_path):
    record, allowed = RunRecord(), 4 << 20
    writer, largest, rng = RunWriter(tmp_path, record, max_bytes=allowed, interval=0), 0, np.random.default_rng(0)
    for start in range(0, 1_000_000, 500):
        record.tables[LossLog].extend(np.arange(start, start + 500), {"loss": rng.random(500)})
        writer.flush(start)
        largest = max(largest, size(tmp_path))
    writer.close()
    assert writer.problem is None
    assert largest <= allowed
    assert max(tmp_path.glob("events-*.jsonl")).name > "events-000010.jsonl"
    assert_same(record, load_run(tmp_path))


def test_the_widest_logs_fit_into_what_is_allowed(tmp_path):
    record, rng = RunRecord(), np.random.default_rng(0)
    wide = rng.normal(size=(2000, 80)) * 1e-200  # all digits, and an exponent of three
    for kind, fields in (
        (GradientLog, ("gradient_norm", "weight_norm", "nonfinite_weights", "nonfinite_gradients")),
        (UpdateLog, ("update_ratio",)),
    ):
        for step in range(4000):
            record.add(kind, step=step, **dict.fromkeys(fields, wide[step % 2000]))
    for step in range(3000):
        record.add(EpochLog, step=step, values={str(name): wide[step % 2000, name] for name in range(80)})
    writer = RunWriter(tmp_path, record)
    cells = sum(rows.n * rows.width for rows in record.tables.values())
    assert cells > 800_000
    # `flatline.records.run_directory` reckons with 10.7 bytes over layers and 25 elsewhere.
    epochs = record.tables[EpochLog]
    assert size(tmp_path) <= 10.7 * (cells - epochs.n * epochs.width) + 25 * epochs.n * epochs.width + 1e6
    writer.close()
    assert_same(record, load_run(tmp_path))


def test_what_outgrows_the_disk_it_may_take_is_told_and_stays_within(tmp_path):
    told, record = [], RunRecord()
    writer = RunWriter(tmp_path, record, max_bytes=20_000, tell=told.append)
    for step in range(2000):
        record.add(LossLog, step=step, loss=1 / (step + 3))
        writer.flush()
        assert size(tmp_path) <= 20_000
    assert told == [writer.problem]
    assert "outgrown the 20,000 bytes" in writer.problem
    assert load_run(tmp_path).logs()[LossLog].step[-1] > 100


def test_rows_are_written_once_a_second_and_at_the_end(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)

    def rows():
        log = load_run(tmp_path).logs()[LossLog]
        return 0 if isinstance(log, str) else len(log)

    seen = []
    for step in range(12):
        record.add(LossLog, step=step, loss=0.1)
        writer.flush(100 + step / 4)
        seen.append(rows())
    assert seen == [1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9]
    writer.close()
    assert rows() == 12
    assert record.spent["writing"] > 0


def test_nothing_new_writes_nothing(tmp_path):
    record = full()
    writer = RunWriter(tmp_path, record)
    before = size(tmp_path)
    for now in range(10):
        writer.flush(now)
    assert size(tmp_path) == before


def test_after_the_end_nothing_is_written(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)
    writer.close()
    assert broken(writer, record) is None
    writer.close()
    assert isinstance(load_run(tmp_path).logs()[LossLog], str)


def test_rows_that_are_thinned_before_they_are_written_are_written_as_they_stand(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)
    for step in range(5000):
        record.add(LossLog, step=step, loss=0.1)
    writer.flush()
    for step in range(5000, 30_000):
        record.add(LossLog, step=step, loss=0.1)
    writer.close()
    loaded = load_run(tmp_path).logs()[LossLog]
    assert loaded.step[-1] == 29_999
    assert set(record.logs()[LossLog].step) <= set(loaded.step)


# Failures -----------------------------------------------------------------------------------------------------------


def test_a_full_disk_stops_the_writing_and_is_told_once(tmp_path, monkeypatch):
    told, record = [], RunRecord()
    writer = RunWriter(tmp_path, record, tell=told.append)
    record.add(LossLog, step=0, loss=0.5)
    writer.flush()
    real = os.write

    def write(fd, data):
        if len(data) > 10:
            return real(fd, data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", write)
    problem = broken(writer, record)
    record.add(LossLog, step=2_000_000, loss=0.5)
    writer.flush()
    writer.close()
    assert problem == f"recording to {str(tmp_path)!r} stopped: No space left on device"
    assert told == [problem]
    assert record.missing == (problem,)
    assert list(load_run(tmp_path).logs()[LossLog].step) == [0]


def test_a_disk_that_is_full_when_the_record_is_written_anew_leaves_the_old_file(tmp_path, monkeypatch):
    record = RunRecord()
    writer = RunWriter(tmp_path, record, max_bytes=30_000)
    record.add(LossLog, step=0, loss=0.5)
    writer.flush()
    real = os.fsync

    def fsync(fd):
        monkeypatch.setattr(os, "fsync", real)
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "fsync", fsync)
    for step in range(1, 1000):
        record.add(LossLog, step=step, loss=0.1)
    writer.flush()
    assert "quota" in writer.problem
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events-000001.jsonl", "lock"]
    assert len(load_run(tmp_path).logs()[LossLog]) == 1


def test_a_real_full_device_is_no_error(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)
    full_device = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full_device, writer._fd)
    os.close(full_device)
    assert "No space left on device" in broken(writer, record)


def test_a_directory_that_vanishes_is_told(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path / "run", record)
    shutil.rmtree(tmp_path / "run")
    assert broken(writer, record).endswith("it was deleted")
    assert not (tmp_path / "run").exists()


def test_a_directory_that_is_moved_away_is_told_when_the_record_is_written_anew(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path / "run", record, max_bytes=30_000)
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert broken(writer, record) is None
    for step in range(1000):
        record.add(LossLog, step=2_000_000 + step, loss=0.1)
    writer.flush()
    assert "No such file" in writer.problem
    assert len(load_run(tmp_path / "elsewhere").logs()[LossLog]) == 1


def test_what_cannot_be_written_is_a_problem_and_no_error(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)
    record.found("no finding", 3)
    writer.flush()
    assert "TypeError" in writer.problem
    assert load_run(tmp_path).live == ()


@pytest.mark.parametrize("name", ["file", "file/run", "a\0b", "x" * 300])
def test_a_directory_that_cannot_be_made_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FlatlineError, match=r"A run cannot be recorded in .*; give another directory"):
        RunWriter(tmp_path / name, RunRecord())


def test_a_directory_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    opened = os.open

    def denied(path, flags, *rest, **given):
        if flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, flags, *rest, **given)

    monkeypatch.setattr(os, "open", denied)  # root may write anywhere, so that no real directory serves
    with pytest.raises(FlatlineError, match=r"A run cannot be recorded in .*Permission denied"):
        RunWriter(tmp_path / "run", RunRecord())


def test_a_file_system_that_becomes_read_only_is_told(tmp_path, monkeypatch):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)

    def write(fd, data):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "write", write)
    assert "Read-only file system" in broken(writer, record)


# An interrupt -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [False, True])
def test_after_an_interrupt_nothing_is_missing_and_nothing_twice(tmp_path, monkeypatch, written):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)
    record.add(LossLog, step=0, loss=0.1)
    record.found(finding(), 0)
    real = os.write

    def write(fd, data):
        monkeypatch.setattr(os, "write", real)
        real(fd, data if written else data[:20])
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(KeyboardInterrupt):
        writer.flush()
    assert len(load_run(tmp_path).live) == written
    record.add(LossLog, step=1, loss=0.2)
    record.end("interrupted")
    writer.close()
    assert_same(record, load_run(tmp_path))


# Who may write where ------------------------------------------------------------------------------------------------


def test_two_processes_do_not_write_into_one_directory(tmp_path):
    writer = RunWriter(tmp_path, RunRecord())

    def other():
        with pytest.raises(FlatlineError, match="A run is being recorded in"):
            RunWriter(tmp_path, RunRecord())

    assert succeeded(forked(other))
    writer.close()


def test_a_directory_that_holds_a_run_is_refused(tmp_path):
    record = RunRecord()
    RunWriter(tmp_path, record).close()
    with pytest.raises(FlatlineError, match="holds a run already; give another directory or delete it"):
        RunWriter(tmp_path, RunRecord())
    assert load_run(tmp_path).run_id == record.run_id


def test_a_directory_with_a_foreign_file_of_that_name_is_refused(tmp_path):
    (tmp_path / "events-000001.jsonl").write_text("mine")
    with pytest.raises(FlatlineError, match="holds a run already"):
        RunWriter(tmp_path, RunRecord())
    assert (tmp_path / "events-000001.jsonl").read_text() == "mine"


def test_a_directory_with_other_files_is_taken_and_they_are_left_alone(tmp_path):
    (tmp_path / "model.keras").write_text("mine")
    RunWriter(tmp_path, RunRecord()).close()
    assert (tmp_path / "model.keras").read_text() == "mine"


def test_a_refused_writer_leaves_no_lock_behind(tmp_path):
    RunWriter(tmp_path, record := RunRecord()).close()
    for _ in range(2):
        with pytest.raises(FlatlineError, match="holds a run already"):
            RunWriter(tmp_path, RunRecord())
    RunWriter(tmp_path, record).close()


def test_the_same_record_goes_on_in_its_directory(tmp_path):
    record = full()
    RunWriter(tmp_path, record).close()
    record.add(LossLog, step=10, loss=0.1)
    RunWriter(tmp_path, record).close()
    assert_same(record, load_run(tmp_path))
    loaded = load_run(tmp_path)
    writer = RunWriter(tmp_path, loaded)
    loaded.add(LossLog, step=11, loss=0.1)
    writer.close()
    assert list(load_run(tmp_path).logs()[LossLog].step[-2:]) == [10, 11]


def test_a_killed_run_whose_last_line_is_torn_goes_on(tmp_path):
    record = full()
    RunWriter(tmp_path, record).close()
    with (tmp_path / "events-000001.jsonl").open("ab") as file:
        file.write(b'{"log": "Lo')
    loaded = load_run(tmp_path)
    RunWriter(tmp_path, loaded).close()
    assert_same(loaded, load_run(tmp_path))


def test_a_forked_child_writes_nothing(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)
    before = size(tmp_path)

    def child():
        record.add(LossLog, step=0, loss=0.1)
        writer.flush(math.inf)
        writer.flush()
        writer.close()

    assert succeeded(forked(child))
    assert size(tmp_path) == before
    with pytest.raises(FlatlineError, match="A run is being recorded in"):
        RunWriter(tmp_path, RunRecord())
    record.add(LossLog, step=5, loss=0.1)
    writer.close()
    assert list(load_run(tmp_path).logs()[LossLog].step) == [5]


def test_a_forked_child_that_lives_on_does_not_keep_the_directory(tmp_path):
    record = RunRecord()
    writer = RunWriter(tmp_path, record)
    child = forked(lambda: time.sleep(30))
    writer.close()
    RunWriter(tmp_path, record).close()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_working_directory_that_changes_does_not_matter(tmp_path, monkeypatch):
    record = RunRecord()
    monkeypatch.chdir(tmp_path)
    writer = RunWriter("run", record, max_bytes=30_000)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    for step in range(1000):
        record.add(LossLog, step=step, loss=0.1)
    writer.close()
    assert len(load_run(tmp_path / "run").logs()[LossLog]) == 1000
