"""A real browser, for tests that are a run of their own: `python -m pytest -m browser tests/browser`."""

import os
import shutil
from pathlib import Path

import pytest

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "no chromium: `apt-get install chromium`"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield started
        started.close()


class Opened:
    """A page that is open, and what it has said and asked for since."""

    def __init__(self, page, file):
        self.page, self.said, self.asked = page, [], []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("requestfinished", lambda request: self.asked.append(request.url))
        page.on("requestfailed", lambda request: self.asked.append(request.url) if request.failure != "csp" else None)
        page.goto(file.as_uri())

    def __getattr__(self, name):
        return getattr(self.page, name)

    @property
    def fetched(self):
        """What was asked for besides the file itself and what is in it."""
        return [url for url in self.asked[1:] if not url.startswith("data:")]


@pytest.fixture
def opened(chromium, tmp_path):
    """Open a report, or the text of a page, as a file."""
    contexts = []

    def open_page(report, *, width=1280, height=900, **options):
        file = tmp_path / f"{len(contexts)}.html"
        if isinstance(report, str):
            file.write_text(report, encoding="utf-8")
        else:
            report.save(file)
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, **options))
        return Opened(contexts[-1].new_page(), file)

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def keep(tmp_path):
    """Keep a picture or a print of a page: in the folder SCREENSHOTS, for someone to look at, or for this test only."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return lambda name: folder / name
