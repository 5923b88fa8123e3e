"""A run on disk: written while it trains so that a crash costs a second of it, and read back later.

A run directory holds `events-000001.jsonl` (`events` describes its lines) and an empty file `lock`. A file of events
begins with the whole record, thinned as it is in memory, and goes on with what came after. When enough has come
after, the record is written anew under the next number, complete and on disk before it gets its name, and the file
before is deleted: the file with the highest number always holds all. Nothing of a run is ever used as a file name.

Size, with 64 MiB allowed: the whole record is at most 4 logs over layers × 320,000 numbers × 10.7 bytes, `EpochLog`
with 320,000 × 25 and `LossLog` with 20,000 × 50, pieces of the data for pictures 0.2 MB and a look inside the network
1 MB, together 24 MB. Old and new file stand side by side for a moment, and a sixth of what is allowed may come after:
24 + 24 + 11 MB. What outgrows that all the same (a network of thousands of layers, names of megabytes) is not written
any more, and `problem` says so.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from flatline.errors import FlatlineError
from flatline.records.events import FORMAT, VERSION, apply
from flatline.records.record import RunRecord

BROKEN = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)

_NAME = re.compile(r"events-(\d{6,12})\.jsonl")


def load_run(path: str | os.PathLike[str]) -> RunRecord:
    """Read a run from its directory; of a run that was killed, all but its last second.

    A run that still trains can be read too. The last line of the file may be torn, and is then left out. Fixes of
    findings come back as advice: their titles and snippets are kept, their edits are not.

    Parameters
    ----------
    path : path
        The directory that the run was recorded to, or one of `flatline run` in which a single model was trained.

    Returns
    -------
    RunRecord
        As it was when it was last written.

    Raises
    ------
    FlatlineError
        When there is no run, it was written by a newer version, or it is damaged.
    """
    directory, error = Path(path), "no file `events-*.jsonl`"
    for _ in range(3):  # a run that trains may delete a file just when it is found
        try:
            found = files(directory)
            if found:
                return _load(found[-1][1], found[-1][1].read_bytes())
            inside = runs_in(directory)
            if len(inside) > 1:
                error = f"it holds {len(inside)} runs, the first in {quoted(inside[0])}"
            elif inside != [directory]:
                directory = inside[0]
        except (OSError, ValueError) as problem:
            error = reason(problem)
    raise FlatlineError(f"No run in {quoted(directory)}: {error}; give the directory that a run was recorded to")


def runs_in(path: str | os.PathLike[str]) -> list[Path]:
    """Return the run directories of what `flatline run` has written: a folder for each model, by number.

    A directory of a single run is its own only one, and so is one that holds none: `load_run` says what is wrong.
    """
    directory = Path(path)
    try:
        folders = [folder for folder in directory.iterdir() if folder.name.isdecimal() and folder.is_dir()]
        if folders and not files(directory):
            return sorted(folders, key=lambda folder: int(folder.name))
    except OSError:
        pass  # not there, or no directory
    return [directory]


def _load(file: Path, data: bytes) -> RunRecord:
    *lines, torn = data.split(b"\n")
    first = head(lines[0]) if lines else None
    if first is None:
        raise FlatlineError(f"{quoted(file)} is not the record of a run: its first line is no version line; delete it")
    if first["version"] > VERSION:
        raise FlatlineError(
            f"{quoted(file)} has format {first['version']}, this flatline reads up to {VERSION}; update flatline"
        )
    record = RunRecord(first["header"], run_id=first["run"])
    for number, line in enumerate(lines[1:], start=2):
        try:
            apply(line, record)
        except BROKEN as error:
            if number < len(lines) or torn:
                raise FlatlineError(
                    f"Line {number} of {quoted(file)} is damaged ({reason(error)}); restore the file or delete the line"
                ) from error
    return record


def head(line: bytes) -> dict[str, Any] | None:
    """Return the version line, None if it is none."""
    try:
        first: dict[str, Any] = json.loads(line)
        ours = first["format"] == FORMAT and isinstance(first["version"], int)
        return first if ours and isinstance(first["run"], str) and isinstance(first["header"], dict) else None
    except BROKEN:
        return None


def files(directory: Path) -> list[tuple[int, Path]]:
    """Files of events by number."""
    named = ((_NAME.fullmatch(file.name), file) for file in directory.iterdir())
    return sorted((int(match[1]), file) for match, file in named if match)


def quoted(path: Path) -> str:
    """Return a path as it may stand in a message of one line."""
    return repr(str(path))


def reason(error: BaseException) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}".partition("\n")[0][:160]
