"""What a report holds, saves and raises."""

import json

import numpy as np
import pytest
from matplotlib import pyplot

from flatline.cause import Cause
from flatline.errors import FlatlineError
from flatline.finding import Severity
from flatline.fix import SetCompile
from flatline.reports.report import Report
from tests.reports import make


def test_outcomes_are_sorted_into_findings_passed_and_not_evaluated():
    assert [finding.code for finding in make.SEED.findings] == ["FL301", "FL001", "FL102", "FL104", "FL803"]
    assert len(make.SEED.passed) == 23
    assert len(make.SEED.not_evaluated) == 5
    assert make.SEED.causes == (Cause.OUTPUT_ACTIVATION, Cause.INPUT_SCALE)
    assert make.SEED.fixes[:3] == (make.SOFTMAX, make.LOGITS, make.RESCALE)


def test_a_fix_that_two_findings_share_is_listed_once():
    shared = make.report(make.RAW_SCORES, make.finding("FL310", fixes=(make.SOFTMAX,)))
    assert shared.fixes == (make.SOFTMAX, make.LOGITS)


@pytest.mark.parametrize(
    ("outcomes", "ok"),
    [((), True), ((make.REMARK,), True), ((make.INPUT_SCALE,), False), ((make.RAW_SCORES,), False)],
)
def test_only_warnings_and_errors_are_alarms(outcomes, ok):
    assert make.report(*outcomes).ok is ok


@pytest.mark.parametrize("severity", ["WARNING", "warning", Severity.WARNING, "INFO", Severity.ERROR])
def test_raise_for_findings_raises_with_the_text(severity):
    with pytest.raises(AssertionError, match="FL301 check-301"):
        make.SEED.raise_for_findings(severity)


def test_raise_for_findings_is_silent_below_the_severity():
    make.report(make.REMARK).raise_for_findings()
    make.report(make.INPUT_SCALE).raise_for_findings("ERROR")


@pytest.mark.parametrize("severity", ["FATAL", 2.5, None])
def test_raise_for_findings_names_the_known_severities(severity):
    with pytest.raises(FlatlineError, match=r'must be one of "INFO", "WARNING", "ERROR"\. Got'):
        make.CLEAN.raise_for_findings(severity)


def test_the_suffix_chooses_the_format(tmp_path):
    make.SEED.save(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["causes"][0] == "output_activation"
    make.SEED.save(str(tmp_path / "report.html"))
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("name", ["report.jpg", "report", "report.HTML.txt"])
def test_another_suffix_is_refused(tmp_path, name):
    with pytest.raises(FlatlineError, match=r"must end in \.html, \.json, \.png, \.svg or \.pdf\. Got"):
        make.SEED.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_a_one_line_error(tmp_path):
    with pytest.raises(FlatlineError, match=r"cannot write the report to .*No such file or directory"):
        make.SEED.save(tmp_path / "missing" / "report.json")


def test_json_has_a_version_and_every_field_of_the_schema():
    read = json.loads(make.SEED.to_json())
    assert (read["format"], read["version"], read["ok"]) == ("flatline-report", 1, False)
    assert read["scope"]["seconds"] == 2.13
    first = read["findings"][0]
    assert (first["code"], first["severity"], first["cause"]) == ("FL301", "ERROR", "output_activation")
    assert first["evidence"] == [
        {
            "quantity": "output_low",
            "value": -212.0,
            "bound": [">=", 0.0],
            "unit": "1",
            "where": "dense",
            "steps": None,
            "broken": True,
        }
    ]
    assert first["fixes"][0]["edits"] == [
        {"kind": "SetLayer", "layer": "dense", "argument": "activation", "value": "softmax"}
    ]
    assert first["fixes"][0]["safety"] == "unsafe"
    assert read["not_evaluated"][4] == {"code": "FL504", "name": "missing-4", "reason": "crashed: E: x"}
    assert read["curves"]["tiny subset, as is"] == [7.4, 7.4, 7.4]


def test_json_is_valid_whatever_the_numbers_are():
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    read = json.loads(make.EVIL.to_json(), parse_constant=refuse)
    assert read["null"] == "Infinity"
    assert read["findings"][0]["evidence"][0]["value"] == "NaN"
    assert read["findings"][0]["evidence"][0]["bound"] == [">=", "-Infinity"]
    assert [float(loss) for loss in next(iter(read["curves"].values()))][2] == float("inf")
    make.EVIL.to_json().encode("utf-8")


def test_numpy_values_and_unknown_objects_become_json():
    edit = SetCompile(argument="loss", value={1: np.float32(0.5), "flag": np.bool_(True), "what": object})
    fixes = (make.Fix(title="set it", edits=(edit,)),)
    read = json.loads(make.report(make.finding(fixes=fixes), scope={"n": np.int64(3)}).to_json())
    assert read["scope"] == {"n": 3}
    assert read["findings"][0]["fixes"][0]["edits"][0]["value"] == {"1": 0.5, "flag": True, "what": "<class 'object'>"}


def test_markdown_tells_the_facts():
    text = make.SEED.to_markdown()
    assert "### ERROR FL301 check-301 (cause: output_activation)" in text
    assert "| `output_low` | -212 | \\>= 0 | dense |" in text
    assert '```python\nkeras.layers.Dense(2, activation="softmax", name="dense")\n```' in text
    assert "- FL504 missing-4: crashed: E: x" in text
    assert text.index("FL301") < text.index("FL001") < text.index("FL102")


def test_markdown_takes_the_meaning_from_what_users_wrote():
    text = make.EVIL.to_markdown()
    assert "````python\n" in text  # longer than the fence inside the snippet
    assert "\x1b" not in text
    assert "\\<script\\>" in text


def test_a_report_of_nothing_renders():
    empty = Report(outcomes=())
    for text in (str(empty), empty.to_markdown(), empty.to_json(), empty._repr_html_()):
        assert text
    assert "No check could be evaluated" in str(empty)


def test_a_report_draws_its_overview_in_a_new_figure_or_as_an_image(tmp_path):
    before = pyplot.get_fignums()
    figure = make.SEED.plot()
    assert len(pyplot.get_fignums()) == len(before) + 1
    pyplot.close(figure)
    assert pyplot.get_fignums() == before
    make.SEED.save(tmp_path / "report.png")
    assert (tmp_path / "report.png").read_bytes() == make.SEED.image()
    with pytest.raises(FlatlineError, match=r"`format` parameter of Report\.image must be one of 'png', .* Got 'jpg'"):
        make.SEED.image("jpg")


def test_a_report_of_nothing_cannot_be_plotted():
    for call in (make.CLEAN.plot, make.CLEAN.image):
        with pytest.raises(FlatlineError, match="cannot be plotted: it holds neither facts nor curves"):
            call()


def test_a_report_cannot_be_changed():
    with pytest.raises(AttributeError):
        make.CLEAN.outcomes = ()
