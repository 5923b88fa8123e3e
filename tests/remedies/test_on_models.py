"""All remedies on real models: what they propose can be made, and the changed set-up trains."""

import keras
import numpy as np
import pytest

from flatline.fix import InsertLayer, Reinitialize, SetLayer
from flatline.measure.everything import measure
from flatline.recipe import Recipe
from flatline.registry import all_remedies

RNG = np.random.default_rng(0)
L = keras.layers
N = 200


def images():
    """Bytes, squashing activations, penalties, a frozen layer, a squared error on three unequal classes."""
    X = RNG.integers(0, 256, (N, 8, 8, 1)).astype("float32")
    y = np.eye(3, dtype="float32")[RNG.choice(3, N, p=(0.7, 0.2, 0.1))]
    layers = [
        L.Conv2D(4, 3, activation="sigmoid", kernel_regularizer="l2", trainable=False),
        L.MaxPooling2D(),
        L.Conv2D(6, 2, kernel_initializer="zeros"),
        L.BatchNormalization(),
        L.ReLU(),
        L.Flatten(),
        L.Dropout(0.6),
        L.Dense(8, activation="tanh", bias_initializer="ones", activity_regularizer="l1"),
        L.Dense(8),
        L.Dense(3),
        L.Activation("tanh"),
    ]
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model, X, y, {"epochs": 3, "batch_size": 100, "shuffle": False}


def table():
    """A functional network with a sum in it, an ill-scaled table, prices under a sigmoid, strong weight decay."""
    X = 50 * RNG.normal(size=(N, 6)).astype("float32") + 10
    y = RNG.normal(200, 40, (N, 1)).astype("float32")
    inputs = keras.Input((6,))
    hidden = L.Dense(8, activation="relu", kernel_initializer=keras.initializers.RandomNormal(stddev=3.0))(inputs)
    hidden = L.Add()([hidden, L.Dense(8)(hidden)])
    hidden = L.Dense(8, activation="sigmoid")(hidden)
    outputs = L.Dense(1, activation="sigmoid")(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.AdamW(1e-4, weight_decay=0.1), "binary_crossentropy")
    return model, X, y, {"epochs": 3, "batch_size": 2}


def prices():
    """The same prices with a linear output, and weights set to zero by hand."""
    X, y = RNG.normal(size=(N, 6)).astype("float32"), RNG.normal(200, 40, N).astype("float32")
    model = keras.Sequential([keras.Input((6,)), L.Dense(8, activation="relu"), L.Dense(1)])
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    model.compile("adam", "mse")
    return model, X, y, {"epochs": 3}


def words():
    """Token numbers, a recurrent layer with dropout, labels −1 and 1 behind a rectified unit."""
    X, y = RNG.integers(0, 50, (N, 7)), 2 * RNG.integers(0, 2, N) - 1
    layers = [L.Embedding(50, 4), L.LSTM(8, dropout=0.7, kernel_regularizer="l2"), L.Dense(1, activation="relu")]
    model = keras.Sequential([keras.Input((7,), dtype="int32"), *layers])
    model.compile("adam", "binary_crossentropy")
    return model, X, y, {"epochs": 3}


def classes():
    """Three classes for one unit."""
    X, y = RNG.normal(size=(N, 6)).astype("float32"), RNG.integers(0, 3, N)
    model = keras.Sequential([keras.Input((6,)), L.Dense(100, activation="relu"), L.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model, X, y, {"epochs": 3}


def squares():
    """A squared error behind softmax."""
    X, y = RNG.normal(size=(N, 6)).astype("float32"), np.eye(3, dtype="float32")[RNG.integers(0, 3, N)]
    model = keras.Sequential([keras.Input((6,)), L.Dense(64, activation="relu"), L.Dense(3, activation="softmax")])
    model.compile("adam", "mse", metrics=["accuracy"])
    return model, X, y, {"epochs": 3}


def proposed(setup):
    """The recipe of a set-up, and what the remedies propose for it."""
    model, X, y, fit_args = setup
    facts = measure(
        model,
        X,
        y,
        validation_data=None,
        fit_args=fit_args,
        why_no_training=lambda facts: "a test",
        seed=0,
        say=lambda doing: None,
    ).facts
    recipe = Recipe(model=model, X=X, y=y, fit_args=fit_args)
    return recipe, [candidate for remedy in all_remedies() for candidate in remedy.candidates(facts)]


@pytest.fixture(scope="module")
def setups():
    keras.utils.set_random_seed(0)
    return {make.__name__: proposed(make()) for make in (images, table, prices, words, classes, squares)}


def test_every_remedy_has_something_to_propose(setups):
    sources = {candidate.source for _, candidates in setups.values() for candidate in candidates}
    assert sources == {remedy.name for remedy in all_remedies()}


@pytest.mark.parametrize("name", ["images", "table", "prices", "words", "classes", "squares"])
def test_what_is_proposed_can_be_made_and_trains(setups, name):
    recipe, candidates = setups[name]
    assert len({candidate.fix.edits.__repr__() for candidate in candidates}) == len(candidates), "the same change twice"
    for candidate in candidates:
        assert candidate.fix.edits, candidate.fix.title
        changed = recipe.apply(candidate.fix)
        _is_made(candidate.fix, changed.model)
        changed.model.run_eagerly = True  # tracing would take most of the time
        weights = changed.fit_args.get("class_weight")
        logs = changed.model.train_on_batch(changed.X[:8], changed.y[:8], class_weight=weights, return_dict=True)
        assert "loss" in logs, candidate.fix.title


class Own(keras.Model):
    """A network whose layers code of the user's own calls."""

    def __init__(self):
        super().__init__()
        self.first, self.drop = L.Dense(8, activation="sigmoid", kernel_regularizer="l2"), L.Dropout(0.7)
        self.last = L.Dense(1, activation="tanh")

    def call(self, x, training=False):
        return self.last(self.drop(self.first(x), training=training))


def own():
    return Own()


def nested():
    inputs = keras.Input((6,))
    inner = [L.Dense(8, activation="sigmoid", trainable=False), L.BatchNormalization(), L.Dropout(0.7)]
    hidden = keras.Sequential([keras.Input((8,)), *inner])(L.Dense(8)(inputs))
    return keras.Model(inputs, L.Dense(1, activation="tanh")(hidden))


def operations():
    inputs = keras.Input((6,))
    hidden = 2 * keras.ops.sigmoid(L.Dense(8)(inputs))
    return keras.Model(inputs, keras.ops.tanh(L.Dense(1)(hidden)))


@pytest.mark.parametrize("make", [own, nested, operations])
def test_edits_name_layers_of_the_model_itself(make):
    model, y = make(), RNG.normal(size=(N, 1)).astype("float32")
    model.compile("adam", "mse")
    _, candidates = proposed((model, RNG.normal(size=(N, 6)).astype("float32"), y, {"epochs": 3}))
    named = [vars(edit).get("layer") or vars(edit).get("before") for c in candidates for edit in c.fix.edits]
    assert set(filter(None, named)) <= {layer.name for layer in model.layers}
    assert any(named)
    kinds = {type(edit).__name__ for c in candidates for edit in c.fix.edits}
    assert make is not own or not kinds & {"InsertLayer", "RemoveLayer", "ReplaceLayer"}


def _is_made(fix, model):
    names = {layer.name for layer in model.layers}
    for edit in fix.edits:
        if isinstance(edit, InsertLayer):
            assert edit.config["name"] in names
        elif isinstance(edit, SetLayer) and edit.argument == "trainable":
            assert model.get_layer(edit.layer).trainable
        elif isinstance(edit, SetLayer):
            config = model.get_layer(edit.layer).get_config()
            told = config.get(edit.argument)
            assert isinstance(told, dict) or told == edit.value
        elif isinstance(edit, Reinitialize):
            assert set(edit.layers) <= names


def test_nothing_is_proposed_that_a_healthy_set_up_has():
    X = RNG.normal(size=(N, 6)).astype("float32")
    y = RNG.integers(0, 3, N)
    model = keras.Sequential([keras.Input((6,)), L.Dense(64, activation="relu"), L.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    _, candidates = proposed((model, X, y, {"epochs": 3}))
    sources = {candidate.source for candidate in candidates}
    assert sources == {"another-rate", "batch-normalization-in", "deeper", "more-epochs"}
