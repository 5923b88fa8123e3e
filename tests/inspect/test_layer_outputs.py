"""What layers make, by name, in the order in which they are called."""

import keras
import numpy as np
import pytest

from flatline import inspect
from flatline.errors import FlatlineError
from tests.inspect.models import IMAGES, TABLE, backbone, conv


@pytest.fixture(scope="module")
def model():
    return conv()


def test_outputs_are_those_of_a_model_cut_at_the_layer(model):
    found = inspect.layer_outputs(model, IMAGES)
    assert list(found) == ["conv1", "pool", "conv2", "norm", "act", "gap", "drop", "head"]
    for name, made in found.items():
        cut = keras.Model(model.inputs, model.get_layer(name).output)
        np.testing.assert_allclose(made, cut(IMAGES, training=False), atol=1e-6)


def test_chosen_layers_alone_in_the_order_of_their_calls(model):
    assert list(inspect.layer_outputs(model, IMAGES, ["gap", model.get_layer("conv1")])) == ["conv1", "gap"]


def test_a_layer_called_twice_is_there_twice():
    shared, inputs = keras.layers.Dense(4, name="shared"), keras.Input((4,))
    model = keras.Model(inputs, shared(shared(inputs)))
    found = inspect.layer_outputs(model, TABLE)
    assert list(found) == ["shared", "shared#2"]
    np.testing.assert_allclose(found["shared#2"], shared(found["shared"]), atol=1e-6)


def test_layers_called_alike_go_by_their_paths():
    one, two = backbone(), backbone()
    one.name, two.name = "one", "two"
    inputs = keras.Input((12, 12, 3))
    model = keras.Model(inputs, keras.layers.Add()([one(inputs), two(inputs)]))
    found = inspect.layer_outputs(model, IMAGES)
    assert {"one/base/conv1", "two/base/conv1", "one", "two"} < set(found)
    with pytest.raises(FlatlineError, match="called `conv1`: give one of `one/base/conv1`, `two/base/conv1`"):
        inspect.layer_outputs(model, IMAGES, ["conv1"])
    assert inspect.grad_cam(model, IMAGES, layer="two/base/conv1").shape == (3, 12, 12)


def test_what_is_kept_can_be_less_and_is_bounded(model):
    found = inspect.layer_outputs(model, IMAGES, reduce=lambda a: a.mean(axis=0))
    assert found["conv1"].shape == (10, 10, 6)
    with pytest.raises(FlatlineError, match=r"outputs of the first 2 layers take .* above `max_bytes`"):
        inspect.layer_outputs(model, IMAGES, max_bytes=8000)


def test_a_layer_that_does_not_exist_is_refused_with_those_that_do(model):
    with pytest.raises(FlatlineError, match=r"has no layer `conv3`\. Its layers are: `conv1`, `pool`"):
        inspect.layer_outputs(model, IMAGES, ["conv3"])
