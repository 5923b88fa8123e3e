"""The page of a report in a real browser."""

import dataclasses
import html
import re

import pytest

from flatline.facts import RehearsalFacts, TinySubsetFacts
from flatline.reports.page import document
from flatline.reports.report import Report
from tests import experiments, views
from tests.reports import make
from tests.reports.planted import everything, planted

pytestmark = pytest.mark.browser

DIFFERENCE = """--- as it is
+++ repaired
@@ -1,3 +1,3 @@
     keras.layers.Dense(units=64, activation="relu", name="dense_1"),
-    keras.layers.Dense(units=10, name="dense_2"),
+    keras.layers.Dense(units=10, activation="softmax", name="dense_2"),
 model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="categorical_crossentropy")"""
FULL = dataclasses.replace(
    everything(), outcomes=make.SEED.outcomes, experiment=experiments.ONE, code=lambda: DIFFERENCE
)
PLAIN = dataclasses.replace(make.SEED, facts={})
HOSTILE = f"{make.HOSTILE}<img src=x onerror=alert(2)><svg onload=alert(3)>\"' onmouseover=alert(4) x='"
FOCUSED = "document.activeElement.outerHTML.slice(0, 60)"


def shown(page, selector):
    """How many elements of this kind can be seen."""
    return page.locator(selector).locator("visible=true").count()


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize(
    "report",
    [FULL, make.CLEAN, Report(outcomes=()), planted(everything(), lambda text: f"{text} {HOSTILE}")],
    ids=["full", "clean", "empty", "hostile"],
)
def test_it_opens_in_silence_and_fetches_nothing(opened, report):
    page = opened(report)
    page.wait_for_timeout(200)
    assert page.said == []
    assert page.fetched == []
    assert page.locator("script").count() == 1
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")


def test_no_script_runs_even_where_a_name_was_not_escaped(opened, monkeypatch):
    monkeypatch.setattr("flatline.reports.html.html.escape", lambda text, quote=True: text)
    text = document(dataclasses.replace(planted(PLAIN, lambda text: f"{text} {HOSTILE}")))
    page = opened(text)
    page.wait_for_timeout(200)
    assert page.locator("main script").count() > 0  # they got in,
    assert not [said for said in page.said if "dialog" in said]  # and did nothing
    assert page.fetched == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<a id=bad href=\"javascript:alert(5)\">x</a>')")
    page.locator("#bad").click()
    page.wait_for_timeout(100)
    assert not [said for said in page.said if "dialog" in said]


def test_sections_fold(opened):
    page = opened(PLAIN)
    assert shown(page, "#passed li") == 0
    page.locator("#passed summary").click()
    assert shown(page, "#passed li") == 23
    page.get_by_role("button", name="Fold all", exact=True).click()
    assert shown(page, "#causes article") == shown(page, "#passed li") == 0
    page.get_by_role("button", name="Unfold all").click()
    assert shown(page, "#causes article") == 5 and shown(page, "#unknown li") == 5


def test_a_link_unfolds_where_it_leads(opened):
    page = opened(PLAIN)
    page.get_by_role("navigation").get_by_text("What passed").click()
    assert shown(page, "#passed li") == 23
    assert page.locator("#passed h2").bounding_box()["y"] < 900


def test_outcomes_are_filtered_by_text_code_and_kind(opened):
    page = opened(PLAIN)
    told = page.get_by_role("status")
    assert told.text_content() == "33 of 33 outcomes shown"
    page.keyboard.press("/")
    page.keyboard.type("fl301 scores")
    assert shown(page, ".item") == 1 and told.text_content() == "1 of 33 outcomes shown"
    assert shown(page, "#causes h3") == 1  # of its own group only
    page.get_by_role("searchbox").fill("passed-7")
    assert shown(page, ".item") == 1  # the section is unfolded
    page.keyboard.press("Escape")
    assert page.get_by_role("searchbox").input_value() == ""
    errors = page.get_by_role("button", name="errors")
    errors.click()
    assert errors.get_attribute("aria-pressed") == "false"
    assert shown(page, ".ERROR") == 0 and shown(page, ".WARNING") == 1
    errors.click()
    assert shown(page, ".ERROR") == 2


def test_code_is_copied(opened):
    page = opened(FULL, permissions=["clipboard-read", "clipboard-write"])
    buttons = page.get_by_role("button", name="Copy this code")
    assert buttons.count() == page.locator("pre").count()
    buttons.first.click()
    assert page.evaluate("navigator.clipboard.readText()") == DIFFERENCE
    assert page.get_by_role("status").text_content() == "code copied"


def test_code_is_copied_where_the_clipboard_is_closed(opened):
    page = opened(FULL)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('closed')); }")
    page.get_by_role("button", name="Copy this code").first.click()
    page.wait_for_function("document.getElementById('told').textContent.startsWith('code ')")
    assert page.evaluate("getSelection().toString()").strip() == DIFFERENCE.strip()


def test_light_and_dark(opened):
    light, dark = opened(PLAIN, color_scheme="light"), opened(PLAIN, color_scheme="dark")
    assert background(light) == "rgb(255, 255, 255)" and background(dark) == "rgb(22, 24, 28)"
    light.get_by_role("button", name="Dark page").click()
    dark.get_by_role("button", name="Light page").click()
    assert background(light) == "rgb(22, 24, 28)" and background(dark) == "rgb(255, 255, 255)"


def test_everything_can_be_reached_with_the_keyboard(opened):
    page = opened(PLAIN)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    reached = {page.evaluate(FOCUSED)}
    while page.evaluate("document.activeElement !== document.body") and len(reached) < 100:
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    for control in page.locator("button:visible, input:visible, a:visible, summary:visible").all():
        assert control.evaluate("(element) => element.outerHTML.slice(0, 60)") in reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible_by_the_rules_of_axe(opened, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(FULL, color_scheme=scheme, width=width)
    page.get_by_role("button", name="Unfold all").click()
    results = Axe().run(page.page)
    assert results.violations_count == 0, results.generate_report()


def test_all_of_it_can_be_read_without_script(opened):
    page = opened(FULL, java_script_enabled=False)
    assert shown(page, ".tools") == shown(page, "button") == 0
    assert shown(page, "#causes article") == 5 and shown(page, "img") > 0
    page.locator("#passed summary").click()
    assert shown(page, "#passed li") == 23


@pytest.mark.parametrize("script", [True, False])
def test_it_prints_unfolded_and_without_controls(opened, keep, script):
    page = opened(FULL, java_script_enabled=script, width=680)  # of A4 within its margins
    page.emulate_media(media="print")
    if script:
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert shown(page, "#passed li") == 23 and shown(page, "#unknown li") == 5
    assert shown(page, "button, input, nav, .skip") == 0
    assert page.evaluate("[...document.querySelectorAll('pre')].every((code) => code.scrollWidth <= code.clientWidth)")
    assert all(image.bounding_box()["width"] <= 680 for image in page.locator("img").all())
    if script:
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.evaluate("document.querySelector('#passed details').open") is False
    printed = page.pdf(path=keep(f"print{'' if script else '-without-script'}.pdf"), format="A4")
    assert printed.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", printed)) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_screens_of_any_width(opened, keep, scheme, width):
    page = opened(FULL, color_scheme=scheme, width=width)
    page.screenshot(path=keep(f"page-{width}-{scheme}.png"), full_page=True)
    page.get_by_role("button", name="Unfold all").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    hostile = opened(planted(PLAIN, lambda text: f"{text}{'long' * 60} {HOSTILE}"), width=width)
    assert hostile.evaluate("document.documentElement.scrollWidth") <= width


# ── in a notebook ───────────────────────────────────────────────────────────────────────────────────────────────────


def notebook(fragment, colours):
    return f"<!DOCTYPE html><meta charset=utf-8><body style='{colours}; font: 13px sans-serif'>{fragment}"


@pytest.mark.parametrize("colours", ["color: #000; background: #fff", "color: #ddd; background: #111"])
def test_a_notebook_shows_it_folded_in_its_own_colours(opened, keep, colours):
    report = dataclasses.replace(FULL, facts={kind: FULL.facts[kind] for kind in (TinySubsetFacts, RehearsalFacts)})
    page = opened(notebook(report._repr_html_(), colours))
    page.screenshot(path=keep(f"notebook-{'light' if 'fff' in colours else 'dark'}.png"), full_page=True)
    assert page.said == page.fetched == []
    assert shown(page, "article") == 5 and shown(page, "li.item") == 0
    page.get_by_text("What passed").click()
    assert shown(page, "li.item") == 23


@pytest.mark.parametrize("colours", ["color: #000; background: #fff", "color: #ddd; background: #111"])
def test_a_notebook_unfolds_a_layer(opened, keep, colours):
    report = dataclasses.replace(PLAIN, view=views.VIEW)
    page = opened(notebook(report._repr_html_(), colours))
    assert shown(page, ".look img") == 0
    page.get_by_text("What the layers see").click()
    n = shown(page, ".look img")
    page.locator("summary", has_text="conv_2").click()
    assert shown(page, ".look img") == n + 4
    assert shown(page, ".look-channel.fault") == 1
    page.screenshot(path=keep(f"layers-{'light' if 'fff' in colours else 'dark'}.png"), full_page=True)
    assert page.said == page.fetched == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_notebook_runs_nothing_that_a_name_holds(opened):
    report = planted(make.EVIL, lambda text: f"{text} {HOSTILE}")
    text = dataclasses.replace(report, view=views.EVIL)._repr_html_()
    page = opened(notebook(text, ""))
    page.wait_for_timeout(200)
    assert page.said == page.fetched == []
    assert html.unescape(text).count("alert(2)") > 0
