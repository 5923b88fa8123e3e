"""The overview: its words, which panels it has, and what it does where there is little to draw."""

import re

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from flatline.cause import Cause
from flatline.errors import CannotTell
from flatline.experiment import Experiment
from flatline.facts import ModelFacts, RehearsalFacts
from flatline.finding import Evidence, Finding, Severity
from flatline.fix import Fix
from flatline.glossary import GLOSSARY
from flatline.logs import ActivationLog, EpochLog, GradientLog, LossLog, Marks, ProbeLog, RunFacts, UpdateLog
from flatline.plots.overview import SLIDE, overview, overview_image
from flatline.plots.panels import in_order
from flatline.records.record import EMPTY
from tests import experiments as given
from tests.checks import make as facts
from tests.detectors import make
from tests.plots.test_layers import activations, probe
from tests.reports.make import HOSTILE

RUN = {
    **EMPTY,
    RunFacts: make.run(),
    LossLog: make.FLAT,
    EpochLog: EpochLog(step=np.array([99, 199]), values={"accuracy": np.array([0.3, 0.3])}),
    GradientLog: make.gradients({"dense": 1e-3, "dense_1": 1e-3}),
    UpdateLog: make.updates({"dense": 1e-3, "dense_1": 1e-3}),
    ActivationLog: activations(),
    ProbeLog: probe([[0.1, np.nan], [0.9, np.nan]]),
    Marks: Marks(),
}


def finding(code="FL806", quantity="update_ratio", **fields):
    evidence = (Evidence(quantity=quantity, value=0.7, bound=("<=", 0.5)),)
    known = {"name": "updates-too-large", "severity": Severity.WARNING, "message": "steps replace the weights"}
    return Finding(code=code, evidence=evidence, **(known | fields))


RATE = finding(cause=Cause.LEARNING_RATE, fixes=(Fix(title="set the learning rate to 0.004"),))
DEAD = finding("FL705", "dead_share", name="dead-units", message="`dense` is dead")
REMARK = finding("FL501", "progress", severity=Severity.INFO, name="flat-loss", message="it is flat")


def drawn(known, **told):
    return overview(known, figure=Figure(figsize=SLIDE), **told)


def words(figure):
    return [text.get_text() for text in figure.subfigs[0].texts]


def titles(figure):
    return [panel.get_suptitle() for panel in figure.subfigs[1].subfigs]


def test_the_cause_its_message_and_the_fix_stand_on_top():
    figure = drawn(RUN, findings=(RATE, DEAD, REMARK), causes=(Cause.LEARNING_RATE, Cause.DATA), scope="m · 300 steps")
    assert words(figure) == [
        "flatline · m · 300 steps",
        "!  Likely cause: learning rate (then: data)",
        "FL806 updates-too-large: steps replace the weights",
        "→ set the learning rate to 0.004",
        "also FL705 dead-units: `dense` is dead",
        "also FL501 flat-loss: it is flat",
    ]
    assert tuple(figure.get_size_inches()) == SLIDE


def test_the_first_cause_leads_whatever_comes_first():
    other = finding(
        "FL101", "nonfinite_cells", cause=Cause.DATA, severity=Severity.ERROR, name="x", message="holds NaN"
    )
    assert words(drawn(RUN, findings=(RATE, other), causes=(Cause.DATA,)))[1] == ("✗  Cause: data")


def test_a_symptom_is_told_as_one():
    assert words(drawn(RUN, findings=(DEAD,)))[1] == "!  Not learning as it should: dead units"


def test_without_an_alarm_the_verdict_stands_on_top():
    told = words(drawn(RUN, findings=(REMARK,), verdict="Nothing found.", passed="17 checks passed"))
    assert told[1:] == ["Nothing found.", "17 checks passed", "worth knowing: FL501 flat-loss: it is flat"]


def test_a_fix_that_was_tested_says_so():
    (fix,) = (each.fix for each in given.ONE.chosen)
    assert words(drawn(RUN, findings=(finding(fixes=(fix,)),)))[3].endswith(
        "(confirmed: 0.31 → 0.97 in 5 of 5 paired runs of 40 steps)"
    )


def test_only_the_verdict_of_the_whole_set_has_a_p_value():
    chosen = [each.fix for each in given.THREE.chosen]
    figure = drawn({Experiment: given.THREE}, findings=[finding(fixes=(fix,), message=fix.title) for fix in chosen])
    panel = " ".join(ax.get_title() for sub in figure.subfigs[1].subfigs for ax in sub.axes)
    told = re.findall(r"p = [\d.]+", " ".join([*words(figure), panel]))
    assert told == [f"p = {given.THREE.verdict.p_value:.2g}"]


def test_every_change_that_was_confirmed_is_told():
    chosen = [each.fix for each in given.THREE.chosen]
    causes = (Cause.DATA, Cause.LOSS, Cause.OPTIMIZER)
    found = [finding("FL004", cause=cause, fixes=(fix,)) for cause, fix in zip(causes, chosen, strict=True)]
    blue = [
        line.partition(" (")[0]
        for line in words(drawn({**RUN, Experiment: given.THREE}, findings=[RATE, *found], causes=causes))
        if "→ " in line
    ]
    assert sorted(blue) == sorted(f"→ {fix.title}" for fix in chosen)


def test_the_first_fix_of_every_cause_is_told_and_no_more_than_three():
    alternatives = (Fix(title="use softmax"), Fix(title="or logits"))
    causes = (Cause.LEARNING_RATE, Cause.LOSS, Cause.DATA, Cause.EPOCHS)
    other = [finding("FL301", cause=Cause.LOSS, fixes=alternatives), finding("FL104", cause=Cause.INPUT_SCALE)]
    other += [finding("FL101", cause=Cause.DATA, fixes=(Fix(title="clean"),))]
    other += [finding("FL405", cause=Cause.EPOCHS, fixes=(Fix(title="wait"),))]
    told = words(drawn(RUN, findings=(RATE, *other), causes=causes))
    assert [line for line in told if "→" in line] == ["→ set the learning rate to 0.004", "→ use softmax", "→ clean"]
    assert sum(line.startswith("also") for line in told) == 1


def test_panels_on_which_findings_stand_come_first():
    assert titles(drawn(RUN, findings=(DEAD, RATE))) == [
        "Loss of the run",
        "Dead units of each layer (FL705)",
        "Update of each layer (FL806)",
        "Gradient of each layer",
        "Metrics by epoch",
        "Outputs of each layer",
    ]


def test_a_run_shows_every_side_of_it():
    assert titles(drawn(RUN))[:5] == [
        "Loss of the run",
        "Gradient of each layer",
        "Outputs of each layer",
        "Update of each layer",
        "Metrics by epoch",
    ]


def test_a_finding_whose_numbers_no_picture_shows_brings_in_a_picture_of_its_subject():
    known = {ModelFacts: facts.model(), RehearsalFacts: facts.rehearsal()}
    order = in_order(known, (finding("FL601", "no_such_quantity"),))
    assert [picture.name for picture in order][:2] == ["rehearsal", "initial-gradients"]


def test_a_picture_of_no_interest_elsewhere_is_shown_where_its_finding_is_and_says_what_to_look_for():
    known = {ModelFacts: facts.model(facts.layer("drop", kind="Dropout", kernel_shape=(), config={"rate": 0.97}))}
    assert "kept-units" not in [picture.name for picture in in_order(known, ())]
    found = finding("FL205", "dropout_rate")
    assert in_order(known, (found,))[0].name == "kept-units"
    figure = drawn(known, findings=(found,))
    first, *others = figure.subfigs[1].subfigs
    assert first.get_suptitle() == "Units that dropout leaves in a step (FL205)"
    assert first.get_supxlabel().replace("\n", " ") == in_order(known, (found,))[0].look_for
    assert not any(panel.get_supxlabel() for panel in others)


@pytest.mark.parametrize("known", [RUN, {LossLog: make.FLAT}])
def test_what_to_look_for_stays_below_its_panel(known):
    figure = drawn(known, findings=tuple(finding(f"FL{n}", name) for n, name in enumerate(GLOSSARY, 100)))
    figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()
    captions = [(panel, panel._supxlabel) for panel in figure.subfigs[1].subfigs if panel.get_supxlabel()]
    assert captions
    for panel, caption in captions:
        assert caption.get_window_extent(renderer).x1 <= panel.bbox.x1


def test_a_remark_brings_no_picture_to_the_front_and_no_caption():
    known = {ModelFacts: facts.model(facts.layer("drop", kind="Dropout", kernel_shape=(), config={"rate": 0.97}))}
    figure = drawn(known, findings=(finding("FL205", "dropout_rate", severity=Severity.INFO),))
    assert not titles(figure)[0].startswith("Units that dropout leaves")
    assert not any(panel.get_supxlabel() for panel in figure.subfigs[1].subfigs)


def test_what_was_tried_comes_first():
    known = {Experiment: given.ONE, RehearsalFacts: facts.rehearsal()}
    assert [picture.name for picture in in_order(known, ())] == ["experiment", "rehearsal"]
    assert titles(drawn(known))[0] == "Paired runs with and without the change"


def test_panels_that_are_missing_say_so():
    figure = drawn({**EMPTY, RunFacts: "the run was not described", LossLog: make.FLAT})
    first, *empty = figure.subfigs[1].subfigs
    assert first.get_suptitle() == "Loss of the run"
    reasons = [panel.axes[0].texts[0].get_text() for panel in empty if panel.axes]
    assert "not drawn: no gradients were sampled" in reasons
    assert len(set(reasons)) == len(reasons)


def test_curves_are_drawn_where_the_facts_hold_no_loss():
    figure = drawn({}, curves={"as is": np.array([1.0, 0.5])}, null=0.7)
    (panel,) = figure.subfigs[1].subfigs
    assert panel.get_suptitle() == "Losses of the short trainings"
    assert panel.axes[0].get_lines()[0].get_ydata().tolist() == [1.0, 0.5]
    known = {RehearsalFacts: facts.rehearsal()}
    assert titles(drawn(known, curves={"as is": np.array([1.0, 0.5])})) == ["Rehearsal of the first steps"]


@pytest.mark.parametrize(
    ("known", "reason"), [({}, "neither facts nor curves"), ({LossLog: "no training loss was recorded"}, "no training")]
)
def test_nothing_to_draw_is_said_and_leaves_no_figure(known, reason):
    before = pyplot.get_fignums()
    with pytest.raises(CannotTell, match=reason):
        overview(known)
    assert pyplot.get_fignums() == before


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")
def test_long_words_and_hostile_names_stay_on_the_slide():
    long = finding(message=f"{HOSTILE} " * 40, name=HOSTILE, fixes=(Fix(title=HOSTILE * 9),))
    figure = drawn(RUN, findings=(long,) * 9, scope=HOSTILE * 9, verdict=HOSTILE)
    assert overview_image(RUN, findings=(long,), format="png").startswith(b"\x89PNG")
    renderer = FigureCanvasAgg(figure).get_renderer()
    edges = [text.get_window_extent(renderer).x1 / figure.bbox.width for text in figure.subfigs[0].texts]
    assert max(edges) <= 1.0
    assert len(words(figure)) < 10 and not any("\n" in line or "\x1b" in line for line in words(figure))


@pytest.mark.parametrize(("format", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_an_image_is_the_same_each_time_and_leaves_no_figure(format, begins):
    before = pyplot.get_fignums()
    first = overview_image({LossLog: make.FLAT}, format=format)
    assert first.startswith(begins)
    assert format == "svg" or first == overview_image({LossLog: make.FLAT}, format=format)  # ids differ in an SVG
    assert pyplot.get_fignums() == before
