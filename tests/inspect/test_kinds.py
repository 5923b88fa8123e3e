"""Every kind of model is looked at, right to the numbers, and left as it was."""

import random

import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state

from flatline import inspect
from flatline.errors import FlatlineError
from tests.inspect.models import IMAGES, KINDS, TABLE, Subclassed, conv, half, tabular, two_outputs

L = keras.layers
MADE = {}


def made(kind):
    """A model of a kind, made once: nothing may have changed it."""
    if kind not in MADE:
        keras.utils.set_random_seed(0)
        MADE[kind] = KINDS[kind][0]()
    return MADE[kind], KINDS[kind][1]


def first(outputs):
    return keras.ops.sum(keras.tree.flatten(outputs)[0][:, :1], axis=-1)


def state(model):
    weights = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables] if model.built else None
    tracker = dict(vars(global_state.GLOBAL_STATE_TRACKER))
    attributes = {layer.name: dict(vars(layer)) for layer in model._flatten_layers()}
    return weights, tracker.keys(), random.getstate(), np.random.get_state()[1].tolist(), attributes  # noqa: NPY002


@pytest.mark.parametrize("kind", KINDS)
def test_no_trace_is_left(kind):
    model, x = made(kind)
    before = state(model)
    inspect.saliency(model, x)
    inspect.layer_outputs(model, x)
    after = state(model)
    assert (before[0] is None) == (after[0] is None)
    for a, b in zip(before[0] or [], after[0] or [], strict=True):
        np.testing.assert_array_equal(a, b)
    assert before[1:4] == after[1:4]
    assert before[4].keys() == after[4].keys()
    for name, attributes in before[4].items():
        assert attributes.keys() == after[4][name].keys()
        assert all(value is after[4][name][key] for key, value in attributes.items())


@pytest.mark.parametrize("kind", [k for k in KINDS if "token" not in k and k not in ("transformer", "unbuilt")])
def test_saliency_is_the_slope_that_small_steps_measure(kind):
    model, x = made(kind)
    x = keras.tree.map_structure(lambda a: a.astype("float32"), x)
    found = inspect.saliency(model, x, target=first)
    assert keras.tree.map_structure(np.shape, found) == keras.tree.map_structure(np.shape, x)
    length = np.sqrt(sum(float(np.sum(g**2)) for g in keras.tree.flatten(found)))
    step = 0.5 if kind == "augmented" else 0.003  # far above the rounding of the inputs' type
    stepped = in_full(model) if kind == "mixed_float16" else model

    def score(h):
        moved = keras.tree.map_structure(lambda a, g: a + h * g / length, x, found)
        return float(keras.ops.sum(first(stepped(moved, training=False))))

    assert (score(step) - score(-step)) / (2 * step) == pytest.approx(length, rel=1e-2)


def in_full(model):
    """The same weights in float32: float16 rounds answers to 1e-3, and steps that show above that are too long."""
    other = half("float32")
    other.set_weights(model.get_weights())
    return other


def test_half_precision_costs_saliency_no_more_than_its_rounding():
    model, x = made("mixed_float16")
    x = x.astype("float32")
    found, exact = inspect.saliency(model, x, target=first), inspect.saliency(in_full(model), x, target=first)
    assert 0 < np.linalg.norm(found - exact) < 2e-3 * np.linalg.norm(exact)  # 2^-10 is the rounding of float16


@pytest.mark.parametrize("kind", ["tokens", "tokens as int32", "transformer"])
def test_saliency_of_tokens_is_that_of_their_embeddings(kind):
    model, x = made(kind)
    found = inspect.saliency(model, x, target=first)
    assert found.shape[:2] == x.shape
    embedding = next(each for each in model._flatten_layers() if each.name == "token" or "embedding" in each.name)
    kept, row, at = embedding.embeddings.numpy(), 1, 2
    token = int(x[row, at])
    alike = x[row] == token  # the table moves all places of that token at once
    slope = np.sum(found[row, alike], axis=0)

    def score(h):
        table = kept.copy()
        table[token] += h * slope / np.linalg.norm(slope)
        embedding.embeddings.assign(table)
        return float(first(model(x[row : row + 1], training=False))[0])

    measured = (score(0.01) - score(-0.01)) / 0.02
    embedding.embeddings.assign(kept)
    assert measured == pytest.approx(float(np.linalg.norm(slope)), rel=1e-2)


CLASS_MAPS = {
    **dict.fromkeys([k for k, (_, x) in KINDS.items() if np.ndim(x) == 4 or isinstance(x, dict)], (3, 12, 12)),
    "recurrent": (4, 10),
    "tokens": (4, 6),
    "transformer": (4, 6),
}


@pytest.mark.parametrize("kind", CLASS_MAPS)
def test_class_maps_have_the_size_of_the_input(kind):
    model, x = made(kind)
    found = inspect.grad_cam(model, x, target=0)
    assert found.shape == CLASS_MAPS[kind] and found.dtype == "float32"
    assert np.all(np.isfinite(found)) and found.min() >= 0


@pytest.mark.parametrize("kind", ["tabular", "binary"])
def test_without_positions_there_is_no_class_map(kind):
    model, x = made(kind)
    with pytest.raises(FlatlineError, match=r"No layer makes maps .*: use `saliency`"):
        inspect.grad_cam(model, x)


def test_the_gradient_is_that_of_the_logits():
    model, x = made("functional")
    logits = keras.models.clone_model(model)
    logits.set_weights(model.get_weights())
    logits.layers[-1].activation = keras.activations.linear
    np.testing.assert_array_equal(inspect.saliency(model, x, target=2), inspect.saliency(logits, x, target=2))


def test_without_a_target_it_is_the_predicted_class():
    model, x = made("functional")
    predicted = np.asarray(model(x)).argmax(-1)
    np.testing.assert_array_equal(inspect.saliency(model, x), inspect.saliency(model, x, target=predicted.tolist()))


def test_one_sigmoid_unit_tells_two_classes():
    model, x = made("binary")
    np.testing.assert_array_equal(inspect.saliency(model, x, target=0), -inspect.saliency(model, x, target=1))
    np.testing.assert_array_equal(inspect.saliency(model, x), inspect.saliency(model, x, target=1))


def test_rows_in_parts_are_as_rows_at_once():
    model, x = made("functional")
    for method in (inspect.saliency, inspect.grad_cam):
        once, parts = method(model, x, target=[0, 1, 2]), method(model, x, target=[0, 1, 2], batch_size=2)
        np.testing.assert_allclose(once, parts, atol=1e-6)


def test_a_layer_takes_the_place_of_the_output():
    model, x = made("functional")
    one = inspect.saliency(model, x, layer="conv1", target=3)
    slopes = np.abs(one).max(axis=(0, 1, 2))
    assert np.all(slopes > 0)
    every = [inspect.saliency(model, x, layer="conv1", target=unit) for unit in range(6)]
    np.testing.assert_allclose(inspect.saliency(model, x, layer="conv1"), np.mean(every, axis=0), atol=1e-7)


def test_channels_come_first_or_last_alike():
    last = conv(data_format="channels_last")
    first_model, x = made("channels_first")
    outputs = inspect.layer_outputs(first_model, x, ["act"])["act"]
    unit = inspect.saliency(first_model, x, layer="act", target=4)
    slope = np.asarray(unit)
    assert outputs.shape == (3, 5, 10, 10) and slope.shape == x.shape
    with pytest.raises(FlatlineError, match=r"units of layer `act`, 0 to 4\. Got 5"):
        inspect.saliency(first_model, x, layer="act", target=5)
    assert inspect.saliency(last, IMAGES, layer="act", target=4).shape == IMAGES.shape


def test_small_gradients_survive_half_precision():
    small = keras.initializers.Constant(1e-4)
    layers = [L.Dense(2, kernel_initializer=small, dtype="mixed_float16") for _ in range(2)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    np.testing.assert_allclose(inspect.saliency(model, TABLE, target=0), 2e-8, rtol=1e-2)


def test_outputs_are_chosen_by_name_or_number():
    model, x = made("two outputs")
    size = inspect.saliency(model, x, output="size")
    np.testing.assert_array_equal(inspect.saliency(model, x, output=1), size)
    assert np.any(inspect.saliency(model, x) != size)
    with pytest.raises(FlatlineError, match=r"an index or one of `kind`, `size`\. Got 'weight'"):
        inspect.saliency(model, x, output="weight")


def test_the_model_of_a_class_keeps_its_own_attributes():
    model = Subclassed()
    inspect.saliency(model, IMAGES)
    assert model.calls == 0 and not model.built


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layer": "conv9"}, r"has no layer `conv9`\. Its layers are: `conv1`, `pool`, `conv2`"),
        ({"layer": tabular().layers[0]}, r"is not a layer of the model\. Its layers are: `conv1`"),
        ({"target": 4}, r"units of the output, 0 to 3\. Got 4"),
        ({"target": [0, 1]}, r"one integer for each of 3 rows\. Got 2"),
        ({"target": 1.5}, r"one integer a row, a callable or None\. Got 1\.5"),
        ({"modifier": "square"}, r"one of 'negate', .*\. Got 'square'"),
        ({"batch_size": 0}, r"at least 1\. Got 0"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_said(given, message):
    model, x = made("functional")
    with pytest.raises(FlatlineError, match=message):
        inspect.saliency(model, x, **given)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (IMAGES[0], r"must be a batch of shape \(None, 12, 12, 3\)\. Got \(12, 12, 3\)"),
        (3.0, r"must be a batch"),
        (IMAGES[:0], r"at least one\. Got \[0\] rows"),
    ],
)
def test_rows_that_are_no_batch_are_refused(x, message):
    with pytest.raises(FlatlineError, match=message):
        inspect.saliency(made("functional")[0], x)


def test_a_thing_that_is_no_model_is_refused():
    with pytest.raises(FlatlineError, match=r"must be a keras\.Model\. Got ndarray"):
        inspect.saliency(TABLE, TABLE)


def test_a_score_that_depends_on_nothing_is_refused():
    with pytest.raises(FlatlineError, match="does not depend on any input"):
        inspect.saliency(two_outputs(), IMAGES, target=lambda outputs: keras.ops.zeros(3))
