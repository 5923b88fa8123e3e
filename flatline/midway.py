"""Diagnosis by experiment midway: of a run that has gone flat, from where it began, before it goes on as it was."""

import dataclasses
import math
import time
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from flatline.callbacks import users_line
from flatline.diagnosing import diagnosed
from flatline.errors import FlatlineError, FlatlineWarning
from flatline.finding import Outcome
from flatline.judging import reads_experiment
from flatline.maps import are_arrays
from flatline.measure.beginning import Beginning
from flatline.measure.preserve import preserved
from flatline.measure.seen import FAIR_ROWS, SeenRows
from flatline.records.record import RunRecord
from flatline.reports.diagnosis import Diagnosis
from flatline.reports.report import Report
from flatline.settings import Selection

BUDGET = 60.0  # s, as of `flatline.diagnose`
OF_ROWS = (
    "initial_epoch",
    "shuffle",
    "validation_data",
    "callbacks",
)  # arguments of `fit` that hold for a few rows too
_NOTHING = object()  # equal to no argument


class Midway:
    """The diagnosis of one run.

    Parameters
    ----------
    model : keras.Model
        Before its first step.
    record : RunRecord
        Told what it takes, and what is missing.
    budget : float
        Seconds.
    chosen : Selection
        The checks that are run.
    verbose : {"auto", 0, 1}
        Whether to show what is being tried.
    """

    def __init__(self, model: Any, record: RunRecord, *, budget: float, chosen: Selection, verbose: Any) -> None:
        self.diagnosis: Diagnosis | None = None
        self.done = False
        self._model, self._record, self._budget, self._chosen, self._verbose = model, record, budget, chosen, verbose
        self._data: tuple[Any, Any] | None = None
        self._fit_args: Mapping[str, Any] = {}
        start = time.perf_counter()
        try:
            self._beginning = Beginning(model)
        except Exception as error:
            self._fail(error)
        finally:
            record.spend("diagnosing", time.perf_counter() - start)

    def know(self, x: Any, y: Any, fit_args: Mapping[str, Any]) -> None:
        """Take what `fit` is about to be given: whole arrays say more than a few rows."""
        self._data = (x, y) if are_arrays(x) and are_arrays(y) else None
        self._fit_args = dict(fit_args)

    def has_rows(self, rows: SeenRows) -> bool:
        """Whether there is a fair sample to train on."""
        return self._data is not None or (rows.y is not None and len(rows) >= FAIR_ROWS)

    def run(self, rows: SeenRows, params: Mapping[str, Any], shown: Iterable[Outcome]) -> None:
        """Diagnose, once; model, optimizer and random state are afterwards bit by bit as they were.

        Parameters
        ----------
        rows : SeenRows
            Of the training batches.
        params : mapping
            "epochs" and "steps" of `fit`, where it told them.
        shown : iterable of Outcome
            By the run so far; their fixes are put to the test.

        Raises
        ------
        KeyboardInterrupt
            When the user wants the training to end: what was found by then is kept.
        """
        self.done = True
        start = time.perf_counter()
        try:
            if not self.has_rows(rows):
                raise FlatlineError(f"{len(rows)} rows with targets were seen, {FAIR_ROWS} are needed")
            self.diagnosis = self._diagnosed(rows, params, shown)
        except KeyboardInterrupt:
            self._record.miss("the diagnosis by experiment: interrupted before anything was tried")
            raise
        except Exception as error:
            self._fail(error)
        finally:
            self._record.spend("diagnosing", time.perf_counter() - start)
        experiment = None if self.diagnosis is None else self.diagnosis.experiment
        if experiment is not None and experiment.ended == "interrupted":
            raise KeyboardInterrupt

    def _diagnosed(self, rows: SeenRows, params: Mapping[str, Any], shown: Iterable[Outcome]) -> Diagnosis:
        (x, y), fit_args, planned = self._fit(rows, params)
        with preserved(self._model):
            self._beginning.restore(0)
            found = diagnosed(
                self._model, x, y, chosen=self._chosen, fit_args=fit_args | planned, budget=self._budget,
                verbose=self._verbose, kept=self._beginning.kept, shown=shown,
            )  # fmt: skip
        making = found.setup
        if making is None:
            return found

        def setup(fix: Any) -> Any:
            """The repaired set-up begins where the run began, not where it has got to."""
            with preserved(self._model):
                self._beginning.restore(0)
                made = making(fix)
            fit_args = made.fit_args
            only_planned = {name for name in planned if name in fit_args and fit_args[name] == planned[name]}
            return dataclasses.replace(made, fit_args={n: v for n, v in fit_args.items() if n not in only_planned})

        return dataclasses.replace(found, setup=setup)

    def _fit(self, rows: SeenRows, params: Mapping[str, Any]) -> tuple[tuple[Any, Any], dict[str, Any], dict[str, Any]]:
        """Data, arguments of `fit`, and others that only say what the run goes on to do."""
        known = dict(self._fit_args)
        if self._data is not None:
            return self._data, known, {"epochs": None} if known.get("epochs", 1) == 1 else {}
        known = {name: known[name] for name in OF_ROWS if name in known}
        if rows.weight is not None and len(rows.weight) == len(rows):
            known["sample_weight"] = rows.weight  # those of the classes are in them
        if rows.batch_size is not None:
            known["batch_size"] = rows.batch_size
        epochs, steps = params.get("epochs"), params.get("steps")
        if epochs is not None and epochs > 1:  # one may be one of many, in a loop
            known["epochs"] = epochs
        return (rows.x, rows.y), known, {"steps_per_epoch": steps} | ({} if "epochs" in known else {"epochs": None})

    def _fail(self, error: Exception) -> None:
        self.done = True
        told = isinstance(error, FlatlineError)
        reason = str(error) if told else f"{type(error).__name__}: {str(error)[:200]}"
        self._record.miss(f"the diagnosis by experiment: {reason}")
        warnings.warn(
            f"flatline leaves the diagnosis out, training goes on: {reason}", FlatlineWarning, stacklevel=users_line()
        )

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What only an experiment can tell: all else the run and its set-up have shown."""
        codes = {check.code for check in self._chosen.checks if reads_experiment(check)}
        return tuple(o for o in self.diagnosis.outcomes if o.code in codes) if self.diagnosis is not None else ()

    def joined(self, report: Report) -> Report:
        """Put what was tried into the report of the run."""
        if self.diagnosis is None:
            return report
        return dataclasses.replace(
            self.diagnosis, outcomes=(*report.outcomes, *self.outcomes), scope=report.scope, curves=report.curves,
            null=report.null, facts={**self.diagnosis.facts, **report.facts}, view=report.view,
        )  # fmt: skip


def seconds_of(diagnose: Any, caller: str) -> float | None:
    """Budget of the argument `diagnose`; None where there is to be no diagnosis."""
    if isinstance(diagnose, bool):
        return BUDGET if diagnose else None
    if isinstance(diagnose, int | float) and math.isfinite(diagnose) and diagnose > 0:
        return float(diagnose)
    raise FlatlineError(
        f"The `diagnose` parameter of {caller} must be True, False or a positive number of seconds. Got {diagnose!r}."
    )
