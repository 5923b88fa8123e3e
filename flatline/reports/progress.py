"""Say what is being done while it takes long: a line that moves on a terminal, next to nothing elsewhere."""

import sys
from types import TracebackType
from typing import IO, Self

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Progress:
    """Show one changing line while work goes on; a context manager.

    Parameters
    ----------
    verbose : str or int
        As in Keras: 0 shows nothing, "auto" and others show progress.
    file : file object or None
        Where to; standard error when None, so that the report can be piped.

    Notes
    -----
    On a terminal the line is replaced and vanishes at the end. Elsewhere the first message is written once, as a
    plain line, if `announce` asks for it; nothing else is.

    Examples
    --------
    >>> with Progress(verbose=0) as progress:
    ...     progress.update("tiny-subset test, 120 of 400 steps")
    """

    def __init__(self, verbose: str | int = "auto", *, file: IO[str] | None = None, announce: bool = False) -> None:
        stream = sys.stderr if file is None else file
        console = Console(file=stream)
        self._shown = verbose != 0
        self._stream = stream
        self._announce = announce
        self._status: Status | None = Status("", console=console) if self._shown and console.is_terminal else None

    def __enter__(self) -> Self:
        """Start to show the line."""
        if self._status is not None:
            self._status.start()
        return self

    def update(self, message: str) -> None:
        """Replace the line."""
        if self._status is not None:
            self._status.update(escape(message))
        elif self._shown and self._announce:
            self._announce = False
            self._stream.write(f"{message}\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away, also when the work failed."""
        if self._status is not None:
            self._status.stop()
