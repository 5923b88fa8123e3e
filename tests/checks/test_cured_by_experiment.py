import dataclasses

import pytest

from flatline.arms import CURED, FLAT
from flatline.cause import Cause
from flatline.checks.cured_by_experiment import cured_by_experiment
from flatline.engine import judge
from flatline.experiment import Experiment
from flatline.facts import RehearsalFacts
from flatline.finding import Severity
from flatline.pages import example, sections
from flatline.testing import RuleTester, row
from tests import experiments as given
from tests.checks.runs import ran, rehearsed

INFO, WARNING = Severity.INFO, Severity.WARNING
NONE, ALL = 0.0, 1.0  # score of a guess and of a perfect answer, so that scores are shares of the way


def between(before, after):
    """One change that takes the score from here to there, with guessing at 0."""
    change = given.needed(verdict=given.verdict(before, after))
    return given.experiment(change, before=before, after=after, null_score=NONE)


def test_table():
    RuleTester(cured_by_experiment).run(
        fires=[
            row(
                given.ONE,
                message="accuracy goes from 0.31 to 0.97 in 5 of 5 paired runs of 40 steps (p = 0.031) if you use",
                severity=WARNING,
                cause=Cause.OUTPUT_ACTIVATION,
                fix='`activation="softmax"` in `dense_2`',
            ),
            row(
                given.THREE,
                message="without one of them (standardise the inputs) it gets to 0.42 only",
                severity=WARNING,
                cause=Cause.INPUT_SCALE,
                fix="standardise the inputs",
            ),
            row(given.ONE, rehearsed(ran(0.1)), message="0.31 to 0.97", severity=WARNING),
            row(given.ONE, rehearsed(ran(0.9)), message="0.31 to 0.97", severity=INFO),  # it learns as it is
            row(
                between(FLAT, ALL), message="0.50 to 1.00", severity=INFO
            ),  # at the bound: half the way is no flat line
            row(between(0.3, CURED), message="0.30 to 0.60", severity=WARNING),  # at the bound: this is there
            row(between(0.2, 0.59), message="0.20 to 0.59", severity=INFO),
            row(between(0.45, 0.7), message="0.45 to 0.70", severity=INFO),  # the gain is too small
        ],
        silent=[
            given.NOTHING,
            given.experiment(given.needed(), verdict=given.unsure(0.31, 0.97)),
            given.experiment(given.needed(), verdict=None),
            (given.NOTHING, rehearsed(ran(0.0))),
            (given.NOTHING, rehearsed(ran(0.9))),
            given.experiment(before=0.97),  # learns as it is
            given.experiment(before=0.31, after=0.31, ended="the budget", tried=()),
            given.experiment(before=0.31, after=0.31, ended="interrupted", tried=()),
        ],
        cannot_tell=[row(given.experiment(given.needed(), before=float("nan")), message="was not scored")],
    )


def findings(experiment):
    return judge((cured_by_experiment,), {Experiment: experiment}, strict=True)


def test_each_of_several_changes_says_what_all_do_and_what_is_lost_without_it():
    told = findings(given.THREE)
    assert all("with 3 changes together, accuracy goes from 0.31 to 0.97 in 5 of 5" in each.message for each in told)
    assert [each.cause for each in told] == [Cause.OUTPUT_ACTIVATION, Cause.INPUT_SCALE, Cause.BATCH_SIZE]
    assert "it gets to 0.12 only" in told[0].message
    assert {(each.value, each.bound[1]) for each in told[0].evidence} == {(0.31, 0.97), (0.12, 0.97), (0.97 - 0.31, 0)}


def test_a_part_that_is_not_shown_to_be_needed_is_no_alarm():
    *_, last = findings(given.THREE)
    assert last.severity is INFO
    assert "it gets to 0.93, no sure difference" in last.message


def test_a_run_that_diverges_without_a_change_is_called_so():
    alone = given.needed(verdict=given.verdict(float("-inf"), 0.97, gain=1.0))
    told = findings(given.experiment(alone, given.needed(given.ADAM, Cause.OPTIMIZER)))
    assert "the run diverges" in told[0].message
    verdict = given.verdict(float("-inf"), 0.97, gain=1.0)
    (one,) = findings(dataclasses.replace(given.ONE, before=float("-inf"), verdict=verdict))
    assert "training diverges as it is, and accuracy gets to 0.97" in one.message
    assert one.severity is WARNING


def test_a_verdict_without_scores_falls_back_on_those_of_the_search():
    bare = given.verdict(float("nan"), float("nan"), gain=0.6)
    (one,) = findings(dataclasses.replace(given.ONE, verdict=bare))
    assert "goes from 0.31 to 0.97" in one.message


@pytest.mark.parametrize(("heading", "learns"), [("Example", False), ("Use instead", True)])
def test_the_programs_of_the_page_go_nowhere_and_learn(heading, learns):
    import keras

    keras.utils.set_random_seed(0)
    names = {}
    exec(example(sections(cured_by_experiment.page)[heading]), names)
    history = names["model"].fit(names["X"], names["y"], **names["fit_args"], verbose=0)
    share = (history.history["accuracy"][-1] - 0.5) / 0.5
    assert share >= CURED if learns else share < FLAT


def test_the_rehearsal_can_be_done_without():
    assert cured_by_experiment.optional == {"rehearsal"}
    assert cured_by_experiment.needs["rehearsal"] is RehearsalFacts
