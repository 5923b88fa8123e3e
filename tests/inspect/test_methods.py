"""What each method promises of its numbers."""

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

from flatline import inspect
from flatline.errors import FlatlineError
from tests.inspect.models import IMAGES, KINDS, SERIES, TABLE, TOKENS, conv, recurrent, sequential, tabular, tokens

L = keras.layers


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return conv()


def logits(model, x, target):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.layers[-1].activation = keras.activations.linear
    return np.asarray(copy(x))[np.arange(len(x)), target]


# ── integrated gradients ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("baseline", [0.0, 0.4, IMAGES[::-1] * 0.5])
def test_integrated_gradients_add_up_to_the_difference_of_scores(baseline):
    keras.utils.set_random_seed(0)
    hidden = [L.Conv2D(4, 3, activation="relu"), L.Flatten(), L.Dense(16, activation="relu")]
    model = keras.Sequential([keras.Input((12, 12, 3)), *hidden, L.Dense(3, activation="softmax")])
    targets = [0, 1, 2]
    found = inspect.integrated_gradients(model, IMAGES, target=targets, baseline=baseline, batch_size=300)
    begin = np.broadcast_to(np.asarray(baseline, "float32"), IMAGES.shape)
    difference = logits(model, IMAGES, targets) - logits(model, begin, targets)
    assert np.abs(found.sum((1, 2, 3)) - difference).max() <= 1e-2 * np.abs(difference).max()


def test_integrated_gradients_of_columns_add_up():
    model = tabular()
    found = inspect.integrated_gradients(model, TABLE, baseline=TABLE.mean(0), steps=20, batch_size=100)
    difference = np.asarray(model(TABLE) - model(TABLE.mean(0)[None]))[:, 0]
    np.testing.assert_allclose(found.sum(1), difference, atol=1e-4)


def test_integrated_gradients_of_tokens_add_up_over_their_embeddings():
    model = tokens()
    found = inspect.integrated_gradients(model, TOKENS, target=1, steps=20, batch_size=80)
    table = model.layers[0].embeddings
    score = logits(model, TOKENS, 1)
    kept = table.numpy()
    table.assign(kept * 0)
    difference = score - logits(model, TOKENS, 1)
    table.assign(kept)
    assert found.shape == (4, 6, 5)
    np.testing.assert_allclose(found.sum((1, 2)), difference, atol=1e-2 * np.abs(difference).max())


def test_a_straight_model_needs_one_step():
    model = keras.Sequential([keras.Input((4,)), L.Dense(1)])
    found = inspect.integrated_gradients(model, TABLE, steps=1)
    np.testing.assert_allclose(found, TABLE * model.layers[0].kernel[:, 0], rtol=1e-5)


# ── smoothed maps ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "method", [inspect.guided_backprop, inspect.integrated_gradients, inspect.grad_cam, inspect.visual_backprop]
)
def test_without_noise_a_smoothed_map_is_the_map(model, method):
    given = {"steps": 4} if method is inspect.integrated_gradients else {}
    smooth = inspect.smoothgrad(model, IMAGES, method=method, noise=0.0, n_samples=2, **given)
    np.testing.assert_allclose(smooth, method(model, IMAGES, **given), atol=1e-6)


def test_noise_is_a_share_of_each_rows_range_and_comes_from_the_seed():
    seen = []

    def method(model, x, *, batch_size, target, output):
        seen.append(x)
        return x

    straight = tabular()
    once = inspect.smoothgrad(straight, TABLE, method=method, noise=0.1, n_samples=500, batch_size=10_000)
    spread = (seen[0].reshape(5, 500, 4) - TABLE[:, None]).std((1, 2))
    np.testing.assert_allclose(spread, 0.1 * np.ptp(TABLE, axis=1), rtol=0.1)
    again = inspect.smoothgrad(straight, TABLE, method=method, noise=0.1, n_samples=500, batch_size=10_000)
    np.testing.assert_array_equal(once, again)


def test_embeddings_of_tokens_are_moved_instead_of_tokens():
    model = tokens()
    still = inspect.saliency(model, TOKENS)
    moved = inspect.smoothgrad(model, TOKENS, n_samples=2, noise=0.5)
    assert moved.shape == still.shape and np.any(np.abs(moved - still) > 1e-6)


# ── rectifiers ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Rectified(keras.Model):
    """The same network with its rectifier called in some way."""

    def __init__(self, relu):
        super().__init__()
        self.first, self.last, self.relu = L.Dense(8, use_bias=False), L.Dense(1), relu

    def call(self, x):
        return self.last(self.relu(self.first(x)))


WAYS = {
    "keras.ops.relu": lambda: keras.ops.relu,
    "tf.nn.relu": lambda: tf.nn.relu,
    "keras.activations.relu": lambda: keras.activations.relu,
    "layers.ReLU": lambda: L.ReLU(),
    "layers.Activation": lambda: L.Activation("relu"),
    "relu6": lambda: keras.ops.relu6,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rule", ["guided", "rectified"])
def test_a_rectifier_is_reached_however_it_is_called(way, rule):
    keras.utils.set_random_seed(1)
    model = Rectified(WAYS[way]())
    model(TABLE)
    first, last = model.first.kernel.numpy(), model.last.kernel.numpy()[:, 0]
    passed = np.maximum(last, 0) * np.ones((5, 1))
    if rule == "guided":
        passed = passed * (TABLE @ first > 0)
    np.testing.assert_allclose(inspect.guided_backprop(model, TABLE, rule=rule), passed @ first.T, atol=1e-5)


def test_guiding_leaves_other_gradients_alone_in_time_and_thread():
    model = Rectified(keras.ops.relu)
    model(TABLE)
    plain = inspect.saliency(model, TABLE)
    beside = []

    def train_on():
        with tf.GradientTape() as tape:
            x = tf.constant(TABLE)
            tape.watch(x)
            y = model(x)
        beside.append(tape.gradient(y, x).numpy())

    @tf.custom_gradient
    def while_guided(outputs):
        def backward(upstream):
            thread = threading.Thread(target=train_on)
            thread.start()
            thread.join()
            return upstream

        return tf.identity(outputs), backward

    guided = inspect.guided_backprop(model, TABLE, target=while_guided)
    np.testing.assert_allclose(beside[0], plain, atol=1e-6)
    np.testing.assert_array_equal(inspect.saliency(model, TABLE), plain)
    assert np.abs(guided - plain).max() > 1e-3


# ── covered inputs ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_covering_a_feature_takes_away_what_it_adds():
    model = keras.Sequential([keras.Input((4,)), L.Dense(1)])
    kernel = model.layers[0].kernel.numpy()[:, 0]
    np.testing.assert_allclose(inspect.occlusion(model, TABLE), TABLE * kernel, atol=1e-5)
    mean = TABLE.mean(0)
    np.testing.assert_allclose(inspect.occlusion(model, TABLE, value=mean), (TABLE - mean) * kernel, atol=1e-5)


def test_overlapping_patches_are_averaged_and_reach_the_border():
    model = keras.Sequential([keras.Input((5, 5, 1)), L.Flatten(), L.Dense(1, kernel_initializer="ones")])
    x = np.ones((2, 5, 5, 1), "float32")
    np.testing.assert_allclose(inspect.occlusion(model, x, patch=1), 1.0, atol=1e-5)
    found = inspect.occlusion(model, x, patch=(2, 2), stride=1, batch_size=3)
    assert found.shape == (2, 5, 5)
    np.testing.assert_allclose(found, 4.0, atol=1e-5)
    at_the_edge = inspect.occlusion(model, x, patch=3)
    np.testing.assert_allclose(at_the_edge[0, [0, 0, 4], [0, 4, 4]], [9.0, 6.0, 4.0], atol=1e-5)


def test_steps_are_covered_one_by_one():
    model = recurrent()
    found = inspect.occlusion(model, SERIES, target=1)
    covered = SERIES.copy()
    covered[:, 7] = 0
    fall = logits(model, SERIES, 1) - logits(model, covered, 1)
    np.testing.assert_allclose(found[:, 7], fall, atol=1e-5)


def test_covering_channels_that_come_first():
    make, x = KINDS["channels_first"]
    model = make()
    found = inspect.occlusion(model, x, target=0, patch=4)
    covered = x.copy()
    covered[:, :, 4:8, 0:4] = 0
    np.testing.assert_allclose(found[:, 5, 2], logits(model, x, 0) - logits(model, covered, 0), atol=1e-5)


# ── maps of forward passes ──────────────────────────────────────────────────────────────────────────────────────────


def test_visual_backprop_is_the_product_of_means_over_channels(model):
    outputs = inspect.layer_outputs(model, IMAGES, ["conv1", "act"])
    deep, early = outputs["act"].mean(-1), outputs["conv1"].mean(-1)
    found = inspect.visual_backprop(model, IMAGES, upsampling="nearest")
    assert found.shape == (3, 12, 12) and found.max() == 1
    rows = np.arange(12) * 10 // 12
    near = np.arange(10) * 3 // 10
    product = deep[:, near][:, :, near] * early
    product /= product.max((1, 2), keepdims=True)
    np.testing.assert_allclose(found, product[:, rows][:, :, rows], atol=1e-5)


def test_visual_backprop_of_named_layers_and_of_a_model_without_rectifiers(model):
    one = inspect.visual_backprop(model, IMAGES, layers=["pool"])
    assert one.shape == (3, 12, 12)
    smooth = keras.Sequential([keras.Input((12, 12, 3)), L.Conv2D(3, 3, activation="elu"), L.Flatten(), L.Dense(1)])
    assert inspect.visual_backprop(smooth, IMAGES).max() == 1


def test_score_cam_weighs_maps_by_the_score_that_they_leave(model):
    maps = inspect.layer_outputs(model, IMAGES[:1], ["act"])["act"]
    scores = []
    for i in range(maps.shape[-1]):
        image = keras.ops.convert_to_numpy(keras.ops.image.resize(maps[..., i : i + 1], (12, 12)))
        low, high = image.min(), image.max()
        mask = (image - low) / (high - low) if high > low else np.zeros_like(image)
        scores.append(logits(model, IMAGES[:1] * mask, [2])[0])
    share = np.exp(scores - np.max(scores))
    expected = np.maximum((maps * (share / share.sum())).sum(-1), 0)
    found = inspect.score_cam(model, IMAGES[:1], target=2, layer="act", resize=False)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
    few = inspect.score_cam(model, IMAGES, target=2, layer="act", max_maps=2)
    assert few.shape == (3, 12, 12)


# ── kernels ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (L.Conv2D(5, (3, 2)), (8, 8, 3), (5, 3, 2, 3)),
        (L.Conv2DTranspose(5, 3), (8, 8, 4), (5, 3, 3, 4)),
        (L.DepthwiseConv2D(3, depth_multiplier=2), (8, 8, 4), (8, 3, 3, 1)),
        (L.SeparableConv2D(5, 3), (8, 8, 4), (4, 3, 3, 1)),
        (L.Conv1D(5, 3), (8, 4), (5, 3, 4)),
        (L.Dense(5), (4,), (5, 4)),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_filters_come_first(layer, shape, expected):
    model = keras.Sequential([keras.Input(shape), layer])
    found = inspect.filters(model, layer)
    assert found.shape == expected
    if isinstance(layer, L.Conv2D):
        np.testing.assert_array_equal(found[2, :, :, 1], layer.kernel[:, :, 1, 2])
    if isinstance(layer, L.DepthwiseConv2D):
        np.testing.assert_array_equal(found[3, :, :, 0], layer.kernel[:, :, 1, 1])


def test_filters_are_a_copy(model):
    inspect.filters(model, "conv1")[:] = 7
    assert float(np.max(model.get_layer("conv1").kernel)) < 7


@pytest.mark.parametrize(
    ("make", "layer", "message"),
    [
        (conv, "pool", "Layer `pool` has no kernel"),
        (conv, "conv7", "has no layer `conv7`"),
        (KINDS["unbuilt"][0], "conv", "Layer `conv` has no weights yet: build the model"),
    ],
)
def test_a_layer_without_a_kernel_is_said(make, layer, message):
    with pytest.raises(FlatlineError, match=message):
        inspect.filters(make(), layer)


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        (inspect.guided_backprop, {"rule": "deconv"}, r"must be 'guided' or 'rectified'\. Got 'deconv'"),
        (inspect.grad_cam, {"variant": "cam"}, r"one of 'grad_cam', .*\. Got 'cam'"),
        (inspect.grad_cam, {"layer": "conv9"}, r"has no layer `conv9`\. Its layers are: `conv1`"),
        (inspect.grad_cam, {"layer": "gap"}, "Layer `gap` makes no maps with positions and channels"),
        (inspect.integrated_gradients, {"steps": 0}, r"integer of at least 1\. Got 0"),
        (inspect.integrated_gradients, {"baseline": np.zeros(5)}, r"fit rows of shape \(12, 12, 3\)\. Got \(5,\)"),
        (inspect.integrated_gradients, {"baseline": [IMAGES, IMAGES]}, "the structure of `x`, 1 arrays"),
        (inspect.smoothgrad, {"noise": -1.0}, "at least 0"),
        (inspect.smoothgrad, {"n_samples": 0}, "at least 1"),
        (inspect.visual_backprop, {"layers": ["conv9"]}, "has no layer `conv9`"),
        (inspect.visual_backprop, {"upsampling": "cubic"}, "'linear' or 'nearest'"),
        (inspect.occlusion, {"patch": 0}, r"`patch` parameter must be an integer of at least 1, or 2 of them\. Got 0"),
        (inspect.occlusion, {"value": np.zeros(5)}, r"fit rows of shape \(12, 12, 3\)\. Got \(5,\)"),
        (inspect.score_cam, {"max_maps": 0}, r"at least 1 or None\. Got 0"),
    ],
)  # fmt: skip
def test_arguments_that_cannot_be(model, method, given, message):
    with pytest.raises(FlatlineError, match=message):
        method(model, IMAGES, **given)


def test_a_layer_that_the_score_does_not_depend_on_is_said():
    inputs = keras.Input((12, 12, 3))
    used, aside = L.Conv2D(2, 3, name="used")(inputs), L.Conv2D(2, 3, name="aside")(inputs)
    model = keras.Model(inputs, [L.Dense(2)(L.Flatten()(used)), L.Flatten()(aside)])
    with pytest.raises(FlatlineError, match="does not depend on what layer `aside` makes"):
        inspect.grad_cam(model, IMAGES, layer="aside")
    found = inspect.grad_cam(model, IMAGES, target=0)  # the last one called leads elsewhere
    np.testing.assert_array_equal(found, inspect.grad_cam(model, IMAGES, target=0, layer="used"))


def test_no_trace_of_any_method():
    model = sequential()
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables]
    random_state = np.random.get_state()[1].tolist()  # noqa: NPY002
    inspect.smoothgrad(model, IMAGES, n_samples=2)
    inspect.integrated_gradients(model, IMAGES, steps=2)
    inspect.guided_backprop(model, IMAGES)
    inspect.visual_backprop(model, IMAGES)
    inspect.occlusion(model, IMAGES, patch=6)
    inspect.score_cam(model, IMAGES, max_maps=2)
    inspect.activation_maximization(model, target=0, steps=2)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)
    assert np.random.get_state()[1].tolist() == random_state  # noqa: NPY002
