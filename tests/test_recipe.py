"""Applying a fix makes a new recipe and leaves the old one alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from flatline.errors import FlatlineError
from flatline.fix import (
    Fix,
    InsertLayer,
    MapInput,
    MapLabels,
    RemoveLayer,
    ReplaceLayer,
    Safety,
    SetCompile,
    SetFit,
    SetLayer,
    Shuffle,
)  # fmt: skip
from flatline.recipe import Recipe, setup_of

X = np.random.default_rng(0).normal(3, 2, size=(30, 4)).astype("float32")
Y = np.arange(30) % 3 + 1


def recipe(kind="sequential"):
    layers = [keras.layers.Dense(5, name="hidden"), keras.layers.Dropout(0.9, name="drop")]
    layers.append(keras.layers.Dense(3, name="out"))
    inputs = keras.Input((4,))
    if kind == "sequential":
        model = keras.Sequential([inputs, *layers])
    else:
        tensor = inputs
        for layer in layers:
            tensor = layer(tensor)
        model = keras.Model(inputs, tensor)
    model.compile(keras.optimizers.SGD(0.5, momentum=0.9), "mse", metrics=["mae"])
    return Recipe(model=model, X=X, y=Y, fit_args={"epochs": 3})


def fix(*edits):
    return Fix(title="change it", safety=Safety.UNSAFE, edits=edits, snippet="pass")


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_layers_are_set_inserted_replaced_and_removed(kind):
    before = recipe(kind)
    after = before.apply(
        fix(
            SetLayer(layer="out", argument="activation", value="softmax"),
            InsertLayer(before="hidden", kind="Rescaling", config={"scale": 0.5}),
            RemoveLayer(layer="drop"),
        )
    )
    assert after.model.get_layer("out").activation is keras.activations.softmax
    assert before.model.get_layer("out").activation is keras.activations.linear
    kinds = [type(layer).__name__ for layer in after.model.layers if type(layer).__name__ != "InputLayer"]
    assert kinds == ["Rescaling", "Dense", "Dense"]
    np.testing.assert_array_equal(after.model.get_layer("hidden").kernel, before.model.get_layer("hidden").kernel)
    expected = keras.activations.softmax(before.model.get_layer("out")(before.model.get_layer("hidden")(X * 0.5)))
    np.testing.assert_allclose(after.model.predict(X, verbose=0), expected, rtol=1e-5)
    replaced = before.apply(fix(ReplaceLayer(layer="drop", kind="ReLU", config={})))
    assert type(replaced.model.get_layer("drop")).__name__ == "ReLU"


def test_compile_arguments():
    before = recipe()
    after = before.apply(
        fix(SetCompile(argument="optimizer.learning_rate", value=0.01), SetCompile(argument="loss", value="mae"))
    )
    assert float(after.model.optimizer.learning_rate) == pytest.approx(0.01)
    assert after.model.optimizer.momentum == 0.9
    assert after.model.loss == "mae"
    assert float(before.model.optimizer.learning_rate) == pytest.approx(0.5)
    after.model.fit(X, np.eye(3)[Y - 1], verbose=0)


def test_data_maps():
    before = recipe()
    np.testing.assert_allclose(before.apply(fix(MapInput(how="standardize"))).X.std(0), 1, rtol=1e-4)
    np.testing.assert_allclose(
        before.apply(fix(MapInput(how="rescale", factor=2.0, offset=1.0))).X, X * 2 + 1, rtol=1e-6
    )
    np.testing.assert_array_equal(before.apply(fix(MapLabels(how="from_zero"))).y, Y - 1)
    np.testing.assert_array_equal(before.apply(fix(MapLabels(how="one_hot", classes=4))).y, np.eye(4)[Y])
    shuffled = before.apply(fix(Shuffle()))
    pairs = {(*row, label) for row, label in zip(X.tolist(), Y.tolist(), strict=True) for row in [tuple(row)]}
    assert {
        (*row, label) for row, label in zip(map(tuple, shuffled.X.tolist()), shuffled.y.tolist(), strict=True)
    } == pairs
    assert before.apply(fix(SetFit(argument="batch_size", value=7))).fit_args == {"epochs": 3, "batch_size": 7}
    assert before.X is X


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (SetLayer(layer="nowhere", argument="activation", value="relu"), "no layer of the model is called 'nowhere'"),
        (SetLayer(layer="out", argument="activations", value="relu"), "has no argument 'activations'"),
        (InsertLayer(before="out", kind="Flaten", config={}), "no layer called 'Flaten'"),
        (SetCompile(argument="optimizer.rate", value=1), "has no argument 'rate'"),
        (SetCompile(argument="losses", value=1), "compile has no argument 'losses'"),
        (MapLabels(how="upside_down"), "must be one of"),
    ],
)
def test_an_edit_that_matches_nothing_is_refused(edit, message):
    with pytest.raises(FlatlineError, match=message):
        recipe().apply(fix(edit))


def test_advice_cannot_be_applied():
    with pytest.raises(FlatlineError, match="it is advice"):
        recipe().apply(Fix(title="look at the data", safety=Safety.ADVICE))


STANDARDIZE, FROM_ZERO = MapInput(how="standardize"), MapLabels(how="from_zero")


def with_fit(**fit_args):
    before = recipe()
    return Recipe(model=before.model, X=X, y=Y, fit_args=fit_args)


def test_validation_data_are_mapped_by_the_training_data():
    x, y, weight = X[:9] + 5, Y[:9] + 1, np.ones(9)  # other mean, and other first label
    before = with_fit(validation_data=(x, y, weight))
    after = before.apply(fix(STANDARDIZE, FROM_ZERO)).fit_args["validation_data"]
    np.testing.assert_allclose(after[0], (x - X.mean(0)) / X.std(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(after[1], y - 1)
    assert after[2] is weight
    assert before.fit_args["validation_data"][0] is x


def test_validation_data_may_be_a_pipeline():
    data = tf.data.Dataset.from_tensor_slices((X[:9] + 5, Y[:9])).batch(4)
    after = with_fit(validation_data=data).apply(fix(STANDARDIZE, FROM_ZERO)).fit_args["validation_data"]
    x, y = (np.concatenate(part) for part in zip(*after.as_numpy_iterator(), strict=True))
    np.testing.assert_allclose(x, (X[:9] + 5 - X.mean(0)) / X.std(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(y, Y[:9] - 1)


@pytest.mark.parametrize(
    ("y", "how", "weights", "expected"),
    [
        (Y, "from_zero", {1: 0.5, 2: 3.0, 3: 1.0}, {0: 0.5, 1: 3.0, 2: 1.0}),
        (np.where(Y > 1, 1, -1), "zero_one", {-1: 4.0, 1: 0.5}, {0: 4.0, 1: 0.5}),
        (Y, "one_hot", {1: 0.5, 2: 3.0, 3: 1.0}, {1: 0.5, 2: 3.0, 3: 1.0}),
    ],
)
def test_class_weights_follow_the_labels(y, how, weights, expected):
    before = Recipe(model=recipe().model, X=X, y=y, fit_args={"class_weight": weights})
    assert before.apply(fix(MapLabels(how=how))).fit_args["class_weight"] == expected
    assert before.fit_args["class_weight"] is weights


def test_class_weights_that_a_fix_sets_are_of_the_labels_as_they_were():
    weights = SetFit(argument="class_weight", value={1: 0.5, 2: 3.0, 3: 1.0})
    for edits in ((weights, FROM_ZERO), (FROM_ZERO, weights)):
        assert recipe().apply(fix(*edits)).fit_args["class_weight"] == {0: 0.5, 1: 3.0, 2: 1.0}


def test_a_data_set_is_mapped_by_the_sample():
    data = tf.data.Dataset.from_tensor_slices((X, Y, np.arange(30))).batch(8)
    before = Recipe(model=recipe().model, X=data, sample=(X, Y))
    after = before.apply(fix(STANDARDIZE, FROM_ZERO))
    x, y, weight = (np.concatenate(part) for part in zip(*after.X.as_numpy_iterator(), strict=True))
    np.testing.assert_allclose(x, (X - X.mean(0)) / X.std(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(y, Y - 1)
    np.testing.assert_array_equal(weight, np.arange(30))
    np.testing.assert_allclose(after.sample[0].std(0), 1, rtol=1e-4)
    assert before.X is data and before.sample[0] is X


class Pieces(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, i):
        return X, Y


@pytest.mark.parametrize(
    ("edit", "message"),
    [(STANDARDIZE, "a Pieces cannot be mapped mechanically"), (Shuffle(), "rows of a pipeline are shuffled where")],
)
def test_what_makes_its_own_rows_is_refused_in_one_line(edit, message):
    with pytest.raises(FlatlineError, match=message) as refused:
        Recipe(model=recipe().model, X=Pieces(), sample=(X, Y)).apply(fix(edit))
    assert "\n" not in str(refused.value)


def test_a_pipeline_without_a_sample_is_refused():
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    with pytest.raises(FlatlineError, match="this fix maps arrays"):
        Recipe(model=recipe().model, X=data).apply(fix(STANDARDIZE))


def test_two_maps_of_the_same_arrays_are_refused():
    with pytest.raises(FlatlineError, match="two maps of the same arrays"):
        recipe().apply(fix(STANDARDIZE, MapInput(how="rescale", factor=2.0)))


@pytest.mark.parametrize("several", [False, True])
def test_shuffled_rows_keep_their_weights_and_partners(several):
    marks = np.arange(30.0)
    x = {"one": X, "two": marks} if several else marks
    y = [marks, marks + 1] if several else marks
    weight = [marks, marks] if several else marks
    before = Recipe(model=recipe().model, X=x, y=y, fit_args={"sample_weight": weight})
    after = before.apply(fix(Shuffle()))
    order = after.X["two"] if several else after.X
    assert sorted(order) == list(marks) and list(order) != list(marks)
    for found, expected in zip(
        keras.tree.flatten((after.y, after.fit_args["sample_weight"])), keras.tree.flatten((y, weight)), strict=True
    ):
        np.testing.assert_array_equal(found, np.asarray(expected)[order.astype(int)])
    if several:
        np.testing.assert_array_equal(after.X["one"], X[order.astype(int)])
    assert after.fit_args["shuffle"] is True


def test_prepare_and_restore():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    y = X @ np.array([1.0, -2.0, 3.0, 0.5]) + 40
    before = Recipe(model=model, X=X, y=y)
    setup = setup_of(before.apply(fix(STANDARDIZE, MapLabels(how="standardize"))))
    np.testing.assert_allclose(setup.prepare(X), setup.X)
    np.testing.assert_allclose(setup.prepare(X[:1] + 3), (X[:1] + 3 - X.mean(0)) / X.std(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(setup.restore(setup.y), y, rtol=1e-5)
    np.testing.assert_allclose(setup.restore(setup.y[:, None]), y[:, None], rtol=1e-5)
    setup.fit_args["verbose"] = 0
    assert setup.fit().history["loss"]
    plain = setup_of(before)
    assert plain.prepare(X) is X and plain.restore(y) is y


@pytest.mark.parametrize(
    "x", [X, X + 1e5, X[:, None, :], (40 * np.abs(X)).astype("uint8"), X * np.array([1, 1e-8, 1, 1], "float32")]
)
@pytest.mark.parametrize("edit", [MapInput(how="standardize"), MapInput(how="rescale", factor=1 / 127.5, offset=-1.0)])
def test_a_saved_model_carries_the_maps(x, edit, tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    y = x.reshape(30, 4) @ np.array([1.0, -2.0, 3.0, 0.5]) + 40
    setup = setup_of(Recipe(model=model, X=x, y=y).apply(fix(edit, MapLabels(how="standardize"))))
    setup.standalone().save(tmp_path / "whole.keras")
    found = keras.saving.load_model(tmp_path / "whole.keras").predict(x, verbose=0)
    by_hand = setup.restore(setup.model.predict(setup.prepare(x), verbose=0))
    np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=1e-3 * np.std(by_hand))
    assert setup.model.predict(x, verbose=0).std() != pytest.approx(by_hand.std(), rel=1e-2)  # the maps count


def test_a_model_of_two_inputs_and_one_without_maps_stand_alone():
    parts = {"a": keras.Input((4,), name="a"), "b": keras.Input((2,), name="b")}
    joined = keras.layers.Concatenate()(list(parts.values()))
    model = keras.Model(parts, keras.layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    x = {"a": X, "b": X[:, :2]}
    setup = setup_of(Recipe(model=model, X=x, y=Y).apply(fix(STANDARDIZE)))
    expected = setup.model.predict(setup.prepare(x), verbose=0)
    np.testing.assert_allclose(setup.standalone().predict(x, verbose=0), expected, rtol=1e-3, atol=1e-4)
    plain = setup_of(recipe())
    assert plain.standalone() is plain.model


def test_labels_in_another_form_are_not_restored_from_scores():
    scores = np.full((30, 3), 0.2)
    assert setup_of(recipe().apply(fix(FROM_ZERO))).restore(scores) is scores


def test_a_repaired_setup_trains():
    after = recipe("functional").apply(
        fix(
            SetLayer(layer="out", argument="activation", value="softmax"),
            SetCompile(argument="loss", value="sparse_categorical_crossentropy"),
            SetCompile(argument="metrics", value=["accuracy"]),
            FROM_ZERO,
            SetFit(argument="verbose", value=0),
        )
    )
    assert len(setup_of(after).fit().history["accuracy"]) == 3


def test_all_that_is_the_users_stays_as_it_was():
    fit_args = {"epochs": 3, "sample_weight": np.arange(30.0), "class_weight": {1: 1.0, 2: 2.0, 3: 3.0}}
    fit_args["validation_data"] = (X[:5].copy(), Y[:5].copy())
    before = with_fit(**fit_args)
    weights = [w.copy() for w in before.model.get_weights()]
    x, y = X.copy(), Y.copy()
    config, optimizer = before.model.get_config(), before.model.optimizer
    before.apply(
        fix(
            SetLayer(layer="hidden", argument="units", value=9),
            RemoveLayer(layer="drop"),
            SetCompile(argument="optimizer.learning_rate", value=0.1),
            SetFit(argument="epochs", value=9),
            Shuffle(),
            STANDARDIZE,
            FROM_ZERO,
        )
    )
    np.testing.assert_array_equal(X, x)
    np.testing.assert_array_equal(Y, y)
    assert before.X is X and before.y is Y
    assert before.fit_args.keys() == fit_args.keys()
    assert all(before.fit_args[name] is value for name, value in fit_args.items())
    assert fit_args["class_weight"] == {1: 1.0, 2: 2.0, 3: 3.0}
    np.testing.assert_array_equal(fit_args["validation_data"][0], x[:5])
    assert before.model.optimizer is optimizer and before.model.get_config() == config
    for was, now in zip(weights, before.model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
