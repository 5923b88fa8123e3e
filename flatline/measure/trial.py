"""Short trainings of the user's own model, each undone before the next: one arm is one variation of the set-up."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.facts import Arm, Array, HeadFacts, ObjectiveFacts, Task
from flatline.measure.answers import decided, unanswered
from flatline.measure.budget import Budget
from flatline.measure.exhibiting import answered
from flatline.measure.null import null_loss, perfect_loss, perfect_output
from flatline.measure.setup import n_rows, rows_of, spread
from flatline.measure.task import BINARY, CATEGORICAL, SPARSE

PREDICTED_ROWS = 128  # at a time, for memory's sake
_CHUNK_SECONDS = 0.25
_TAIL = 0.1  # share of the last steps that a noisy loss is averaged over
Order = Callable[[int], Array]


class Trials:
    """Trains a model for a number of steps, as often as asked, always from the weights it had at first.

    The caller wraps everything in `preserved(model)`.

    Parameters
    ----------
    model : keras.Model
        Built and compiled.
    predict : backend.Inference
        Of this model.
    x, y, weight : structures of ndarray
        Rows to train on.
    objective : ObjectiveFacts
        What the losses are judged against.
    budget : Budget
        Told what every arm takes.
    """

    def __init__(
        self,
        model: Any,
        predict: backend.Inference,
        x: Any,
        y: Any,
        weight: Array | None,
        *,
        objective: ObjectiveFacts,
        budget: Budget,
    ) -> None:
        self.model, self.predict, self.objective = model, predict, objective
        self.x, self.y = x, y
        self.budget = budget
        self.weight = None if weight is None else weight.astype("float32")
        self._device: dict[int, Any] = {}
        self._trained: dict[str, backend.CompiledTraining] = {}
        self._optimizers: dict[str, Any] = {}
        self.answers: dict[type, Any] = {}  # of the first training, which is that of the set-up as it is
        self._initial = [np.array(v.numpy()) for v in model.variables]
        self.head = next((h for h in objective.heads if h.loss != "unknown" and h.target is not None), None)

    # ── what is judged against ──

    def null_and_perfect(self, rows: Any) -> tuple[float, float]:
        """Null and perfect loss on some rows, over all outputs; NaN where one is unknown."""
        if self.weight is None and isinstance(rows, slice):  # all of them
            return self.objective.null, self.objective.perfect
        null = perfect = 0.0
        targets = keras.tree.flatten(rows_of(self.y, rows))
        scored = [h for h in self.objective.heads if h.loss != "unknown" and h.target is not None]
        if len(targets) != len(scored):
            return (self.objective.null, self.objective.perfect)
        losses = _losses_in_order(self.model, len(targets))
        factor = 1.0
        for head, y, loss in zip(scored, targets, losses, strict=True):
            if self.weight is not None:
                weight = self.weight[rows]
                factor = float(weight.mean())
                rng = np.random.default_rng(0)
                y = y[rng.choice(len(y), len(y), p=weight / weight.sum())]
            shape = tuple(int(n or 1) for n in head.output_shape)
            logits = bool(head.from_logits)
            null += factor * head.weight * null_loss(loss, y, shape, from_logits=logits, known=True)
            classes = head.loss in (*CATEGORICAL, *SPARSE, *BINARY)
            right = perfect_output(np.asarray(y), shape, classes=classes)
            value = head.perfect
            if right is not None:
                value = perfect_loss(loss, np.asarray(y), right, from_logits=logits, classes=classes)
            perfect += factor * head.weight * value
        return null, perfect

    def outputs(self, x: Any) -> Any:
        """Outputs in inference mode."""
        parts = [self.predict(rows_of(x, slice(at, at + PREDICTED_ROWS))) for at in range(0, n_rows(x), PREDICTED_ROWS)]
        return keras.tree.map_structure(lambda *pieces: keras.ops.concatenate(pieces), *parts)

    def evaluate(self, outputs: Any, x: Any, y: Any, weight: Array | None) -> tuple[float, float, int | None]:
        """Data loss of outputs, task score (accuracy or R², NaN where undefined), and how many classes they name."""
        total, penalty = backend.total_loss(self.model, backend.to_tensors(x), backend.to_tensors(y), outputs, weight)
        loss = float(total) - float(penalty)
        if self.head is None or len(self.objective.heads) != 1:
            return loss, float("nan"), None
        predicted = np.asarray(keras.ops.convert_to_numpy(keras.tree.flatten(outputs)[0]), "float32")
        return loss, *task_score(self.head, predicted, np.asarray(keras.tree.flatten(y)[0]))

    # ── one arm ──

    def train(
        self,
        name: str,
        *,
        order: Array,
        seconds: float,
        rate: float | None = None,
        reference: float | None = None,
        penalties: bool = True,
        x: Any = None,
        y: Any = None,
        weights: list[Array] | None = None,
        held_out: tuple[Any, Any] | None = None,
        enough: Callable[[Array], bool] = lambda losses: False,
        variant: str = "",
    ) -> Arm:
        """Train from the initial weights over the rows of `order`, then put the weights back.

        Parameters
        ----------
        name : str
            Of the arm.
        order : ndarray of shape (n_steps, batch_size)
            Rows of each step.
        seconds : float
            Time to stop after, the first step (which compiles) not counted.
        rate : float or None
            Multiply the user's learning rate by this.
        reference : float or None
            Use Adam with this rate in place of the user's optimizer.
        penalties : bool
            Whether `add_loss` terms and regularisers take part.
        x, y : structures of ndarray or None
            Take these in place of the user's rows.
        weights : list of ndarray or None
            Start from these instead of the model's weights.
        held_out : tuple of (x, y) or None
            Rows to score afterwards that were not trained on.
        enough : callable
            Told the losses so far; training ends when it says so.
        variant : str
            Distinguishes traces where something of the model was changed that tracing sees.
        """
        x, y = self.x if x is None else x, self.y if y is None else y
        start = time.perf_counter()
        training, optimizer = self._training(variant, reference is not None, penalties)
        for variable, value in zip(self.model.variables, weights or self._initial, strict=True):
            variable.assign(value)
        fresh = training.state()
        if rate is not None:
            optimizer.learning_rate = float(np.asarray(optimizer.learning_rate)) * rate
        elif reference is not None:
            optimizer.learning_rate = reference
        tensors = [self._on_device(part) for part in (x, y, self.weight)]
        losses, stepping = self._run(training, tensors, order, seconds, enough)
        diverged = not bool(np.all(np.isfinite(losses)))
        used = spread(np.unique(order), self.budget.n_evaluated())
        arm = self._arm(name, losses, len(order), diverged, used, (x, y), held_out, time.perf_counter() - start)
        training.set_state(fresh)
        for variable, value in zip(self.model.variables, self._initial, strict=True):
            variable.assign(value)
        pace = stepping / (len(losses) - 1) if len(losses) > 1 else None
        self.budget.learn(step=pace, batch=order.shape[1], overhead=time.perf_counter() - start - stepping)
        return dataclasses.replace(arm, rescaled=y is not self.y)

    def _on_device(self, structure: Any) -> Any:
        if structure is None:
            return None
        if id(structure) not in self._device:
            self._device[id(structure)] = (structure, backend.to_tensors(structure))
        return self._device[id(structure)][1]

    def _training(self, variant: str, reference: bool, penalties: bool) -> tuple[backend.CompiledTraining, Any]:
        key = f"{variant}/{reference}/{penalties}"
        if key not in self._trained:
            optimizer = keras.optimizers.Adam(1e-3) if reference else self.model.optimizer
            if not optimizer.built:
                optimizer.build(self.model.trainable_variables)
            self._optimizers[key] = optimizer
            self._trained[key] = backend.CompiledTraining(self.model, optimizer, penalties=penalties)
        return self._trained[key], self._optimizers[key]

    def _run(self, training: Any, tensors: list[Any], order: Array, seconds: float, enough: Any) -> tuple[Array, float]:
        found = [training.run(*tensors, order[:1])]
        begun, done, chunk = time.perf_counter(), 1, 1
        while done < len(order) and np.all(np.isfinite(found[-1])):
            spent = time.perf_counter() - begun
            if spent > seconds or enough(np.concatenate(found)):
                break
            tick = time.perf_counter()
            found.append(training.run(*tensors, order[done : done + chunk]))
            done += chunk
            pace = (time.perf_counter() - tick) / chunk
            left = max(seconds - (time.perf_counter() - begun), 0.0)
            chunk = int(np.clip(min(_CHUNK_SECONDS, left) / max(pace, 1e-6), 1, 4 * chunk))
        return np.concatenate(found), time.perf_counter() - begun

    def _arm(
        self, name: str, losses: Array, planned: int, diverged: bool, used: Array, data: Any, held_out: Any, s: float
    ) -> Arm:
        if diverged:
            why = f"training diverged after {len(losses):,} steps"
            self.answers = self.answers or unanswered(self.objective.heads, why)
            return Arm(name=name, losses=losses, planned=planned, diverged=True, seconds=s)
        tail = losses[-max(1, min(50, int(_TAIL * len(losses)))) :]
        x, y = (rows_of(part, used) for part in data)
        outputs = self.outputs(x)
        settled, score, distinct = self.evaluate(outputs, x, y, None if self.weight is None else self.weight[used])
        self.answers = self.answers or answered(self.objective.heads, outputs, y, n_steps=len(losses))
        final = min((v for v in (float(tail.mean()), settled) if np.isfinite(v)), default=float("nan"))
        unseen, unseen_loss = float("nan"), float("nan")
        if held_out is not None:
            unseen_loss, unseen, _ = self.evaluate(self.outputs(held_out[0]), held_out[0], held_out[1], None)
        return Arm(
            name=name,
            losses=losses,
            planned=planned,
            score=score,
            distinct=distinct,
            final=final,
            seconds=s,
            held_out=unseen,
            held_out_loss=unseen_loss,
        )


def _losses_in_order(model: Any, n_outputs: int) -> list[Any]:
    """Resolved losses in the order of the targets."""
    flat = model._compile_loss._flat_losses or []
    if len(flat) == n_outputs:
        return [entry.loss for entry in flat]
    return [model._compile_loss] * n_outputs


def task_score(head: HeadFacts, predicted: Array, y: Array) -> tuple[float, int | None]:
    """Accuracy for classes, R² for values (mean over columns, at least −1), NaN otherwise; and distinct classes."""
    if not np.all(np.isfinite(predicted)):
        return float("nan"), None
    if head.task in (Task.BINARY, Task.MULTICLASS):
        chosen, labels = decided(predicted, y, from_logits=head.from_logits)
        if labels is None:
            return float("nan"), None
        return float(np.mean(chosen == labels)), len(np.unique(chosen))
    if head.task in (Task.REGRESSION, Task.RECONSTRUCTION) and y.size == predicted.size:
        y, predicted = y.reshape(len(y), -1).astype("float64"), predicted.reshape(len(y), -1).astype("float64")
        spread = ((y - y.mean(0)) ** 2).sum(0)
        used = spread > 0
        if not used.any():
            return float("nan"), None
        r2 = 1 - ((y - predicted) ** 2).sum(0)[used] / spread[used]
        return float(np.clip(r2, -1, 1).mean()), None
    return float("nan"), None


def orders(n: int, batch: int, n_steps: int, *, shuffle: bool, seed: int) -> Array:
    """Row indices of each step, epoch after epoch, as `fit` would take them (a short last batch is filled up)."""
    batch = min(batch, n)
    rng = np.random.default_rng(seed)
    per_epoch = -(-n // batch)

    def epochs() -> Iterator[Array]:
        for _ in range(-(-n_steps // per_epoch)):
            rows = rng.permutation(n) if shuffle else np.arange(n)
            yield np.resize(rows, per_epoch * batch).reshape(per_epoch, batch)

    return np.concatenate(list(epochs()))[:n_steps].astype("int32")
