"""The same predictions get the same score, whatever form a fix gives labels and outputs."""

import numpy as np
import pytest

from flatline.errors import FlatlineError
from flatline.facts import Task
from flatline.score import Score

RNG = np.random.default_rng(0)
N = 60
IDS = RNG.integers(0, 3, N)
GUESS = np.where(RNG.random(N) < 0.7, IDS, RNG.integers(0, 3, N))
YES = RNG.integers(0, 2, N)
SAID = np.where(RNG.random(N) < 0.75, YES, 1 - YES)
SURE = RNG.uniform(0.6, 0.9, N)
ROWS = np.arange(N)
VALUES = RNG.normal([5, -300], [2, 80], (N, 2))
NEAR = VALUES + RNG.normal(0, [1, 40], (N, 2))


def balanced(right, found) -> float:
    return float(np.mean([np.mean(found[right == each] == each) for each in np.unique(right)]))


def scored(y, predicted, *, trained=None, task=Task.MULTICLASS, logits=False, rows=ROWS) -> float:
    return Score.of_targets(task, y)(predicted, rows, y if trained is None else trained, logits=logits)


def soft(ids, units=3):
    """Probabilities whose largest is at `ids`."""
    return (np.eye(units)[ids] + 0.2) / (1 + 0.2 * units)


@pytest.mark.parametrize(
    ("y", "trained", "predicted"),
    [
        (IDS, IDS, soft(GUESS)),
        (IDS[:, None], IDS[:, None], soft(GUESS)),
        (IDS, np.eye(3)[IDS], soft(GUESS)),
        (np.eye(3)[IDS], np.eye(3)[IDS], soft(GUESS)),
        (np.eye(3)[IDS], IDS, soft(GUESS)),
        (IDS + 1, IDS, soft(GUESS)),  # from_zero
        (IDS + 1, IDS + 1, soft(GUESS + 1, 4)),  # a unit more than classes
        (IDS, IDS, soft(GUESS) * 30 - 10),  # logits of a softmax
        (IDS, IDS, GUESS[:, None] + 0.3),  # one linear unit that is to give the number
        (IDS * 10.0, IDS * 10.0, GUESS * 10 - 4.0),
    ],
)
def test_classes(y, trained, predicted):
    assert scored(y, predicted, trained=trained) == pytest.approx(balanced(IDS, GUESS))


SIGMOID = np.where(SAID == 1, SURE, 1 - SURE)


@pytest.mark.parametrize(
    ("y", "trained", "predicted", "logits"),
    [
        (YES, YES, SIGMOID[:, None], False),
        (YES, YES, SIGMOID, False),
        (YES[:, None], YES[:, None], SIGMOID[:, None], False),
        (2 * YES - 1, YES, SIGMOID[:, None], False),  # −1 and 1 as 0 and 1
        (2 * YES - 1, 2 * YES - 1, 2 * SIGMOID[:, None] - 1, False),  # tanh
        (2 * YES - 1, 2 * YES - 1, 9 * SIGMOID[:, None] - 4.5, True),  # hinge
        (YES, YES, 5 * SIGMOID[:, None] - 2.5, True),
        (YES, YES, np.c_[1 - SIGMOID, SIGMOID], False),  # two units
        (YES, np.eye(2)[YES], np.c_[1 - SIGMOID, SIGMOID], False),
        (np.eye(2)[YES], np.eye(2)[YES], np.c_[1 - SIGMOID, SIGMOID], False),
        (np.eye(2)[YES], YES, SIGMOID[:, None], False),
        (YES + 1, YES, SIGMOID[:, None], False),
        (YES + 1, YES + 1, np.c_[1 - SIGMOID, SIGMOID], False),  # two units for classes 1 and 2
        (YES + 1, YES + 1, np.c_[0 * SIGMOID, 1 - SIGMOID, SIGMOID], False),
    ],
)
def test_two_classes(y, trained, predicted, logits):
    found = scored(y, predicted, trained=trained, task=Task.BINARY, logits=logits)
    assert found == pytest.approx(balanced(YES, SAID))


def test_logits_are_cut_at_zero():
    quarter = np.where(YES, 0.25, -0.25)  # all of them below ½
    assert scored(YES, quarter, task=Task.BINARY, logits=True) == 1.0
    assert scored(YES, quarter, task=Task.BINARY) == 0.5


def test_rows_are_those_asked_for():
    rows = np.array([50, 3, 17, 8, 40, 22])
    assert scored(IDS, soft(IDS[rows]), rows=rows) == 1.0
    assert scored(IDS, soft((IDS[rows] + 1) % 3), rows=rows) == 0.0


def test_classes_count_the_same_however_many_rows_they_have():
    rare = np.r_[np.zeros(90, int), np.ones(10, int)]
    score = Score.of_targets(Task.BINARY, rare)
    assert (score.name, score.null) == ("balanced accuracy", 0.5)
    assert score(np.zeros(100), np.arange(100), rare, logits=False) == 0.5
    even = Score.of_targets(Task.MULTICLASS, np.arange(60) % 3)
    assert (even.name, even.null) == ("accuracy", pytest.approx(1 / 3))


@pytest.mark.parametrize("units", [3, 5])
def test_always_the_same_class_scores_as_the_null_model(units):
    score = Score.of_targets(Task.MULTICLASS, IDS)
    assert score(soft(np.zeros(N, int), units), ROWS, IDS, logits=False) == pytest.approx(score.null)


def test_a_class_that_no_row_has_is_wrong():
    assert scored(IDS, soft(np.full(N, 4), 5)) == 0.0


def test_sequences():
    steps = RNG.integers(0, 3, (N, 4))
    found = np.where(RNG.random((N, 4)) < 0.6, steps, (steps + 1) % 3)
    expected = balanced(steps.ravel(), found.ravel())
    assert scored(steps, soft(found)) == pytest.approx(expected)
    assert scored(np.eye(3)[steps], soft(found)) == pytest.approx(expected)
    assert scored(steps, soft(found), trained=np.eye(3)[steps]) == pytest.approx(expected)
    assert scored(steps[..., None], soft(found)) == pytest.approx(expected)


def test_independent_labels():
    tags = RNG.integers(0, 2, (N, 4))
    said = np.where(RNG.random((N, 4)) < 0.8, tags, 1 - tags)
    expected = (np.mean(said[tags == 1] == 1) + np.mean(said[tags == 0] == 0)) / 2
    score = Score.of_targets(Task.MULTILABEL, tags)
    assert score(0.1 + 0.8 * said, ROWS, tags, logits=False) == pytest.approx(expected)
    assert score(said - 0.7, ROWS, tags, logits=True) == pytest.approx(expected)
    assert score(np.zeros((N, 4)), ROWS, tags, logits=False) == score.null == 0.5
    assert (score.kind, score.name) == ("labels", "balanced agreement")


def r_squared(y, answer) -> float:
    return float(np.mean(1 - ((y - answer) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)))


@pytest.mark.parametrize("factor", [1.0, 0.01, -2.0])
def test_values_are_scored_in_their_own_units(factor):
    score = Score.of_targets(Task.REGRESSION, VALUES)
    expected = r_squared(VALUES, NEAR)
    assert 0.5 < expected < 0.95
    assert score(NEAR, ROWS, VALUES, logits=False) == pytest.approx(expected)
    mean, std = VALUES.mean(0), VALUES.std(0)
    standard = (VALUES - mean) / std
    assert score((NEAR - mean) / std, ROWS, standard, logits=False) == pytest.approx(expected)
    assert score(factor * NEAR + 1, ROWS, factor * VALUES + 1, logits=False) == pytest.approx(expected)


def test_values_of_one_column():
    y, answer = VALUES[:, 0], NEAR[:, 0]
    expected = r_squared(y[:, None], answer[:, None])
    for targets in (y, y[:, None]):
        for predicted in (answer, answer[:, None]):
            assert scored(targets, predicted, task=Task.REGRESSION) == pytest.approx(expected)


def test_null_and_worst_values():
    assert scored(VALUES, np.broadcast_to(VALUES.mean(0), VALUES.shape), task=Task.REGRESSION) == pytest.approx(0.0)
    assert scored(VALUES, VALUES + 1e6, task=Task.REGRESSION) == -1.0
    assert scored(VALUES, VALUES, task=Task.RECONSTRUCTION) == 1.0
    constant = np.c_[VALUES[:, 0], np.full(N, 3.0)]  # a column that does not vary takes no part
    assert scored(constant, np.c_[NEAR[:, 0], NEAR[:, 1]], task=Task.REGRESSION) == pytest.approx(
        r_squared(VALUES[:, :1], NEAR[:, :1])
    )


@pytest.mark.parametrize(
    ("task", "y", "worst"),
    [(Task.MULTICLASS, IDS, 0.0), (Task.MULTILABEL, np.eye(3)[IDS], 0.0), (Task.REGRESSION, VALUES, -1.0)],
)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_numbers_score_worst(task, y, worst, bad):
    predicted = np.zeros((N, 3 if task is not Task.REGRESSION else 2))
    predicted[7, 1] = bad
    assert scored(y, predicted, task=task) == worst


@pytest.mark.parametrize(
    ("task", "y", "predicted"),
    [
        (Task.MULTICLASS, IDS, np.zeros((N, 4, 3))),
        (Task.MULTILABEL, np.eye(3)[IDS], np.zeros((N, 2))),
        (Task.REGRESSION, VALUES, np.zeros((N, 3))),
        (Task.REGRESSION, np.ones(N), np.ones(N)),  # nothing to explain
    ],
)
def test_outputs_that_are_no_answers_score_as_the_null_model(task, y, predicted):
    assert scored(y, predicted, task=task) == Score.of_targets(task, y).null


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (IDS, "classes"),
        (np.eye(3)[IDS], "classes"),
        (np.eye(3)[IDS] + np.eye(3)[GUESS] > 0, "labels"),
        (VALUES[:, 0], "values"),
        (VALUES, "values"),
        (np.arange(N) // 4, "values"),  # whole numbers, but no class has 5 rows
        (np.arange(2000) % 21, "values"),  # too many to be classes
        (np.ones(N), "values"),
    ],
)
def test_the_kind_of_an_unknown_task(y, kind):
    assert Score.of_targets(Task.UNKNOWN, np.asarray(y, float)).kind == kind


# ── a metric of the user's own ──────────────────────────────────────────────────────────────────────────────────────


def error_rate(y, answers) -> float:
    return float(np.mean(y != answers))


@pytest.mark.parametrize("y", [IDS + 5, np.eye(3)[IDS]])
def test_an_own_metric_is_told_as_the_way_from_constant_to_perfect_answers(y):
    score = Score.of_targets(Task.MULTICLASS, y, error_rate)
    worst = 1 - np.bincount(IDS).max() / N
    expected = (np.mean(GUESS != IDS) - worst) / -worst
    trained = IDS if y.ndim == 1 else y
    assert score(soft(GUESS), ROWS, trained, logits=False) == pytest.approx(expected)
    assert (score.name, score.null) == ("error_rate", 0.0)


def test_an_own_metric_gets_the_users_labels_and_units():
    seen = {}

    def noted(y, answers):
        seen.update(y=y, answers=answers)
        return -float(np.abs(y - answers).mean())

    Score.of_targets(Task.BINARY, YES * 2 - 1, noted)(soft(SAID, 2), ROWS, YES, logits=False)
    assert np.array_equal(seen["answers"], SAID * 2 - 1)
    scaled = (VALUES - VALUES.mean(0)) / VALUES.std(0)
    Score.of_targets(Task.REGRESSION, VALUES, noted)(scaled, ROWS, scaled, logits=False)
    assert np.allclose(seen["answers"], VALUES)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (lambda y, answers: 1.0, "<lambda> is 1 for the targets themselves and 1 for the best constant answer"),
        (lambda y, answers: 1 / 0, "<lambda> raised ZeroDivisionError: division by zero"),
    ],
)
def test_a_metric_that_tells_nothing_is_refused(metric, message):
    with pytest.raises(FlatlineError, match=message):
        Score.of_targets(Task.MULTICLASS, IDS, metric)
