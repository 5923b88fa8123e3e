"""Which set of changes is found, with a stand-in for the trainings: scores follow from what is changed."""

import numpy as np
import pytest

from flatline.cause import Cause
from flatline.errors import FlatlineError
from flatline.experiment import Candidate, Outcome
from flatline.fix import Fix, MapInput, SetCompile, SetFit, SetLayer
from flatline.score import Score
from flatline.search.replay import Run
from flatline.search.search import Search
from flatline.verdict import Ruling

ACTIVATION = SetLayer(layer="out", argument="activation", value="softmax")
SCALE = MapInput(how="standardize")
RATE = SetCompile(argument="optimizer.learning_rate", value=0.1)
BATCH = SetFit(argument="batch_size", value=32)


def change(edit, source, cause=None, sure=False):
    return Candidate(fix=Fix(title=f"set {edit!r}"[:40], edits=(edit,)), cause=cause, source=source, sure=sure)


A = change(ACTIVATION, "FL301", Cause.OUTPUT_ACTIVATION, sure=True)
S = change(SCALE, "standardised-inputs", Cause.INPUT_SCALE)
R = change(RATE, "another-rate", Cause.LEARNING_RATE)
B = change(BATCH, "batch-size", Cause.BATCH_SIZE)


class Stub:
    """Answers by the edits that are made."""

    null = 0.5
    scores = (Score(kind="classes", y=np.zeros(1), ids=np.zeros(1), name="accuracy", null=0.5),)
    rows = seen = np.arange(80)
    held = unseen = np.arange(20)

    def __init__(self, answer, memorised=False) -> None:
        self.answer, self.memorised, self.runs = answer, memorised, 0

    def run(self, fix, *, seed, n_steps, n_points=1, seconds=float("inf")) -> Run:
        self.runs += 1
        score = self.answer(set(fix.edits)) + 0.001 * (seed % 7)
        points = np.full(n_points, score)
        return Run(score=score, held_out=score, n_steps=n_steps, planned=n_steps, points=points, whole=1e-3)

    def as_is(self, **given) -> Run:
        return self.run(Fix(title="as is"), **given)

    run_or_nothing = run

    def known(self, fix) -> bool:
        return True

    def memorises(self, run) -> bool:
        return self.memorised and run.score > 0.8

    def steps(self, fix, n_steps) -> int:
        return n_steps

    def n_points(self, seconds) -> int:
        return 2


def found(answer, *candidates, memorised=False, **given):
    search = Search(
        Stub(answer, memorised), candidates, n_pairs=5, seed=0, say=lambda text: None,
        **{"seconds": 60.0, "planned_steps": 100, **given},
    )  # fmt: skip
    return search.run()


def sources(experiment):
    return {tried.source for tried in experiment.chosen}


def test_the_one_change_that_cures_is_found_and_confirmed():
    told = found(lambda edits: 0.98 if SCALE in edits else 0.5, A, S, R, B)
    assert sources(told) == {"standardised-inputs"}
    assert told.confirmed
    assert told.chosen[0].cause is Cause.INPUT_SCALE
    assert {tried.outcome for tried in told.tried} == {Outcome.NO_HELP}


def test_two_faults_that_only_help_together_are_found_together():
    told = found(lambda edits: 0.98 if {ACTIVATION, SCALE} <= edits else 0.5, A, S, R, B)
    assert sources(told) == {"FL301", "standardised-inputs"}
    assert told.confirmed
    assert all(tried.fix.verdict is not None and tried.fix.verdict.pairs >= 6 for tried in told.chosen)


def test_what_the_checks_are_sure_of_comes_before_what_is_faster():
    def answer(edits):
        return 0.98 if RATE in edits else 0.96 if ACTIVATION in edits else 0.5

    assert sources(found(answer, A, R)) == {"FL301"}


@pytest.mark.parametrize(("planned", "tried"), [(100, True), (100_000, False)])
def test_what_cures_in_fewer_steps_than_are_planned_is_not_tried_with_more(planned, tried):
    seen = []

    def answer(edits):
        seen.append(edits)
        return 0.9 if ACTIVATION in edits else 0.5

    more = SetFit(argument="epochs", value=100)
    assert sources(found(answer, A, change(more, "more-epochs", Cause.EPOCHS), planned_steps=planned)) == {"FL301"}
    assert any(more in edits for edits in seen) is tried


def test_a_set_up_that_learns_is_left_alone():
    told = found(lambda edits: 0.99, A, S)
    assert (told.chosen, told.tried, told.ended) == ((), (), "it learns as it is")


def test_an_improvement_names_no_cause():
    def answer(edits):
        return 0.8 if SCALE not in edits else 0.9

    told = found(answer, S)
    assert told.confirmed
    assert told.chosen[0].cause is None


def test_of_several_changes_that_each_do_much_the_larger_is_the_cause():
    def answer(edits):
        return {0: 0.5, 1: 0.80 if RATE in edits else 0.78, 2: 0.9}[len(edits & {RATE, SCALE})]

    told = found(answer, S, R)
    assert told.confirmed
    assert [tried.cause for tried in told.chosen if tried.cause] == [Cause.LEARNING_RATE]


def test_nothing_helps():
    told = found(lambda edits: 0.5, A, S, R, B)
    assert (told.chosen, told.verdict) == ((), None)


def test_what_only_knows_its_own_rows_is_not_chosen():
    told = found(lambda edits: 0.95 if SCALE in edits else 0.5, S, memorised=True)
    assert not told.confirmed
    assert {tried.outcome for tried in told.tried} == {Outcome.MEMORISES}


def test_an_interrupt_returns_what_is_known():
    def answer(edits):
        if RATE in edits:
            raise KeyboardInterrupt
        return 0.5

    told = found(answer, S, R, B)
    assert told.ended == "interrupted"
    assert [tried.source for tried in told.tried] == ["standardised-inputs"]


def test_a_fix_that_cannot_be_run_is_told_as_not_tried():
    def answer(edits):
        if RATE in edits:
            raise FlatlineError("out of memory")
        return 0.98 if SCALE in edits else 0.5

    told = found(answer, S, R)
    assert [(tried.outcome, tried.note) for tried in told.tried] == [(Outcome.NOT_TRIED, "out of memory")]


def test_a_budget_too_small_says_the_smallest_that_would_do():
    with pytest.raises(FlatlineError, match=r"budget=-1 s is too small .* the smallest that would do is about"):
        found(lambda edits: 0.5, S, seconds=-1.0)


def test_what_is_asked_about_is_put_to_the_test_by_itself():
    experiment = found(lambda edits: 0.9 if ACTIVATION in edits else 0.5, A, S, asked=[S, A])
    told = {each.fix.edits: each for each in experiment.asked}
    assert [each.outcome for each in experiment.asked] == [Outcome.NO_HELP, Outcome.HELPS]
    assert told[A.fix.edits].fix.verdict.ruling is Ruling.CONFIRMED
    assert told[A.fix.edits].fix.verdict.pairs == 6  # 2 ** -5, times two, would not be significant
    assert told[S.fix.edits].fix.verdict.ruling is Ruling.INCONCLUSIVE
    assert len(experiment.tried) + len(experiment.chosen) == 2  # each is a candidate once


def test_what_is_asked_about_and_cannot_be_made_is_told_as_such():
    def answer(edits):
        if BATCH in edits:
            raise FlatlineError("there is no such batch")
        return 0.9

    (told,) = found(answer, asked=[B]).asked
    assert (told.outcome, told.note, told.fix.verdict) == (Outcome.NOT_TRIED, "there is no such batch", None)
