"""Both examples of every page are run, and every fix of the bad one is applied."""

import pytest

from flatline import registry
from flatline.testing import run_examples


@pytest.mark.parametrize("check", registry.all_checks(), ids=lambda check: f"{check.code}-{check.name}")
def test_the_page_keeps_what_it_promises(check):
    run_examples(check)
