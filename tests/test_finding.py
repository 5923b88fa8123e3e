import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatline.finding import Evidence, Finding, Severity

OPERATORS = ("<=", ">=", "<", ">", "==", "!=")


def evidence(value, operator, limit):
    return Evidence(quantity="input_rms", value=value, bound=(operator, limit))


@pytest.mark.parametrize("operator", OPERATORS)
def test_nan_fails_every_bound(operator):
    assert evidence(math.nan, operator, 1.0).broken


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_bound_that_is_nan_is_failed_by_every_number(operator):
    assert evidence(1.0, operator, math.nan).broken is (operator != "!=")


@pytest.mark.parametrize(("operator", "holds"), [("<=", True), (">=", True), ("<", False), (">", False), ("==", True)])
def test_the_bound_itself(operator, holds):
    assert evidence(2.0, operator, 2.0).broken is not holds


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_bound_and_its_opposite_never_both_hold(value, limit):
    for operator, opposite in (("<=", ">"), (">=", "<"), ("==", "!=")):
        assert evidence(value, operator, limit).broken is not evidence(value, opposite, limit).broken


def test_an_unknown_comparison_is_an_error():
    with pytest.raises(KeyError):
        _ = evidence(1.0, "≈", 1.0).broken


def test_severities_are_ordered():
    assert Severity.INFO < Severity.WARNING < Severity.ERROR


def test_findings_cannot_be_changed():
    finding = Finding(message="inputs reach `dense` at rms 116")
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.message = "all is well"
