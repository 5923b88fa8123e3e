"""Keep a run record on disk while it is filled; what a directory holds is told in `flatline.records.run_directory`."""

import contextlib
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flatline.errors import FlatlineError
from flatline.records.events import (
    Event,
    exhibit_event,
    finding_event,
    plain,
    row_events,
    to_line,
    version_event,
    view_event,
)
from flatline.records.record import RunRecord
from flatline.records.run_directory import files, head, quoted, reason

if sys.platform != "win32":
    import fcntl

MAX_BYTES = 64 << 20
INTERVAL = 1.0  # seconds: what a crash may cost

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


class RunWriter:
    """Keeps a record on disk while it is filled.

    A directory belongs to one record. A directory that holds another run, finished or dead, is refused, and so is one
    that another writer has open (a lock on its file `lock`; where the file system or Windows has no such locks, two
    writers that start in the same instant are not told apart). A new writer for the same record, in this process or,
    with a record that was loaded, in a later one, goes on with it.

    Once it is made it never raises: what prevents it from writing is kept in `problem` and in `record.missing`, is
    told once, and ends the writing; what was written before stays readable. What is written survives the death of the
    process, by `kill -9` too; a power cut may take more than the last second. In a forked child it does nothing. It
    must be called by the thread that fills the record.

    Parameters
    ----------
    directory : path
        Made if it does not exist.
    record : RunRecord
        What is written; the time it takes is added to `record.spent["writing"]`.
    max_bytes : int
        The directory never holds more.
    interval : float
        Seconds between two writes.
    tell : callable, optional
        Called once with the problem, if there is one.

    Raises
    ------
    FlatlineError
        When the directory is refused, or cannot be made or written to.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        record: RunRecord,
        *,
        max_bytes: int = MAX_BYTES,
        interval: float = INTERVAL,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.path = Path(directory).absolute()
        self.record = record
        self.problem: str | None = None
        self._max_bytes, self._interval, self._tell = max_bytes, interval, tell
        self._pid, self._due, self._open, self._half_done = os.getpid(), -math.inf, True, False
        self._fd = self._lock = -1
        self._told: dict[str, Any] = {}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.path)
            self._number = _last_number(self.path, record)
            self._write_anew()
        except (OSError, ValueError) as error:
            self._release()
            raise FlatlineError(
                f"A run cannot be recorded in {quoted(self.path)}: {reason(error)}; give another directory"
            ) from error
        except BaseException:
            self._release()
            raise

    def flush(self, now: float | None = None) -> None:
        """Write what the record has that is not on disk.

        Parameters
        ----------
        now : float, optional
            Time in seconds on any clock that does not go back, the same in every call; less than `interval` after the
            last write nothing is done. Without it, what there is is written.
        """
        if (now is not None and now < self._due) or not self._open or os.getpid() != self._pid:
            return
        started = time.perf_counter()
        try:
            # An interrupt between two lines of Python leaves it open what was written.
            if self._half_done:
                self._write_anew()
            else:
                self._half_done = True
                self._write_news()
                self._half_done = False
        except Exception as error:
            self._stop(error)
        if now is not None:
            self._due = now + self._interval
        self.record.spend("writing", time.perf_counter() - started)

    def close(self) -> None:
        """Write what there is and let go of the directory."""
        self.flush()
        if self._open and os.getpid() == self._pid:
            with contextlib.suppress(OSError):  # it is written; how soon it reaches the disk is the system's affair
                os.fsync(self._fd)
            self._release()

    def _events(self, told: dict[str, Any]) -> Iterator[Event]:
        """What the record has that was not told."""
        record = self.record
        if record.facts is not None and record.facts is not told.get("facts"):
            yield {"facts": plain(record.facts)}
        for kind, table in record.tables.items():
            before = told.get(kind.__name__, {})
            yield from row_events(table, table.written if told else 0)
            changed = {name: value for name, value in table.constants.items() if not _same(value, before.get(name))}
            if changed:
                yield {"log": kind.__name__, "constants": plain(changed)}
        for step, finding in record.live[told.get("found", 0) :]:
            yield finding_event(finding, step)
        shown = told.get("exhibits", {})
        for sort, fact in record.exhibits.items():
            if fact is not shown.get(sort):
                yield exhibit_event(sort, fact)
        if record.view is not None and record.view is not told.get("view"):
            yield view_event(record.view, record.viewed_at)
        for name, value in self._state().items():
            if value != told.get(name):
                yield {name: plain(dict(record.spent) if name == "spent" else value)}

    def _state(self) -> dict[str, Any]:
        # Writing takes time: were it news, there would always be news.
        spent = {kind: seconds for kind, seconds in self.record.spent.items() if kind != "writing"}
        return {"spent": spent, "missing": self.record.missing, "ended": self.record.ended}

    def _mark(self) -> None:
        """Remember that all is written."""
        record = self.record
        self._told = {"facts": record.facts, "found": len(record.live), "view": record.view, **self._state()}
        self._told["exhibits"] = dict(record.exhibits)
        for kind, table in record.tables.items():
            table.written = table.n
            self._told[kind.__name__] = dict(table.constants)

    def _write_news(self) -> None:
        lines = b"".join(map(to_line, self._events(self._told)))
        if os.fstat(self._fd).st_nlink == 0:
            raise FileNotFoundError(None, "it was deleted")
        if self._grown + len(lines) > self._max_bytes // 6:
            self._write_anew()
        elif lines:
            _write(self._fd, lines)
            self._grown += len(lines)
            self._mark()

    def _write_anew(self) -> None:
        self._half_done = True
        lines = to_line(version_event(self.record)) + b"".join(map(to_line, self._events({})))
        held = sum(file.stat().st_size for _, file in files(self.path))
        if held + len(lines) > self._max_bytes:
            raise OSError(None, f"the record has outgrown the {self._max_bytes:,} bytes that it may take")
        target = self.path / f"events-{self._number + 1:06d}.jsonl"
        temporary = target.with_suffix(".tmp")
        fd = os.open(temporary, _FLAGS | os.O_TRUNC, 0o666)
        try:
            _write(fd, lines)
            os.fsync(fd)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        finally:
            os.close(fd)
        temporary.replace(target)
        before, self._fd = self._fd, os.open(target, _FLAGS, 0o666)
        self._number, self._grown = self._number + 1, 0
        if before >= 0:
            os.close(before)
        _sync(self.path)
        for number, file in files(self.path):
            if number < self._number:
                file.unlink(missing_ok=True)
        self._mark()
        self._half_done = False

    def _stop(self, error: Exception) -> None:
        self._release()
        self.problem = f"recording to {quoted(self.path)} stopped: {reason(error)}"
        self.record.miss(self.problem)
        if self._tell is not None:
            self._tell(self.problem)

    def _release(self) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            if self._fd >= 0:
                os.close(self._fd)
        with contextlib.suppress(OSError):
            if self._lock >= 0:
                _unlock(self._lock)
        self._fd = self._lock = -1


def _same(value: Any, before: Any) -> bool:
    return value is before or bool(value == before)  # NaN that nobody set is the same object


def _last_number(directory: Path, record: RunRecord) -> int:
    there = files(directory)
    if not there:
        return 0
    number, file = there[-1]
    with file.open("rb") as lines:
        first = head(lines.readline())
    if first is None or first["run"] != record.run_id:
        raise FlatlineError(f"{quoted(directory)} holds a run already; give another directory or delete it")
    return number


def _locked(directory: Path) -> int:
    fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    if sys.platform != "win32":
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(fd)
            raise FlatlineError(
                f"A run is being recorded in {quoted(directory)}; give another directory or wait for its end"
            ) from error
        except OSError:
            pass  # a file system without locks
    return fd


def _unlock(fd: int) -> None:
    try:
        # A forked child that lives on shares the lock: closing alone would not let go of it.
        if sys.platform != "win32":
            fcntl.flock(fd, fcntl.LOCK_UN)
    finally:
        os.close(fd)


def _write(fd: int, lines: bytes) -> None:
    rest = memoryview(lines)
    while rest:  # a disk that fills up takes a part before it refuses
        rest = rest[os.write(fd, rest) :]


def _sync(directory: Path) -> None:
    """Have the new name on disk before the old file goes; not every system can."""
    with contextlib.suppress(OSError):
        fd = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
