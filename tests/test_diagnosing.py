"""diagnose: a fault that the checks name, one that only the search finds, and the user's world as it was."""

import random

import keras
import numpy as np
import pytest

import flatline
from flatline.fix import Fix, MapInput, SetFit

RNG = np.random.default_rng(0)
LABELS = np.arange(120) % 3
X = (RNG.normal(size=(120, 4)) + 3 * np.eye(3, 4)[LABELS]).astype("float32")
Y = np.eye(3, dtype="float32")[LABELS]


ASKED = Fix(title="set `batch_size=8`", edits=(SetFit(argument="batch_size", value=8),))


def network(activation=None, rate=0.05):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3, activation)])
    model.compile(keras.optimizers.SGD(rate), "categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def told():
    model = network(rate=1e-6, activation="softmax")
    before = [weight.numpy() for weight in model.weights]
    state = random.getstate()
    with pytest.warns(flatline.FlatlineWarning, match="FL004"):
        diagnosis = flatline.diagnose(
            model, X, Y, fit_args={"epochs": 10, "batch_size": 16}, budget=12, select=("FL004",), verbose=0,
            fixes=[ASKED],
        )  # fmt: skip
    return model, before, state, diagnosis


def test_the_search_alone_names_the_cause_and_confirms_its_cure(told):
    diagnosis = told[3]
    assert diagnosis.experiment.confirmed
    assert set(diagnosis.causes) & {flatline.Cause.LEARNING_RATE, flatline.Cause.OPTIMIZER}
    assert diagnosis.experiment.verdict.p_value <= 0.05
    assert diagnosis.experiment.verdict.pairs >= 5


def test_what_was_asked_about_has_its_verdict(told):
    (answer,) = told[-1].experiment.asked
    assert answer.fix.verdict.pairs == 5
    assert "you asked about: set `batch_size=8` (tried, " in " ".join(str(told[-1]).split())


def test_apply_returns_a_set_up_that_learns_and_leaves_the_users_alone(told):
    model, before, state, diagnosis = told
    setup = diagnosis.apply()
    assert setup.model is not model
    assert setup.X is X
    setup.model.fit(setup.X, setup.y, verbose=0, **setup.fit_args)
    assert np.mean(setup.model.predict(X, verbose=0).argmax(-1) == LABELS) > 0.8
    for value, weight in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(value, weight.numpy())
    assert model.optimizer.iterations.numpy() == 0
    assert random.getstate() == state


def test_a_fix_of_the_data_alone_returns_another_model_too(told):
    model, before, _, diagnosis = told
    setup = diagnosis.apply(flatline.Fix(title="standardise", edits=(MapInput(how="standardize"),)))
    assert setup.model is not model
    for value, weight in zip(before, setup.model.weights, strict=True):
        np.testing.assert_array_equal(value, weight.numpy())
    np.testing.assert_allclose(setup.prepare(X), setup.X)


def test_the_difference_shows_the_line_to_change(told):
    changed = [line for line in told[3].diff().splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert any("model.compile" in line for line in changed)
    assert "1e-06" not in "".join(changed)


def test_an_own_train_step_is_not_searched():
    class Own(keras.Sequential):
        def train_step(self, data):
            return super().train_step(data)

    model = Own([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "categorical_crossentropy")
    diagnosis = flatline.diagnose(model, X, Y, budget=5, select=("FL004",), verbose=0)
    assert diagnosis.experiment is None
    assert "own train_step" in diagnosis.not_evaluated[0].reason


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"budget": 0}, "The `budget` parameter of diagnose must be a positive number of seconds. Got 0."),
        ({"seeds": 0}, "The `seeds` parameter of diagnose must be an int from 1 to 16. Got 0."),
        ({"fit_args": [1]}, "The `fit_args` parameter of diagnose must be a dict"),
        ({"seed": -1}, "The `seed` parameter of diagnose must be an int"),
        ({"score": "f1"}, "The `score` parameter of diagnose must be a function of (y, answers), or None. Got 'f1'."),
        ({"fixes": ["Adam"]}, "The `fixes` parameter of diagnose must be flatline.Fix objects"),
    ],
)
def test_arguments_that_cannot_be_are_refused(given, message):
    with pytest.raises(flatline.FlatlineError) as raised:
        flatline.diagnose(network(), X, Y, **given)
    assert str(raised.value).startswith(message)
