"""Write a file so that nobody ever finds half of it: all of it is there, or what was there before."""

import os
import shutil
import stat
import uuid
from pathlib import Path

from flatline.errors import FlatlineError

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write(path: Path, content: bytes, *, what: str) -> None:
    """Write a file in one go, by way of another one beside it that takes its place when all is on disk.

    Parameters
    ----------
    path : Path
        A symbolic link is followed; the permissions of a file that is there are kept.
    content : bytes
    what : str
        What it is, for the error.

    Raises
    ------
    FlatlineError
        When the file is read-only, its directory is missing, the disk is full, …; what was there is then as it was.
    """
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".flatline-{uuid.uuid4().hex[:12]}.part")  # short, where the target's name may be long
    try:
        there = target.exists()
        if there and not target.is_file():
            raise IsADirectoryError(0, "it is no file")
        if there and not (os.access(target, os.W_OK) and target.stat().st_mode & _WRITABLE):  # root may write anything
            raise PermissionError(0, "it is read-only")
        try:
            with beside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if there:
                shutil.copymode(target, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise FlatlineError(f"cannot write {what} to {str(path)!r}: {error.strerror or error}") from None
