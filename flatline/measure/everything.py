"""All measurements of a set-up, in the order in which they need each other, inside one preserved world."""

import contextlib
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flatline.backend import Inference, graph_loops, is_distributed
from flatline.errors import FlatlineError
from flatline.facts import (
    Array,
    DataFacts,
    FitError,
    ModelFacts,
    ObjectiveFacts,
    OptimizerFacts,
    PlanFacts,
    RehearsalFacts,
    TinySubsetFacts,
    ValidationFacts,
)  # fmt: skip
from flatline.measure.answers import unanswered
from flatline.measure.budget import Budget
from flatline.measure.data import Gathered, gather
from flatline.measure.exhibiting import OF_INPUTS, setup_exhibits
from flatline.measure.model import has_custom_train_step, unbuilt_facts
from flatline.measure.optimizer import optimizer_facts, rate_setter
from flatline.measure.overfit import AS_IS_SHARE, FEWEST_TINY, N_EXAMPLES, overfit
from flatline.measure.preserve import preserved
from flatline.measure.rehearsal import FEWEST_STEPS, rehearse
from flatline.measure.replica import on_one_device
from flatline.measure.setup import SetupFacts, build, check_compiled, first_line, n_rows, row_weights, rows_of
from flatline.measure.trial import Trials

TOTAL_SECONDS = 25.0  # of one call, the first of which reading and the passes take what they need
TINY_SECONDS = 6.0
REHEARSAL_SECONDS = 12.0
LOOK_ROWS = 32  # kept with a report


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured: facts by type (or why not), a summary for the report's head, and curves to draw."""

    facts: dict[type, Any]
    scope: Mapping[str, Any]
    curves: Mapping[str, Array]
    null: float
    refusal: FlatlineError | None = None  # why the model cannot be run at all; raised unless a check can say it better
    slow: bool = False  # the model is called through a graph
    rows: tuple[Any, Any] | None = None  # a few inputs and their targets, for a look inside the network


@dataclass(frozen=True, kw_only=True)
class World:
    """What an experiment needs of a set-up that was measured; facts may be added to."""

    model: Any
    gathered: Gathered
    facts: dict[type, Any]
    slow: bool


def measure(
    model: Any,
    X: Any,
    y: Any,
    *,
    validation_data: Any,
    fit_args: dict[str, Any],
    why_no_training: Callable[[Mapping[type, Any]], str | None],
    seed: int,
    say: Callable[[str], None],
    seconds: float | None = None,
    then: Callable[[World], None] | None = None,
) -> Measured:
    """Measure what there is to know of a model and its data; leave both as they were.

    `why_no_training` is told the facts so far and returns the reason to leave the short trainings out, or None. `then`
    is called inside the same preserved world, where a training step can be taken, and may add facts of its own.
    """
    check_compiled(model)
    budget = Budget(TOTAL_SECONDS if seconds is None else seconds)
    say("reading the data")
    logger = logging.getLogger("tensorflow")
    level = logger.level
    with preserved(model), graph_loops(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras warns of is a finding, said once and with the fix
        logger.setLevel(logging.ERROR)
        try:
            with contextlib.suppress(FlatlineError):  # then what needs a step says that it cannot take one
                model = on_one_device(model)
            names = names_of(model)
            gathered = gather(
                X, y, fit_args=fit_args, validation_data=validation_data,
                input_names=names[0], output_names=names[1], seed=seed,
            )  # fmt: skip
            setter = rate_setter(fit_args.get("callbacks"))
            measured = _measure(model, gathered, setter, why_no_training, budget, seed, say)
            if then is not None:
                then(World(model=model, gathered=gathered, facts=measured.facts, slow=measured.slow))
            return replace(measured, rows=_few_rows(gathered))
        finally:
            logger.setLevel(level)


def _few_rows(gathered: Gathered) -> tuple[Any, Any]:
    n = n_rows(gathered.x)
    rows = np.unique(np.linspace(0, n - 1, min(n, LOOK_ROWS)).astype(int))
    return rows_of(gathered.x, rows), rows_of(gathered.y, rows)


def names_of(model: Any) -> tuple[list[str], list[str]]:
    inputs = getattr(model, "input_names", None) or []
    return list(inputs), list(getattr(model, "output_names", None) or [])


def _measure(
    model: Any,
    gathered: Gathered,
    setter: str | None,
    why_no_training: Callable[[Mapping[type, Any]], str | None],
    budget: Budget,
    seed: int,
    say: Callable[[str], None],
) -> Measured:
    facts: dict[type, Any] = {DataFacts: gathered.data, PlanFacts: gathered.plan}
    split = gathered.plan.validation_split
    without = "the validation rows are a part of X" if split else "needs validation data, which were not given"
    facts[ValidationFacts] = gathered.validation or without
    custom = has_custom_train_step(model)
    try:
        say("running the model once")
        predict = build(model, gathered.x)
    except FlatlineError as error:
        reason = "the model has its own train_step and cannot be called on X alone" if custom else str(error)
        facts |= dict.fromkeys((ModelFacts, ObjectiveFacts, OptimizerFacts, TinySubsetFacts, RehearsalFacts), reason)
        facts |= dict.fromkeys(OF_INPUTS, reason)
        if not custom:
            facts[ModelFacts] = unbuilt_facts(model)
        refusal = None if custom else error
        return Measured(facts=facts, scope=_scope(model, gathered, None), curves={}, null=float("nan"), refusal=refusal)
    if gathered.y is None and not custom and not _trains_without_targets(model):
        raise FlatlineError(
            "The `y` parameter of check_setup must be the targets of the compiled loss. Got None; pass y, or a data "
            "set that yields (x, y) pairs."
        )
    setup = SetupFacts(model, predict, gathered.x, gathered.y, gathered_weights(gathered), gathered.data, seed=seed)
    facts[ModelFacts], facts[ObjectiveFacts] = setup.model, setup.objective
    facts |= setup_exhibits(setup, in_order=gathered.plan.shuffle is not True, seed=seed)
    if setup.error is not None and not custom:
        facts[FitError] = setup.error
    else:
        facts[FitError] = "the first step raises nothing"
    can_step = setup.error is None and not custom and setup.has_gradient
    try:
        facts[OptimizerFacts] = optimizer_facts(model, gathered.plan, setup.gradients if can_step else None)
    except Exception as error:  # a step that raises is reported as "not measured", never as the end of the call
        facts[OptimizerFacts] = f"one step of the optimizer raised {type(error).__name__}"
    curves: dict[str, Array] = {}
    no_step = None if setter is None else f"`{setter}` sets the learning rate during fit"
    if is_distributed(model):
        no_step = "a model under a strategy that cannot be made anew takes no steps on one device"
    facts[OptimizerFacts] = no_step or facts[OptimizerFacts]
    no_training = _why_no_training(predict, setup, custom) or no_step or why_no_training(facts)
    if no_training is None:
        try:
            facts |= _train(model, predict, gathered, setup, budget, seed, say)
        except Exception as error:  # likewise
            no_training = f"training a few steps raised {type(error).__name__}: {first_line(error)}"
    for kind in (RehearsalFacts, TinySubsetFacts):
        facts.setdefault(kind, no_training)
    if isinstance(reason := facts[RehearsalFacts], str):
        facts |= unanswered(setup.objective.heads, reason)
    if isinstance(facts[RehearsalFacts], RehearsalFacts):
        curves = {name: arm.losses for name, arm in facts[RehearsalFacts].arms.items()}
    null = setup.objective.null
    return Measured(facts=facts, scope=_scope(model, gathered, setup), curves=curves, null=null, slow=predict.compiled)


def _train(
    model: Any,
    predict: Inference,
    gathered: Gathered,
    setup: SetupFacts,
    budget: Budget,
    seed: int,
    say: Callable[[str], None],
) -> dict[type, Any]:
    """Run both short trainings, or say why there is no time for one."""
    weight = gathered_weights(gathered)
    trials = Trials(model, predict, gathered.x, gathered.y, weight, objective=setup.objective, budget=budget)
    budget.expect(row=setup.row_seconds, eager=setup.pass_seconds, traced=predict.trace_seconds)
    found: dict[type, Any] = {}
    plan = gathered.plan
    batch = min(plan.batch_size or gathered.data.batch_size or 32, n_rows(gathered.x))
    seconds, steps = min(REHEARSAL_SECONDS, budget.left()), min(FEWEST_STEPS, plan.n_steps or FEWEST_STEPS)
    found[RehearsalFacts] = budget.why_not(seconds, steps=steps, batch=batch) or rehearse(
        trials, setup.model, plan, batch_size=batch, seconds=seconds, seed=seed, say=say
    )
    found |= trials.answers
    seconds = min(TINY_SECONDS, budget.left())
    found[TinySubsetFacts] = budget.why_not(seconds, steps=FEWEST_TINY, batch=N_EXAMPLES, share=AS_IS_SHARE) or overfit(
        trials, setup.model, seconds=seconds, seed=seed, say=say
    )
    return found


def _why_no_training(predict: Inference, setup: SetupFacts, custom: bool) -> str | None:
    if predict.fixed_batch is not None:
        return f"the model takes batches of {predict.fixed_batch} rows only"
    if custom:
        return "the model has its own train_step"
    if setup.error is not None:
        return f"the first training step raises {setup.error.kind}"
    if not setup.has_gradient:
        return "no gradient reaches any weight"
    if all(head.squash == "constant" for head in setup.objective.heads):
        return "the output is constant whatever the weights are"
    if not np.isfinite(setup.objective.null):
        return "the null model's loss is unknown for this loss"
    if not np.isfinite(setup.objective.perfect):
        return "the lowest value of this loss is unknown"
    return None


def _trains_without_targets(model: Any) -> bool:
    compiled = getattr(model, "_compile_loss", None)
    return compiled is None


def gathered_weights(gathered: Gathered) -> Array | None:
    """Sample weights and class weights of the rows drawn, as one factor per row."""
    return row_weights(gathered.y, gathered.plan.class_weight, gathered.sample_weight)


def _scope(model: Any, gathered: Gathered, setup: SetupFacts | None) -> dict[str, Any]:
    data = gathered.data
    read = data.inputs[0].n_scanned if data.inputs else 0
    total = data.n_rows
    rows = f"{read:,} of {total:,}" if total is not None else f"{read:,} of an unknown number"
    scope: dict[str, Any] = {"rows read": rows}
    if setup is not None:
        n_layers = len(setup.model.layers)
        scope["model"] = f"{setup.model.kind}, {n_layers} layers, {setup.model.n_weights:,} weights"
        tasks = dict.fromkeys(
            f"{head.n_classes}-class classification" if head.n_classes and head.n_classes > 2 else head.task.value
            for head in setup.objective.heads
        )
        scope["task"] = ", ".join(tasks)
    return scope
