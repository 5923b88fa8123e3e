"""A report to pass on: nothing that a user wrote is in it, in whatever place it stood."""

import base64
import dataclasses
import html as escapes
import json
import re

import matplotlib
import numpy as np
import pytest

from flatline.cause import Cause
from flatline.facts import DataFacts, ModelFacts
from flatline.finding import Evidence, Severity
from flatline.fix import Fix
from flatline.logs import GradientLog, RunFacts, SightLog
from flatline.reports import drawings
from flatline.reports.cloak import Cloak
from flatline.reports.page import document
from flatline.reports.private import private
from flatline.reports.words import keras_names as listed
from tests.checks import make as facts
from tests.detectors import make as detecting
from tests.reports import make
from tests.reports.keras_names import keras_names
from tests.reports.planted import LABEL, everything, planted

SECRET = "sesame"


def all_of(page):
    """The page's text, and what its pictures hold."""
    images = [base64.b64decode(data).decode("latin-1") for data in re.findall(r"base64,([\w+/=]+)\"", page)]
    return "\n".join([page, escapes.unescape(page), *images])


WRITTEN = (
    lambda text: f"{text}_{SECRET}",
    lambda text: f"{SECRET} {text}",
    lambda text: f"{text} /home/{SECRET}/run-7",
    lambda text: f"`{text}` {SECRET}: '{SECRET}`\"\n{SECRET}",
    lambda text: f"crashed: {SECRET.capitalize()}Error: {text}",
)


@pytest.mark.parametrize("write", WRITTEN)
def test_no_text_of_a_users_stays(write):
    report = planted(everything(), write)
    assert SECRET in held(report)
    assert SECRET not in held(private(report))
    assert SECRET not in private(report).to_json().lower()


def held(report):
    """All that it holds, as text."""
    return repr((report, report.facts, report.code())).lower()


@pytest.fixture(scope="module")
def page():
    """The private page of a report in which every text holds a secret; its pictures are text that can be searched."""
    with pytest.MonkeyPatch.context() as patch, matplotlib.rc_context({"svg.fonttype": "none"}):
        patch.setattr(drawings, "LARGE", float("inf"))
        return document(private(planted(everything(), WRITTEN[0])))


def test_no_text_of_a_users_is_in_the_page(page):
    text = all_of(page)
    assert page.count("<img") >= 3 and re.search(r"<text[^>]*>step</text>", text)
    assert SECRET not in text.lower()
    assert str(int(LABEL)) not in text


def test_data_are_not_in_the_page():
    report = everything()
    assert DataFacts in report.facts and DataFacts not in private(report).facts
    assert str(LABEL) in held(report) and str(LABEL) not in held(private(report))


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ({"message": "`ward` and `dense` disagree"}, "<code>name-1</code> and <code>dense-1</code> disagree"),
        ({"message": "loss of ward 7 is flat: 3 steps"}, "<p>…: 3 steps</p>"),
        ({"message": "training raised WardError: bed 4711"}, "<p>training raised an exception</p>"),
        ({"message": "training raised ValueError: bed 4711"}, "<p>training raised ValueError</p>"),
        ({"message": "`/home/ward/x.csv` is flat"}, "<code>/name-1/name-2/x.name-3</code> is flat"),
        ({"where": "ward", "message": "flat"}, "<p>flat</p>"),
        ({"evidence": (Evidence(quantity="input_rms", value=2, bound=("<=", 1), where="4711"),)}, "<td>name-1</td>"),
        ({"fixes": (Fix(title="use `Ward`", snippet="Dense(2, name='dense')"),)}, "Dense(2, name=&#x27;dense-1&#x27;)"),
        ({"fixes": (Fix(title="x", snippet='model.get_layer("ward").units = 2  # of ward'),)}, "(&quot;name-1&quot;)"),
        ({"fixes": (Fix(title="x", snippet="loss=ward.Loss(0.5)"),)}, "loss=name-1.Loss(0.5)"),
    ],
)  # fmt: skip
def test_names_become_other_names_and_strange_clauses_go(place, told):
    finding = make.finding("FL501", severity=Severity.ERROR, cause=Cause.LOSS, **place)
    report = make.report(finding, facts={ModelFacts: facts.model(facts.layer("dense"))})
    page = document(private(report))
    assert told in page
    assert "ward" not in page.replace("forward", "").replace("afterward", "").lower()
    assert "4711" not in page


def test_flatlines_own_sentences_stay_whole():
    report = make.report(*make.SEED.outcomes, facts={ModelFacts: facts.model(facts.layer("dense"))})
    kept = private(report)
    assert "…" not in str(kept).replace(" … ", "")
    told = str(report).replace("optimizer=opt", "optimizer=name-1")  # no word of flatline's
    told = told.replace("· 2.1 s", "· 2.1 s\nprivate: data, paths and names are left out")
    assert str(kept) == told.replace("`dense`", "`dense-1`").replace('name="dense"', 'name="dense-1"')
    assert json.loads(kept.to_json())["causes"] == json.loads(report.to_json())["causes"]


def test_a_layer_has_one_name_wherever_it_stands():
    kept = private(everything())
    text = document(dataclasses.replace(kept, facts={}))
    assert "<code>dense-1</code>" in text and "name=&quot;dense-2&quot;" in text
    assert not re.search(r"<code>(dense|out)</code>|name=&quot;(dense|out)&quot;", text)
    assert kept.facts[GradientLog].layers == ("dense-1", "dense-2")


def test_what_looking_inside_found_stays_by_place():
    run, looked = seen_inside("ward", "conv", ("ward_images", "input"))
    findings = (
        make.finding("FL711", message="no output depends on input `ward_images`: 32 samples exchanged it"),
        make.finding("FL102", evidence=(Evidence(quantity="input_rms", value=20, bound=("<=", 10), where="input"),)),
    )
    kept = private(make.report(*findings, facts={RunFacts: run, SightLog: looked}))
    told = kept.facts[SightLog]
    assert (told.layers, told.inputs, told.heads) == (("conv2d-1",), ("input-1", "input-2"), ("output-1",))
    for name in ("step", "kernel_correlation", "duplicate_share", "blind_share", "border_saliency", "class_alignment"):
        np.testing.assert_array_equal(getattr(told, name), getattr(looked, name))
    text = document(dataclasses.replace(kept, facts={}))
    assert "depends on input <code>input-1</code>" in text
    assert "<td>input_rms</td>" in text and "<td>input-2</td>" in text
    assert "ward" not in repr(kept.facts)


def seen_inside(head, layer, inputs):
    """A run with a convolution, and what looking into it found."""
    heads = (detecting.RunHead(name=head, task="multi-class classification", loss="crossentropy", units=3),)
    run = detecting.run(detecting.layer(layer, kind="Conv2D"), heads=heads)
    return run, detecting.sight({layer: 0.1}, blind=dict.fromkeys(inputs, 0.25), aligned={head: 0.9})


def test_layers_are_called_by_kind_and_place():
    kinds = ("Conv2DTranspose", "BatchNormalization", "LSTM", "Ward")
    assert [Cloak.kind(kind) for kind in kinds] == ["conv2d_transpose", "batch_normalization", "lstm", "layer"]


def test_a_private_report_holds_no_view_and_cannot_be_applied():
    kept = private(everything())
    assert kept.view is None and kept.setup is None


def test_the_list_of_keras_names_is_of_keras():
    names = keras_names()
    missing = names - listed()
    assert len(missing) < len(names) / 10, f"write it anew, it lacks {sorted(missing)}"
