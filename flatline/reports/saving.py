"""Writing a file whole or not at all."""

import os
import shutil
import stat
import uuid
from pathlib import Path

from flatline.errors import FlatlineError


def write(path: Path, text: str) -> None:
    """Write a text to a file in UTF-8; one that is there already is replaced in one step, when all is on disk.

    Parameters
    ----------
    path : Path
        A symbolic link is followed.
    text : str

    Raises
    ------
    FlatlineError
        When the file is read-only, its directory is missing, or the disk is full; what was there is then as it was.
    """
    # A process that dies leaves at most a file that nobody asks for; its name is short where the target's may be long.
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".flatline-{uuid.uuid4().hex[:12]}.tmp")
    try:
        there = target.exists()
        if there and not (
            os.access(target, os.W_OK) and target.stat().st_mode & _WRITABLE
        ):  # the former is true for root
            raise PermissionError(0, "it is read-only")
        if there and not target.is_file():
            raise IsADirectoryError(0, "it is no file")
        try:
            with beside.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if there:
                shutil.copymode(target, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise FlatlineError(f"cannot write the report to {str(path)!r}: {error.strerror or error}") from None


_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
