"""Keras callbacks that say, while a network trains, that it has flatlined and why, and that end such a run."""

import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flatline import engine, registry
from flatline.callbacks import FlightRecorder, users_line
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.facts import RehearsalFacts
from flatline.finding import Finding, Outcome, Severity
from flatline.judging import reads_log, report_of
from flatline.logs import LossLog, RunFacts
from flatline.measure.everything import measure
from flatline.measure.recorder import Recorder
from flatline.measure.seen import FAIR_ROWS
from flatline.progress import State, progress, required_steps, settled_steps
from flatline.reports import terminal
from flatline.reports.report import Report

AGAIN = 1.25  # 1; a run is judged anew when it has grown by this factor, so that a long one is not judged all the time
FRUITLESS = (State.FLAT, State.DIVERGED)


class FlatlineMonitor(FlightRecorder):
    """Say while a model trains that it has flatlined, and why: `model.fit(…, callbacks=[FlatlineMonitor()])`.

    Parameters
    ----------
    data, run_dir, overhead
        As for `FlightRecorder`.
    select, ignore : iterable of str, default=()
        Codes ("FL501"), prefixes ("FL5") or names of the checks to run, and not to run.
    verbose : {"auto", 0, 1}, default="auto"
        "auto" and 1 print the report when `fit` ends and there is news, 0 prints nothing.

    Attributes
    ----------
    report : Report or None
        What has been found so far; None before the first `fit` has ended.

    Warns
    -----
    FlatlineWarning
        Once for each finding at WARNING or above, when it is found.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        run_dir: str | Path | None = None,
        overhead: float = 0.01,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        verbose: Any = "auto",
    ) -> None:
        super().__init__(data, run_dir=run_dir, overhead=overhead)
        chosen = registry.select(tuple(select), tuple(ignore), caller=type(self).__name__)
        self._detectors = tuple(check for check in chosen if reads_log(check))
        self._checks = tuple(check for check in chosen if not reads_log(check))
        self._verbose = verbose
        self._judged_at = 0
        self._explained: tuple[Outcome, ...] | None = None  # the set-up is looked at once
        self._told: set[tuple[str, str]] = set()
        self.report: Report | None = None

    def _after_step(self, recorder: Recorder) -> None:
        facts = self.record.facts
        if facts is None or recorder.n_steps < max(required_steps(facts), AGAIN * self._judged_at):
            return
        self._judged_at = recorder.n_steps
        recorder.flush()
        recorder.look_at_rows()
        start = time.perf_counter()
        state = self._state()
        recorder.spend("judging", time.perf_counter() - start)
        if state is State.FLAT or recorder.may("probe"):
            recorder.run_probe()
        if state in FRUITLESS:
            self._tell(self._judge(recorder), recorder.n_steps)
        self._act(state, recorder)

    def _act(self, state: State, recorder: Recorder) -> None:
        """For those who stop."""

    def _state(self) -> State:
        logs = self.record.logs()
        run, losses = logs[RunFacts], logs[LossLog]
        if isinstance(run, str) or isinstance(losses, str):
            return State.UNKNOWN
        return progress(run, losses).state

    def _judge(self, recorder: Recorder) -> tuple[Outcome, ...]:
        start = time.perf_counter()
        outcomes = engine.judge(self._detectors, self.record.logs())
        fruitless = self._state() in FRUITLESS
        recorder.spend("judging", time.perf_counter() - start)
        if not fruitless:
            return outcomes
        if self._explained is None:
            self._explained = self._explain(recorder)
        return (*outcomes, *(self._explained or ()))

    def _explain(self, recorder: Recorder) -> tuple[Outcome, ...] | None:
        """Run the checks of the set-up on the rows that were seen; a run that does not learn is the rehearsal."""
        if recorder.rows.y is None or len(recorder.rows) < FAIR_ROWS:
            return None
        start = time.perf_counter()
        try:
            found = measure(
                self.model, recorder.rows.x, recorder.rows.y, validation_data=None, fit_args={},
                why_no_training=lambda facts: "the run itself shows it", seed=0, say=lambda text: None,
            ).facts  # fmt: skip
        except Exception as error:  # the monitor can do without; what it has recorded is still judged
            self.record.miss(f"the checks of the set-up: {type(error).__name__}: {str(error)[:200]}")
            return ()
        finally:
            self.record.spend("explaining", time.perf_counter() - start)
        static = [check for check in self._checks if RehearsalFacts not in check.needs.values()]
        # What is only worth knowing may be so of these few rows alone.
        return tuple(o for o in engine.judge(static, found) if isinstance(o, Finding) and _is_alarm(o))

    def _tell(self, outcomes: Iterable[Outcome], step: int) -> None:
        """Warn of what is new."""
        for finding in outcomes:
            if not isinstance(finding, Finding) or not _is_alarm(finding):
                continue
            if (finding.code, finding.where) not in self._told:
                self._told.add((finding.code, finding.where))
                self.record.found(finding, step)
                text = f"{finding.code} {finding.name}: {finding.message}"
                warnings.warn(text, FlatlineWarning, stacklevel=users_line())

    def _after_fit(self, recorder: Recorder) -> None:
        recorder.look_at_rows()
        outcomes = self._judge(recorder)
        before = len(self._told)
        self._tell(outcomes, recorder.n_steps)
        first = self.report is None
        self.report = report_of(self.record, outcomes)
        if self._verbose and (first or len(self._told) > before):
            terminal.show(self.report)


class StopOnFlatline(FlatlineMonitor):
    """End a run that is confirmed flat; a run that is merely slow goes on.

    Parameters
    ----------
    patience : int or "auto", default="auto"
        Steps for which the run must stay flat after it was first found so; "auto" takes as many as were needed to
        find it.
    raise_error : bool, default=False
        Raise a FlatlineError instead of ending `fit` as `EarlyStopping` does.
    **arguments
        As for `FlatlineMonitor`.
    """

    def __init__(self, *, patience: Any = "auto", raise_error: bool = False, **arguments: Any) -> None:
        super().__init__(**arguments)
        if patience != "auto" and (isinstance(patience, bool) or not isinstance(patience, int) or patience < 0):
            raise FlatlineError(
                f"The `patience` parameter of StopOnFlatline must be 'auto' or an int, at least 0. Got {patience!r}."
            )
        self._patience, self._raise_error = patience, raise_error
        self._flat_since: int | None = None

    def _act(self, state: State, recorder: Recorder) -> None:
        if state is not State.FLAT:
            self._flat_since = None
            return
        if self._flat_since is None:
            self._flat_since = recorder.n_steps
        facts = self.record.facts
        if facts is None:
            return
        patience = required_steps(facts) if self._patience == "auto" else self._patience
        if recorder.n_steps >= settled_steps(facts) and recorder.n_steps - self._flat_since >= patience:
            self.model.stop_training = True
            if self._raise_error:
                raise FlatlineError(f"stopped after {recorder.n_steps} steps: the training loss is flat")


def _is_alarm(finding: Finding) -> bool:
    return (finding.severity or Severity.INFO) >= Severity.WARNING
