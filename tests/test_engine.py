import pytest

from flatline.cause import Cause
from flatline.engine import judge
from flatline.errors import CannotTell, FlatlineWarning
from flatline.facts import DataFacts, ModelFacts, PlanFacts
from flatline.finding import Evidence, Finding, Findings, NotEvaluated, Passed, Severity
from flatline.registry import check
from tests.checks import make


@check("FL901", cause=Cause.EPOCHS, severity=Severity.WARNING, explains=("FL902",))
def few_epochs(plan: PlanFacts) -> Findings:
    """Flag plans of one epoch."""
    if plan.epochs is None:
        raise CannotTell("0 epochs known, 1 needed")
    seen = Evidence(quantity="epochs", value=plan.epochs, bound=(">", 1))
    if seen.broken:
        yield Finding(message=f"{plan.epochs} epoch", evidence=(seen,))
        yield Finding(message="1 more thing", severity=Severity.INFO, cause=Cause.DATA, explains=("FL903",))


@check("FL902", cause=None, severity=Severity.INFO)
def with_model_if_there_is_one(plan: PlanFacts, model: ModelFacts | None) -> Findings:
    """Tell whether the model was given."""
    yield Finding(message=f"{0 if model is None else len(model.layers)} layers")


@check("FL903", cause=None, severity=Severity.INFO)
def broken(plan: PlanFacts) -> Findings:
    """Crash."""
    yield Finding(message="1 finding before the crash")
    raise ZeroDivisionError("float division\nby zero")


@check("FL904", cause=None, severity=Severity.INFO)
def warns(plan: PlanFacts) -> Findings:
    """Raise a warning that the user turned into an error."""
    raise FlatlineWarning("stop here")
    yield


ONE, MANY = {PlanFacts: make.plan(epochs=1)}, {PlanFacts: make.plan()}


def test_findings_get_code_name_severity_and_cause_of_their_check():
    first, second = judge([few_epochs], ONE)
    assert (first.code, first.name) == ("FL901", "few-epochs")
    assert (first.severity, first.cause, first.explains) == (Severity.WARNING, Cause.EPOCHS, ("FL902",))
    assert (second.severity, second.cause, second.explains) == (Severity.INFO, Cause.DATA, ("FL902", "FL903"))


def test_a_check_without_findings_passed():
    assert judge([few_epochs], MANY) == (Passed(code="FL901", name="few-epochs"),)


def test_cannot_tell_is_not_evaluated_with_its_reason():
    (outcome,) = judge([few_epochs], {PlanFacts: make.plan(epochs=None)})
    assert outcome == NotEvaluated(code="FL901", name="few-epochs", reason="0 epochs known, 1 needed")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, "needs PlanFacts, which was not measured"),
        ({PlanFacts: "fit_args were not passed"}, "fit_args were not passed"),
        ({DataFacts: make.data()}, "needs PlanFacts, which was not measured"),
    ],
)
def test_missing_facts_are_not_health(facts, reason):
    (outcome,) = judge([few_epochs], facts)
    assert isinstance(outcome, NotEvaluated)
    assert outcome.reason == reason


@pytest.mark.parametrize("model", [None, "the model raises in call"])
def test_optional_facts_may_be_missing(model):
    (outcome,) = judge([with_model_if_there_is_one], {**MANY, **({ModelFacts: model} if model else {})})
    assert outcome.message == "0 layers"


def test_optional_facts_are_handed_over():
    (outcome,) = judge([with_model_if_there_is_one], {**MANY, ModelFacts: make.model()})
    assert outcome.message == "2 layers"


def test_a_crash_is_an_outcome_and_the_others_are_judged():
    crashed, passed = judge([broken, few_epochs], MANY)
    assert crashed.reason == "crashed: ZeroDivisionError: float division"
    assert isinstance(passed, Passed)


def test_a_crash_is_an_error_in_tests():
    with pytest.raises(ZeroDivisionError):
        judge([broken], MANY, strict=True)


def test_a_warning_that_the_user_made_an_error_gets_through():
    with pytest.raises(FlatlineWarning, match="stop here"):
        judge([warns], MANY)


def test_outcomes_come_in_the_order_of_the_checks():
    assert [outcome.code for outcome in judge([broken, few_epochs], MANY)] == ["FL903", "FL901"]
