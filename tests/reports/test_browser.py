"""The browser of layers as a page: all that is there is told, nothing that a user wrote can run, and it stays small."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from flatline import png
from flatline.errors import FlatlineError
from flatline.records.packed_view import unpack
from flatline.reports import browser
from flatline.reports.lanes import MOST, margins
from flatline.view import View
from tests import views
from tests.records.samples import same


class Page(HTMLParser):
    """Elements with their attributes, the texts of scripts, and all other text."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.scripts, self.text, self._open = [], [], "", []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "input", "path", "circle", "rect"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in self._open:
            assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] in ("script", "style"):
            self.scripts.append((self._open[-1], data))
        else:
            self.text += data

    def all(self, tag, **wanted):
        return [a for name, a in self.seen if name == tag and all(a.get(k) == v for k, v in wanted.items())]


def data_of(page):
    (text,) = [text for tag, text in page.scripts if tag == "script" and text.startswith("{")]
    return json.loads(text)


def test_the_page_tells_inputs_answers_layers_and_what_was_left_out():
    page = Page(browser.document(views.VIEW))
    text = " ".join(page.text.split())
    for told in (
        "pets: what its layers see", "Functional with 7 layers", "after 1,200 steps", "statistics over 64 inputs",
        "cat.png", "label: dog", "60.0 %", "class map for cat", "class map: no maps at all", "something was left out",
        "in backbone", "1 of 4 silent", "Conv2D · 6 × 6 × 4 · relu", "good", "night",
    ):  # fmt: skip
        assert told in text
    assert [a["aria-selected"] for a in page.all("li", role="option")] == ["false"] * 7
    assert page.all("ol", role="listbox")[0]["tabindex"] == "0"


def test_the_script_is_given_the_layers_as_they_are():
    data = data_of(Page(browser.document(views.VIEW)))
    assert [each["name"] for each in data["inputs"]] == ["cat.png", "dog.png"]
    assert {each["name"]: each.pop("read_by") for each in data["layers"]}["conv"] == ["conv_2", "add"]
    assert same(unpack({"model": "m", "layers": data["layers"]}).layers, views.VIEW.layers)


def test_pictures_of_inputs_are_drawn_and_described():
    images = Page(browser.document(views.VIEW)).all("img")
    assert [a["alt"] for a in images[:3]] == ["cat.png", "saliency of cat.png", "class map of cat.png"]
    drawn = png.decode(base64.b64decode(images[0]["src"].partition("base64,")[2]))
    np.testing.assert_array_equal(drawn, views.PHOTO.shades.pictures[0, 0])


@pytest.mark.parametrize("view", [views.VIEW, views.EVIL], ids=["all", "evil"])
def test_nothing_runs_but_the_script_that_the_policy_names(view):
    page = Page(browser.document(view))
    (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:; ")
    (style,) = [text for tag, text in page.scripts if tag == "style"]
    for kind, text in (("style", style), ("script", browser.SCRIPT)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert [text for tag, text in page.scripts if tag == "script" and not text.startswith("{")] == [browser.SCRIPT]
    assert len(page.all("script")) == 2
    for tag, attributes in page.seen:
        assert tag not in ("a", "base", "embed", "form", "iframe", "link", "object")
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "href", "autofocus")]
        assert attributes.get("src", "data:").startswith("data:image/png;base64,") or "src" not in attributes


def test_hostile_names_are_text():
    text = browser.document(views.EVIL)
    page = Page(text)
    assert {a["alt"] for a in page.all("img")} >= {views.CLOSING, f"saliency of {views.CLOSING}"}
    for smuggled in ("<script>alert(", "<img src=x", "<svg onload", "<!-- "):
        assert smuggled not in text
    assert views.SCRIPT in page.text
    assert data_of(page)["layers"][0]["name"] == views.SCRIPT
    text.encode("utf-8")


def test_the_script_puts_nothing_into_the_page_as_markup():
    for way in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function(", "fetch", "import("):
        assert way not in browser.SCRIPT
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)", browser.SCRIPT + browser.STYLE)


def test_300_layers_make_a_page_of_less_than_a_megabyte():
    layers = tuple(views.layer(f"layer_{i}", *([f"layer_{i - 1}"] if i else []), n=6, n_rows=4) for i in range(300))
    text = browser.document(replace(views.VIEW, layers=layers))
    assert len(text) < 1_000_000
    assert len(Page(text).all("li", role="option")) == 300


def test_a_view_without_inputs_or_layers_is_a_page_too():
    assert "0 layers" in Page(browser.document(View(model="empty", kind="subclassed"))).text


def test_saving_writes_the_page_or_says_why_not(tmp_path):
    browser.save(views.VIEW, tmp_path / "look.html")
    assert (tmp_path / "look.html").read_text(encoding="utf-8") == browser.document(views.VIEW)
    with pytest.raises(FlatlineError, match="cannot write"):
        browser.save(views.VIEW, tmp_path / "gone" / "look.html")


def lines(layers):
    """By row, the lines in its margin: (from, to), each at the top, the middle or the bottom of a lane."""
    return [re.findall(r"M\d+ \d+[VC][^M\"]*", margin) for margin in margins(layers)]


def test_a_chain_is_a_straight_line():
    chain = [views.layer("a"), views.layer("b", "a"), views.layer("c", "b")]
    assert lines(chain) == [["M11 22V44"], ["M11 0V22", "M11 22V44"], ["M11 0V22"]]


def test_what_skips_rows_runs_beside_them():
    first, second, third, fourth = lines([views.FIRST, views.SECOND, views.SKIPPED, views.ADDED])
    assert first == ["M11 22V44", "M11 22C22 22 22 22 22 44"]
    assert "M22 0V44" in second
    assert "M22 0V44" in third
    assert fourth == ["M11 0V22", "M22 0C22 22 22 22 11 22"]


def test_rows_that_do_not_read_one_another_are_not_joined():
    assert lines([views.layer("a"), views.layer("b")]) == [[], []]
    assert lines([views.layer("a", "a", "gone", "b"), views.layer("b")]) == [[], []]


def test_lanes_are_used_again_and_are_few():
    layers = [
        views.layer("a"),
        views.layer("b", "a"),
        views.layer("c", "a"),
        views.layer("d", "c"),
        views.layer("e", "c"),
    ]
    assert "M33" not in "".join(margins(layers))
    dense = [views.layer(str(i), *map(str, range(i))) for i in range(20)]
    (width,) = {re.search(r'width="(\d+)"', margin)[1] for margin in margins(dense)}
    assert int(width) == 11 * (2 + MOST)
