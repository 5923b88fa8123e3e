"""The page: one file that needs nothing else, and in which nothing that a user wrote can run."""

import base64
import collections
import dataclasses
import hashlib
import itertools
import re
from html.parser import HTMLParser

import pytest

from flatline.cause import Cause
from flatline.facts import RehearsalFacts, TinySubsetFacts
from flatline.fix import Fix, MapLabels
from flatline.reports import browser, drawings, page
from tests import experiments, views
from tests.reports import make
from tests.reports.planted import everything, planted

SURE = dataclasses.replace(everything(), experiment=experiments.ONE)


class Tags(HTMLParser):
    """Collect tags and attributes, and check that every tag is closed."""

    VOID = frozenset({"meta", "img", "input", "!doctype"})

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(text):
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags


def page_of(report):
    """The page without pictures."""
    return page.document(dataclasses.replace(report, facts={}))


def test_the_page_tells_all_that_the_report_holds():
    text = " ".join("".join(parsed(page_of(make.SEED)).text).split())
    for told in ("FL301 check-301", "output_low", "-212", ">= 0", "X = X / 255", "FL422 passed-22", "crashed: E: x"):
        assert told in text


def test_it_is_read_from_the_verdict_to_the_scope():
    ids = [attributes["id"] for _, attributes in parsed(page_of(SURE)).seen if "id" in attributes]
    order = ["verdict", "filter", "main", "causes", "tried", "passed", "unknown", "scope"]
    assert [each for each in ids if each in order] == order
    assert len(set(ids)) == len(ids)


def test_the_scale_of_the_targets_is_no_fault_of_the_labels():
    scale = Fix(title="standardise the targets", edits=(MapLabels(how="standardize"),))
    page = page_of(make.report(make.finding("FL318", cause=Cause.LABELS, fixes=(scale,))))
    assert page.count("labels (scale of the targets)") == 2  # in the verdict and above the cause


def test_headings_go_down_one_level_at_a_time():
    for report in (make.SEED, SURE, make.CLEAN):
        levels = [int(tag[1]) for tag, _ in parsed(page_of(report)).seen if re.fullmatch(r"h\d", tag)]
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_nothing_in_the_page_is_fetched_and_only_its_own_script_can_run():
    for report in (make.SEED, make.EVIL, make.CLEAN, planted(everything(), lambda text: f"{text} {make.HOSTILE}")):
        text = page_of(report)
        tags = parsed(text)
        assert {tag for tag, _ in tags.seen}.isdisjoint({"link", "iframe", "object", "form", "base", "svg"})
        for tag, attributes in tags.seen:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            assert attributes.get("src", "data:").startswith("data:")
            assert tag != "a" or attributes["href"].startswith("#")
        assert text.count("<script") == text.count("<style") == 1
        policy = next(each["content"] for tag, each in tags.seen if "http-equiv" in each)
        assert "default-src 'none'" in policy and "unsafe" not in policy
        for tag in ("style", "script"):
            (content,) = re.findall(f"<{tag}>(.*)</{tag}>", text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy


def test_what_users_wrote_is_text():
    text = page_of(make.EVIL)
    assert "&lt;script&gt;alert(1)" in text
    assert "\x1b" not in text
    text.encode("utf-8")


def test_outcomes_can_be_told_apart_by_a_filter():
    kinds = [attributes["data-kind"] for _, attributes in parsed(page_of(make.SEED)).seen if "data-kind" in attributes]
    assert collections.Counter(kinds) == {
        "ERROR": 3,
        "WARNING": 2,
        "INFO": 3,
        "passed": 24,
        "unknown": 6,
    }  # and a button


def test_a_confirmed_change_is_shown_as_a_difference_and_marked():
    text = page_of(dataclasses.replace(SURE, code=lambda: "--- as it is\n+++ repaired\n-a < b\n+c"))
    assert '<code class="diff">--- as it is\n+++ repaired\n<del>-a &lt; b</del>\n<ins>+c</ins></code>' in text


def test_pictures_are_drawn_into_the_file_and_described():
    tags = parsed(page.document(make.SEED))
    (image,) = [attributes for tag, attributes in tags.seen if tag == "img"]
    assert "tiny-subset test" in image["alt"]
    assert "What to look for" in "".join(tags.text)
    drawing = base64.b64decode(image["src"].partition("base64,")[2])
    assert b"<svg" in drawing and b"<script" not in drawing


@pytest.mark.parametrize(("dots", "kind"), [(b"dots", "png"), (b"dots" * 100_000, "svg+xml")])
def test_a_large_picture_is_kept_as_dots_where_they_are_smaller(monkeypatch, dots, kind):
    def image(figure, format, **how):
        return dots if format == "png" else b"<svg>" * 20_000

    monkeypatch.setattr("flatline.plots.picture.image", image)
    (drawing,) = drawings.drawings(make.SEED)
    assert drawing.source.startswith(f"data:image/{kind};base64,")


def test_a_picture_that_cannot_be_drawn_says_why_in_its_place():
    text = page.document(dataclasses.replace(make.SEED, facts={TinySubsetFacts: "overfit=False"}))
    assert "Tiny-subset test: not drawn, overfit=False" in text and "<img" not in text


def test_a_picture_that_crashes_costs_no_page(monkeypatch):
    def crash(figure, format, **how):
        raise KeyError("layer <b>")

    monkeypatch.setattr("flatline.plots.picture.image", crash)
    assert "not drawn, crashed: KeyError: &#x27;layer &lt;b&gt;&#x27;" in page.document(make.SEED)


def test_severity_is_a_word_not_only_a_colour():
    assert len(re.findall(r'<span class="severity">ERROR</span>', page_of(make.SEED))) == 2


def test_layers_are_browsed_where_there_is_a_view():
    assert "What the layers see" not in page_of(make.SEED)
    for view in (views.VIEW, lambda: views.VIEW):
        text = page.document(dataclasses.replace(make.SEED, view=view))
        assert browser.fragment(views.VIEW) in text
        assert f"{browser.STYLE}</style>" in text and f"{browser.SCRIPT}</script>" in text


# ── in a notebook ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_notebook_gets_the_same_without_script_ids_or_headings():
    tags = parsed(make.SEED._repr_html_())
    text = " ".join("".join(tags.text).split())
    assert "FL301 check-301" in text and "crashed: E: x" in text
    seen = {tag for tag, _ in tags.seen}
    assert seen.isdisjoint({"script", "a", "h1", "h2", "h3", "h4"}) and {"details", "img"} <= seen
    assert not [attributes for _, attributes in tags.seen if "id" in attributes]


def test_a_notebooks_style_touches_nothing_else():
    (style,) = re.findall("<style>(.*)</style>", make.CLEAN._repr_html_(), re.DOTALL)
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    assert all(one.strip().startswith(".flatline") for selector in selectors for one in selector.split(","))


def test_pictures_stop_when_they_get_too_large_or_take_too_long():
    facts = everything().facts
    report = dataclasses.replace(make.SEED, facts={kind: facts[kind] for kind in (TinySubsetFacts, RehearsalFacts)})
    assert len(drawings.drawings(report)) == 2
    assert len(drawings.drawings(report, most=1)) == 0
    assert len(drawings.drawings(report, seconds=0)) == 1
