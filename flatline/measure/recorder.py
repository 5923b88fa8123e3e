"""Records a training run from inside, and spends no more time on it than it was given."""

import contextlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from flatline.backend.step import StepSampler
from flatline.errors import CannotTell
from flatline.logs import EpochLog, LossLog, ProbeLog, ReplayLog
from flatline.measure import run as runs
from flatline.measure.losses import LoopStep, StepLosses
from flatline.measure.model import has_custom_train_step
from flatline.measure.pace import Pace
from flatline.measure.probe import probe, rectifiers
from flatline.measure.replay import replay
from flatline.measure.samples import add_sample
from flatline.measure.seen import FAIR_ROWS, SeenRows
from flatline.measure.setup import n_rows
from flatline.measure.spending import Spending
from flatline.records.record import RunRecord

CAPTURE_BYTES = 2_000_000  # of one batch
FIRST_SAMPLES = 8  # of 32 rows make the probe; not held back by the budget: a run flat from the start is told by them
MOST_SAMPLES = 64  # first samples where batches are so small that fewer do not make a fair sample
LOOP_ROWS = 32  # of a batch of a loop of the user's own, as many as of a batch of `fit` where they are small
MOST_VAIN = 8  # samples that were asked for and never came
ATTENDED = 64  # first steps, each of which is looked at
PROBE_PASSES = 4.0  # 1; a pass of the probe, which has eight times as many rows, over one of the few rows: 2 to 4
REST = 0.1  # s without a look


class Recorder:
    """Fills a record while a model trains; the callbacks tell it when.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    record : RunRecord
    overhead : float
        Share of the training time that may be spent, compilation and the first look at the data apart.
    data : tuple of (x, y) or None
        Rows for the probe and the null model; otherwise they are taken from the training batches.
    loss : callable or None
        What a loop of the user's own minimises, where the model was not compiled with it.
    """

    def __init__(
        self, model: Any, record: RunRecord, *, overhead: float, data: tuple[Any, Any] | None, loss: Any = None
    ) -> None:
        self.model, self.record = model, record
        self.spending = Spending(overhead)
        self.n_steps = 0
        self.rows = SeenRows(data, loss)
        self._pace = Pace()
        self._armed_at: int | None = None
        self._arming, self._first, self._n_first = 0.0, False, 0
        self._unknown_null: str | None = None
        self._batch = self._looked_at = self._n_vain = 0
        self._lost = self.replayed = False  # the loss is no number; it was looked into
        self._losses: list[tuple[int, float]] = []
        self._step_losses = StepLosses(model, own_train_step=has_custom_train_step(model))
        self._planned = 0
        self._sampler: StepSampler | None = None
        self._optimizer: Any = None
        self._in_loop, self._trained = False, runs.trained(model)

    # ── fit ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, *, epochs: int | None, steps: int | None) -> None:
        """A call of `fit` begins."""
        self.spending.begin()
        self._forget_sample()  # of a call of `fit` that was interrupted
        self._planned += (epochs or 0) * (steps or 0)
        known, planned = self.record.facts, self._planned or None
        trained, before = runs.trained(self.model), self._trained
        layers, self._trained = known.layers if known is not None and trained == before else None, trained
        facts = runs.describe(self.model, self._optimizer, planned, steps, known=layers)
        self.record.describe(facts if known is None else runs.carried_on(known, facts))
        self.record.end(None)

    def is_of_another_run(self, model: Any) -> bool:
        """Whether this model, as it is now, cannot go on with what was recorded."""
        other = self._trained != runs.trained(model) and not runs.goes_on(model, self.record.facts)
        return self.model is not model or other

    def attach(self, optimizer: Any = None) -> None:
        """Step into the training step of the model, before it is traced."""
        model = self.model
        self._optimizer = getattr(model, "optimizer", None) if optimizer is None else optimizer
        if self._optimizer is None:
            self.record.miss("gradients: no optimizer was given, and the model was compiled without one")
            return
        self._sampler = StepSampler.of(model) or StepSampler(
            model, lambda variables: runs.watched(model, variables), CAPTURE_BYTES
        )
        self._sampler.install(self._optimizer)

    def loop_step_begins(self, data: tuple[Any, Any, Any]) -> contextlib.AbstractContextManager[None]:
        """Begin a step of a loop that is not Keras' own; the step is what happens in the context returned."""
        self._in_loop = True
        if self.rows.wanted:
            start = time.perf_counter()
            self.rows.add_first(data, LOOP_ROWS)
            self.record.spend("first look", time.perf_counter() - start)
        self.step_begins()
        # A step that the user has compiled is traced in the first; one that is not matters only when it is sampled.
        if self._sampler is None or (self._armed_at is None and self.n_steps >= 2):
            return contextlib.nullcontext()
        self._sampler.in_loop = True
        return self._sampler.listening(None)

    def loop_step_ends(self, step: LoopStep) -> None:
        """End it."""
        self._pace.end(sampled=self._armed_at is not None)
        loss = step.value()
        if loss is None:
            self.record.miss("the loss: nothing was assigned to `step.loss`")
        self._count(1, loss)
        self._sample_if_done()

    def step_begins(self) -> None:
        """A batch begins: decide whether its step is sampled."""
        start = time.perf_counter()
        if self._sampler is not None and self._armed_at is None and self.n_steps >= 1:
            self._first = not self._n_first or (self.rows.wanted and self._collects())
            if self._first or self._lost or self.spending.may("sampling"):
                self._sampler.arm(capture=(self.rows.wanted or self._lost) and not self._in_loop)
                self._armed_at = self.n_steps
                self._arming = time.perf_counter() - start
        self._pace.begin()
        if self._armed_at is None:
            self.spending.attend(self._pace.began - start)

    def _collects(self) -> bool:
        """Whether more of the first samples are needed to know the targets."""
        enough = len(self.rows) >= FAIR_ROWS or self._n_first >= MOST_SAMPLES
        return not enough or self._n_first < FIRST_SAMPLES

    def steps_end(self, batches: Sequence[tuple[int, Mapping[str, float]]], *, attended: bool) -> None:
        """Batches have ended, each given with its number in the epoch; only one that was attended may be sampled."""
        if attended:
            self._pace.end(sampled=self._armed_at is not None)
        start = time.perf_counter()
        for batch, logs in batches:
            n_steps, self._batch = batch + 1 - self._batch, batch + 1
            self._count(n_steps, self._step_losses.of_steps(logs, n_steps))
        if self._armed_at is None:
            self.spending.attend(time.perf_counter() - start)
        if attended:
            self._sample_if_done()

    def _count(self, n_steps: int, loss: float | None) -> None:
        self.n_steps += n_steps
        if loss is not None:
            self._losses.append((self.n_steps - 1, loss))
            self._lost = self._lost or (not math.isfinite(loss) and not self.replayed)
            if len(self._losses) >= 256:
                self.flush()

    def _sample_if_done(self) -> None:
        if self._armed_at is not None and self.n_steps - self._armed_at >= 2:
            self._take_sample()

    def leave_alone(self) -> int:
        """How many batches may pass before the next look, which costs more than a short step may take longer."""
        if (
            self._sampler is None
            or self._armed_at is not None
            or self.n_steps < ATTENDED
            or not self._pace.known
            or self._lost
        ):
            return 0
        return self._pace.steps_in(min(self.spending.wait("sampling"), REST))

    def flush(self) -> None:
        """Move the losses read so far into the record."""
        for step, loss in self._losses:
            self.record.add(LossLog, step=step, loss=loss)
        self._losses = []

    def epoch_begins(self) -> None:
        """Keras starts its running means anew."""
        self._step_losses.begin()
        self._batch = 0

    def epoch_ends(self, logs: Mapping[str, Any]) -> None:
        """An epoch has ended, validation included."""
        self.flush()
        values = {name: float(value) for name, value in logs.items() if np.ndim(value) == 0}
        if self.n_steps:
            self.record.add(EpochLog, step=self.n_steps - 1, values=values)

    def end(self, how: str) -> None:
        """`fit` has ended."""
        self.flush()
        self._forget_sample()
        for problem in self._sampler.problems if self._sampler is not None else ():
            self.record.miss(problem)
        if self._unknown_null:
            self.record.miss(self._unknown_null)
        self.spending.end()
        total = {**self.spending.spent, "training": self.spending.elapsed()}
        if self._sampler is not None:
            total["compile"] = self._sampler.trace_seconds
        for kind, seconds in total.items():
            self.record.spend(kind, seconds - self.record.spent.get(kind, 0.0))
        self.record.end(how)

    def _forget_sample(self) -> None:
        if self._sampler is not None and self._armed_at is not None:
            self._sampler.disarm()
        self._armed_at = None

    # ── samples ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_sample(self) -> None:
        start = time.perf_counter()
        sampler, step = self._sampler, self._armed_at
        self._armed_at = None
        if sampler is None or step is None:
            return
        if not sampler.done():
            sampler.disarm()
            self._n_vain += 1
            if self._n_vain == MOST_VAIN:  # ask no more where nothing is ever written
                self.record.miss("gradients: the training step calls no optimizer that is known")
                self._sampler = None
            return
        found = sampler.read()
        if self._first and self.record.facts is not None:  # `fit` may have begun with a model without weights
            layers = runs.layers(self.model, self.record.facts.layers)
            self.record.describe(replace(self.record.facts, layers=layers))
        add_sample(self.record, sampler, found, step, self._optimizer)
        later = [(at, loss) for at, loss in self._losses if at >= step]
        if np.isfinite(found.penalty) and later:
            del self._losses[-len(later) :]
            self.flush()
            (own, loss), *self._losses = later  # a penalty may fall by more than the data loss in a single step
            self.record.add(LossLog, step=own, loss=loss, penalty=found.penalty)
        if self._lost:
            self._replay((self.rows.x, self.rows.y) if self._in_loop else sampler.captured())
        elif self.rows.wanted and not self._in_loop:
            self.rows.add(sampler.captured())
        seconds = self._arming + time.perf_counter() - start + self._pace.extra()
        if self._first:
            self._n_first += 1
            self.record.spend("first look", seconds)
        else:
            self.spending.spend("sampling", seconds)

    def _replay(self, data: Any) -> None:
        """Look once where a loss that is no number comes from."""
        self._lost, self.replayed = False, True
        if data is None or not n_rows(data):
            return
        start = time.perf_counter()
        self.record.add(ReplayLog, step=self.n_steps - 1, **replay(self.model, data))
        self.record.spend("explaining", time.perf_counter() - start)

    # ── what is computed from the rows ──────────────────────────────────────────────────────────────────────────

    def look_at_rows(self) -> None:
        """Learn the null model's loss from the rows seen so far; costs some 50 ms, once or twice in a run."""
        facts, n = self.record.facts, len(self.rows)
        if facts is None or self.rows.y is None or n == self._looked_at:
            return
        if facts.custom_train_step:  # what its loss is computed from, nobody knows
            self._unknown_null = "the null model's loss: the model has its own train_step"
            return
        start, self._looked_at = time.perf_counter(), n
        try:
            found, null, perfect = self.rows.heads(self.model)
        except CannotTell as reason:
            self._unknown_null = f"the null model's loss: {reason}"
        except Exception as error:  # a loss of the user's own may refuse whatever we try
            self._unknown_null = f"the null model's loss: {type(error).__name__}: {str(error)[:200]}"
        else:
            self._unknown_null = None
            self.spending.expect("probe", PROBE_PASSES * self.rows.pass_seconds)
            batch = self.rows.batch_size
            self.record.describe(replace(facts, n_null=n, heads=found, null=null, perfect=perfect, batch_size=batch))
        self.record.spend("first look", time.perf_counter() - start)

    def run_probe(self) -> None:
        """Run the probe, if there are rows for it."""
        facts = self.record.facts
        if self.rows.x is None or facts is None or not facts.heads or not self.n_steps:
            return
        start = time.perf_counter()
        layers, classes = rectifiers(self.model), [head.n_classes for head in facts.heads]
        found = probe(self.model, self.rows.probe(), layers, classes)
        self.record.add(ProbeLog, step=self.n_steps - 1, heads=tuple(head.name for head in facts.heads), **found)
        self.spending.spend("probe", time.perf_counter() - start)
