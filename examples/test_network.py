"""A test suite that fails when a network cannot learn: `pytest examples/test_network.py`.

In a project of your own `build_model` and `load` are imported from it. pytest finds the fixture `flatline` by itself.
"""

import keras
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale


def build_model(activation="sigmoid"):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation=activation),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


@pytest.fixture(scope="module")
def data():
    X, y = load_breast_cancer(return_X_y=True)
    return scale(X), y


@pytest.mark.flatline(fit_args={"epochs": 20})
def test_the_network_can_learn(flatline, data):
    flatline.assert_trainable(build_model(), *data)


def test_what_would_be_said_of_a_slip(flatline, data):
    """The test above would fail so, if somebody wrote ReLU where the loss needs a probability."""
    with pytest.raises(AssertionError, match="FL303 rectified-output"):
        flatline.assert_trainable(build_model(activation="relu"), *data)


def test_the_learning_rate_is_no_stab_in_the_dark(flatline, data):
    model = build_model()
    suggested = flatline.lr_range(model, *data).suggested
    assert suggested / 10 < float(model.optimizer.learning_rate) < suggested * 10
