import inspect
import re

import pytest

from flatline.registry import all_remedies

NAMED = re.compile(r"\b(19|20)\d\d\b")  # the year of a source


@pytest.mark.parametrize("remedy", all_remedies(), ids=lambda remedy: remedy.name)
def test_page(remedy):
    title, blank, *rest = remedy.page.split("\n")
    assert title.endswith(".") and len(title) <= 80 and blank == ""
    text = " ".join(rest)
    assert NAMED.search(text) or "Keras documentation" in text, "no source"
    assert re.search(r"\bcosts?\b", text, re.IGNORECASE), "what it costs"
    module = inspect.getmodule(remedy.function)
    assert module is not None and module.__name__.rpartition(".")[2] == remedy.name.replace("-", "_")
    assert remedy.function.__doc__
