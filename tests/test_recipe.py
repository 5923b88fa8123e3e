"""Applying a fix makes a new recipe and leaves the old one alone."""

import keras
import numpy as np
import pytest

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
from flatline.recipe import Recipe

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
