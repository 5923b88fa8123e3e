"""Short trainings with and without a fix: repeatable, sharing their traces, and undone."""

import keras
import numpy as np
import pytest
from keras import layers

from flatline.errors import FlatlineError
from flatline.facts import Task
from flatline.fix import (
    Fix,
    InsertLayer,
    MapInput,
    MapLabels,
    Reinitialize,
    SetCompile,
    SetFit,
    SetLayer,
    Shuffle,
)  # fmt: skip
from flatline.measure.preserve import preserved
from flatline.recipe import Recipe
from flatline.score import Score
from flatline.search.replay import AS_IS, FEWEST_HELD_OUT, HELD_OUT, SCORED_ROWS, Replay, Run

RNG = np.random.default_rng(0)
N = 120
X = RNG.normal(1, 2, (N, 6)).astype("float32")
SUM = X @ np.array([1.0, -1.0, 0.5, 0.0, 2.0, -0.5], "float32")
YES = (np.median(SUM) < SUM).astype("int64")
CLASSES = np.digitize(SUM, np.quantile(SUM, [1 / 3, 2 / 3]))


def rate(value) -> SetCompile:
    return SetCompile(argument="optimizer.learning_rate", value=value)


def fix(*edits) -> Fix:
    return Fix(title="do it", edits=edits)


def network(units=1, activation="sigmoid", loss="binary_crossentropy", *inside):
    keras.utils.set_random_seed(0)
    hidden = layers.Dense(8, "relu", name="a")
    model = keras.Sequential([keras.Input((6,)), *inside, hidden, layers.Dense(units, activation, name="out")])
    model.compile(keras.optimizers.Adam(0.02), loss)
    return model


def replay_of(model=None, y=YES, task=Task.BINARY, x=X, **given) -> Replay:
    fit_args = given.pop("fit_args", {})
    defaults = {
        "weight": None, "shuffle": True, "batch_size": 16, "planned_epochs": 10, "compiled": False, "seed": 0,
    }  # fmt: skip
    recipe = Recipe(model=model or network(), X=x, y=y, fit_args=fit_args)
    return Replay(recipe, [Score.of_targets(task, y)], **(defaults | given))


class Own(keras.Model):
    """Cannot be made anew."""

    def __init__(self, hidden, out):
        super().__init__()
        self.hidden, self.out = hidden, out

    def call(self, x):
        return self.out(self.hidden(x))

    def get_config(self):
        raise NotImplementedError


def own_network() -> Own:
    keras.utils.set_random_seed(0)
    model = Own(layers.Dense(8, "relu", name="a"), layers.Dense(1, "sigmoid", name="out"))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    model.fit(X, YES, verbose=0)
    return model


def values(model) -> list:
    return [keras.ops.convert_to_numpy(v).copy() for v in (*model.variables, *model.optimizer.variables)]


def assert_untouched(model, before, optimizer):
    assert model.optimizer is optimizer
    for was, now in zip(before, values(model), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.fixture(scope="module")
def plain() -> Replay:
    return replay_of()


def test_a_run_is_repeated_by_its_seed(plain):
    one = plain.run(AS_IS, seed=3, n_steps=40, n_points=4)
    plain.run(fix(rate(0.5)), seed=4, n_steps=20)
    again = plain.run(AS_IS, seed=3, n_steps=40, n_points=4)
    assert (one.score, one.held_out) == (again.score, again.held_out)
    np.testing.assert_array_equal(one.points, again.points)
    assert one.score > 0.8 and one.n_steps == one.planned == 40 and not one.diverged
    other = plain.run(AS_IS, seed=5, n_steps=40, n_points=4)
    assert not np.array_equal(one.points, other.points)


def scores(replay, seed, *edits) -> list:
    return list(replay.run(fix(*edits), seed=seed, n_steps=12, n_points=6).points)


def test_the_seed_is_that_of_weights_and_of_the_order_of_rows(plain):
    assert scores(plain, 0, rate(0.0)) != scores(plain, 1, rate(0.0))  # other weights
    model = network()
    model.fit(X, YES, epochs=2, verbose=0)
    trained = replay_of(model)
    assert scores(trained, 0, rate(0.0)) == scores(trained, 1, rate(0.0))  # kept, so that only the order differs
    assert scores(trained, 0) != scores(trained, 1)
    assert scores(trained, 0) == scores(trained, 0)  # from the kept weights, not from where the last run ended


def test_weights_that_were_set_are_kept_unless_drawn_anew():
    model = network()
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    replay = replay_of(model)
    assert replay.kept == {"a", "out"}
    assert replay.run(AS_IS, seed=0, n_steps=40).score == 0.5
    assert replay.run(fix(Reinitialize(layers=("a", "out"))), seed=0, n_steps=40).score > 0.8


def traced(replay) -> int:
    """How often the training step was traced, as TensorFlow counts it."""
    return sum(each.training._steps.experimental_get_tracing_count() for each in replay._variants.values())


def test_what_is_data_to_the_graph_shares_its_trace():
    replay = replay_of(fit_args={"class_weight": {0: 1.0, 1: 2.0}}, y=YES.astype("float32") * 2 - 1)
    for seed, edits in enumerate(
        [
            (),
            (rate(0.1),),
            (SetLayer(layer="a", argument="kernel_initializer", value="he_normal"),),
            (MapInput(how="standardize"),),
            (MapLabels(how="zero_one"),),
            (SetFit(argument="class_weight", value={-1: 5.0, 1: 1.0}),),
            (Shuffle(), Reinitialize(layers=("a",))),
            (SetFit(argument="epochs", value=20),),
        ]
    ):
        assert replay.known(fix(*edits))
        replay.run(fix(*edits), seed=seed, n_steps=3)
    assert replay.n_traces == traced(replay) == 1
    structural = fix(SetLayer(layer="a", argument="activation", value="tanh"))
    assert not replay.known(structural)
    replay.run(structural, seed=0, n_steps=3)
    assert replay.known(structural) and replay.n_traces == traced(replay) == 2


def test_every_trace_is_counted():
    replay = replay_of()
    replay.run(AS_IS, seed=0, n_steps=3)
    replay.run(fix(SetFit(argument="batch_size", value=8)), seed=0, n_steps=3)
    assert replay.n_traces == traced(replay) == 2
    replay.run(fix(SetFit(argument="class_weight", value={0: 1.0, 1: 2.0})), seed=0, n_steps=3)  # had no weights
    assert replay.n_traces == traced(replay) == 3
    replay.run(fix(MapLabels(how="zero_one")), seed=0, n_steps=3)  # floats in place of whole numbers
    assert replay.n_traces == traced(replay) == 4


def test_a_rate_and_an_initialiser_take_hold(plain):
    still = plain.run(fix(rate(0.0)), seed=0, n_steps=40, n_points=2)
    assert still.points[0] == still.points[1] != plain.run(AS_IS, seed=0, n_steps=40).score
    zeros = [SetLayer(layer=name, argument="kernel_initializer", value="zeros") for name in ("a", "out")]
    assert plain.run(fix(*zeros), seed=0, n_steps=40).score == 0.5  # nothing reaches a kernel
    assert plain.run(AS_IS, seed=0, n_steps=40).score > 0.8


def test_other_inputs_and_labels_take_hold():
    y = YES * 2 - 1
    replay = replay_of(y=y, x=X + 500)
    bad = replay.run(AS_IS, seed=0, n_steps=60)
    good = replay.run(fix(MapInput(how="standardize"), MapLabels(how="zero_one")), seed=0, n_steps=60)
    assert good.score > 0.85 > 0.75 > bad.score


def test_class_weights_follow_labels_that_are_mapped():
    y = CLASSES + 1
    found = {}
    for weights, edits in (({3: 50.0}, ()), (None, (SetFit(argument="class_weight", value={3: 50.0}),))):
        model = network(3, "softmax", "sparse_categorical_crossentropy")
        replay = replay_of(model, y, Task.MULTICLASS, fit_args={"class_weight": weights} if weights else {})
        fixed = fix(*edits, MapLabels(how="from_zero"))
        _, shuffle, weight = replay._plan(fixed)
        np.testing.assert_array_equal(weight, np.where(y == 3, 50.0, 1.0))
        assert shuffle
        found[len(edits)] = replay.run(fixed, seed=0, n_steps=3).score
    assert found[0] == found[1]


def test_held_out_rows():
    replay = replay_of()
    assert len(replay.held) == int(HELD_OUT * N) >= FEWEST_HELD_OUT
    assert sorted((*replay.held, *replay.rows)) == list(range(N))
    noise = replay_of(y=RNG.integers(0, 2, N), batch_size=96, model=network())
    run = noise.run(fix(rate(0.05)), seed=0, n_steps=600)
    assert run.score - run.held_out > 0.2  # rows trained on are known by heart, the others are not
    assert run.value == (run.score + run.held_out) / 2


def test_the_rows_that_are_scored_lie_all_over_the_data():
    n = 1200  # sorted, as data often come: the first 512 rows would be all of one class
    x, y = np.tile(X, (n // N, 1)), np.repeat([0, 1], n // 2)
    replay = replay_of(x=x, y=y)
    assert len(replay.rows) == 960 and len(replay.seen) == SCORED_ROWS
    assert set(replay.seen) <= set(replay.rows)
    assert abs(y[replay.seen].mean() - 0.5) < 0.03 and np.array_equal(replay.unseen, replay.held)


@pytest.mark.parametrize("given", [{"shuffle": False}, {"x": X[:99], "y": YES[:99]}])
def test_no_rows_are_held_out_where_there_are_few_or_in_order(given):
    replay = replay_of(**given)
    assert len(replay.held) == 0
    run = replay.run(AS_IS, seed=0, n_steps=3)
    assert np.isnan(run.held_out) and run.value == run.score


def test_divergence_ends_a_run_early_and_scores_worst():
    y = SUM
    model = network(1, "linear", "mse")
    model.compile(keras.optimizers.SGD(0.01), "mse")
    replay = replay_of(model, y, Task.REGRESSION)
    run = replay.run(fix(rate(1e6)), seed=0, n_steps=3000, n_points=3)
    assert run.diverged and run.n_steps < run.planned == 3000
    assert run.score == run.held_out == -1.0
    np.testing.assert_array_equal(run.points[-1:], [-1.0])
    assert not replay.run(AS_IS, seed=0, n_steps=20).diverged  # and leaves no trace


def test_a_loss_that_is_no_number_scores_worst_whatever_is_predicted(monkeypatch):
    replay = replay_of()
    replay.run(AS_IS, seed=0, n_steps=3)
    (variant,) = replay._variants.values()
    monkeypatch.setattr(variant.training, "run", lambda *given: np.array([np.nan]))
    run = replay.run(AS_IS, seed=0, n_steps=9, n_points=3)
    assert (run.score, run.held_out, run.n_steps) == (0.0, 0.0, 1)


def test_steps():
    replay = replay_of(batch_size=16, planned_epochs=10)
    for edits, expected in [
        ((), 30),
        ((SetFit(argument="epochs", value=20),), 60),
        ((SetFit(argument="batch_size", value=8),), 60),
        ((SetFit(argument="batch_size", value=32),), 15),
        ((SetFit(argument="batch_size", value=8), SetFit(argument="epochs", value=20)), 120),
        ((SetFit(argument="batch_size", value=100000),), 5),  # all 96 rows
        ((SetFit(argument="batch_size", value=1), SetFit(argument="epochs", value=10000)), 4000),
        ((SetFit(argument="class_weight", value={}),), 30),
    ]:
        assert replay.steps(fix(*edits), 30) == expected, edits
    assert replay_of(planned_epochs=None).steps(fix(SetFit(argument="epochs", value=20)), 30) == 30


def test_seconds_end_a_run(plain):
    plain.run(AS_IS, seed=0, n_steps=3)
    run = plain.run(AS_IS, seed=0, n_steps=4000, seconds=0.05)
    assert 0 < run.n_steps < 4000 and run.planned == 4000


def test_a_fix_that_cannot_be_made_or_run_raises_in_one_line(plain):
    with pytest.raises(FlatlineError, match="no layer of the model is called 'b'"):
        plain.run(fix(SetLayer(layer="b", argument="activation", value="tanh")), seed=0, n_steps=3)
    loss = SetCompile(argument="loss", value="categorical_crossentropy")
    wide = SetLayer(layer="out", argument="units", value=3)
    with pytest.raises(FlatlineError, match=r"^training with it raised \w+: ") as refused:
        plain.run(fix(loss, wide), seed=0, n_steps=3)
    assert "\n" not in str(refused.value)


def test_a_fix_that_takes_more_memory_than_there_is_raises_and_is_forgotten(monkeypatch):
    replay = replay_of()
    with pytest.raises(FlatlineError, match=r"^there is not enough memory for it: .*OOM"):
        replay.run(fix(SetLayer(layer="a", argument="units", value=10**13)), seed=0, n_steps=3)
    wider = fix(SetLayer(layer="a", argument="units", value=9))
    replay.run(wider, seed=0, n_steps=3)

    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr(replay._variant(wider).training, "run", exhausted)
    with pytest.raises(FlatlineError, match=r"^there is not enough memory for it: MemoryError$"):
        replay.run(wider, seed=0, n_steps=3)
    assert not replay.known(wider) and replay.known(AS_IS)


def test_weights_of_rows_are_kept_once_for_all_runs():
    replay = replay_of(fit_args={"class_weight": {0: 1.0, 1: 2.0}})
    for seed in range(3):
        replay.run(AS_IS, seed=seed, n_steps=3)
    assert len(replay._tensors) == 3  # inputs, targets, weights


def test_what_cannot_take_a_step_scores_as_the_null_model(plain):
    broken = fix(SetCompile(argument="loss", value="categorical_crossentropy"),
                 SetLayer(layer="out", argument="units", value=3))  # fmt: skip
    run = plain.run_or_nothing(broken, seed=0, n_steps=9, n_points=3)
    assert run.failed.startswith("training with it raised")
    assert run.score == run.held_out == plain.null == 0.5
    np.testing.assert_array_equal(run.points, [0.5] * 3)


def test_who_knows_only_its_own_rows_memorises(plain):
    for score, held_out, expected in [(0.95, 0.5, True), (1.0, 0.65, False), (0.7, 0.5, False), (0.95, np.nan, False)]:
        assert plain.memorises(Run(score=score, held_out=held_out, n_steps=1, planned=1)) is expected


def test_a_copy_is_trained_and_the_model_stays(plain):
    model = plain.recipe.model
    before, optimizer = values(model), model.optimizer
    plain.run(fix(SetLayer(layer="a", argument="activation", value="tanh")), seed=0, n_steps=3)
    assert plain.own is None
    assert_untouched(model, before, optimizer)


def test_the_users_own_object_is_put_back_bit_by_bit():
    model = own_network()
    before, optimizer = values(model), model.optimizer
    with preserved(model):
        replay = replay_of(model)
        assert "cannot be made anew" in replay.own
        kept = model.get_weights()
        one = replay.run(AS_IS, seed=1, n_steps=30)
        assert one.score > 0.7
        assert replay.run(AS_IS, seed=1, n_steps=30).score == one.score
        replay.run(fix(SetLayer(layer="out", argument="activation", value="tanh"), rate(0.1)), seed=1, n_steps=3)
        replay.run(fix(SetCompile(argument="optimizer", value={"kind": "SGD", "config": {}})), seed=1, n_steps=3)
        with pytest.raises(FlatlineError, match="cannot be put in or taken out"):
            replay.run(fix(InsertLayer(before="out", kind="ReLU", config={})), seed=1, n_steps=3)
        for was, now in zip(kept, model.get_weights(), strict=True):
            np.testing.assert_array_equal(was, now)
    assert_untouched(model, before, optimizer)
    assert model.out.activation is keras.activations.sigmoid
    model.fit(X, YES, verbose=0)


def test_an_interrupt_puts_the_users_own_object_back(monkeypatch):
    model = own_network()
    before, optimizer = values(model), model.optimizer
    with preserved(model):
        replay = replay_of(model)
        replay.run(AS_IS, seed=0, n_steps=3)
        (variant,) = replay._variants.values()
        run = variant.training.run

        def interrupted(*given):
            run(*given)
            raise KeyboardInterrupt

        monkeypatch.setattr(variant.training, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            replay.run(fix(rate(0.5)), seed=0, n_steps=3)
        assert_untouched(model, before, optimizer)
