"""RuleTester must see what is wrong with a check: each law is broken once on purpose."""

import dataclasses

import numpy as np
import pytest

from flatline.errors import CannotTell
from flatline.facts import DataFacts, ModelFacts
from flatline.finding import Evidence, Finding, Severity
from flatline.fix import Fix, MapInput, Safety
from flatline.pages import example, sections
from flatline.registry import check
from flatline.testing import RuleTester, row
from tests.checks import make

BIG, SMALL = make.data(make.array(std=50.0)), make.data()
GOOD = {"message": "std is 50, above 20", "evidence": (Evidence(quantity="input_rms", value=50.0, bound=("<=", 20)),)}


def checking(finding=GOOD, look=lambda data: data.inputs[0].std > 20):
    """A check that yields this finding where `look` says so, and cannot tell without inputs or with NaN."""

    def judged(data: DataFacts):
        if not data.inputs or np.isnan(data.inputs[0].std):
            raise CannotTell("0 inputs read, 1 needed")
        if look(data):
            yield Finding(**finding)

    return check("FL998", cause=None, severity=Severity.WARNING)(judged)


FIRES = (row(BIG, message="std is 50"),)


def run(tested, fires=FIRES, silent=(SMALL,), **rest):
    """Run a table."""
    return RuleTester(tested).run(fires=list(fires), silent=list(silent), **rest)


def test_a_good_check_with_a_good_table_passes():
    unread = row(make.data(inputs=()), message="0 inputs read")
    assert [type(one).__name__ for one in run(checking(), cannot_tell=[unread])] == [
        "Finding",
        "Passed",
        "NotEvaluated",
    ]


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ({"message": "Std is 50, above 20"}, "upper case"),
        ({"message": "std is 50, above 20."}, "full stop"),
        ({"message": "std is 50,\nabove 20"}, "one line"),
        ({"message": "std is 50 and the mean nan"}, "NaN"),
        ({"evidence": ()}, "no evidence"),
        ({"evidence": (Evidence(quantity="input_rms", value=1.0, bound=("<=", 20)),)}, "does not break"),
        ({"evidence": (Evidence(quantity="vibes", value=50.0, bound=("<=", 20)),)}, "not in flatline.glossary"),
        ({"fixes": (Fix(title="scale", snippet="X = X / 50"),)}, "needs edits"),
        ({"fixes": (Fix(title="scale", edits=(MapInput(how="standardize"),)),)}, "needs edits"),
        ({"fixes": (Fix(title="scale", safety=Safety.ADVICE, snippet="X = /"),)}, "not Python"),
        ({"fixes": (Fix(title="scale", safety=Safety.ADVICE, edits=(MapInput(how="standardize"),)),)}, "has edits"),
        ({"fixes": (Fix(title="scale it.", safety=Safety.ADVICE),)}, "title"),
    ],
)
def test_a_finding_against_the_rules_is_seen(change, law):
    with pytest.raises(AssertionError, match=law):
        run(checking(GOOD | change))


def test_a_message_without_a_number_is_seen():
    with pytest.raises(AssertionError, match="no number"):
        run(checking(GOOD | {"message": "std is large"}), fires=[row(BIG, message="large")])


@pytest.mark.parametrize("expected", [{"severity": Severity.INFO}, {"where": "X"}, {"fix": "scale"}])
def test_expectations_are_compared(expected):
    with pytest.raises(AssertionError):
        run(checking(), fires=[row(BIG, message="std", **expected)])


def test_the_message_must_be_expected():
    with pytest.raises(AssertionError, match="no message holds"):
        run(checking(), fires=[row(BIG, message="mean")])


def test_a_row_that_should_fire_and_does_not():
    with pytest.raises(AssertionError, match="no finding"):
        run(checking(look=lambda data: False))


def test_a_row_that_should_be_silent_and_is_not():
    with pytest.raises(AssertionError, match="not silent"):
        run(checking(look=lambda data: True))


def test_more_firing_than_silent_rows():
    with pytest.raises(AssertionError, match="as many silent"):
        run(checking(), silent=())


def test_the_same_row_twice():
    with pytest.raises(AssertionError, match="the same facts as"):
        run(checking(), silent=[SMALL, make.data()])


def test_a_check_that_changes_its_facts():
    data = make.data(make.array(std=50.0))

    def spoils(facts):
        facts.inputs[0].feature_mean[0] += 1
        return facts.inputs[0].std > 20

    with pytest.raises(AssertionError, match="changed its facts"):
        run(checking(look=spoils), fires=[row(data, message="std")])


def test_a_check_that_remembers():
    calls = []

    def forgetful(data):
        calls.append(data)
        return len(calls) % 2 == 1

    with pytest.raises(AssertionError, match="differs when judged twice"):
        run(checking(look=forgetful))


def test_nan_must_not_pass():
    @check("FL998", cause=None, severity=Severity.WARNING)
    def naive(data: DataFacts):
        if not data.inputs:
            raise CannotTell("0 inputs read, 1 needed")
        if data.inputs[0].std > 20:
            yield Finding(**GOOD)

    with pytest.raises(AssertionError, match=r"passes when every number is NaN \(it reads ArrayFacts\.std\)"):
        run(naive)


def test_nothing_measured_must_not_pass():
    @check("FL998", cause=None, severity=Severity.WARNING)
    def any_large(data: DataFacts):
        for array in data.inputs:
            if Evidence(quantity="input_rms", value=array.std, bound=("<=", 20)).broken:
                yield Finding(**GOOD)

    with pytest.raises(AssertionError, match="nothing was measured"):
        run(any_large)


def test_a_check_that_reads_no_number_may_pass_without_numbers():
    @check("FL998", cause=None, severity=Severity.WARNING)
    def kind_is_odd(model: ModelFacts):
        if not model.layers:
            raise CannotTell("0 layers seen, 1 needed")
        if model.kind == "odd":
            yield Finding(**GOOD)

    run(kind_is_odd, fires=[row(dataclasses.replace(make.model(), kind="odd"), message="std")], silent=[make.model()])


def test_a_crash_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run(checking(look=lambda data: 1 / 0))


def test_sections_and_their_code():
    page = "Title.\n\n## Example\n\nText.\n\n```python\nX = 1\n```\n\n## References\n\nNone."
    assert list(sections(page)) == ["Example", "References"]
    assert example(sections(page)["Example"] + "\n") == "X = 1\n"
