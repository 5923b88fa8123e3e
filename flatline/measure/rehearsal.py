"""The first steps of the planned training, run on a sample and undone; where they lead nowhere, what would."""

import time
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from flatline.facts import Arm, Array, LayerFacts, ModelFacts, PlanFacts, RehearsalFacts, Task
from flatline.measure.model_free import model_free_score
from flatline.measure.setup import n_rows, rows_of
from flatline.measure.trial import Trials, orders

DEFAULT_STEPS = 300  # where no plan is given: what the prototype of diagnosis by experiment needed to tell arms apart
MAX_STEPS = 3000
FEWEST_STEPS = 10  # a rehearsal of fewer says nothing
HELD_OUT = 0.2
LEARNS = 0.6  # of the way to a perfect loss: training goes on by itself from there
FAST_ENOUGH = 0.75
RATES = {"rate ×10": 10.0, "rate ×100": 100.0, "rate ÷10": 0.1, "rate ÷100": 0.01, "rate ÷1000": 0.001}
SMALL_BATCH = 32  # Keras' default; Masters and Luschi 2018, arXiv 1804.07612: 32 or smaller
Say = Callable[[str], None]


def rehearse(
    trials: Trials, model: ModelFacts, plan: PlanFacts, *, batch_size: int, seconds: float, seed: int, say: Say
) -> RehearsalFacts:
    """Train as planned for a while; where that does not learn, try single changes at the same number of steps.

    Parameters
    ----------
    trials : Trials
        The user's model and rows.
    model : ModelFacts
        For the layers that initial weights are drawn for.
    plan : PlanFacts
        Epochs, batch size, order.
    batch_size : int
        Of the planned training.
    seconds : float
        Budget for everything; the first arm takes at most a third.
    seed : int
        Of the order of rows.
    say : callable
        Told what is being tried.
    """
    return _Rehearsal(trials, model, plan, batch_size, seconds, seed, say).facts()


class _Rehearsal:
    def __init__(
        self, trials: Trials, model: ModelFacts, plan: PlanFacts, batch: int, seconds: float, seed: int, say: Say
    ) -> None:
        self.trials, self.model, self.plan, self.say, self.seed = trials, model, plan, say, seed
        self.deadline = time.perf_counter() + seconds
        self.share = max(seconds / 3, FEWEST_STEPS * trials.budget.step(batch))
        n = n_rows(trials.x)
        n_held_out = min(int(HELD_OUT * n), trials.budget.n_evaluated())
        self.n_held_out = n_held_out if n >= 100 and plan.shuffle is not False else 0
        dealt = np.random.default_rng(seed).permutation(n)
        self.held = np.sort(dealt[: self.n_held_out])
        self.rows = np.sort(dealt[self.n_held_out :])
        self.batch = min(batch, len(self.rows))
        self.n_steps = min(plan.n_steps or DEFAULT_STEPS, MAX_STEPS)
        self.null, self.perfect = trials.null_and_perfect(slice(0, None))
        self.arms: dict[str, Arm] = {}

    def _order(self, n_steps: int, batch: int) -> Array:
        local = orders(len(self.rows), batch, n_steps, shuffle=self.plan.shuffle is not False, seed=self.seed)
        return self.rows[local]

    def progress(self, arm: Arm | None) -> float:
        if arm is None or arm.diverged or not self.null > self.perfect:
            return float("-inf")
        if arm.rescaled:
            return arm.score
        value = (self.null - arm.final) / (self.null - self.perfect)
        return value if np.isfinite(value) else float("-inf")

    def _enough(self, losses: Array) -> bool:
        recent = float(losses[-20:].mean())
        return len(losses) >= 60 and (self.null - recent) > (FAST_ENOUGH + 0.1) * (self.null - self.perfect)

    def run(self, name: str, *, n_steps: int | None = None, batch: int | None = None, **changes: Any) -> Arm | None:
        """Run one arm while there is time; remember and return it."""
        left = min(self.deadline - time.perf_counter(), self.trials.budget.left())
        if self.arms and left < 0.3:
            return None
        self.say(f"trying the first steps of training: {name}")
        held = (
            rows_of(changes.get("x", self.trials.x), self.held),
            rows_of(changes.get("y", self.trials.y), self.held),
        )
        seconds = min(self.share, left)
        done = self.arms.get("as is")
        steps = n_steps or (done.n_steps if done is not None and not done.diverged else self.n_steps)
        order = self._order(min(steps, MAX_STEPS), batch or self.batch)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras repeats at each trace what the checks say once
            arm = self.trials.train(
                name, order=order, seconds=seconds, enough=never if "y" in changes else self._enough,
                held_out=held if self.n_held_out else None, **changes,
            )  # fmt: skip
        self.arms[name] = arm
        return arm

    def learns(self, arm: Arm | None) -> bool:
        return self.progress(arm) >= LEARNS

    def facts(self) -> RehearsalFacts:
        first = self.run("as is")
        free, guess = float("nan"), float("nan")
        if not self.learns(first):
            self._vary(first)
            if not any(self.learns(arm) for arm in self.arms.values()) or self._memorises():
                free, guess = model_free_score(self.trials, self.rows, self.held)
        elif self._memorises():
            free, guess = model_free_score(self.trials, self.rows, self.held)
        n_steps = self.plan.n_steps
        return RehearsalFacts(
            n_rows=len(self.rows),
            batch_size=self.batch,
            planned_steps=n_steps,
            null=self.null,
            perfect=self.perfect,
            null_score=null_score(self.trials),
            initial=self.trials.objective.initial,
            arms=dict(self.arms),
            model_free=free,
            model_free_null=guess,
            n_held_out=self.n_held_out,
        )

    def _memorises(self) -> bool:
        """Whether some arm knows its rows but nothing about the others."""
        return any(arm.score - arm.held_out > 0.3 for arm in self.arms.values())

    def _vary(self, first: Arm | None) -> None:
        """Single changes, the cheap ones (sharing a trace) first, until something learns."""
        scheduled = isinstance(
            self.trials.model.optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule
        )
        thrown = first is None or first.diverged or _thrown(first, self.perfect)
        smaller, larger = ("rate ÷10", "rate ÷100", "rate ÷1000"), ("rate ×10", "rate ×100")
        if not scheduled:
            for name in (*smaller, *larger) if thrown else larger:
                if self.learns(self.run(name, rate=RATES[name])):
                    break
        if self.plan.n_steps and first is not None and first.n_steps >= self.n_steps:
            self.run("10 × the steps", n_steps=10 * self.n_steps)
        if self.learns(self.arms.get("10 × the steps")):  # what is slow may be badly conditioned
            self.run("standardised inputs", x=standardised(self.trials.x))
        if self.batch >= 2 * SMALL_BATCH and self.plan.epochs and first is not None:
            self.run("batches of 32", batch=SMALL_BATCH, n_steps=first.n_steps * (self.batch // SMALL_BATCH))
        cured = any(self.learns(arm) for name, arm in self.arms.items() if name != "as is")
        for rate in (1e-3, 1e-2):
            if not cured:
                cured = self.learns(self.run(f"Adam at {rate:g}", reference=rate))
        if not cured:
            self._vary_setup()

    def _vary_setup(self) -> None:
        """Changes to what the optimizer is given, under the reference optimizer."""
        x, y = standardised(self.trials.x), self._standard_targets()
        weights = fresh_weights(self.trials, self.model)
        plan: list[tuple[str, dict[str, Any]]] = [("standardised inputs", {"x": x})]
        if weights is not None:
            plan.append(("fresh initial weights", {"weights": weights}))
            plan.append(("standardised inputs, fresh initial weights", {"x": x, "weights": weights}))
        if y is not None:
            plan.append(("standardised targets", {"y": y}))
            plan.append(("standardised inputs and targets", {"x": x, "y": y}))
        if self.trials.model.losses:
            plan.append(("no penalties", {"penalties": False}))
        for name, changes in plan:
            if self.learns(self.run(name, reference=3e-3, **changes)):
                return
        with without_dropout(self.trials.model) as dropped:
            if dropped:
                self.run("no dropout", reference=3e-3, variant="no dropout")

    def _standard_targets(self) -> Any:
        head = self.trials.head
        if head is None or head.task is not Task.REGRESSION or head.squash != "linear":
            return None
        return standardised(self.trials.y)


def never(losses: Array) -> bool:
    """Losses of other targets cannot be held against the null model's."""
    return False


def _thrown(arm: Arm, perfect: float) -> bool:
    """Whether steps made the loss much worse than it was before the first: they are too long rather than too short."""
    begin = float(arm.losses[0])
    return float(arm.losses.max()) > begin + 0.5 * abs(begin - perfect)


def standardised(structure: Any) -> Any:
    """Float arrays with mean 0 and standard deviation 1 per feature (last axis); integers stay."""

    def one(array: Array) -> Array:
        if array.dtype.kind != "f":
            return array
        axes = tuple(range(array.ndim - 1)) if array.ndim > 1 else (0,)
        mean, std = array.mean(axes, dtype="float64"), array.std(axes, dtype="float64")
        scaled: Array = ((array - mean) / np.where(std > 0, std, 1)).astype(array.dtype)
        return scaled

    return keras.tree.map_structure(one, structure)


def fresh_weights(trials: Trials, model: ModelFacts) -> list[Array] | None:
    """He-normal kernels and zero biases for every Dense and Conv layer (He et al. 2015); None without any."""
    rng = np.random.default_rng(0)
    plain = {layer.name for layer in model.layers if _is_plain(layer)}
    values, changed = [], False
    for variable, value in zip(trials.model.variables, trials._initial, strict=True):
        owner, _, kind = variable.path.rpartition("/")
        if owner.rpartition("/")[2] in plain and kind in ("kernel", "bias") and variable.trainable:
            changed = True
            fan_in = max(1, int(np.prod(value.shape[:-1])))
            value = rng.normal(0, np.sqrt(2 / fan_in), value.shape) if kind == "kernel" else np.zeros(value.shape)
        values.append(np.asarray(value))
    return values if changed else None


def _is_plain(layer: LayerFacts) -> bool:
    return layer.builtin and (layer.kind == "Dense" or layer.kind.startswith("Conv"))


class without_dropout:
    """Dropout layers let everything pass while the block runs; yields how many there are."""

    def __init__(self, model: Any) -> None:
        self._layers = [la for la in model._flatten_layers() if isinstance(la, keras.layers.Dropout) and la.rate > 0]
        self._rates = [layer.rate for layer in self._layers]

    def __enter__(self) -> int:
        for layer in self._layers:
            layer.rate = 0.0
        return len(self._layers)

    def __exit__(self, *_: object) -> None:
        for layer, rate in zip(self._layers, self._rates, strict=True):
            layer.rate = rate


def null_score(trials: Trials) -> float:
    """Score of the best constant answer: the largest class's share, or R² = 0."""
    head = trials.head
    if head is None:
        return float("nan")
    if head.task in (Task.BINARY, Task.MULTICLASS) and head.class_counts:
        counts = [count for _, count in head.class_counts]
        return max(counts) / sum(counts)
    return 0.0 if head.task in (Task.REGRESSION, Task.RECONSTRUCTION) else float("nan")
