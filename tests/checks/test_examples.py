"""Both examples of every page are run, and every fix of the bad one is applied."""

import pytest

from flatline import registry
from flatline.judging import reads_experiment, reads_log
from flatline.pages import run_examples

pytestmark = pytest.mark.slow  # a page is two to five calls of check_setup

CHECKS = [check for check in registry.all_checks() if not reads_log(check) and not reads_experiment(check)]
"""A check of an experiment trains its examples in its own table: `check_setup` has no experiment to show it."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.code}-{check.name}")
def test_the_page_keeps_what_it_promises(check):
    run_examples(check)
