"""Keep a picture of a run up to date while it trains: in a file, and in a notebook."""

import importlib
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flatline import whole_file
from flatline.callbacks import users_line
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.measure.spending import PLOTTING, Spending
from flatline.records.record import RunRecord
from flatline.reports.report import IMAGES, Report

INTERVAL = 60.0  # s between two drawings that nothing new calls for
FIRST = 1.0  # s that the first drawing may take; 0.5 to 1 where nothing else runs
NAME = "overview.png"


class LivePicture:
    """The overview of one run, drawn anew as it goes on.

    Parameters
    ----------
    record : RunRecord
        Told what drawing takes, and what went wrong.
    path : Path or None
        The file that is replaced; None where it is only shown in a notebook.
    """

    def __init__(self, record: RunRecord, path: Path | None) -> None:
        self._record, self._path = record, path
        self._drawn_at = time.monotonic()
        self._handle: Any = None
        self._told = False

    def due(self, spending: Spending) -> bool:
        """Whether the last drawing is old, and there is time for another."""
        spending.expect(PLOTTING, FIRST)
        return time.monotonic() - self._drawn_at >= INTERVAL and spending.may(PLOTTING)

    def draw(self, report: Callable[[], Report], spending: Spending) -> None:
        """Draw what is known of the run; whatever goes wrong is told once and ends nothing."""
        start = time.perf_counter()
        try:
            told = report()
            kept = None if self._path is None else self._path.suffix[1:].lower()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what matplotlib says of a panel is nothing to stop a training for
                images = {kind: told.image(kind) for kind in (kept, "png" if in_notebook() else None) if kind}
            if in_notebook():
                self._show(images["png"])
            if self._path is not None and kept is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                whole_file.write(self._path, images[kept], what="the overview")
        except Exception as error:
            self._tell(error)
        finally:
            self._drawn_at = time.monotonic()
            seconds = time.perf_counter() - start
            spending.spend(PLOTTING, seconds)
            self._record.spend(PLOTTING, seconds)

    def _show(self, content: bytes) -> None:
        """Show it in the place where it was shown before, so that a notebook has one picture and not hundreds."""
        display = importlib.import_module("IPython.display")
        image = display.Image(content)
        if self._handle is None:
            self._handle = display.display(image, display_id=True)
        else:
            self._handle.update(image)

    def _tell(self, error: Exception) -> None:
        if self._told:
            return
        self._told = True
        known = isinstance(error, FlatlineError)
        reason = str(error) if known else f"{type(error).__name__}: {str(error)[:200]}"
        self._record.miss(f"the picture of the run: {reason}")
        warnings.warn(
            f"flatline cannot draw the run, training goes on: {reason}", FlatlineWarning, stacklevel=users_line()
        )


def picture_of(record: RunRecord, plots: Any, run_dir: Path | None, caller: str, number: int) -> LivePicture | None:
    """Return the picture of a record for the argument `plots`, as `path_of` reads it; None where none is wanted."""
    if plots is None or plots is False:
        return None
    return LivePicture(record, path_of(plots, run_dir, caller, number))


def in_notebook() -> bool:
    """Whether this is a notebook, which shows pictures; IPython is not imported to find that out."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def path_of(plots: Any, run_dir: Path | None, caller: str, number: int = 1) -> Path | None:
    """File of the argument `plots`; None where pictures are only shown, in a notebook.

    Parameters
    ----------
    plots : bool, str or Path
        True, or a directory or an image file.
    run_dir : Path or None
        Where the record is kept, the directory that True means.
    caller : str
        For the error.
    number : int
        Of the record; directories of records have numbers of their own.

    Raises
    ------
    FlatlineError
        When it is something else, or True where there is neither a `run_dir` nor a notebook.
    """
    if plots is True:
        if run_dir is None and not in_notebook():
            raise FlatlineError(
                f"The `plots` parameter of {caller} must come with `run_dir`, or be a directory itself, outside of "
                "notebooks. Got True."
            )
        return None if run_dir is None else run_dir / NAME
    if not isinstance(plots, (str, Path)) or not str(plots):
        raise FlatlineError(
            f"The `plots` parameter of {caller} must be True, a directory, or an image file such as 'run.png'. "
            f"Got {plots!r}."
        )
    path = Path(plots) if Path(plots).suffix[1:].lower() in IMAGES else Path(plots) / NAME
    return path if number == 1 else path.with_stem(f"{path.stem}-{number}")
