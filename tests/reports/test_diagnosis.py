"""A diagnosis: which causes it names, how it is applied, and what it says of what was tried in every form."""

import dataclasses
import json
import math
import re

import pytest
from matplotlib import pyplot

from flatline.cause import Cause
from flatline.checks.cured_by_experiment import cured_by_experiment
from flatline.engine import judge
from flatline.errors import FlatlineError
from flatline.experiment import Experiment, Outcome, Paired
from flatline.finding import Severity
from flatline.fix import Fix, SetCompile, SetLayer
from flatline.reports import page, terminal
from flatline.reports.diagnosis import Diagnosis
from flatline.verdict import Ruling
from tests import experiments as given
from tests.checks import make as facts
from tests.reports import make
from tests.reports.test_page import parsed

FLAT = facts.arm(final=1.09, score=0.34)  # a rehearsal that goes nowhere
RAW_SCORES = make.finding(
    "FL301", severity=Severity.ERROR, cause=Cause.OUTPUT_ACTIVATION, fixes=(given.SOFTMAX, make.LOGITS)
)


def diagnosed(experiment, *outcomes, **fields):
    found = judge((cured_by_experiment,), {Experiment: experiment})
    scope = {"model": "Sequential, 3 layers", "task": "10-class classification"}
    given = {"outcomes": (*found, *outcomes), "experiment": experiment, "scope": scope}
    return Diagnosis(**(given | {"facts": {Experiment: experiment}} | fields))


ONE, THREE, NOTHING = diagnosed(given.ONE, RAW_SCORES), diagnosed(given.THREE), diagnosed(given.NOTHING)


def forms(report):
    """The texts of every rendering, on one line."""
    notebook = "".join(parsed(report._repr_html_()).text)
    return [" ".join(text.replace("\\", "").split()) for text in (str(report), notebook, report.to_markdown())]


def everywhere(report, *parts):
    for text in forms(report):
        plain = text.replace("`", "")
        for part in parts:
            assert part in plain, f"{part!r} not in {plain}"


# ── what is said ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cure_is_told_with_its_numbers_in_every_form():
    everywhere(
        ONE,
        "Tried on your data",
        "Confirmed: with one change, accuracy goes from 0.31 to 0.97 in 5 of 5 paired runs of 40 steps (p = 0.031)",
        "on 100 rows not trained on 0.30 → 0.94",
        "helps too: set batch_size=32",
        "tried, no help: use learning_rate=0.0001; use keras.optimizers.Adam(0.001)",
        "not tried: use 64 units in dense (the budget)",
        "score: accuracy on the 400 rows trained on (best constant answer 0.10, perfect 1); 5 pairs of 40 steps; 21 s",
    )
    for text in forms(ONE)[1:]:
        assert "(confirmed: accuracy 0.31 → 0.97 in 5 of 5 runs)" in text


def test_confirmed_changes_are_told_once_in_the_terminal_with_their_whole_code():
    long = dataclasses.replace(given.STANDARDISE, snippet="\n".join(f"step_{n} = {n}" for n in range(14)))
    chosen = (given.needed(verdict=given.verdict(0.12, 0.97)), given.needed(long, verdict=given.verdict(0.42, 0.97)))
    alternative = Fix(title="or set `from_logits=True` in the loss")
    scores = make.finding("FL301", severity=Severity.ERROR, fixes=(given.SOFTMAX, alternative))
    others = [make.finding(f"FL{600 + n}", message="word " * 30, cause=list(Cause)[n]) for n in range(12)]
    text = str(diagnosed(given.experiment(*chosen), scores, *others))
    for each in chosen:
        assert text.count(f"→ {each.fix.title} (confirmed: accuracy") == 1
        assert all(text.count(f"      {line}\n") == 1 for line in each.fix.snippet.splitlines())
    assert text.index("Tried on your data") < text.index(f"→ {long.title}") and "from_logits" not in text


def test_of_what_was_tried_in_vain_no_title_is_cut():
    titles = [f"do the thing number {n} in `a_layer`" for n in range(6)]
    rest = [given.tried(Fix(title=title), Outcome.NO_HELP) for title in titles]
    others = [make.finding(f"FL{600 + n}", message="word " * 30, cause=list(Cause)[n]) for n in range(12)]
    text = str(diagnosed(given.experiment(*given.ONE.chosen, tried=tuple(rest)), *others))
    (line,) = re.findall(r"tried, no help: (.*)", text)
    assert line.endswith("; …") and all(part in titles for part in line.removesuffix("; …").split("; "))


def test_a_confirmation_of_one_change_is_told_once_where_changes_are_listed():
    part = str(ONE).partition("Tried on your data")[2]
    assert part.count("0.97") == 1
    assert 'use `activation="softmax"` in `dense_2`\n' in part


def test_a_fix_of_a_check_that_did_not_help_is_marked_in_every_form():
    rate = make.finding("FL406", severity=Severity.WARNING, cause=Cause.LEARNING_RATE, fixes=(given.SMALLER,))
    everywhere(diagnosed(given.NOTHING, rate), "use learning_rate=0.0001 (tried alone: no help)")


def test_changes_that_are_needed_together_have_a_line_each():
    everywhere(
        THREE,
        "with 3 changes together, accuracy goes from 0.31 to 0.97",
        'use activation="softmax" in dense_2 (confirmed: accuracy 0.12 → 0.97 in 5 of 5 runs)',
        "standardise the inputs (confirmed: accuracy 0.42 → 0.97, higher in 4 of 5 runs)",
        "set batch_size=32 (tried, not sure: accuracy 0.93 → 0.97, higher in 3 of 5 runs)",
    )


def test_where_nothing_helps_it_is_said_plainly_and_without_calm():
    everywhere(
        NOTHING,
        "Nothing that was tried makes it learn: accuracy is 0.11 as it is, 0.12 with the best change",
        "look at a few rows with their labels first",
        "learns its own rows only: use 64 units in dense",
        "diverges: use keras.optimizers.Adam(0.001)",
    )
    assert all("Nothing found that would keep" not in text for text in forms(NOTHING))
    learns = diagnosed(given.NOTHING, rehearsal=facts.rehearsal())
    assert "Nothing found that would keep" in str(learns)  # the planned training itself speaks for it
    assert "40 steps a run in the search" in " ".join(str(NOTHING).split())  # there are no pairs that say so
    assert "Nothing found that would keep this network from learning" in str(diagnosed(given.experiment(before=0.97)))


@pytest.mark.parametrize(
    ("model_free", "said"),
    [(0.85, "reach 0.85 on rows they have not seen"), (0.1, "do no better than guessing either (0.10 against 0.15)")],
)
def test_what_it_means_rests_on_learners_that_are_no_networks(model_free, said):
    rehearsal = facts.rehearsal(FLAT, model_free=model_free, model_free_null=0.15)
    everywhere(diagnosed(given.NOTHING, rehearsal=rehearsal), said)


def test_scores_say_the_rows_they_are_of():
    part = dataclasses.replace(given.ONE, n_rows=1438, n_scored=512)
    everywhere(diagnosed(part), "score: accuracy on 512 of the 1,438 rows trained on (best")
    rehearsal = facts.rehearsal(FLAT, model_free=0.85, model_free_null=0.15, n_held_out=360)
    everywhere(diagnosed(given.NOTHING, rehearsal=rehearsal), "reach 0.85 on 360 rows they have not seen")


def test_a_search_that_was_cut_short_says_how_far_it_got():
    budget = dataclasses.replace(given.NOTHING, ended="the budget", tried=given.REST)
    everywhere(diagnosed(budget), "tried so far makes it learn", "ended by the budget after 3 of 4 changes")
    assert "The fault may lie" not in str(diagnosed(budget))  # the rest of the search may still find it
    stopped = diagnosed(dataclasses.replace(given.NOTHING, ended="interrupted", tried=()))
    everywhere(stopped, "No change was tried", "interrupted before the first change")
    assert "cut short" not in str(NOTHING) and "The search" not in str(NOTHING)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (given.unsure(0.31, 0.5), "on fresh seeds it was higher in 3 of 5 pairs (p = 0.5), which may be luck"),
        (given.verdict(0.5, 0.3, ruling=Ruling.HARMFUL), "on fresh seeds it did harm"),
        (None, "no pairs were run on fresh seeds"),
    ],
)
def test_what_was_not_confirmed_is_not_called_a_cure(verdict, said):
    report = diagnosed(dataclasses.replace(given.ONE, verdict=verdict))
    everywhere(report, "Not confirmed: in the search accuracy goes from 0.31 to 0.97", said)
    assert report.findings == ()


def test_a_set_up_that_nothing_improves_and_one_that_was_not_scored():
    everywhere(diagnosed(given.experiment(before=0.97)), "does better than the set-up as it is: accuracy is 0.97")
    everywhere(diagnosed(given.experiment(before=math.nan, after=math.nan)), "was not scored")
    everywhere(diagnosed(dataclasses.replace(given.NOTHING, before=-math.inf)), "training diverges as it is")


def test_a_long_search_is_folded_into_a_screenful():
    rest = tuple(
        given.tried(Fix(title=f"do the thing number {n} in `a_layer_with_a_long_name`"), outcome, note=f"reason {n}")
        for n in range(60)
        for outcome in (Outcome.NO_HELP, Outcome.HELPS, Outcome.DIVERGED, Outcome.MEMORISES, Outcome.NOT_TRIED)
    )
    chosen = tuple(given.needed(Fix(title=f"set the number {n} " + "word " * 20)) for n in range(12))
    others = [make.finding(f"FL{100 + n}", message="word " * 40, cause=list(Cause)[n]) for n in range(12)]
    long = given.experiment(*chosen, tried=rest, score="an odd score " * 8)
    for report in (diagnosed(long), diagnosed(long, *others), diagnosed(given.ONE, *others)):
        lines = str(report).splitlines()
        assert len(lines) <= terminal.SCREENFUL
        assert max(map(len, lines)) <= terminal.WIDTH
        assert "Tried on your data" in lines
    assert "tried, no help (60): do the thing number 0" in str(diagnosed(long))
    assert "54 more" in " ".join(str(diagnosed(given.experiment(tried=rest))).split())


def test_what_users_wrote_is_text_in_every_form():
    evil = given.experiment(
        given.needed(Fix(title=make.HOSTILE, snippet="x")),
        score=make.HOSTILE,
        tried=(given.tried(Fix(title=make.HOSTILE), Outcome.NOT_TRIED, note=make.HOSTILE),),
        ended="interrupted",
    )
    report = diagnosed(evil)
    html = page.document(report)
    assert {tag for tag, _ in parsed(html).seen}.isdisjoint({"link", "iframe"})
    assert html.count("<script") == 1
    for text in (str(report), html, report.to_markdown()):
        assert "\x1b" not in text
        text.encode("utf-8")
    assert "\\<script\\>" in report.to_markdown()
    json.loads(report.to_json())


def test_the_page_draws_the_paired_runs_and_lists_every_change():
    tags = parsed(page.document(ONE))
    (image,) = [attributes for tag, attributes in tags.seen if tag == "img"]
    assert "paired runs" in image["alt"]
    assert "every change" in "".join(tags.text)
    assert "knows its own rows only" in page.document(NOTHING)
    assert "<img" not in page.document(NOTHING)


def test_without_an_experiment_it_is_a_report_like_any_other():
    plain = Diagnosis(outcomes=make.SEED.outcomes, scope=make.SEED.scope, curves=make.SEED.curves, null=make.SEED.null)
    assert (str(plain), plain.to_markdown()) == (str(make.SEED), make.SEED.to_markdown())
    assert plain.to_dict() == make.SEED.to_dict()
    assert "experiment" not in plain.to_dict()
    assert plain.causes == make.SEED.causes


def test_json_holds_the_whole_experiment():
    read = json.loads(THREE.to_json())["experiment"]
    fields = {each.name for each in dataclasses.fields(Experiment)}
    assert read.keys() == fields | {"confirmed"}
    assert (read["confirmed"], read["score"], read["before_held_out"]) == (True, "accuracy", "NaN")
    assert read["verdict"]["pairs"] == 5 and read["verdict"]["ruling"] == "confirmed"
    first = read["chosen"][0]
    assert (first["cause"], first["outcome"]) == ("output_activation", "part of the best set-up")
    assert first["fix"]["edits"][0]["kind"] == "SetLayer"
    assert first["fix"]["verdict"]["before"] == 0.12
    assert len(read["paired"]["before"]) == 5 and len(read["paired"]["step"]) == 9
    assert "0" not in read["tried"][-1]["note"] and read["tried"][-1]["outcome"] == "not tried"


# ── causes and fixes ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fix_of_another_check_carries_the_verdict_of_its_trial():
    lead = ONE.findings[0]
    assert lead.code == "FL301"
    assert lead.fixes[0].verdict == given.ONE.chosen[0].fix.verdict
    assert lead.fixes[1].verdict is None
    assert ONE.fixes == (given.ONE.chosen[0].fix, make.LOGITS)  # each once


def test_causes_with_a_confirmed_fix_come_first_by_gain():
    error = make.finding("FL201", severity=Severity.ERROR, cause=Cause.TRAINABLE)
    assert diagnosed(given.THREE, error).causes == (Cause.OUTPUT_ACTIVATION, Cause.INPUT_SCALE, Cause.TRAINABLE)
    swapped = dataclasses.replace(given.THREE, chosen=given.THREE.chosen[::-1])
    assert diagnosed(swapped).causes == (Cause.OUTPUT_ACTIVATION, Cause.INPUT_SCALE)


def test_the_page_lists_causes_in_the_order_in_which_they_are_named():
    error = make.finding("FL201", severity=Severity.ERROR, cause=Cause.TRAINABLE)
    report = diagnosed(given.THREE, error)  # severe, and not confirmed
    page_order = re.findall(r"<h3>Cause: (.*?)</h3>", page.document(report))
    assert page_order == [cause.value.replace("_", " ") for cause in report.causes]
    assert page_order[-1] == "trainable"
    assert str(report).index("FL004") < str(report).index("FL201")


def test_a_confirmed_fix_backs_its_cause_at_info_and_an_unsure_one_does_not():
    better = given.experiment(given.needed(verdict=given.verdict(0.8, 0.9)), before=0.8, after=0.9)
    report = diagnosed(better)
    assert (report.findings[0].severity, report.ok) == (Severity.INFO, True)
    assert report.causes == (Cause.OUTPUT_ACTIVATION,)
    assert Cause.BATCH_SIZE not in THREE.causes


# ── taking the cure ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_apply_makes_the_best_set_up_or_one_fix():
    applied = []
    report = dataclasses.replace(ONE, setup=lambda fix: applied.append(fix) or "set-up", code=lambda: "-a\n+b")
    assert report.apply() == "set-up"
    assert report.apply(make.LOGITS) == "set-up"
    assert applied == [None, make.LOGITS]
    assert report.diff() == "-a\n+b"


@pytest.mark.parametrize("experiment", [None, given.NOTHING, dataclasses.replace(given.ONE, verdict=None)])
def test_nothing_confirmed_is_nothing_to_apply(experiment):
    report = Diagnosis(outcomes=(), experiment=experiment, setup=lambda fix: fix, code=lambda: "")
    for call in (report.apply, report.diff):
        with pytest.raises(FlatlineError, match="no confirmed fix") as raised:
            call()
        assert "\n" not in str(raised.value)
    assert report.apply(given.SMALLER) is given.SMALLER


def test_a_diagnosis_from_a_file_holds_no_model():
    for call in (ONE.apply, ONE.diff, lambda: ONE.apply(make.LOGITS)):
        with pytest.raises(FlatlineError, match=r"read from a file; call flatline\.diagnose again"):
            call()


def test_apply_makes_one_fix_of_several_and_the_first_of_alternatives_holds():
    def fix(edit) -> Fix:
        return Fix(title=repr(edit), edits=(edit,))

    loss, logits = fix(SetCompile(argument="loss", value="mse")), fix(SetLayer(layer="a", argument="units", value=2))
    slow, fast = (fix(SetCompile(argument="optimizer.learning_rate", value=rate)) for rate in (0.1, 0.2))
    finding = make.finding(fixes=(loss, logits))
    report = Diagnosis(outcomes=(finding,), setup=lambda fix: fix)
    advice = Fix(title="look at the data")
    assert report.apply(advice) == report.apply([advice]) == advice
    assert report.apply((fast, advice, loss, slow, logits)).edits == (*fast.edits, *loss.edits)
    assert report.apply([logits, loss, slow]).edits == (*logits.edits, *slow.edits)


@pytest.mark.parametrize("wrong", ["softmax", (), [make.LOGITS, "softmax"], 3])
def test_apply_refuses_what_is_no_fix(wrong):
    with pytest.raises(FlatlineError, match=r"`fix` parameter of Diagnosis\.apply must be one or several.*Got "):
        ONE.apply(wrong)


def test_plot_draws_the_pairs_first_or_the_short_trainings():
    figure = ONE.plot()
    (panel,) = figure.subfigs[1].subfigs
    assert (panel.axes[0].get_ylabel(), len(panel.axes[0].get_lines())) == ("accuracy", 13)
    pyplot.close(figure)
    curves = dataclasses.replace(
        ONE, curves=make.SEED.curves, experiment=dataclasses.replace(given.ONE, paired=Paired())
    )
    figure = curves.plot()
    assert figure.subfigs[1].subfigs[0].axes[0].get_ylabel() == "loss"
    pyplot.close(figure)
    with pytest.raises(FlatlineError, match="cannot be plotted: no change was good enough to be put to the test"):
        NOTHING.plot()
