"""Both examples of every detector's page are trained under the monitor."""

import pytest

from flatline import registry
from flatline.judging import reads_log
from flatline.pages import run_examples

pytestmark = pytest.mark.slow  # two trainings a page and more

DETECTORS = [check for check in registry.all_checks() if reads_log(check)]


@pytest.mark.parametrize("check", DETECTORS, ids=lambda check: f"{check.code}-{check.name}")
def test_the_page_keeps_what_it_promises(check):
    run_examples(check)
