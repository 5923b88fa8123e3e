"""Write a file so that nobody ever finds half of it: all of it is there, or what was there before."""

import contextlib
import os
from pathlib import Path

from flatline.errors import FlatlineError


def write(path: Path, content: bytes, *, what: str) -> None:
    """Write a file in one go, by way of another one beside it that takes its place.

    Parameters
    ----------
    path : Path
    content : bytes
    what : str
        What it is, for the error.

    Raises
    ------
    FlatlineError
        When the file cannot be written; one that was there is then as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise FlatlineError(f"cannot write {what} to {str(path)!r}: {error.strerror or error}") from None
