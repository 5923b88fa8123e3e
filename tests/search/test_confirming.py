"""The test on fresh seeds, with a stand-in for the trainings."""

import numpy as np
import pytest

from flatline.experiment import Candidate
from flatline.fix import Fix, SetCompile, SetFit
from flatline.search.confirming import LEVEL, confirm, n_pairs_for
from flatline.search.replay import Run
from flatline.verdict import Ruling

A = Candidate(
    fix=Fix(title="a", edits=(SetCompile(argument="optimizer.learning_rate", value=0.1),)), cause=None, source="x"
)
B = Candidate(fix=Fix(title="b", edits=(SetFit(argument="batch_size", value=3),)), cause=None, source="y")
NOISE = np.array([0.0, 0.02, -0.01, 0.01, -0.02, 0.015])  # of a seed, the same with and without


class Stub:
    """Scores by the titles of what is changed; counts what is run."""

    def __init__(self, scores, memorised=False, points=3) -> None:
        self.scores, self.memorised, self.points = scores, memorised, points
        self.ran: list[tuple[str, int]] = []

    def run(self, fix, *, seed, n_steps, n_points=1, seconds=float("inf")) -> Run:
        self.ran.append((fix.title, seed))
        score = self.scores[fix.title]
        score = (score(seed) if callable(score) else score) + NOISE[seed % len(NOISE)]
        points = np.linspace(0, score, self.points)
        return Run(score=score, held_out=score, n_steps=n_steps, planned=n_steps, points=points, whole=1.0)

    def as_is(self, **given) -> Run:
        return self.run(Fix(title="as is"), **given)

    run_or_nothing = run

    def memorises(self, run) -> bool:
        return self.memorised


def outcome(stub, *changes, n_pairs=5, left=lambda: 1e9, attempts=1):
    return confirm(
        stub, changes, n_steps=30, seeds=range(100, 100 + n_pairs), attempts=attempts, n_points=3, least=0.05,
        left=left, say=lambda text: None,
    )  # fmt: skip


def test_a_second_attempt_is_corrected_for_the_first():
    told = outcome(Stub({"as is": 0.2, "a": 0.9}), A, attempts=2)
    assert (told.verdict.p_value, told.verdict.ruling) == (2 / 32, Ruling.INCONCLUSIVE)
    assert outcome(Stub({"as is": 0.2, "a": 0.9}), A, attempts=2, n_pairs=6).verdict.ruling is Ruling.CONFIRMED


@pytest.mark.parametrize(
    ("n_changes", "least", "pairs"),
    [(1, 5, 5), (1, 1, 5), (2, 5, 6), (3, 5, 6), (4, 5, 7), (1, 12, 12)],
)
def test_n_pairs_for(n_changes, least, pairs):
    assert n_pairs_for(n_changes, least) == pairs
    assert n_changes * 2.0**-pairs <= LEVEL
    assert pairs == least or n_changes * 2.0 ** -(pairs - 1) > LEVEL  # one fewer would not do


def test_five_better_pairs_confirm():
    stub = Stub({"as is": 0.2, "a": 0.9})
    told = outcome(stub, A)
    assert told.verdict.ruling is Ruling.CONFIRMED
    assert told.verdict.p_value == 1 / 32
    assert (told.verdict.better, told.verdict.pairs, told.verdict.n_steps) == (5, 5, 30)
    assert told.verdict.gain == pytest.approx(0.7)
    assert (told.before, told.after) == pytest.approx((0.2 + NOISE[[4, 5, 0, 1, 2]].mean(), told.before + 0.7))
    assert told.verdicts == (told.verdict,)
    assert sorted(stub.ran) == [("a", seed) for seed in range(100, 105)] + [("as is", s) for s in range(100, 105)]


@pytest.mark.parametrize(
    ("scores", "ruling"),
    [
        ({"as is": 0.9, "a": 0.2}, Ruling.HARMFUL),
        ({"as is": 0.5, "a": 0.52}, Ruling.INCONCLUSIVE),  # sure, and not worth the name
        ({"as is": 0.5, "a": 0.48}, Ruling.INCONCLUSIVE),
        ({"as is": 0.5, "a": lambda seed: 0.4 if seed == 102 else 0.9}, Ruling.INCONCLUSIVE),  # four of five
        ({"as is": 0.5, "a": 0.5}, Ruling.INCONCLUSIVE),
    ],
)
def test_ruling(scores, ruling):
    assert outcome(Stub(scores), A).verdict.ruling is ruling


def test_the_p_value_is_of_the_direction_that_is_told():
    assert outcome(Stub({"as is": 0.9, "a": 0.2}), A).verdict.p_value == 1 / 32


def test_what_only_knows_its_own_rows_is_not_confirmed():
    assert outcome(Stub({"as is": 0.2, "a": 0.9}, memorised=True), A).verdict.ruling is Ruling.INCONCLUSIVE


def test_each_change_is_judged_by_the_set_without_it_and_corrected():
    scores = {"as is": 0.2, "a; b": 0.9, "a": 0.4, "b": 0.9}  # nothing is lost without a
    stub = Stub(scores)
    told = outcome(stub, A, B, n_pairs=6)
    assert told.verdict.p_value == 1 / 64  # the set is one test
    of_a, of_b = told.verdicts
    assert of_a.ruling is Ruling.INCONCLUSIVE and of_a.gain == pytest.approx(0.0)
    assert of_b.ruling is Ruling.CONFIRMED and of_b.gain == pytest.approx(0.5)
    assert of_b.p_value == 2 / 64  # one of two
    assert outcome(Stub(scores), A, B, n_pairs=5).verdicts[1].ruling is Ruling.INCONCLUSIVE  # 2 / 32 is too much


def test_no_time_for_more_pairs_or_for_single_changes():
    told = outcome(Stub({"as is": 0.2, "a": 0.9}), A, left=lambda: -1.0)
    assert told.verdict.pairs == 1 and told.verdict.ruling is Ruling.INCONCLUSIVE
    told = outcome(Stub({"as is": 0.2, "a; b": 0.9}), A, B, left=lambda: 0.5)  # a run takes 1 s
    assert told.verdict.pairs == 5 and told.verdicts == (None, None)


def test_curves_share_their_steps():
    told = outcome(Stub({"as is": 0.2, "a": 0.9}), A)
    np.testing.assert_array_equal(told.paired.step, [10, 20, 30])
    assert told.paired.before.shape == told.paired.after.shape == (5, 3)
    np.testing.assert_allclose(told.paired.after[:, -1] - told.paired.before[:, -1], 0.7)
