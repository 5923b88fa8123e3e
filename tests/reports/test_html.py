"""The HTML report: one static file in which nothing that a user wrote can run."""

import base64
import re
from html.parser import HTMLParser

from flatline.reports import html
from tests.reports import make


class Tags(HTMLParser):
    """Collect tags and attributes, and check that every tag is closed."""

    VOID = frozenset({"meta", "img", "!doctype"})

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


def test_the_page_tells_all_that_the_report_holds():
    text = " ".join("".join(parsed(html.document(make.SEED)).text).split())
    for told in ("FL301 check-301", "output_low", "-212", ">= 0", "X = X / 255", "FL422 passed-22", "crashed: E: x"):
        assert told in text


def test_nothing_in_the_page_runs_or_is_fetched():
    for report in (make.SEED, make.EVIL, make.CLEAN):
        tags = parsed(html.document(report))
        assert {tag for tag, _ in tags.seen}.isdisjoint({"script", "link", "iframe", "object", "form", "a"})
        for _, attributes in tags.seen:
            assert not [name for name in attributes if name.startswith("on") or name == "href"]
            assert attributes.get("src", "data:").startswith("data:")


def test_what_users_wrote_is_text():
    page = html.document(make.EVIL)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    page.encode("utf-8")


def test_the_fragment_for_notebooks_draws_nothing():
    assert "<img" not in make.SEED._repr_html_()
    assert parsed(make.SEED._repr_html_()).seen


def test_the_curves_are_drawn_into_the_file_and_described():
    page = html.document(make.SEED)
    image = dict(parsed(page).seen[[tag for tag, _ in parsed(page).seen].index("img")][1])
    assert "tiny-subset test" in image["alt"]
    drawing = base64.b64decode(image["src"].partition("base64,")[2])
    assert b"<svg" in drawing
    assert b"<script" not in drawing


def test_severity_is_a_word_not_only_a_colour():
    assert len(re.findall(r'<span class="severity">ERROR</span>', html.document(make.SEED))) == 2
