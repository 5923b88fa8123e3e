"""Which finding leads, what hangs under it, and which cause is named first."""

import itertools

import pytest

from flatline import diagnosis, registry
from flatline.cause import Cause
from flatline.finding import Severity
from flatline.fix import Fix, MapLabels, Safety, SetFit
from flatline.verdict import Ruling, Verdict
from tests.reports.make import INPUT_SCALE, OFFSET, RAW_SCORES, REMARK, TINY_SUBSET, finding, passed

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def codes(findings):
    return [each.code for each in findings]


def test_the_order_does_not_depend_on_the_order_of_the_checks():
    outcomes = (RAW_SCORES, TINY_SUBSET, INPUT_SCALE, OFFSET, REMARK)
    orders = {tuple(codes(diagnosis.rank(order))) for order in itertools.permutations(outcomes)}
    assert orders == {("FL301", "FL001", "FL102", "FL104", "FL803")}


def test_equal_findings_appear_once_and_other_outcomes_not_at_all():
    assert diagnosis.rank((INPUT_SCALE, *passed(2), INPUT_SCALE)) == (INPUT_SCALE,)


def test_severity_comes_first():
    found = (finding("FL301", severity=INFO), finding("FL102", severity=WARNING), finding("FL001", severity=ERROR))
    assert codes(diagnosis.rank(found)) == ["FL001", "FL102", "FL301"]


def test_a_contradiction_comes_before_a_magnitude_and_the_tiny_subset_last():
    found = [finding(code) for code in ("FL001", "FL404", "FL102", "FL202", "FL301")]
    assert codes(diagnosis.rank(found)) == ["FL301", "FL102", "FL202", "FL404", "FL001"]


def test_broken_data_come_before_all_other_errors():
    # A cell that is not a number spoils what every other check has measured.
    found = [finding(code, severity=ERROR) for code in ("FL301", "FL101")]
    assert codes(diagnosis.rank(found)) == ["FL101", "FL301"]


def test_a_change_comes_before_advice_and_a_confirmed_one_before_all():
    change = Fix(title="set it", edits=(SetFit(argument="batch_size", value=8),))
    verdict = Verdict(ruling=Ruling.CONFIRMED, gain=0.5, p_value=0.03, seconds=9.0)
    confirmed = Fix(title="set it", edits=change.edits, verdict=verdict)
    found = (
        finding("FL301", fixes=(Fix(title="think", safety=Safety.ADVICE),)),
        finding("FL302", fixes=(change,)),
        finding("FL406", fixes=(confirmed,)),
    )
    assert codes(diagnosis.rank(found)) == ["FL406", "FL302", "FL301"]


def test_a_finding_without_a_code_or_severity_is_ranked_last_not_refused():
    bare = finding("", name="", severity=None)
    assert diagnosis.rank((bare, REMARK)) == (REMARK, bare)


def test_findings_of_one_cause_form_one_group():
    groups = diagnosis.group(diagnosis.rank((INPUT_SCALE, OFFSET)))
    assert [(each.lead, each.others) for each in groups] == [(INPUT_SCALE, (OFFSET,))]


def test_a_symptom_hangs_under_the_cause_that_explains_it():
    groups = diagnosis.group(diagnosis.rank((TINY_SUBSET, RAW_SCORES)))
    assert [(each.lead, each.others) for each in groups] == [(RAW_SCORES, (TINY_SUBSET,))]


@pytest.mark.parametrize(
    ("code", "symptoms"),
    [
        ("FL101", ("FL501", "FL503")),
        ("FL603", ("FL501", "FL502", "FL503", "FL506", "FL507")),
        ("FL806", ("FL501", "FL502", "FL503", "FL507")),
    ],
)
def test_what_the_loss_does_hangs_under_broken_data_and_steps_that_are_too_long(code, symptoms):
    (check,) = (one for one in registry.all_checks() if one.code == code)
    cause = finding(code, severity=WARNING, cause=check.cause, explains=check.explains)
    (found,) = diagnosis.group(diagnosis.rank([*(finding(symptom) for symptom in symptoms), cause]))
    assert found.lead == cause
    assert set(codes(found.others)) == set(symptoms)


def test_a_symptom_that_nothing_explains_stands_alone():
    assert [each.others for each in diagnosis.group((TINY_SUBSET, INPUT_SCALE))] == [(), ()]


def test_a_symptom_hangs_under_a_cause_that_itself_hangs_under_another():
    second = finding("FL303", cause=Cause.OUTPUT_ACTIVATION, explains=("FL601",))
    symptom = finding("FL601", severity=WARNING)
    (group,) = diagnosis.group(diagnosis.rank((RAW_SCORES, second, symptom)))
    assert group.lead is RAW_SCORES
    assert codes(group.others) == ["FL303", "FL601"]


def test_an_error_explained_by_a_warning_keeps_its_place_at_the_top():
    scale = finding("FL102", cause=Cause.INPUT_SCALE, explains=("FL001",))
    other = finding("FL301", severity=WARNING, cause=Cause.LOSS)
    groups = diagnosis.group(diagnosis.rank((other, scale, TINY_SUBSET)))
    assert [codes((each.lead, *each.others)) for each in groups] == [["FL102", "FL001"], ["FL301"]]
    assert diagnosis.causes((other, scale, TINY_SUBSET)) == (Cause.INPUT_SCALE, Cause.LOSS)  # as on the page


def test_a_remark_does_not_hide_an_alarm():
    remark = finding("FL803", severity=INFO, cause=Cause.INITIALIZATION, explains=("FL001",))
    assert len(diagnosis.group(diagnosis.rank((remark, TINY_SUBSET)))) == 2


def test_two_causes_that_explain_each_other_are_both_shown():
    one = finding("FL301", cause=Cause.LOSS, explains=("FL102",))
    two = finding("FL102", cause=Cause.INPUT_SCALE, explains=("FL301",))
    assert codes(each.lead for each in diagnosis.group(diagnosis.rank((one, two)))) == ["FL301", "FL102"]
    assert diagnosis.causes((one, two)) == (Cause.LOSS, Cause.INPUT_SCALE)


def test_causes_need_a_finding_at_warning_or_above_and_appear_once():
    assert diagnosis.causes((REMARK, OFFSET, INPUT_SCALE, RAW_SCORES, TINY_SUBSET)) == (
        Cause.OUTPUT_ACTIVATION,
        Cause.INPUT_SCALE,
    )
    assert diagnosis.causes((REMARK, TINY_SUBSET)) == ()


def test_a_cause_that_an_experiment_points_to_steps_back_behind_the_one_that_explains_it():
    experiment = finding("FL001", severity=ERROR, cause=Cause.LEARNING_RATE)
    scale = finding("FL102", severity=WARNING, cause=Cause.INPUT_SCALE, explains=("FL001",))
    assert diagnosis.causes((experiment, scale)) == (Cause.INPUT_SCALE, Cause.LEARNING_RATE)
    unrelated = finding("FL102", severity=WARNING, cause=Cause.INPUT_SCALE)
    assert diagnosis.causes((experiment, unrelated)) == (Cause.LEARNING_RATE, Cause.INPUT_SCALE)


def test_what_a_run_shows_hangs_under_what_keeps_the_network_from_learning():
    cause = finding("FL801", cause=Cause.INITIALIZATION, severity=ERROR, explains=("FL001",))
    shown = [finding(code) for code in ("FL501", "FL705", "FL807")]
    (group,) = diagnosis.group(diagnosis.rank((*shown, cause)))
    assert group.lead.code == "FL801"
    assert sorted(codes(group.others)) == ["FL501", "FL705", "FL807"]


def test_labels_that_only_lie_on_another_scale_are_told_as_that():
    standardise, other = (Fix(title=how, edits=(MapLabels(how=how),)) for how in ("standardize", "one_hot"))
    scaled = finding("FL318", cause=Cause.LABELS, fixes=(standardise, other))
    wrong = finding("FL306", cause=Cause.LABELS, fixes=(other,))
    assert diagnosis.spoken(Cause.LABELS, (scaled, RAW_SCORES)) == "labels (scale of the targets)"
    assert diagnosis.spoken(Cause.LABELS, (scaled, wrong)) == "labels"
    assert diagnosis.spoken(Cause.LABELS, ()) == "labels"
    moved = finding(cause=Cause.INPUT_SCALE, fixes=(standardise,))
    assert diagnosis.spoken(Cause.INPUT_SCALE, (moved,)) == "input scale"
