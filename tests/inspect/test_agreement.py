"""The same numbers as tf-keras-vis, where it covers the method and the kind of model."""

import keras
import numpy as np
import pytest
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
from tf_keras_vis.layercam import Layercam
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.utils.model_modifiers import GuidedBackpropagation, ReplaceToLinear
from tf_keras_vis.utils.scores import CategoricalScore

from flatline import inspect
from tests.inspect.models import IMAGES, conv, two_inputs

L = keras.layers
TARGETS = [0, 2, 3]
SCORE = CategoricalScore(TARGETS)
RAW = {"keepdims": True, "normalize_map": False, "gradient_modifier": None}


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(2)
    return conv()


def by_argument():
    """Rectifiers as the argument `activation`, the only ones that tf-keras-vis guides."""
    inputs = keras.Input((12, 12, 3))
    x = L.Conv2D(5, 3, activation="relu")(L.Conv2D(6, 3, activation="relu")(inputs))
    return keras.Model(inputs, L.Dense(4, activation="softmax")(L.Dense(8, activation="relu")(L.Flatten()(x))))


def difference(ours, theirs):
    theirs = np.asarray(theirs)
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def test_saliency(model):
    theirs = Saliency(model, model_modifier=ReplaceToLinear())(SCORE, IMAGES, **RAW)
    assert difference(inspect.saliency(model, IMAGES, target=TARGETS), theirs) <= 1e-3
    smooth = inspect.smoothgrad(model, IMAGES, target=TARGETS, noise=0.0, n_samples=3)
    assert difference(smooth, theirs) <= 1e-3


def test_saliency_of_two_inputs():
    both = two_inputs()
    x = {"image": IMAGES, "table": np.ones((3, 4), "float32")}
    ours = inspect.saliency(both, x, target=[0, 1, 2])
    theirs = Saliency(both, model_modifier=ReplaceToLinear())(CategoricalScore([0, 1, 2]), list(x.values()), **RAW)
    for a, b in zip(ours.values(), theirs, strict=True):
        assert difference(a, b) <= 1e-3


def test_guided_backprop():
    guided = by_argument()
    theirs = Saliency(guided, model_modifier=[ReplaceToLinear(), GuidedBackpropagation()])(SCORE, IMAGES, **RAW)
    assert difference(inspect.guided_backprop(guided, IMAGES, target=TARGETS), theirs) <= 1e-3
    assert difference(inspect.saliency(guided, IMAGES, target=TARGETS), theirs) > 0.1


@pytest.mark.parametrize("layer", ["act", "conv1"])
@pytest.mark.parametrize(
    ("variant", "other"), [("grad_cam", Gradcam), ("grad_cam++", GradcamPlusPlus), ("layer_cam", Layercam)]
)
def test_class_maps(model, variant, other, layer):
    ours = inspect.grad_cam(model, IMAGES, target=TARGETS, layer=layer, variant=variant, resize=False)
    theirs = np.asarray(
        other(model, model_modifier=ReplaceToLinear())(
            SCORE,
            IMAGES,
            penultimate_layer=layer,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )
    )
    if variant == "grad_cam++":  # a factor of each whole map, the exponential of its score, is left out here
        ours, theirs = (maps / maps.max((1, 2), keepdims=True) for maps in (ours, theirs))
    assert theirs.max() > 0
    assert difference(ours, theirs) <= 1e-3


def test_the_last_layer_with_positions_is_found(model):
    named = inspect.grad_cam(model, IMAGES, target=TARGETS, layer="act")
    np.testing.assert_array_equal(inspect.grad_cam(model, IMAGES, target=TARGETS), named)
