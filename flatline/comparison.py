"""Compare two recorded runs: what differs in their set-up, where they part, how each ended. Without Keras."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flatline.errors import FlatlineError
from flatline.finding import Finding
from flatline.judging import judge
from flatline.layer_parting import LayerParting, layer_partings, matched
from flatline.logs import EpochLog, LossLog, RunFacts, RunLayer
from flatline.loss_parting import NULLS, LossParting, loss_parting
from flatline.progress import N_WINDOWS, State, progress
from flatline.record import RunRecord
from flatline.run_directory import load_run
from flatline.statistics import window_means

SAME_RATE = 1e-6  # 1; a learning rate that went through 32 bits is off by less

Run = RunRecord | str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Something of the set-up that is not the same in both runs; None stands for "has none" or "not known"."""

    what: str
    a: str | float | None
    b: str | float | None


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
    only_a, only_b = _findings(a, b)
    return Comparison(
        names=(_name(run_a, "A"), _name(run_b, "B")),
        same_run=a.run_id == b.run_id,
        setup=tuple(_setup(a, b)),
        losses=loss_parting(logs_a, logs_b),
        layers=layer_partings(logs_a, logs_b),
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


# ── the set-up ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _setup(a: RunRecord, b: RunRecord) -> list[Difference]:
    found: list[Difference] = []
    if a.facts is not None and b.facts is not None:
        found += _of_facts(a.facts, b.facts) + _of_layers(a.facts, b.facts)
    penalties = [log.penalty if isinstance(log, LossLog) else 0.0 for log in (r.logs()[LossLog] for r in (a, b))]
    if (penalties[0] > 0) != (penalties[1] > 0):  # its size changes as the weights do, and differs in any two runs
        found.append(Difference(what="penalties in the loss, last known", a=penalties[0], b=penalties[1]))
    keys = [key for key in {**a.header, **b.header} if key != "started"]
    found += _unequal({key: (a.header.get(key), b.header.get(key)) for key in keys})
    return found


def _of_facts(a: RunFacts, b: RunFacts) -> list[Difference]:
    pairs: dict[str, tuple[Any, Any]] = {
        "model": (_unnumbered(a.model), _unnumbered(b.model)),
        "kind of model": (a.kind, b.kind),
        "optimizer": (a.optimizer, b.optimizer),
        "learning rate": (a.learning_rate, b.learning_rate),
        "learning rate scheduled": (_yes(a.scheduled), _yes(b.scheduled)),
        "batch size": (a.batch_size, b.batch_size),
    }
    for number, (one, other) in enumerate(zip(a.heads, b.heads, strict=False)):
        of = f" of output {number + 1}" if len(a.heads) > 1 else ""
        for name in ("loss", "task"):
            pairs[f"{name}{of}"] = (getattr(one, name), getattr(other, name))
        pairs[f"output units{of}"] = (one.units, other.units)
        pairs[f"classes{of}"] = (one.n_classes, other.n_classes)
    if a.heads and b.heads:  # they are known when the first rows have been looked at
        pairs["outputs"] = (len(a.heads), len(b.heads))
        pairs["null loss"] = (a.null, b.null)
    pairs["planned steps"] = (a.planned_steps, b.planned_steps)
    pairs["steps per epoch"] = (a.steps_per_epoch, b.steps_per_epoch)
    pairs["own training step"] = (_yes(a.custom_train_step), _yes(b.custom_train_step))
    pairs["steps accumulated"] = (a.accumulation, b.accumulation)
    return _unequal(pairs)


def _of_layers(a: RunFacts, b: RunFacts) -> list[Difference]:
    """Differences of layers; one that several layers share is told once."""
    shared: dict[tuple[str, Any, Any], list[str]] = {}
    found: list[Difference] = []
    for one, other in matched(a.layers, b.layers):
        if one is None or other is None:
            there = one or other
            found += [Difference(what=f"layer `{there.name}`", a=_described(one), b=_described(other))] if there else []
            continue
        pairs = {
            "class": (one.kind, other.kind),
            "activation": (one.activation, other.activation),
            "trainable": (_yes(one.trainable), _yes(other.trainable)),
            "weights": (one.n_trainable, other.n_trainable),
        }
        for each in _unequal(pairs):
            shared.setdefault((each.what, each.a, each.b), []).append(f"`{one.name}`")
    told = [Difference(what=f"{what} of {_few(names)}", a=x, b=y) for (what, x, y), names in shared.items()]
    return found + told


def _unequal(pairs: Mapping[str, tuple[Any, Any]]) -> list[Difference]:
    return [Difference(what=what, a=_known(a), b=_known(b)) for what, (a, b) in pairs.items() if not _equal(what, a, b)]


def _equal(what: str, a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        if np.isnan(a) or np.isnan(b):
            return True  # not known is no difference
        return abs(a - b) <= (NULLS if what == "null loss" else SAME_RATE) * max(abs(a), abs(b))
    return bool(a == b)


def _known(value: Any) -> str | float | None:
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _described(layer: RunLayer | None) -> str | None:
    return None if layer is None else f"{layer.kind}, {layer.n_trainable:,} weights"


def _unnumbered(name: str) -> str:
    return re.sub(r"_\d+$", "", name)  # Keras numbers what it names itself


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _few(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


# ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    found = [{finding.code: finding for finding in reversed(judge(record).findings)} for record in (a, b)]
    only = [[f for code, f in mine.items() if code not in other] for mine, other in (found, found[::-1])]
    return tuple(reversed(only[0])), tuple(reversed(only[1]))
