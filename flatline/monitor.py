"""The callback that says, while a network trains, that it has flatlined and why."""

import dataclasses
import math
import time
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flatline import engine, live, looking, preflight
from flatline.callbacks import FlightRecorder, users_line
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.facts import DataFacts, ObjectiveFacts
from flatline.finding import Finding, Outcome, Severity
from flatline.insight import look_inside
from flatline.judging import reads_experiment, reads_log, report_of
from flatline.logs import EpochLog, LossLog, RunFacts
from flatline.measure.recorder import Recorder
from flatline.measure.run import larger_is_better
from flatline.measure.seen import FAIR_ROWS
from flatline.midway import Midway, seconds_of
from flatline.progress import State, progress, required_steps
from flatline.reports import terminal
from flatline.reports.diagnosis import Diagnosis
from flatline.reports.report import Report
from flatline.settings import selection
from flatline.standstill import check_waiting, stands_still

AGAIN = 1.25  # 1; a run is judged anew when it has grown by this factor, so that a long one is not judged all the time
FRUITLESS = (State.FLAT, State.DIVERGED)


class FlatlineMonitor(FlightRecorder):
    """Say while a model trains that it has flatlined, and why: `model.fit(…, callbacks=[FlatlineMonitor()])`.

    Parameters
    ----------
    data, run_dir, overhead
        As for `FlightRecorder`.
    monitor : str, default="loss"
        What must have stopped improving as well before a run is called flat: "val_loss", a metric, …. "loss" is the
        training loss, which is compared with the null model's at every step.
    patience : int or "auto", default="auto"
        Epochs for which it must not have improved, as in `EarlyStopping`; "auto" takes as many steps as it takes to
        tell a flat loss.
    start_from_epoch : int, default=0
        Epochs to wait before the run is judged, as in `EarlyStopping`.
    select, ignore : iterable of str, default=()
        Codes ("FL501"), prefixes ("FL5") or names of the checks to run, and not to run.
    diagnose : bool or float, default=False
        Whether to find out by experiment, as `flatline.diagnose` does, why a run has gone flat, once, before it goes on
        or is stopped; a number is the budget in seconds, True is 60. With `watch`, on the arrays that `fit` was given;
        else on the rows of the training batches that were seen, which is what `diagnosis.apply()` holds then as well.
    plots : bool, str or Path, default=None
        Where the overview that `report.plot()` draws is kept up to date while it trains, as `overview.png`: a directory
        or an image file; True is the `run_dir`. In a notebook it is shown as well, in one place. It is drawn when
        something is found, at the end, and at most once a minute, in as much time again as `overhead` grants.
    verbose : {"auto", 0, 1}, default="auto"
        "auto" and 1 print the report when `fit` ends and there is news, 0 prints nothing.

    Warns
    -----
    FlatlineWarning
        Once for each finding at WARNING or above, when it is found.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        monitor: str = "loss",
        patience: Any = "auto",
        start_from_epoch: int = 0,
        run_dir: str | Path | None = None,
        overhead: float = 0.01,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        diagnose: bool | float = False,
        plots: bool | str | Path | None = None,
        verbose: Any = "auto",
    ) -> None:
        name = type(self).__name__
        check_waiting(monitor, patience, start_from_epoch, name)
        self._seconds = seconds_of(diagnose, name)
        self._chosen = selection(select, ignore, caller=name)
        self._monitor, self._patience, self._start_from_epoch = monitor, patience, start_from_epoch
        self._verbose = verbose
        self._plots = plots
        super().__init__(data, run_dir=run_dir, overhead=overhead)

    def _begin_record(self) -> None:
        super()._begin_record()
        self._judged_at = self._due_at = 0  # steps
        self._reported = self._was_lost = False
        self._state_was = State.UNKNOWN
        self._set_up: tuple[Outcome, ...] | None = None  # what the checks of the set-up say, which are run once
        self._checked = False  # they were run before training began, on what `fit` was given
        self._told: set[tuple[str, str]] = set()
        self._report: Report | None = None
        self._midway: Midway | None = None
        self._known: Mapping[type, Any] = {}  # facts of the set-up
        kept = None if self._writer is None else self._writer.path
        self._live = live.picture_of(self.record, self._plots, kept, type(self).__name__, self._n_records)

    def _attach(self, model: Any, optimizer: Any = None, loss: Any = None) -> None:
        super()._attach(model, optimizer, loss)
        if self._seconds is not None and self._midway is None and not self._broken:
            self._midway = Midway(model, self.record, budget=self._seconds, chosen=self._chosen, verbose=self._verbose)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What was tried when the run went flat, with `apply()`; None before, and where nothing was."""
        return None if self._midway is None else self._midway.diagnosis

    @property
    def report(self) -> Report | None:
        """What has been found so far; None before the first step."""
        recorder = self._recorder
        if self._report is None and recorder is not None and recorder.n_steps:
            recorder.flush()
            return self._report_of(self._judge(recorder))
        return self._report

    def _report_of(self, outcomes: Iterable[Outcome]) -> Report:
        report = report_of(self.record, outcomes, self._known)
        report = dataclasses.replace(report, view=looking.of_run(self.model, self.record, self._recorder))
        return report if self._midway is None else self._midway.joined(report)

    def check(self, x: Any, y: Any, fit_args: Mapping[str, Any]) -> None:
        """Run the checks of the set-up before training begins, once, as `watch` and `flatline run` do.

        Parameters
        ----------
        x, y : as `fit` takes them
        fit_args : mapping
            The other arguments that `fit` is about to be given.
        """
        if self._midway is not None:
            self._midway.know(x, y, fit_args)
        if self._set_up is None and not self._broken and self.model is not None:
            self._checked = True
            self._set_up = self._look(x, y, fit_args)
            self._tell(self._set_up, 0)
            weighted = fit_args.get("class_weight") is not None or fit_args.get("sample_weight") is not None
            if self._recorder is not None and not weighted:
                self._recorder.rows.reserve(x, y)

    def leave_out_check(self, why: str) -> None:
        """Let the set-up unchecked."""
        self._set_up = ()
        self.record.miss(f"the checks of the set-up: {why}")

    def _look(self, x: Any, y: Any, fit_args: Mapping[str, Any]) -> tuple[Outcome, ...]:
        start, begun = time.perf_counter(), self._recorder is not None and self._recorder.n_steps > 0
        try:
            judged = [each for each in self._chosen.checks if not reads_log(each) and not reads_experiment(each)]
            looked = preflight.look(self.model, x, y, fit_args, judged, begun=begun)
            # Halfway the model is not what it was when the run began, but its data are.
            kinds = looked.facts if self._checked else (DataFacts, ObjectiveFacts)
            self._known = {kind: looked.facts[kind] for kind in kinds if kind in looked.facts}
            return self._chosen.heard(looked.outcomes)
        except Exception as error:  # the monitor can do without; what it records is still judged
            told = isinstance(error, FlatlineError)
            if not getattr(self.model, "compiled", False):
                told, error = True, FlatlineError("the model is not compiled with its loss and optimizer")
            reason = str(error) if told else f"{type(error).__name__}: {str(error)[:200]}"
            self.record.miss(f"the checks of the set-up: {reason}")
            return ()
        finally:
            self.record.spend("checking", time.perf_counter() - start)

    def _after_step(self, recorder: Recorder) -> None:
        known = len(self._told)
        self._judge_if_due(recorder)
        if self._live is not None and (len(self._told) > known or self._live.due(recorder.spending)):
            recorder.flush()
            self._live.draw(lambda: self._report_of(self._judge(recorder)), recorder.spending)

    def _judge_if_due(self, recorder: Recorder) -> None:
        facts = self.record.facts
        lost, self._was_lost = recorder.replayed and not self._was_lost, recorder.replayed
        if facts is None or not (lost or (recorder.n_steps >= self._due_at and self._is_due(facts, recorder))):
            return
        self._judged_at = recorder.n_steps
        recorder.flush()
        recorder.look_at_rows()
        start = time.perf_counter()
        self._state_was = self._state()
        recorder.spending.spend("judging", time.perf_counter() - start)
        if self._state_was is State.FLAT or recorder.spending.may("probe"):
            recorder.run_probe()
        if self._state_was in FRUITLESS and self._stands_still(facts):
            look_inside(self.model, recorder, lost=True)
            start = time.perf_counter()
            outcomes = self._judge(recorder)
            self._tell(outcomes, recorder.n_steps)
            self.record.spend("explaining", time.perf_counter() - start)  # of time that is lost anyway
            self._diagnose(recorder, outcomes)
            self._act(self._state_was, recorder)
        else:
            self._act(State.UNKNOWN, recorder)

    def _is_due(self, facts: RunFacts, recorder: Recorder) -> bool:
        """Whether to judge: enough is known, the run has grown, and it is paid for or learns nothing anyway."""
        self._due_at = max(required_steps(facts), math.ceil(AGAIN * self._judged_at))
        if recorder.n_steps < self._due_at:
            return False
        waits = self._start_from_epoch and self._n_epochs <= self._start_from_epoch
        return not waits and (recorder.spending.may("judging") or self._state_was in FRUITLESS)

    def _diagnose(self, recorder: Recorder, outcomes: Iterable[Outcome], *, last: bool = False) -> None:
        """Find out by experiment, once; the last chance is the run's end, also where too few rows were seen."""
        midway = self._midway
        if midway is not None and not midway.done and (last or midway.has_rows(recorder.rows)):
            with recorder.spending.paused():
                midway.run(recorder.rows, self.params or {}, outcomes)
            self._tell(midway.outcomes, recorder.n_steps)

    def _act(self, state: State, recorder: Recorder) -> None:
        """For those who stop."""

    def _state(self) -> State:
        facts, losses = self.record.facts, self.record.tables[LossLog].log()
        if facts is None or not isinstance(losses, LossLog):
            return State.UNKNOWN
        return progress(facts, losses).state

    def _stands_still(self, facts: RunFacts) -> bool:
        """Whether what the user wants to have monitored has not improved for as long as they say."""
        if self._monitor == "loss" and self._patience == "auto":
            return True
        log = self.record.logs()[EpochLog]
        if isinstance(log, str):
            return False
        if self._monitor not in log.values:
            known = ", ".join(sorted(log.values))
            self.record.miss(f"`monitor`: there is no {self._monitor!r}; `fit` reports {known}")
            return True
        larger = larger_is_better(self.model, self._monitor)
        return stands_still(log, self._monitor, self._patience, larger=larger, steps=required_steps(facts))

    def _judge(self, recorder: Recorder) -> tuple[Outcome, ...]:
        detectors = [check for check in self._chosen.checks if reads_log(check)]
        outcomes = self._chosen.heard(engine.judge(detectors, self.record.logs()))
        fruitless = self._state() in FRUITLESS
        enough = recorder.rows.y is not None and len(recorder.rows) >= FAIR_ROWS
        if fruitless and enough and self._set_up is None:
            self._set_up = self._look(recorder.rows.x, recorder.rows.y, {})
        set_up = self._set_up or ()
        if not self._checked:
            # What is only worth knowing may be so of these few rows alone, and alarms matter when nothing is learnt.
            least = Severity.WARNING if fruitless else Severity.ERROR  # what cannot train as written is so all the same
            set_up = tuple(o for o in set_up if isinstance(o, Finding) and (o.severity or 0) >= least)
        return (*outcomes, *set_up)

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
        again = self.params is not None and self.params.get("epochs") == 1 and self._n_epochs > 1
        first, self._report = not self._reported, None
        if again and not first and self._state_was not in FRUITLESS and not recorder.spending.may("judging"):
            return  # one of many calls of `fit` in a loop; `report` judges when it is asked for
        self._reported = True
        recorder.look_at_rows()
        lost = self._state() in FRUITLESS
        look_inside(self.model, recorder, lost=lost, last=not again)
        start, before = time.perf_counter(), len(self._told)
        outcomes = self._judge(recorder)
        spend = recorder.spending.spend if again else self.record.spend
        spend("judging" if again else "explaining", time.perf_counter() - start)
        self._tell(outcomes, recorder.n_steps)
        try:
            if self._writer is not None:
                looking.take(self.model, self.record, recorder, lost=lost)
            facts, over = self.record.facts, self.record.ended in ("finished", "stopped")
            if lost and over and facts is not None and self._stands_still(facts):
                self._diagnose(recorder, outcomes, last=not again)
        finally:  # also when the user has had enough of it
            report = self._report = self._report_of(outcomes)
            news = first or len(self._told) > before
            if news and self._live is not None:
                self._live.draw(lambda: report, recorder.spending)
            if news and self._verbose:
                terminal.show(report)


def _is_alarm(outcome: Outcome) -> bool:
    return isinstance(outcome, Finding) and (outcome.severity or Severity.INFO) >= Severity.WARNING
