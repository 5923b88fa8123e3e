"""What is known of one training run: facts, logs, findings, and what the recording itself cost."""

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flatline.finding import Finding
from flatline.logs import (
    ActivationLog,
    EpochLog,
    GradientLog,
    Log,
    LossLog,
    ProbeLog,
    ReplayLog,
    RunFacts,
    SightLog,
    UpdateLog,
)
from flatline.records.table import Table
from flatline.view import View

EMPTY: Mapping[type[Log], str] = {
    LossLog: "no training loss was recorded",
    EpochLog: "no epoch has ended",
    GradientLog: "no gradients were sampled",
    UpdateLog: "no updates were sampled",
    ActivationLog: "no activations were sampled",
    ProbeLog: "no probe was run",
    SightLog: "the network was not looked into: there was no time, or no row to look at",
    ReplayLog: "the loss was always a number",
}
"""Every log of a run, and what is said where it has no rows."""

MAX_FOUND = 1_000  # findings: more are not read, and a run of a week must not fill memory
MAX_MISSING = 100


class RunRecord:
    """Facts, logs and findings of one run: filled while it trains, read by detectors then and later.

    Memory is bounded for a run of any length: a log that reaches 20,000 rows or 320,000 numbers (its `Table` says
    why) is thinned in its older half, so that every curve keeps its shape, its spikes and the places where it is not
    finite (`thinning` states the rule). A row that stays keeps its own values: after thinning, a row of `LossLog` is
    still the mean over the steps since the row that was *recorded* before it, not since the row that is now before it.
    All logs together take about 15 MB at most unless a log has more than 10,000 columns.

    Parameters
    ----------
    header : mapping of str to object, optional
        When and where the run began: start time, versions of Python, Keras and platform. Words and finite numbers only.
    run_id : str, optional
        What tells this record from every other; by default a new one.

    See Also
    --------
    flatline.records.run_directory.RunWriter : keeps a record on disk.
    """

    def __init__(self, header: Mapping[str, Any] | None = None, *, run_id: str | None = None) -> None:
        self.header: Mapping[str, Any] = MappingProxyType(dict(header or {}))
        self.run_id = run_id or uuid.uuid4().hex
        self.tables: Mapping[type[Log], Table] = {log_type: Table(log_type, self.miss) for log_type in EMPTY}
        self._facts: RunFacts | None = None
        self._live: list[tuple[int, Finding]] = []
        self._view: View | str | None = None
        self._viewed_at = -1
        self._spent: dict[str, float] = {}
        self._missing: dict[str, None] = {}
        self._exhibits: dict[type, Any] = {}
        self._ended: str | None = None

    @property
    def facts(self) -> RunFacts | None:
        """What the run is; None until it is described."""
        return self._facts

    @property
    def live(self) -> tuple[tuple[int, Finding], ...]:
        """What was found while the run went on, each with the step at which it was found."""
        return tuple(self._live)

    @property
    def view(self) -> View | str | None:
        """What the network made of a few inputs when that was last looked at, or why it was not looked at."""
        return self._view

    @property
    def viewed_at(self) -> int:
        """Steps after which it was looked at; -1 where it was not."""
        return self._viewed_at

    @property
    def spent(self) -> Mapping[str, float]:
        """Seconds by kind: "training", and what the recording took of it: "sampling", "probe", "judging", …."""
        return MappingProxyType(self._spent)

    @property
    def missing(self) -> tuple[str, ...]:
        """What could not be recorded, and why."""
        return tuple(self._missing)

    @property
    def exhibits(self) -> Mapping[type, Any]:
        """Pieces of the data and of the answers, by type, taken when training ends; empty before."""
        return MappingProxyType(self._exhibits)

    @property
    def ended(self) -> str | None:
        """How the run ended: "finished", "interrupted", "exception: …"; None while it runs, or when it was killed."""
        return self._ended

    def describe(self, facts: RunFacts) -> None:
        """Set what the run is; the latest description counts."""
        self._facts = facts

    def add(self, log_type: type[Log], *, step: int, **columns: Any) -> None:
        """Append a row to a log.

        Parameters
        ----------
        log_type : type of Log
            Which log.
        step : int
            Above the step of the log's last row; a row that is not above it is left out, and `missing` says so.
        **columns
            Fields of the log: a number, an array of shape (n_layers,) or (n_heads,), a mapping of names to numbers
            for `EpochLog.values` (new names may come later), or a constant (`layers`, `heads`, …), of which the
            latest counts. A column that is left out is NaN in this row.

        Raises
        ------
        TypeError, ValueError
            When the log has no such field, or an array has another length than in the rows before.
        """
        self.tables[log_type].add(step, columns)

    def logs(self, until: int | None = None) -> dict[type, Any]:
        """Return facts by their type, as `flatline.engine.judge` takes them.

        Parameters
        ----------
        until : int, optional
            Only rows of steps below this.

        Returns
        -------
        dict of type to object
            `RunFacts` and every log, or in its place a string: why there is none. Arrays are read-only views of the
            record, which later rows do not change.
        """
        facts: dict[type, Any] = {RunFacts: self._facts or "the run was not described"}
        for log_type, table in self.tables.items():
            log = table.log()
            if until is not None and len(log):
                log = log.until(until)
            facts[log_type] = log if len(log) else EMPTY[log_type]
        return facts

    def look(self, view: View | str, step: int) -> None:
        """Keep the latest look at what the network makes of a few inputs, after so many steps, or why there is none."""
        if isinstance(view, View):
            self._view, self._viewed_at = view, step
        elif not isinstance(self._view, View) and view != self._view:
            self._view = view

    def found(self, finding: Finding, step: int) -> None:
        """Keep a finding and the step at which it was found."""
        if len(self._live) < MAX_FOUND:
            self._live.append((step, finding))
        else:
            self.miss(f"findings after the first {MAX_FOUND:,}")

    def spend(self, kind: str, seconds: float) -> None:
        """Add to the seconds of a kind."""
        self._spent[kind] = self._spent.get(kind, 0.0) + seconds

    def restore_spent(self, spent: Mapping[str, float]) -> None:
        """Put the seconds of a run that is read back in the place of those that are known."""
        self._spent = dict(spent)

    def exhibit(self, kind: type, fact: Any) -> None:
        """Keep a piece of the data or of the answers, for pictures, or a string: why there is none; the latest counts.

        Parameters
        ----------
        kind : type
            One of `flatline.exhibits.SHOWS_DATA`.
        fact : object of this type, or str
        """
        self._exhibits[kind] = fact

    def miss(self, what: str) -> None:
        """Note once what could not be recorded, and why."""
        if len(self._missing) < MAX_MISSING:
            self._missing.setdefault(what)

    def end(self, how: str | None) -> None:
        """Say how the run ended; None says that it goes on, as when `fit` is called again."""
        self._ended = how
