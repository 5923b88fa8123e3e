"""Statistics taken inside the real training step, in the one step in many that asks for them.

Nothing here changes what the step computes; what it reads are the gradients, weights and outputs that the step makes
anyway. A condition in the graph tells whether it writes anything: while `mode` is 0 it does what it did before. Small
models have a second graph for that (`flatline.backend.function`).
"""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from flatline.backend.capture import Capture
from flatline.backend.function import TrainFunction, may_be_separate, optimizers_of
from flatline.backend.hooks import Step, hooked
from flatline.backend.tensors import N_ENTRIES, entries, norm, output, value
from flatline.facts import Array

MAX_LAYERS = 24  # each costs some 20 nodes of the graph, and tracing them 10 ms
HEAD = ("loss", "penalty", "skipped")
PER_LAYER = ("gradient_norm", "weight_norm", "mean", "spread", "saturated_share")
IDLE, SECOND, FULL, CAPTURE = 0, 1, 2, 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Watched:
    """A layer whose numbers are wanted: its kernel, and the slope of its activation as a share of the largest."""

    layer: Any
    kernel: Any
    slope: Callable[[Any], Any] | None
    entries: Array  # (≤ N_ENTRIES,) flat indices into the kernel


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What one step has written."""

    loss: float
    penalty: float
    skipped: bool
    layers: dict[str, Array]  # quantity of PER_LAYER → (n_layers,)
    update_ratio: Array  # (n_layers,)


class StepSampler:
    """Makes the training step of a model write statistics when it is told to.

    One for each model, kept with it: Keras keeps the traced step from one `fit` to the next, so that a second set of
    wrappers would never be traced. `of` finds the one there is.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    choose : callable
        (trainable variables) → the layers to watch, at most MAX_LAYERS; called whenever the step is traced.
    capture_bytes : int
        Of inputs and targets that one step may hand out.
    """

    def __init__(self, model: Any, choose: Callable[[Sequence[Any]], list[Watched]], capture_bytes: int) -> None:
        self.watched: list[Watched] = []
        self.has_gradient = self.has_output = np.zeros(0, bool)  # (n_layers,)
        self.trace_seconds = 0.0
        self.problems: list[str] = []
        self._model, self._choose, self._capture = model, choose, Capture(capture_bytes)
        self._local = threading.local()
        self.in_loop = False  # a training loop of the user's own, which may be traced at any time
        strategy = model.distribute_strategy
        # One replica's numbers serve: every replica writes its own copy, the first one's is read.
        given: dict[str, Any] = {"trainable": False}
        self._replicas = strategy.num_replicas_in_sync
        if self._replicas > 1:
            given["synchronization"] = tf.VariableSynchronization.ON_READ
            given["aggregation"] = tf.VariableAggregation.ONLY_FIRST_REPLICA
        place = (
            tf.device("cpu:0")
            if not getattr(model, "jit_compile", False) and self._replicas == 1
            else contextlib.nullcontext()
        )
        with strategy.scope(), place:
            self._mode = tf.Variable(IDLE, dtype="int64", **given)
            self._stats = tf.Variable(tf.zeros(len(HEAD) + len(PER_LAYER) * MAX_LAYERS), **given)
            self._before = tf.Variable(tf.zeros((MAX_LAYERS, N_ENTRIES)), **given)
            self._after = tf.Variable(tf.zeros((MAX_LAYERS, N_ENTRIES)), **given)
        self._armed = IDLE
        self._separate = self._installed = False  # whether sampled steps have a graph of their own
        self._attach_model()

    @staticmethod
    def of(model: Any) -> "StepSampler | None":
        """Return the sampler that this model's training step has already."""
        return getattr(vars(model).get("train_step"), "flatline_sampler", None)

    # ── wrapping ────────────────────────────────────────────────────────────────────────────────────────────────

    def _attach_model(self) -> None:
        model = self._model
        train_step, compute_loss = model.train_step, model.compute_loss

        @functools.wraps(train_step)
        def step(data: Any) -> Any:
            heard = self.armed or not (tf.executing_eagerly() or self._separate)
            with self.listening(data) if heard else self._deaf():
                return train_step(data)

        @functools.wraps(compute_loss)
        def loss(*args: Any, **kwargs: Any) -> Any:
            total = compute_loss(*args, **kwargs)
            now = getattr(self._local, "step", None)
            if now is not None and now.loss is None:
                with self._guarded("loss"):
                    now.loss, extra = total, model.losses
                    now.penalty = tf.add_n([tf.cast(tf.reduce_sum(t), "float32") for t in extra] or [tf.zeros(())])
            return total

        step.flatline_sampler = self  # type: ignore[attr-defined]
        model.train_step, model.compute_loss = step, loss

    def install(self, optimizer: Any) -> None:
        """See to it that the step is traced with us in it; `compile` makes Keras forget what it has traced."""
        for each in (optimizer, *optimizers_of(self._model)):
            self._attach_optimizer(each)
        function = self._model.train_function
        if isinstance(function, TrainFunction) or not self._model.compiled:
            return
        self._separate = may_be_separate(self._model)
        if self._separate:
            self._model.train_function = TrainFunction.of(self._model, self)
        elif not self._installed:
            self._model.train_function = None
        self._installed = True

    def _attach_optimizer(self, optimizer: Any) -> None:
        """Wrap an optimizer, once; `compile` may have given the model a new one."""
        if "apply" in vars(optimizer):
            return
        original = optimizer.apply

        @functools.wraps(original)
        def apply(grads: Any, trainable_variables: Any = None) -> Any:
            grads = list(grads)
            if self.in_loop and not tf.executing_eagerly() and not getattr(self._local, "deaf", False):
                self._local.step = getattr(self._local, "step", None) or Step(data=None)
            now = getattr(self._local, "step", None)
            if now is not None and now.first_update():
                start = time.perf_counter()
                with self._guarded("gradients"):
                    known = optimizer._trainable_variables if trainable_variables is None else trainable_variables
                    variables = list(known)
                    trainable_variables = variables if trainable_variables is not None else None
                    self._sample(optimizer, grads, variables, now)
                self.trace_seconds += time.perf_counter() - start
            return original(grads, trainable_variables)

        optimizer.apply = apply

    @contextlib.contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        """Whatever goes wrong in here is noted; the user's step goes on as if we were not there."""
        try:
            yield
        except Exception as error:
            self.problems.append(f"{what} inside the training step: {type(error).__name__}: {str(error)[:200]}")

    @contextlib.contextmanager
    def listening(self, data: Any) -> Iterator[None]:
        """Take what happens meanwhile, in this thread, for one training step."""
        now = self._local.step = Step(data=data)
        try:
            with hooked(lambda layer, outputs: self._note(now, layer, outputs)):
                yield
        finally:
            self._local.step = None

    @contextlib.contextmanager
    def _deaf(self) -> Iterator[None]:
        """Let a step pass as if we were not there."""
        self._local.step, self._local.deaf = None, True
        try:
            yield
        finally:
            self._local.deaf = False

    def _note(self, now: Step, layer: Any, outputs: Any) -> None:
        if getattr(self._local, "step", None) is now:  # replicas run in threads of their own
            now.note(layer, outputs)

    # ── inside the step ─────────────────────────────────────────────────────────────────────────────────────────

    def _sample(self, optimizer: Any, grads: list[Any], variables: list[Any], now: Step) -> None:
        self.watched = self._choose(variables)[:MAX_LAYERS]
        by_variable = {id(v): g for v, g in zip(variables, grads, strict=True)}
        gradients = [by_variable.get(id(w.kernel)) for w in self.watched]
        self.has_gradient = np.array([g is not None for g in gradients], bool)
        outputs = [now.output(w.layer) for w in self.watched]
        self.has_output = np.array([o is not None for o in outputs], bool)
        scale = getattr(optimizer, "dynamic_scale", None)
        factor = 1.0 if scale is None else 1.0 / tf.cast(tf.convert_to_tensor(scale), "float32")
        ours = getattr(optimizer, "loss_scale_factor", None)
        factor = factor if ours is None else factor / ours
        captured = self._room_for(now.data)

        def kernels() -> Any:
            rows = [entries(w.kernel, w.entries) for w in self.watched]
            return tf.stack([*rows, *[tf.zeros(N_ENTRIES)] * (MAX_LAYERS - len(rows))])

        def full() -> Any:
            self._before.assign(kernels())
            self._stats.assign(self._row(gradients, outputs, factor, optimizer, now))
            if captured:
                tf.cond(self._mode > FULL, captured, lambda: tf.constant(0))
            self._mode.assign(tf.constant(SECOND, "int64"))
            return tf.constant(0)

        def second() -> Any:
            self._after.assign(kernels())
            self._mode.assign(tf.constant(IDLE, "int64"))
            return tf.constant(0)

        def write() -> Any:
            return tf.cond(self._mode > SECOND, full, second)

        tf.cond(self._mode > IDLE, write, lambda: tf.constant(0))

    def _row(self, gradients: list[Any], outputs: list[Any], factor: Any, optimizer: Any, now: Step) -> Any:
        nan = tf.constant(np.nan)
        norms = [nan if g is None else factor * norm(g) for g in gradients]
        finite = [tf.math.is_finite(n) for n, g in zip(norms, gradients, strict=True) if g is not None]
        skipped = tf.constant(0.0)
        if getattr(optimizer, "dynamic_scale", None) is not None and finite:
            skipped = 1.0 - tf.cast(tf.reduce_all(finite), "float32")
        head = [
            nan if now.loss is None else tf.cast(now.loss, "float32") * self._replicas,
            nan if now.penalty is None else now.penalty,
            skipped,
        ]
        weights = [norm(w.kernel.value) for w in self.watched]
        of_outputs = [output(o, w.slope) for o, w in zip(outputs, self.watched, strict=True)]
        columns = [norms, weights, *([o[i] for o in of_outputs] for i in range(3))]
        padding = [nan] * (MAX_LAYERS - len(self.watched))
        return tf.stack([*head, *[cell for column in columns for cell in (*column, *padding)]])

    def _room_for(self, data: Any) -> Callable[[], Any] | None:
        if data is None:  # a loop of the user's own gives its rows from outside
            return None
        if self._replicas > 1 or not self._capture.takes(data):
            self.problems.append("rows of the batches: several replicas, or rows that are no numbers of one shape")
            return None
        return self._capture.prepare(data)

    # ── from outside ────────────────────────────────────────────────────────────────────────────────────────────

    def arm(self, *, capture: bool = False) -> None:
        """Let the next step write its statistics, and the one after it what the update has changed."""
        self._armed = CAPTURE if capture else FULL
        self._mode.assign(self._armed)

    @property
    def armed(self) -> bool:
        """Whether the next step is asked for its statistics."""
        return self._armed != IDLE

    def disarm(self) -> None:
        """Forget a step that was asked for and never came."""
        self._armed = IDLE
        self._mode.assign(IDLE)

    def done(self) -> bool:
        """Whether both steps have been taken."""
        return bool(value(self._mode) == IDLE)

    def read(self) -> Sample:
        """Return what the last two steps have written."""
        self._armed = IDLE
        row, n = value(self._stats), len(self.watched)
        columns = row[len(HEAD) :].reshape(len(PER_LAYER), MAX_LAYERS)[:, :n]
        before, after = value(self._before)[:n], value(self._after)[:n]
        with np.errstate(all="ignore"):
            base = np.linalg.norm(before, axis=1)
            ratio = np.linalg.norm(after - before, axis=1) / np.where(base > 0, base, np.nan)
        return Sample(
            loss=float(row[0]),
            penalty=float(row[1]),
            skipped=bool(row[2] > 0),
            layers=dict(zip(PER_LAYER, columns, strict=True)),
            update_ratio=ratio,
        )

    def captured(self) -> Any | None:
        """Return the rows of the batch that the last sampled step has handed out, in the structure of its data."""
        return self._capture.rows()
