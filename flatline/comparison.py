"""Compare two recorded runs: what differs in their set-up, where they part, how each ended. Without Keras."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flatline.comparing.layers import LayerParting, layer_partings
from flatline.comparing.losses import LossParting, loss_parting
from flatline.comparing.setup import Difference, setup_differences
from flatline.errors import FlatlineError
from flatline.finding import Finding
from flatline.judging import judge
from flatline.logs import EpochLog, LossLog, RunFacts
from flatline.progress import N_WINDOWS, State, progress
from flatline.records.record import RunRecord
from flatline.records.run_directory import load_run
from flatline.statistics import window_means

Run = RunRecord | str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Where a run stood when it ended, or was last written."""

    state: State
    reason: str  # why the state is not known, or what makes it so
    ended: str | None  # "finished", "stopped", "exception: …"; None: it was killed, or goes on
    n_steps: int
    loss: float  # mean over the last twelfth of the run; NaN where there is no number
    best_validation_loss: float  # NaN where there is none
    best_epoch: int | None  # 1 for the first


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What differs between two runs.

    Parameters
    ----------
    names : tuple of (str, str)
        What the runs are called.
    same_run : bool
        Both are records of one and the same run.
    setup : tuple of Difference
        Differences in what was recorded of the set-ups.
    losses : LossParting
        How the training losses compare step by step.
    layers : tuple of LayerParting
        Quantities of layers that part for good, the first and nearest to the cause first.
    n_compared : int
        Curves of layers that both runs sampled at least twice.
    endings : tuple of (Ending, Ending)
        Where each run ended.
    only_a, only_b : tuple of Finding
        What `judge` finds in one run and not in the other, one of each check, the most severe first.
    """

    names: tuple[str, str]
    same_run: bool
    setup: tuple[Difference, ...]
    losses: LossParting
    layers: tuple[LayerParting, ...]
    n_compared: int
    endings: tuple[Ending, Ending]
    only_a: tuple[Finding, ...]
    only_b: tuple[Finding, ...]

    @property
    def parted_at(self) -> int | None:
        """First step from which the losses lie apart for good; None where they do not."""
        return self.losses.parted_at

    @property
    def first(self) -> LayerParting | None:
        """The quantity of a layer that parts first."""
        return self.layers[0] if self.layers else None

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain dictionaries, lists, strings and numbers."""
        from flatline.reports import comparison

        return comparison.to_dict(self)

    def to_json(self) -> str:
        """Return the comparison as JSON text."""
        from flatline.reports import comparison

        return comparison.to_json(self)

    def __str__(self) -> str:
        """Return the terminal text: at most 20 lines of 100 columns."""
        from flatline.reports import comparison

        return comparison.plain(self)


def compare(run_a: Run, run_b: Run) -> Comparison:
    """Say where two runs part: in their set-up, their losses, their layers, and how they ended.

    The runs should be of nearly the same script: one that learns and one that does not, or one before a change and one
    after it. They are compared step by step, whatever a step is in each of them.

    Parameters
    ----------
    run_a, run_b : RunRecord or path
        Record of a run, or the directory that it was recorded to.

    Returns
    -------
    Comparison
        `str` of it is a text to read.

    Raises
    ------
    FlatlineError
        When an argument is neither, or there is no run to read.

    See Also
    --------
    flatline.judge : what is wrong with one run.

    Examples
    --------
    >>> print(compare("runs/before", "runs/after"))  # doctest: +SKIP
    """
    a, b = _record(run_a, "run_a"), _record(run_b, "run_b")
    logs_a, logs_b = a.logs(), b.logs()
    layers, n_compared = layer_partings(logs_a, logs_b)
    only_a, only_b = _findings(a, b)
    return Comparison(
        names=(_name(run_a, "A"), _name(run_b, "B")),
        same_run=a.run_id == b.run_id,
        setup=tuple(setup_differences(a, b)),
        losses=loss_parting(logs_a, logs_b),
        layers=layers,
        n_compared=n_compared,
        endings=(_ending(a, logs_a), _ending(b, logs_b)),
        only_a=only_a,
        only_b=only_b,
    )


def _record(run: Run, parameter: str) -> RunRecord:
    if isinstance(run, RunRecord):
        return run
    if not isinstance(run, str | os.PathLike):
        raise FlatlineError(
            f"The `{parameter}` parameter of compare must be a RunRecord or the directory that a run was recorded to. "
            f"Got {type(run).__name__}."
        )
    return load_run(run)


def _name(run: Run, default: str) -> str:
    return default if isinstance(run, RunRecord) else os.fspath(run)


def _ending(record: RunRecord, logs: Mapping[type, Any]) -> Ending:
    losses, epochs, facts = logs[LossLog], logs[EpochLog], logs[RunFacts]
    log = LossLog() if isinstance(losses, str) else losses
    now = progress(RunFacts(model="", kind="", optimizer="") if isinstance(facts, str) else facts, log)
    validation = np.empty(0) if isinstance(epochs, str) else epochs.values.get("val_loss", np.empty(0))
    best = int(np.argmin(np.where(np.isfinite(validation), validation, np.inf))) if len(validation) else None
    with np.errstate(over="ignore", invalid="ignore"):
        _, means = window_means(log.step, log.loss, N_WINDOWS)
    return Ending(
        state=now.state,
        reason=now.reason,
        ended=record.ended,
        n_steps=now.n_steps,
        loss=float(means[-1]) if len(means) and np.isfinite(means[-1]) else float("nan"),
        best_validation_loss=float(validation[best]) if best is not None else float("nan"),
        best_epoch=None if best is None or not np.isfinite(validation[best]) else best + 1,
    )


def _findings(a: RunRecord, b: RunRecord) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Findings of the one that the other has not, by check."""
    found: list[dict[str, Finding]] = [{}, {}]
    for record, by_code in zip((a, b), found, strict=True):
        for finding in judge(record).findings:
            by_code.setdefault(finding.code, finding)
    of_a, of_b = found
    return (
        tuple(finding for code, finding in of_a.items() if code not in of_b),
        tuple(finding for code, finding in of_b.items() if code not in of_a),
    )
