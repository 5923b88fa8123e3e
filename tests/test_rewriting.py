"""The difference names what changed and nothing else."""

import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from flatline.entry import STANDARDISE, STANDARDISE_TARGETS
from flatline.fix import (
    Fix,
    InsertLayer,
    MapInput,
    MapLabels,
    Reinitialize,
    RemoveLayer,
    ReplaceLayer,
    SetCompile,
    SetFit,
    SetLayer,
    Shuffle,
)  # fmt: skip
from flatline.rewriting import difference


@pytest.fixture(scope="module")
def model():
    layers = [keras.layers.Dense(5, "relu", name="a"), keras.layers.Dropout(0.9, name="drop")]
    made = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(3, name="out")])
    made.compile(keras.optimizers.SGD(0.5), "mse")
    return made


def changed(model, *edits, **fit_args):
    """Lines taken out and put in."""
    lines = difference(model, {"epochs": 3} | fit_args, Fix(title="do it", edits=edits)).splitlines()
    assert lines[:2] == ["--- as it is", "+++ repaired"]
    return [line for line in lines[2:] if line[0] in "+-"]


OUT = 'keras.layers.Dense(units=3, name="out"),'
ADAM = {"kind": "Adam", "config": {"learning_rate": 0.001}}
CROSS = {"kind": "CategoricalCrossentropy", "config": {"from_logits": True}}
COMPILE = "model.compile(optimizer=keras.optimizers."


@pytest.mark.parametrize(
    ("edits", "lines"),
    [
        (
            [SetLayer(layer="out", argument="activation", value="softmax")],
            [f"-    {OUT}", '+    keras.layers.Dense(units=3, activation="softmax", name="out"),'],
        ),
        (
            [SetLayer(layer="a", argument="kernel_initializer", value="he_normal")],
            [
                '-    keras.layers.Dense(units=5, activation="relu", name="a"),',
                '+    keras.layers.Dense(units=5, activation="relu", kernel_initializer="he_normal", name="a"),',
            ],
        ),
        ([RemoveLayer(layer="drop")], ['-    keras.layers.Dropout(rate=0.9, name="drop"),']),
        (
            [InsertLayer(before="a", kind="Rescaling", config={"scale": 0.5})],
            ["+    keras.layers.Rescaling(scale=0.5),"],
        ),
        (
            [InsertLayer(before="out", kind="Dense", config={"units": 9, "activation": "relu", "name": "more"})],
            ['+    keras.layers.Dense(units=9, activation="relu", name="more"),'],
        ),
        (
            [ReplaceLayer(layer="drop", kind="ReLU", config={})],
            ['-    keras.layers.Dropout(rate=0.9, name="drop"),', '+    keras.layers.ReLU(name="drop"),'],
        ),
        ([Reinitialize(layers=("out",))], [f"-    {OUT}", f"+    {OUT}  # with fresh weights"]),
        (
            [SetCompile(argument="optimizer.learning_rate", value=0.01)],
            [f'-{COMPILE}SGD(learning_rate=0.5), loss="mse")', f'+{COMPILE}SGD(learning_rate=0.01), loss="mse")'],
        ),
        (
            [SetCompile(argument="optimizer", value=ADAM), SetCompile(argument="loss", value=CROSS)],
            [
                f'-{COMPILE}SGD(learning_rate=0.5), loss="mse")',
                f"+{COMPILE}Adam(learning_rate=0.001), "
                "loss=keras.losses.CategoricalCrossentropy(from_logits=True))",
            ],
        ),
        (
            [SetFit(argument="batch_size", value=32)],
            ["-model.fit(X, y, epochs=3)", "+model.fit(X, y, epochs=3, batch_size=32)"],
        ),
        ([SetFit(argument="epochs", value=30)], ["-model.fit(X, y, epochs=3)", "+model.fit(X, y, epochs=30)"]),
        ([MapInput(how="rescale", factor=0.5)], ["+X = X * 0.5"]),
        ([MapInput(how="rescale", factor=2.0, offset=-1.0)], ["+X = X * 2 + -1"]),
        (
            [MapInput(how="standardize")],
            [f"+{line}" for line in STANDARDISE.splitlines()],
        ),
        ([MapLabels(how="from_zero")], ["+y = y - y.min()"]),
        ([MapLabels(how="zero_one")], ['+y = (y > y.min()).astype("float32")']),
        ([MapLabels(how="integers")], ["+y = y.argmax(axis=-1)"]),
        ([MapLabels(how="one_hot", classes=4)], ["+y = keras.utils.to_categorical(y, 4)"]),
        ([MapLabels(how="one_hot")], ["+y = keras.utils.to_categorical(y)"]),
        ([MapLabels(how="rescale", factor=255.0)], ["+y = y * 255"]),
        ([MapLabels(how="standardize")], [f"+{line}" for line in STANDARDISE_TARGETS.splitlines()]),
        ([Shuffle()], ["+order = np.random.permutation(len(X))", "+X, y = X[order], y[order]"]),
    ],
)  # fmt: skip
def test_lines(model, edits, lines):
    assert changed(model, *edits) == lines


def test_predictions_come_back_by_the_line_that_says_how(model):
    code = [line[1:] for line in changed(model, MapLabels(how="standardize"))]
    y = np.array([[16650.0, 3.0], [596527.0, 7.0], [200000.0, 5.0]])
    known = {"y": y}
    exec("\n".join(code), known)
    np.testing.assert_allclose([known["y"].mean(axis=0), known["y"].std(axis=0)], [[0, 0], [1, 1]], atol=1e-12)
    (said,) = re.findall(r"# predictions come back by (.*)", "\n".join(code))
    known |= {"model": SimpleNamespace(predict=lambda x: x), "X": known["y"]}
    np.testing.assert_allclose(eval(said, known), y)


def test_nothing_changed(model):
    assert difference(model, {}, None) == ""
    assert difference(model, {"epochs": 3}, Fix(title="look at the data")) == ""


def count(y, answers):
    return keras.ops.mean(y - answers)


@pytest.mark.parametrize(
    ("metrics", "written"),
    [
        (["accuracy"], '["accuracy"]'),
        ([keras.metrics.AUC(), count, "mae"], '[keras.metrics.AUC(...), count, "mae"]'),
        ({"out": ["mae"]}, '{"out": ["mae"]}'),
    ],
)
def test_the_line_of_compile_keeps_the_metrics(metrics, written):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="out")])
    model.compile("sgd", "mse", metrics=metrics)
    before, after = changed(model, SetCompile(argument="loss", value="mae"))
    assert before.endswith(f'loss="mse", metrics={written})') and after.endswith(f'loss="mae", metrics={written})')
    before, after = changed(model, SetCompile(argument="metrics", value=["mse"]))
    assert before.endswith(f"metrics={written})") and after.endswith('loss="mse", metrics=["mse"])')


def test_penalties_are_seen_before_they_go():
    layer = keras.layers.Dense(3, kernel_regularizer="l2", name="a")
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile("sgd", "mse")
    before, after = changed(model, SetLayer(layer="a", argument="kernel_regularizer", value=None))
    assert "kernel_regularizer=L2(l2=0.01" in before
    assert "kernel_regularizer=None" in after


def test_what_is_no_plain_value_is_not_written(model):
    (line,) = [each for each in changed(model, SetFit(argument="epochs", value=9), callbacks=[object()]) if "+" in each]
    assert line == "+model.fit(X, y, epochs=9)"


def test_a_layer_of_the_users_own_without_a_configuration():
    class Own(keras.layers.Layer):
        def __init__(self, n, **kwargs):
            super().__init__(**kwargs)

        def call(self, x):
            return x

        def get_config(self):
            raise NotImplementedError

    model = keras.Sequential([keras.Input((4,)), Own(3, name="own"), keras.layers.Dense(1, name="out")])
    model.compile("sgd", "mse")
    assert changed(model, RemoveLayer(layer="own")) == ['-    keras.layers.Own(name="own"),']
