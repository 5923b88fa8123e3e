import pytest

from flatline.errors import FlatlineError
from flatline.facts import DataFacts, ModelFacts, ObjectiveFacts
from flatline.finding import Findings, Severity
from flatline.registry import all_checks, check, find, matches, select


@check("FL999", cause=None, severity=Severity.INFO)
def odd_thing(data: DataFacts, model: ModelFacts | None) -> Findings:
    """Do nothing."""
    return ()


def test_the_name_is_the_functions_name():
    assert odd_thing.name == "odd-thing"


def test_the_signature_is_the_requirement_list():
    assert odd_thing.needs == {"data": DataFacts, "model": ModelFacts}
    assert odd_thing.optional == {"model"}


def test_checks_are_found_on_disk_in_the_order_of_their_codes():
    codes = [one.code for one in all_checks()]
    assert codes == sorted(codes)
    assert "FL101" in codes
    assert "FL999" not in codes


def test_the_page_is_the_docstring_of_the_module():
    found = find("FL101")
    assert found.title == "Flag a NaN or infinite cell in X or y, even a single one."
    assert found.needs["objective"] is ObjectiveFacts


@pytest.mark.parametrize("word", ["FL101", "fl101", "non-finite-data"])
def test_find_by_code_or_name(word):
    assert find(word).code == "FL101"


@pytest.mark.parametrize(
    ("selector", "expected"), [("FL101", True), ("FL1", True), ("FL", True), ("non-finite-data", True), ("FL2", False)]
)
def test_selectors(selector, expected):
    assert matches(find("FL101"), selector) is expected


def test_a_part_of_a_name_selects_nothing():
    assert not matches(find("FL101"), "non-finite")


def test_nothing_chosen_is_everything():
    assert select() == all_checks()


def test_select_less_ignored():
    assert {one.code[:3] for one in select(["FL1"])} == {"FL1"}
    assert "FL101" not in {one.code for one in select(["FL1"], ["non-finite-data"])}


@pytest.mark.parametrize("word", ["FL1O1", "no-finite-data", ""])
def test_an_unknown_check_is_an_error_that_names_near_ones(word):
    with pytest.raises(FlatlineError, match=r"no check is called .* FL\d{3}|no check is called .*non-finite-data"):
        select([word])


def test_an_unknown_ignored_check_says_who_asked():
    with pytest.raises(FlatlineError, match=r"asked by check_setup"):
        select((), ["FL9999"])
