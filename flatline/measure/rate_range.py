"""The learning-rate range test: train the user's own model at ever larger rates for one step each, then undo it."""

import logging
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.measure.budget import Budget
from flatline.measure.data import Gathered, gather
from flatline.measure.everything import gathered_weights, names_of
from flatline.measure.model import has_custom_train_step
from flatline.measure.preserve import preserved
from flatline.measure.replica import on_one_device
from flatline.measure.setup import SetupFacts, build, check_compiled, first_line, n_rows
from flatline.measure.suggested_rate import confirmed, moving_mean, suggest
from flatline.measure.trial import Trials, orders

SECONDS = 60.0  # for the steps of all runs; a slower model gets fewer of them
FEWEST_STEPS = 60  # 1; over eight decades some eight steps a decade, below which a curve is not told from its noise
N_RUNS = 3  # at rate 0, at rising rates, and at the suggested one
RECENT = 5  # steps that a mean is taken over: a fifth of a decade by default
DIVERGED = 4.0  # × the lowest loss; fastai's lr_find stops there (Howard and Gugger 2020, arXiv 2002.04688)
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class RateRange:
    """What was measured, and the rate that it suggests."""

    rate: Array  # (n_steps,) in use at each step
    loss: Array  # (n_steps,) of the batch before the step, without penalties; the last may be no number
    smoothed: Array  # (n_steps,)
    suggested: float | None
    reason: str
    null: float  # loss of the best constant prediction; NaN where unknown
    current: float  # the rate that the model is compiled with: at the present step of a schedule


def rate_range(
    model: Any,
    X: Any,
    y: Any,
    *,
    fit_args: Mapping[str, Any],
    lowest: float,
    highest: float,
    n_steps: int,
    seed: int,
    say: Say,
) -> RateRange:
    """Train one step at each rate from `lowest` to `highest`, equally far apart in their logarithm, and undo it.

    Parameters
    ----------
    model, X, y, fit_args
        As for `flatline.check_setup`.
    lowest, highest : float
        Rates of the first and the last step.
    n_steps : int
        Fewer are made where they would take more than `SECONDS`.
    seed : int
        Of the sample and of the order of its rows.
    say : callable
        Told what is being done.

    Raises
    ------
    FlatlineError
        When the model cannot be trained on these data by Keras' own training step.

    References
    ----------
    L. N. Smith 2017, arXiv 1506.01186, section 3.3; L. N. Smith and N. Topin 2019, arXiv 1708.07120.
    """
    check_compiled(model)
    if has_custom_train_step(model):
        raise FlatlineError(
            "The `model` parameter of lr_range must train by the train_step of keras.Model, whose one optimizer the "
            f"rates are tried on. Got {type(model).__name__!r} with a train_step of its own; try rates in short runs "
            "of fit instead."
        )
    say("reading the data")
    logger = logging.getLogger("tensorflow")
    level = logger.level
    with preserved(model), backend.graph_loops(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras warns of is what check_setup finds
        logger.setLevel(logging.ERROR)
        try:
            model = on_one_device(model)
            inputs, outputs = names_of(model)
            gathered = gather(X, y, fit_args=fit_args, input_names=inputs, output_names=outputs, seed=seed)
            return _measured(model, gathered, np.geomspace(lowest, highest, n_steps), seed, say)
        finally:
            logger.setLevel(level)


def _measured(model: Any, gathered: Gathered, rates: Array, seed: int, say: Say) -> RateRange:
    say("running the model once")
    predict = build(model, gathered.x)
    if gathered.y is None and getattr(model, "_compile_loss", None) is not None:
        raise FlatlineError(
            "The `y` parameter of lr_range must be the targets of the compiled loss. Got None; pass y, or a data set "
            "that yields (x, y) pairs."
        )
    weight = gathered_weights(gathered)
    setup = SetupFacts(model, predict, gathered.x, gathered.y, weight, gathered.data, seed=seed)
    if setup.error is not None:
        raise FlatlineError(f"the first training step raises {setup.error.kind}: {setup.error.message}")
    if not setup.has_gradient:
        raise FlatlineError("no gradient reaches any weight, so that no rate can change the loss; see check_setup")
    trials = Trials(
        model, predict, gathered.x, gathered.y, weight, objective=setup.objective, budget=Budget(SECONDS)
    )  # fmt: skip
    null, perfect = trials.null_and_perfect(slice(0, None))
    batch = predict.fixed_batch or gathered.plan.batch_size or gathered.data.batch_size or 32
    batch = min(batch, n_rows(gathered.x))
    order = orders(n_rows(gathered.x), batch, len(rates), shuffle=True, seed=seed)
    current = float(np.asarray(keras.ops.convert_to_numpy(model.optimizer.learning_rate)))
    steps = _Steps(model, (gathered.x, gathered.y, trials.weight), order, say)
    if steps.n_steps < len(rates):
        rates = np.geomspace(rates[0], rates[-1], steps.n_steps)
    untrained = steps.at(np.zeros(len(rates)), stop=False)
    if not np.all(np.isfinite(untrained)):  # an optimizer that divides by the rate, as Ftrl does
        untrained = np.concatenate([steps.at(np.zeros(1), first=step) for step in range(len(rates))])
    if not np.all(np.isfinite(untrained)):
        raise FlatlineError("the loss is no number before the first step, whatever the rate: see flatline.check_setup")
    losses = steps.at(rates)
    rates, diverged = rates[: len(losses)], has_diverged(losses)
    found = suggest(rates, losses, untrained[: len(losses)], perfect=perfect, diverged=diverged)
    if found.rate is not None:
        found = confirmed(found, steps.at(np.full(len(untrained), found.rate)), untrained, null=null)
    return RateRange(
        rate=rates,
        loss=losses,
        smoothed=found.smoothed,
        suggested=found.rate,
        reason=found.reason,
        null=null,
        current=current,
    )


class _Steps:
    """Training steps at given rates over the same batches, from the same weights; the caller puts the model back."""

    def __init__(self, model: Any, data: tuple[Any, ...], order: Array, say: Say) -> None:
        optimizer = model.optimizer
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        self._rate = keras.Variable(0.0, dtype="float32", trainable=False)
        optimizer.learning_rate = lambda: self._rate  # in place of a number and of a schedule alike
        self._training = backend.CompiledTraining(model, optimizer)
        x, y, weight = [None if part is None else backend.to_tensors(part) for part in data]
        self._data = x, y, weight
        self._order, self._say = order, say
        self._fresh = self._training.state()
        say("compiling a training step")
        try:
            self.n_steps = self._affordable()
        except Exception as error:
            raise FlatlineError(f"a training step raises {type(error).__name__}: {first_line(error)}") from error

    def _affordable(self) -> int:
        """Number of steps there is time for: the second step's seconds tell, the first compiles."""
        self.at(np.zeros(1))
        start = time.perf_counter()
        self.at(np.zeros(1))
        each = time.perf_counter() - start
        return min(len(self._order), max(FEWEST_STEPS, int(SECONDS / N_RUNS / max(each, 1e-9))))

    def at(self, rates: Array, *, first: int = 0, stop: bool = True) -> Array:
        """Losses of one step at each rate, from the batch `first` on, until the loss runs away."""
        self._training.set_state(self._fresh)
        losses: list[float] = []
        for step, value in enumerate(rates, first):
            self._rate.assign(value)
            x, y, weight = self._data
            losses.append(float(self._training.run(x, y, weight, self._order[step : step + 1])[0]))
            if step % 10 == 0:
                self._say(f"learning rate {value:.1e}, step {step} of {len(rates)}: loss {losses[-1]:.4g}")
            if stop and has_diverged(np.array(losses)):
                break
        return np.array(losses)


def has_diverged(losses: Array) -> bool:
    """Whether the loss is no number, or ran away: above `DIVERGED` × its lowest and above where it began.

    Means of a few steps are compared, so that a single hard batch ends nothing.
    """
    if not np.isfinite(losses[-1]):
        return True
    if len(losses) < 2 * RECENT:
        return False
    means = moving_mean(losses, RECENT)
    least = float(means.min())
    # For a loss that can be negative: further above its lowest than three times the size of that.
    return bool(means[-1] - least > (DIVERGED - 1) * abs(least) and means[-1] > means[0])
