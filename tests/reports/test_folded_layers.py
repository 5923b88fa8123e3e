"""The layers in a notebook: what fits, what findings name first, without a script; what is left out is said."""

import base64
import dataclasses
import re

import numpy as np
import pytest

from flatline import png
from flatline.finding import Evidence
from flatline.reports import folded_layers
from flatline.reports.folded_layers import fragment
from flatline.view import View
from tests import views
from tests.reports import make
from tests.reports.test_browser import Page

ROOM = 250_000
MANY = dataclasses.replace(
    views.VIEW, layers=tuple(views.layer(f"layer_{i}", n=16, side=24, kind="Conv2D") for i in range(300))
)


def names(text):
    return re.findall("<summary><code>(.*?)</code>", text)


def unfolded(text):
    return re.findall("<details open><summary><code>(.*?)</code>", text)


def test_inputs_answers_and_layers_are_told():
    text = " ".join(Page(fragment(views.VIEW, (), ROOM)).text.split())
    for told in (
        "cat.png", "label: dog", "60.0 %", "class map for cat", "something was left out", "Conv2D · 6 × 6 × 4 · relu",
        "in backbone", "1 of 4 silent", "1 of all 4 are silent", "channel 1: silent", "All 5 units",
        "from left to right", "6 of 7 layers are shown", "report.save",
    ):  # fmt: skip
        assert told in text, told


def test_all_that_is_there_needs_no_word_of_what_is_left_out():
    text = fragment(dataclasses.replace(views.VIEW, layers=(views.FIRST, views.HEAD)), (), ROOM)
    assert names(text) == ["conv", "head"] and "report.save" not in text


@pytest.mark.parametrize("side", [6, 48])
def test_a_channel_is_drawn_for_each_input(side):
    layer = views.layer("conv", n=2, side=side)
    image = Page(fragment(dataclasses.replace(views.VIEW, layers=(layer,)), (), ROOM)).all("img")[-1]
    assert image["alt"] == "channel 1 for cat.png, dog.png"
    drawn = png.decode(base64.b64decode(image["src"].partition("base64,")[2]))
    assert drawn.shape == (int(image["height"]), int(image["width"]))
    places, step = min(side, folded_layers.SIDE), (drawn.shape[1] + folded_layers.GAP) // 2
    larger = drawn.shape[0] // places
    for row, shades in enumerate(layer.shades.pictures[:, 1]):
        tile = drawn[:, row * step :][::larger, ::larger][:, :places]
        means = shades.reshape(places, side // places, places, side // places).mean((1, 3))
        np.testing.assert_allclose(tile, means, atol=0 if side == places else png.STEP)


def test_what_findings_name_comes_first_and_is_unfolded():
    one = make.finding("FL709", message="12 of 16 channels of `layer_7` are copies", where="layer_7")
    other = make.finding("FL701", evidence=(Evidence(quantity="dead", value=1, bound=("<=", 0), where="layer_201"),))
    text = fragment(MANY, (one, other), ROOM)
    assert {"layer_7", "layer_201"} < set(names(text)) and unfolded(text) == ["layer_7"]
    assert "named in FL709" in text and text.count("named in") == 2
    without = dataclasses.replace(views.VIEW, layers=(*views.LAYERS, *MANY.layers))
    named = fragment(without, (make.finding(message="`dropout` drops all"),), ROOM)
    assert "No picture: it hands on what it reads, unchanged." in named


def test_other_layers_are_spread_over_depth_as_many_as_fit():
    text = fragment(MANY, (), ROOM)
    at = [int(name.partition("_")[2]) for name in names(text)]
    assert at[0] == 0 and at[-1] == 299 and 4 <= len(at) <= folded_layers.LAYERS
    assert np.ptp(np.diff(at)) <= 1
    assert f"{len(at)} of 300 layers are shown" in text and len(text) <= ROOM


@pytest.mark.parametrize("room", [30_000, 60_000, 120_000])
def test_it_keeps_to_its_room(room):
    photo = dataclasses.replace(views.PHOTO, shades=views.shades(1, 2, 96, 96, 3, step=1))
    findings = [make.finding(message=f"`layer_{i}`") for i in range(40)]
    text = fragment(dataclasses.replace(MANY, parts=(photo, views.TABLE, views.TEXT)), findings, room)
    assert len(text) <= room
    if room == 30_000:
        assert "0 of 2 inputs" in text and "cat.png" in text  # for which the channels still are


def test_a_view_without_inputs_or_layers_is_told_too():
    assert "0 layers" in fragment(View(model="empty", kind="subclassed"), (), ROOM)
    assert "channel 3" in fragment(dataclasses.replace(views.VIEW, inputs=(), parts=()), (), ROOM)


# ── in the report ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("view", [views.VIEW, views.EVIL], ids=["all", "evil"])
def test_a_notebook_gets_no_script_id_heading_or_control(view):
    page = Page(dataclasses.replace(make.SEED, view=view)._repr_html_())
    assert "What the layers see" in page.text
    for tag, attributes in page.seen:
        assert tag not in ("script", "a", "input", "form", "link", "iframe") and not re.fullmatch(r"h\d", tag)
        assert not [name for name in attributes if name.startswith("on") or name in ("id", "style", "href")]
        assert attributes.get("src", "data:image/").startswith("data:image/")
    assert [each["aria-level"] for each in page.all("div", role="heading") if "look-label" in each["class"]] == [
        "4"
    ] * 2


def test_hostile_names_are_text():
    text = dataclasses.replace(make.SEED, view=views.EVIL)._repr_html_()
    for smuggled in ("<script>alert(", "<img src=x", "<svg onload", "<!-- "):
        assert smuggled not in text
    assert views.SCRIPT in Page(text).text


def test_its_style_touches_nothing_else():
    style = re.sub(r"/\*.*?\*/", "", folded_layers.STYLE, flags=re.DOTALL)
    selectors = [one.strip() for each in re.findall(r"([^{}]+)\{", style) for one in each.split(",")]
    assert len(selectors) > 20 and all(one.startswith(".flatline ") for one in selectors)


def test_a_look_is_taken_in_the_time_that_a_cell_has_and_why_there_is_none_is_said():
    granted = []

    def look(seconds):
        granted.append(seconds)
        return "a look takes 3 s or more"

    text = dataclasses.replace(make.SEED, view=look)._repr_html_()
    assert granted == [0.5] and "There are no pictures of the layers: a look takes 3 s or more." in text
