"""The browser of layers in a real browser: alone, and in the page of a report."""

import dataclasses

import pytest

from flatline.reports.browser import document
from tests import views
from tests.reports import make

pytestmark = pytest.mark.browser

ALONE = document(views.VIEW)
REPORT = dataclasses.replace(make.SEED, facts={}, view=views.VIEW)
PLACES = {"alone": ALONE, "in a report": REPORT}


def chosen(page):
    return page.locator(".look-title").inner_text()


def shades(page, at):
    """The pixels of a picture in the panel, one number each."""
    return (
        page.locator(".look-panel canvas")
        .nth(at)
        .evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
        )
    )


def said_nothing(page):
    page.wait_for_timeout(100)
    return page.said == [] and page.fetched == []


@pytest.fixture(params=PLACES)
def page(request, opened):
    return opened(PLACES[request.param])


def test_a_layer_with_maps_is_shown_first(page):
    assert chosen(page) == "conv"
    assert page.get_by_role("option", name="conv Conv2D", exact=False).first.get_attribute("aria-selected") == "true"
    assert page.locator(".look-channel").count() == 4
    assert page.locator(".look-panel canvas").count() == 8
    for channel in range(4):
        for row in range(2):
            assert shades(page, 2 * channel + row) == views.FIRST.shades.pictures[row, channel].ravel().tolist()
    assert said_nothing(page)


def test_a_click_on_a_layer_shows_its_channels(page):
    page.locator(".look-row", has_text="conv_2").click()
    page.wait_for_selector(".look-channel.fault")
    assert chosen(page) == "conv_2"
    assert page.locator(".look-channel.fault").inner_text() == "channel 1: silent"
    assert "1 of all 4 are silent" in page.locator(".look-panel > p").inner_text()
    facts = page.locator(".look-facts").inner_text().split("\n")
    assert facts[facts.index("inside") + 1] == "backbone"
    assert said_nothing(page)


def test_arrows_lead_through_the_layers(page):
    page.locator(".look-list").focus()
    names = []
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "End", "ArrowDown", "ArrowUp", "Home", "PageDown"):
        page.keyboard.press(key)
        page.wait_for_timeout(50)
        names.append(chosen(page))
        selected = page.locator(".look-row[aria-selected=true]")
        assert selected.count() == 1
        assert page.locator(".look-list").get_attribute("aria-activedescendant") == selected.get_attribute("id")
    assert names == ["conv_2", "dropout", "add", "head", "head", "lstm", "conv", "head"]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "look-panel"
    assert said_nothing(page)


def test_what_a_layer_reads_can_be_followed(page):
    page.locator("#look-3").click()
    page.wait_for_selector(".look-title:text-is('add')")
    page.locator(".look-facts").get_by_role("button", name="conv", exact=True).click()
    page.wait_for_selector(".look-title:text-is('conv')")
    assert page.locator(".look-facts").get_by_role("button", name="add").count() == 1


def test_other_forms_of_outputs_are_drawn(page):
    page.locator(".look-row", has_text="dropout").click()
    page.wait_for_selector("text=No picture: it hands on what it reads, unchanged.")
    page.locator(".look-row", has_text="lstm").click()
    page.wait_for_selector(".look-row-picture")
    assert shades(page, 1) == views.SERIES.shades.pictures[1, 0].ravel().tolist()
    page.locator(".look-row", has_text="head").click()
    page.wait_for_selector(".look-panel .look-bars")
    assert page.locator(".look-panel .look-bars").count() == 2
    values = views.HEAD.shades.pictures[0, 0, 0]
    assert f"the largest is unit {values.argmax()}" in page.locator(".look-panel .look-bars").first.inner_text()
    assert said_nothing(page)


def test_inputs_are_chosen(page):
    page.get_by_role("checkbox", name="show the channels for cat.png").uncheck()
    page.wait_for_function("document.querySelectorAll('.look-panel canvas').length === 4")
    assert shades(page, 0) == views.FIRST.shades.pictures[1, 0].ravel().tolist()
    page.get_by_role("checkbox", name="show the channels for dog.png").uncheck()
    page.wait_for_selector("text=No input is chosen.")


def test_channels_can_be_drawn_to_one_scale_and_larger(page):
    before = [max(shades(page, at)) for at in range(8)]
    width = page.locator(".look-panel canvas").first.bounding_box()["width"]
    page.get_by_role("button", name="One scale for all channels").click()
    page.wait_for_selector("button[aria-pressed=true]:text-is('One scale for all channels')")
    low, high = views.FIRST.shades.low, views.FIRST.shades.high
    for at, shade in enumerate(before):
        number = low[at // 2] + shade / 255 * (high[at // 2] - low[at // 2])
        assert max(shades(page, at)) == pytest.approx(255 * (number + 1) / 3, abs=1)
    page.get_by_role("button", name="Larger pictures").click()
    page.wait_for_timeout(100)
    assert page.locator(".look-panel canvas").first.bounding_box()["width"] > 1.5 * width
    assert page.evaluate("document.activeElement.textContent") == "Larger pictures"


def test_layers_are_searched(page):
    search = page.get_by_label("Search layers")
    search.fill("conv backbone")
    assert page.locator(".look-row").locator("visible=true").count() == 1
    assert page.locator(".look-found").inner_text() == "1 of 7 layers"
    search.press("Enter")
    page.wait_for_selector(".look-title:text-is('conv_2')")
    assert page.evaluate("document.activeElement.className").startswith("look-list")
    search.press("Escape")
    assert page.locator(".look-row").locator("visible=true").count() == 7


def test_hostile_names_do_nothing(opened):
    for page in (opened(document(views.EVIL)), opened(dataclasses.replace(REPORT, view=views.EVIL))):
        for number in range(len(views.EVIL.layers)):
            page.locator(".look-row").nth(number).click()
            page.wait_for_timeout(30)
        assert said_nothing(page)
        assert page.locator("script").count() == 2
        assert page.locator("svg[onload], [onerror], [onfocus]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible_by_the_rules_of_axe_and_fits(opened, keep, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(ALONE, color_scheme=scheme, width=width)
    page.locator(".look-row", has_text="conv_2").click()
    page.wait_for_selector(".look-channel.fault")
    results = Axe().run(page.page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=keep(f"layers-{scheme}-{width}.png"), full_page=True)


def test_three_hundred_layers_can_be_used(opened):
    layers = tuple(views.layer(f"layer_{i}", *([f"layer_{i - 1}"] if i else []), n=6) for i in range(300))
    page = opened(document(dataclasses.replace(views.VIEW, layers=layers)))
    assert page.locator(".look-list").bounding_box()["height"] < 800
    page.locator(".look-list").focus()
    page.keyboard.press("End")
    page.wait_for_selector(".look-title:text-is('layer_299')")
    listed, row = (page.locator(each).bounding_box() for each in (".look-list", "#look-299"))
    assert listed["y"] <= row["y"] and row["y"] + row["height"] <= listed["y"] + listed["height"] + 1


def test_the_chosen_layer_is_printed(opened, keep):
    page = opened(ALONE)
    page.emulate_media(media="print")
    assert page.locator(".look-side").locator("visible=true").count() == 0
    assert page.locator(".look-channel").locator("visible=true").count() == 4
    assert page.pdf(path=keep("layers.pdf"), format="A4").startswith(b"%PDF")


def test_without_script_inputs_and_graph_can_be_seen(opened):
    page = opened(ALONE, java_script_enabled=False)
    assert page.locator(".look-row").locator("visible=true").count() == 7
    assert page.locator(".look-input img").locator("visible=true").count() == 6
    assert "may not run here" in page.locator(".look-panel").inner_text()
    assert page.locator("input").locator("visible=true").count() == 0
