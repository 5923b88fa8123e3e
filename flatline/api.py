"""The functions that users call before training."""

import time
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from flatline.errors import FlatlineError, FlatlineWarning
from flatline.finding import Finding, Severity

if TYPE_CHECKING:
    from flatline.registry import Check
    from flatline.reports.report import Report

Verbose = Literal["auto", 0, 1, 2] | bool | int


def check_setup(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    validation_data: Any = None,
    fit_args: Mapping[str, Any] | None = None,
    overfit: bool = True,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    seed: int = 0,
    verbose: Verbose = "auto",
) -> "Report":
    """Say what is wrong with a compiled model and its data before the first epoch.

    Model, data, random state and files are afterwards bit by bit as they were; so is a training that follows.

    Parameters
    ----------
    model : keras.Model
        Compiled; of any kind that `fit` accepts, built or not.
    X : array-like of shape (n_samples, ...), or list or dict of them, tf.data.Dataset, keras.utils.PyDataset
        What `fit` would be given. Not a one-shot generator, which reading would use up.
    y : array-like of shape (n_samples, ...), or list or dict of them, default=None
        Targets; None where X brings them along, or a custom training step needs none.
    validation_data : tuple of (X, y) or data set, default=None
        Compared with the training data; `fit_args["validation_data"]` serves as well.
    fit_args : dict, default=None
        The arguments you are about to give `fit` (`epochs`, `batch_size`, `shuffle`, `class_weight`, …). Checks that
        need them are not evaluated without them.
    overfit : bool, default=True
        Run the tiny-subset test and rehearse the first training steps, which takes seconds rather than one.
    select, ignore : iterable of str, default=()
        Codes ("FL301"), prefixes ("FL3") or names of the checks to run, and not to run.
    seed : int, default=0
        Of the sample that is drawn and of the rehearsal.
    verbose : {"auto", 0, 1}, default="auto"
        As in Keras: "auto" and 1 print the report, 0 prints nothing.

    Returns
    -------
    Report
        Findings, what passed, and what could not be told.

    Raises
    ------
    FlatlineError
        When model and data do not allow a judgement at all: one line that says what was got and what is expected.

    Warns
    -----
    FlatlineWarning
        For every finding at WARNING or ERROR.

    Examples
    --------
    >>> report = flatline.check_setup(model, X, y, fit_args={"epochs": 20})  # doctest: +SKIP
    """
    from flatline import engine
    from flatline.judging import reads_experiment, reads_log
    from flatline.looking import Later
    from flatline.measure.everything import measure
    from flatline.reports import terminal
    from flatline.reports.progress import Progress
    from flatline.reports.report import Report
    from flatline.settings import selection

    chosen = selection(select, ignore, caller="check_setup")
    checks = tuple(  # a run is judged by the callbacks, an experiment by diagnose
        check for check in chosen.checks if not reads_log(check) and not reads_experiment(check)
    )
    check_arguments("check_setup", fit_args=fit_args, seed=seed, verbose=verbose)
    if not isinstance(overfit, bool):
        raise FlatlineError(f"The `overfit` parameter of check_setup must be True or False. Got {overfit!r}.")
    start = time.perf_counter()
    with Progress(verbose) as progress:
        measured = measure(
            model,
            X,
            y,
            validation_data=validation_data,
            fit_args=dict(fit_args or {}),
            why_no_training=lambda facts: why_no_training(checks, facts, overfit),
            seed=seed,
            say=progress.update,
        )
        outcomes = engine.judge(checks, measured.facts)
        told = any(isinstance(outcome, Finding) and outcome.severity is Severity.ERROR for outcome in outcomes)
        if measured.refusal is not None and not told:
            raise measured.refusal
    scope = {**measured.scope, "seconds": round(time.perf_counter() - start, 1)}
    report = Report(
        outcomes=chosen.heard(outcomes),
        scope=scope,
        curves=measured.curves,
        null=measured.null,
        facts=measured.facts,
        view=Later.of(model, measured.rows),
    )
    if verbose:
        terminal.show(report)
    warn_of(report.findings)
    return report


def why_no_training(checks: "tuple[Check, ...]", facts: Mapping[type, Any], overfit: bool) -> str | None:
    """Short trainings cost seconds: leave them out where nobody asks, or where the reason is certain already."""
    from flatline import engine
    from flatline.facts import RehearsalFacts, TinySubsetFacts

    if not overfit:
        return "overfit=False"
    training = {RehearsalFacts, TinySubsetFacts}
    if not any(training & set(check.needs.values()) for check in checks):
        return "no selected check asks for it"
    for outcome in engine.judge(checks, facts):
        if isinstance(outcome, Finding) and outcome.severity is Severity.ERROR and "FL001" in outcome.explains:
            return f"{outcome.code} says already why nothing can be learnt; mend that first"
    return None


def check_arguments(caller: str, *, fit_args: Any, seed: Any, verbose: Any) -> None:
    """Refuse what no function of a set-up can do anything with."""
    if fit_args is not None and not isinstance(fit_args, Mapping):
        raise FlatlineError(
            f"The `fit_args` parameter of {caller} must be a dict of the arguments of fit, such as "
            f"{{'epochs': 20, 'batch_size': 32}}. Got {type(fit_args).__name__}."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise FlatlineError(f"The `seed` parameter of {caller} must be an int, at least 0. Got {seed!r}.")
    if verbose not in ("auto", 0, 1, 2):
        raise FlatlineError(f"The `verbose` parameter of {caller} must be 'auto', 0 or 1. Got {verbose!r}.")


def warn_of(findings: Iterable[Finding]) -> None:
    """Raise a Python warning at the line of the user's call for every finding at WARNING or above."""
    for finding in findings:
        if (finding.severity or Severity.INFO) >= Severity.WARNING:
            warnings.warn(f"{finding.code} {finding.name}: {finding.message}", FlatlineWarning, stacklevel=3)


def assert_trainable(model: Any, X: Any, y: Any = None, **arguments: Any) -> None:
    """Raise an AssertionError with the report when `check_setup` finds something at WARNING or above.

    Parameters
    ----------
    model, X, y
        As for `check_setup`.
    **arguments
        Other arguments of `check_setup`.

    Raises
    ------
    AssertionError
        With the report as its text.
    """
    __tracebackhide__ = True  # pytest shows the line of the test and the report, not these frames
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlatlineWarning)
        report = check_setup(model, X, y, **{"verbose": 0, **arguments})
    report.raise_for_findings("WARNING")
