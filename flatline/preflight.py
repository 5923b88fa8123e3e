"""The checks of a set-up where a run begins, or has gone flat: no short trainings, the run itself shows those."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from flatline import engine
from flatline.facts import ModelFacts
from flatline.finding import Finding, Outcome, Severity
from flatline.measure.everything import measure
from flatline.registry import Check


class Looked(NamedTuple):
    """What was made of a set-up."""

    outcomes: tuple[Outcome, ...]
    facts: Mapping[type, Any]


def look(
    model: Any, x: Any, y: Any, fit_args: Mapping[str, Any], checks: Iterable[Check], *, begun: bool = False
) -> Looked:
    """Judge a compiled model and its data as they stand.

    Parameters
    ----------
    model : keras.Model
    x, y : as `fit` takes them
    fit_args : mapping
        The other arguments of `fit`.
    checks : iterable of Check
        Of the set-up.
    begun : bool
        Whether training has moved the weights already.

    Returns
    -------
    Looked
        What the checks say, and the facts that they were told.

    Raises
    ------
    FlatlineError
        When model and data do not allow a judgement at all.
    """
    known = dict(fit_args)
    if known and known.get("epochs", 1) == 1:
        known["epochs"] = None  # `fit` may well be called again, in a loop
    measured = measure(
        model, x, y, validation_data=None, fit_args=known,
        why_no_training=lambda facts: "the run itself shows it", seed=0, say=lambda text: None,
    )  # fmt: skip
    if isinstance(seen := measured.facts.get(ModelFacts), ModelFacts):
        measured.facts[ModelFacts] = replace(seen, begun=begun)
    outcomes = engine.judge(tuple(checks), measured.facts)
    told = any(isinstance(outcome, Finding) and outcome.severity is Severity.ERROR for outcome in outcomes)
    if measured.refusal is not None and not told:
        raise measured.refusal
    return Looked(outcomes, measured.facts)
