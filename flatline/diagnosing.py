"""diagnose: why a network does not learn, and what cures it, found by training with and without each change."""

import time
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flatline.api import Verbose, check_arguments, warn_of, why_no_training
from flatline.errors import FlatlineError
from flatline.experiment import Experiment
from flatline.finding import Finding, Outcome, Severity
from flatline.fix import Fix

if TYPE_CHECKING:
    from flatline.measure.everything import World
    from flatline.reports.diagnosis import Diagnosis
    from flatline.score import Metric
    from flatline.settings import Selection

MEASURING_SHARE = 0.4  # of the budget for the checks and their short trainings, at most


def diagnose(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    fit_args: Mapping[str, Any] | None = None,
    budget: float = 60.0,
    seeds: int = 5,
    fixes: Iterable[Fix] = (),
    score: "Metric | None" = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    seed: int = 0,
    verbose: Verbose = "auto",
) -> "Diagnosis":
    """Say why a network does not learn, and what cures it: by experiment, on the user's own data.

    The network is trained for a short while as it is, and with single changes that the checks propose or that are
    worth trying; with several together where one is not enough. What is recommended was confirmed on fresh seeds by
    an exact paired test. Model, data, random state and files are afterwards bit by bit as they were.

    Parameters
    ----------
    model : keras.Model
        Compiled; of any kind that `fit` accepts, built or not.
    X : array-like of shape (n_samples, ...), or list or dict of them, tf.data.Dataset, keras.utils.PyDataset
        What `fit` would be given.
    y : array-like of shape (n_samples, ...), or list or dict of them, default=None
        Targets; None where X brings them along.
    fit_args : dict, default=None
        The arguments you are about to give `fit` (`epochs`, `batch_size`, …).
    budget : float, default=60.0
        Seconds for the whole call.
    seeds : int, default=5
        Pairs of runs, at least, that a recommendation is put to the test with; 5 is the fewest that can be significant.
    fixes : iterable of Fix, default=()
        Changes to ask about, such as `report.fixes` of any report of this model, or your own: each is put to the test
        by itself, first, and then takes part in the search. `diagnosis.experiment.asked` has the verdicts.
    score : callable, default=None
        What is to be better, in place of accuracy or R²: your function of (y, answers) that returns a number, such as
        `sklearn.metrics.f1_score`. Answers are labels of classes, zeros and ones, or values in the units of y. Whether
        it grows or falls is seen from what it gives for perfect and for constant answers. For models of one output.
    select, ignore : iterable of str, default=()
        Codes ("FL301"), prefixes ("FL3") or names of the checks to run, and not to run. `select=["FL004"]` leaves the
        search alone to say what is wrong.
    seed : int, default=0
        Of the sample that is drawn and of all runs.
    verbose : {"auto", 0, 1}, default="auto"
        As in Keras: "auto" and 1 show what is being tried, on standard error, and print the report; 0 prints nothing.

    Returns
    -------
    Diagnosis
        A report with `apply()`, which returns the repaired set-up ready to train, and `diff()`.

    Raises
    ------
    FlatlineError
        When model and data do not allow a judgement at all: one line that says what was got and what is expected.

    Warns
    -----
    FlatlineWarning
        For every finding at WARNING or ERROR.

    Notes
    -----
    A KeyboardInterrupt ends the search, not the call: what was found by then is returned.

    Examples
    --------
    >>> diagnosis = flatline.diagnose(model, X, y, fit_args={"epochs": 20})  # doctest: +SKIP
    >>> setup = diagnosis.apply()  # doctest: +SKIP
    >>> setup.fit()  # doctest: +SKIP
    """
    from flatline.reports import terminal
    from flatline.settings import selection

    chosen = selection(select, ignore, caller="diagnose")
    check_arguments("diagnose", fit_args=fit_args, seed=seed, verbose=verbose)
    _check_budget(budget, seeds)
    if score is not None and not callable(score):
        raise FlatlineError(
            f"The `score` parameter of diagnose must be a function of (y, answers), or None. Got {score!r}."
        )
    fixes = _checked_fixes(fixes)
    diagnosis = diagnosed(
        model, X, y, chosen=chosen, fit_args=fit_args, budget=budget, seeds=seeds, fixes=fixes, score=score,
        seed=seed,
        verbose=verbose,
    )  # fmt: skip
    if verbose:
        terminal.show(diagnosis)
    warn_of(diagnosis.findings)
    return diagnosis


def diagnosed(
    model: Any,
    X: Any,
    y: Any,
    *,
    chosen: "Selection",
    fit_args: Mapping[str, Any] | None,
    budget: float,
    seeds: int = 5,
    fixes: Iterable[Fix] = (),
    score: "Metric | None" = None,
    seed: int = 0,
    verbose: Verbose = "auto",
    kept: frozenset[str] | None = None,
    shown: Iterable[Outcome] = (),
) -> "Diagnosis":
    """Diagnose as `diagnose` does, and tell nobody.

    Layers that are `kept` (None: as they look) are not drawn anew; the fixes of what a run has `shown` are tried too.
    """
    from flatline import engine
    from flatline.facts import RehearsalFacts
    from flatline.judging import reads_log
    from flatline.looking import Later
    from flatline.measure.everything import TOTAL_SECONDS, measure
    from flatline.reports.diagnosis import Diagnosis
    from flatline.reports.progress import Progress
    from flatline.rewriting import difference
    from flatline.search.combining import combined

    checks = tuple(check for check in chosen.checks if not reads_log(check))
    start = time.perf_counter()
    known = dict(fit_args or {})
    recipes: list[Any] = []
    with Progress(verbose, announce=True) as progress:

        def search(world: "World") -> None:
            left = budget - (time.perf_counter() - start)
            outcomes = chosen.heard(engine.judge(checks, world.facts))
            recipes.append(_recipe(world, model, X, y, known))
            world.facts[Experiment] = _experiment(
                world, (*shown, *outcomes), fixes, score, left, seeds, seed, progress.update, kept
            )

        measured = measure(
            model, X, y, validation_data=None, fit_args=known,
            why_no_training=lambda facts: why_no_training(checks, facts, True),
            seed=seed, say=progress.update, seconds=min(TOTAL_SECONDS, MEASURING_SHARE * budget), then=search,
        )  # fmt: skip
        outcomes = engine.judge(checks, measured.facts)
    told = any(isinstance(outcome, Finding) and outcome.severity is Severity.ERROR for outcome in outcomes)
    if measured.refusal is not None and not told:
        raise measured.refusal
    experiment = measured.facts.get(Experiment)
    found = experiment if isinstance(experiment, Experiment) else None
    rehearsal = measured.facts.get(RehearsalFacts)
    best = combined(found.chosen) if found is not None else None
    return Diagnosis(
        outcomes=chosen.heard(outcomes),
        scope={**measured.scope, "seconds": round(time.perf_counter() - start, 1)},
        curves=measured.curves,
        null=measured.null,
        facts=measured.facts,
        view=Later.of(model, measured.rows),
        experiment=found,
        rehearsal=rehearsal if isinstance(rehearsal, RehearsalFacts) else None,
        setup=None if not recipes else lambda fix: _setup(recipes[0], best if fix is None else fix),
        code=None if not recipes else lambda: difference(recipes[0].model, recipes[0].fit_args, best),
    )


def _experiment(
    world: "World",
    outcomes: Iterable[Outcome],
    fixes: Iterable[Fix],
    score: "Metric | None",
    seconds: float,
    n_pairs: int,
    seed: int,
    say: Any,
    kept: frozenset[str] | None = None,
) -> Experiment | str:
    """Search, or say why not."""
    import keras
    import numpy as np

    from flatline.facts import ModelFacts, ObjectiveFacts, OptimizerFacts, PlanFacts
    from flatline.measure.setup import n_rows
    from flatline.recipe import Recipe
    from flatline.score import Score
    from flatline.search.candidates import asked, candidates
    from flatline.search.replay import Replay
    from flatline.search.search import Search

    facts, gathered = world.facts, world.gathered
    objective, plan = facts.get(ObjectiveFacts), facts[PlanFacts]
    if not isinstance(objective, ObjectiveFacts) or isinstance(facts.get(OptimizerFacts), str):
        return _why_not(facts)
    if facts[ModelFacts].custom_train_step:
        return "the model has its own train_step: a short training here would not be what `fit` does"
    targets = [np.asarray(leaf) for leaf in keras.tree.flatten(gathered.y)]
    if gathered.y is None or len(targets) != len(objective.heads):
        return "there are no targets to score predictions by"
    if score is not None and len(targets) > 1:
        raise FlatlineError(
            f"The `score` parameter of diagnose must be None for a model of several outputs. It has {len(targets)}."
        )
    pairs = zip(objective.heads, targets, strict=True)
    scores = [Score.of_targets(head.task, target, score) for head, target in pairs]
    batch = min(plan.batch_size or gathered.data.batch_size or 32, n_rows(gathered.x))
    fit_args = {"class_weight": plan.class_weight} if plan.class_weight else {}
    recipe = Recipe(model=world.model, X=gathered.x, y=gathered.y, fit_args=fit_args)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            replay = Replay(
                recipe, scores, weight=gathered.sample_weight, shuffle=plan.shuffle is not False, batch_size=batch,
                planned_epochs=plan.epochs, compiled=world.slow, seed=seed, kept=kept,
            )  # fmt: skip
            return Search(
                replay, candidates(outcomes, facts), planned_steps=plan.n_steps, seconds=seconds, n_pairs=n_pairs,
                seed=seed, say=say, asked=asked(fixes, outcomes),
            ).run()  # fmt: skip
    except FlatlineError as error:
        return str(error)


def _why_not(facts: Mapping[type, Any]) -> str:
    from flatline.facts import ObjectiveFacts, OptimizerFacts

    return next((str(facts[kind]) for kind in (ObjectiveFacts, OptimizerFacts) if isinstance(facts.get(kind), str)), "")


def _recipe(world: "World", model: Any, X: Any, y: Any, fit_args: dict[str, Any]) -> Any:
    from flatline.recipe import Recipe

    return Recipe(model=model, X=X, y=y, fit_args=fit_args, sample=(world.gathered.x, world.gathered.y))


def _setup(recipe: Any, fix: Any) -> Any:
    from flatline import backend
    from flatline.measure.preserve import preserved
    from flatline.rebuild import rebuilt
    from flatline.recipe import setup_of

    with preserved(recipe.model), backend.strategy_scope(recipe.model):
        applied = recipe.apply(fix)
        if applied.model is recipe.model:  # a fix of the data alone: the user's model is not to be trained by it
            applied = replace(applied, model=rebuilt(recipe.model, fix, recipe.sample[0]))
        return setup_of(applied)


def _checked_fixes(fixes: Any) -> tuple[Fix, ...]:
    """Refuse what is no fix; advice is left out, which nobody can try."""
    fixes = (fixes,) if isinstance(fixes, Fix) else tuple(fixes)
    for fix in fixes:
        if not isinstance(fix, Fix):
            raise FlatlineError(
                "The `fixes` parameter of diagnose must be flatline.Fix objects, such as those of `report.fixes`. "
                f"Got {fix!r}."
            )
    return tuple(fix for fix in fixes if fix.edits)


def _check_budget(budget: Any, seeds: Any) -> None:
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not budget > 0:
        raise FlatlineError(f"The `budget` parameter of diagnose must be a positive number of seconds. Got {budget!r}.")
    if isinstance(seeds, bool) or not isinstance(seeds, int) or not 1 <= seeds <= 16:
        raise FlatlineError(f"The `seeds` parameter of diagnose must be an int from 1 to 16. Got {seeds!r}.")
