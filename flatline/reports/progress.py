"""Say what is being done while it takes long: a line that moves on a terminal, a plain one now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import IO, Self

from rich.console import Console
from rich.markup import escape
from rich.status import Status

PAUSE = 5.0  # s between two plain lines, at least: a log stays short, and nobody takes the work for dead


class Progress:
    """Show one changing line while work goes on; a context manager.

    Parameters
    ----------
    verbose : str or int
        As in Keras: 0 shows nothing, "auto" and others show progress.
    file : file object or None
        Where to; standard error when None, so that the report can be piped.
    announce : bool
        Whether the first plain line is written at once, where the work is known to take long.

    Notes
    -----
    On a terminal the line is replaced and vanishes at the end. Elsewhere (a pipe, the log of a machine) plain lines are
    written, at most one in `PAUSE` seconds; work that is done sooner writes none.

    Examples
    --------
    >>> with Progress(verbose=0) as progress:
    ...     progress.update("tiny-subset test, 120 of 400 steps")
    """

    def __init__(self, verbose: str | int = "auto", *, file: IO[str] | None = None, announce: bool = False) -> None:
        stream = sys.stderr if file is None else file
        console = Console(file=stream)
        shown = verbose != 0 and stream is not None  # there is none in a program without a console
        self._stream = stream
        self._status: Status | None = Status("", console=console) if shown and console.is_terminal else None
        self._plain = shown and self._status is None
        self._start = time.monotonic()
        self._due = self._start + (0.0 if announce else PAUSE)

    def __enter__(self) -> Self:
        """Start to show the line."""
        if self._status is not None:
            self._status.start()
        return self

    def update(self, message: str) -> None:
        """Replace the line, or write it where lines stay and the last is old enough."""
        if self._status is not None:
            self._status.update(escape(message))
        elif self._plain and (now := time.monotonic()) >= self._due:
            self._due = now + PAUSE
            self._stream.write(f"flatline, {now - self._start:.0f} s: {message}\n")
            self._stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away, also when the work failed."""
        if self._status is not None:
            self._status.stop()
