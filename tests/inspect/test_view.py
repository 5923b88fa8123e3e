"""A view holds what a network makes of a few inputs: right to the numbers, within its bounds, leaving no trace."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from flatline import inspect
from flatline.errors import FlatlineError
from flatline.inspect.shades import pooled, shaded
from flatline.records.events import plain
from flatline.records.packed_view import pack, unpack
from tests.inspect.models import IMAGES, TABLE, TOKENS, conv, has_channels_first, sequential, tabular
from tests.inspect.test_kinds import made, state
from tests.records.samples import same

L = keras.layers


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    model = conv()
    kernel, bias = model.get_layer("conv1").get_weights()
    model.get_layer("conv1").set_weights([kernel, np.where(np.arange(6) == 2, -100, bias)])
    return model


@pytest.fixture(scope="module")
def seen(model):
    return inspect.view(
        model, IMAGES, labels=[3, 0, 1], classes=["a", "b", "c", "d"], names=["x", "y", "z"], taken="now"
    )


def encoded(view):
    return json.dumps(plain(pack(view)))


SEEN = (
    "unbuilt",
    "subclassed",
    "nested backbone",
    "two inputs",
    "two outputs",
    "mixed_float16",
    "augmented",
    "transformer",
)


@pytest.mark.parametrize("kind", SEEN)
def test_every_kind_of_model_is_seen_and_left_as_it_was(kind):
    model, x = made(kind)
    before = state(model)
    view = inspect.view(model, x)
    assert view.layers
    assert any(layer.shades is not None for layer in view.layers)
    assert all(layer.shades is not None or layer.missing for layer in view.layers)
    for part in view.parts:
        assert part.saliency is not None or part.no_saliency
        assert part.shades is not None or part.words or part.missing
    assert same(unpack(json.loads(encoded(view))), view)
    assert str(before) == str(state(model))


def test_shades_are_the_numbers_of_the_layer(model, seen):
    layer, outputs = seen.layer("conv1"), inspect.layer_outputs(model, IMAGES)["conv1"]
    assert layer.form == "maps"
    assert layer.channels == tuple(range(6))
    shades = layer.shades
    low, high = (bound.reshape(1, -1, 1, 1) for bound in (shades.low, shades.high))
    drawn = np.moveaxis(low + shades.pictures / 255 * (high - low), 1, -1)
    np.testing.assert_allclose(drawn, outputs, atol=outputs.max() / 15)
    assert shades.high.max() == pytest.approx(outputs.max(), rel=1e-3)
    np.testing.assert_allclose(layer.mean, outputs.mean((0, 1, 2)), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(layer.std, outputs.std((0, 1, 2)), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(layer.zero_share, (outputs == 0).mean((0, 1, 2)), rtol=1e-3)


def test_the_graph_is_told_with_what_reads_what(seen):
    told = {layer.name: layer for layer in seen.layers}
    assert list(told) == ["conv1", "pool", "conv2", "norm", "act", "gap", "drop", "head"]
    assert told["conv1"].reads_input
    assert told["pool"].reads == ("conv1",)
    assert told["head"].is_output
    assert told["head"].output_shape == (4,)
    assert told["conv1"].n_weights == 3 * 3 * 3 * 6 + 6
    assert told["drop"].missing == "it hands on what it reads, unchanged"


def test_a_dead_channel_is_counted_as_silent(seen):
    layer = seen.layer("conv1")
    assert (layer.n_silent, layer.n_constant, layer.n_nonfinite) == (1, 0, 0)
    assert (layer.mean[2], layer.std[2], layer.zero_share[2]) == (0, 0, 1)


def test_predictions_are_the_likeliest_classes_by_name(model, seen):
    answers = model.predict(IMAGES, verbose=0)
    for row, each in enumerate(seen.inputs):
        (prediction,) = each.predictions
        order = np.argsort(-answers[row])
        assert prediction.names == tuple("abcd"[i] for i in order)
        np.testing.assert_allclose(prediction.values, answers[row][order], atol=1e-3)
        assert prediction.probabilities
        assert each.explained == prediction.names[0]
    assert [each.label for each in seen.inputs] == ["d", "a", "b"]
    assert [each.name for each in seen.inputs] == ["x", "y", "z"]


def test_saliency_and_class_map_are_those_of_inspect(model, seen):
    (part,) = seen.parts
    strength = np.abs(inspect.saliency(model, IMAGES)).max(-1)
    np.testing.assert_allclose(part.saliency.high, strength.max((1, 2)), rtol=1e-3)
    drawn = part.saliency.pictures[0] / 255 * part.saliency.high[:, None, None]
    np.testing.assert_allclose(drawn, strength, atol=strength.max() / 15)
    np.testing.assert_allclose(
        part.class_map.high, inspect.grad_cam(model, IMAGES, resize=False).max((1, 2)), rtol=1e-3
    )


@pytest.mark.skipif(not has_channels_first(), reason="no convolution with channels first on this processor")
def test_channels_first_is_seen_like_channels_last():
    keras.utils.set_random_seed(2)
    last = conv()
    keras.utils.set_random_seed(2)
    inputs = keras.Input((3, 12, 12))
    first = keras.Model(inputs, L.Conv2D(6, 3, activation="relu", data_format="channels_first", name="conv1")(inputs))
    first.set_weights(last.get_layer("conv1").get_weights())
    one, other = (inspect.view(m, x) for m, x in ((last, IMAGES), (first, np.moveaxis(IMAGES, -1, 1))))
    np.testing.assert_array_equal(one.layer("conv1").shades.pictures, other.layer("conv1").shades.pictures)
    np.testing.assert_array_equal(one.parts[0].shades.pictures, other.parts[0].shades.pictures)
    assert one.layer("conv1").channels == other.layer("conv1").channels


def test_tokens_are_words_and_tables_are_vectors():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), L.Embedding(20, 4), L.Flatten(), L.Dense(1, activation="sigmoid")])
    (part,) = inspect.view(model, TOKENS).parts
    assert part.words[0] == tuple(map(str, TOKENS[0]))
    assert part.saliency.pictures.shape == (1, 4, 1, 6)
    (part,) = inspect.view(tabular(), TABLE).parts
    assert part.form == "vector"
    assert part.shades.pictures.shape == (1, 4, 1, 4)
    assert part.no_class_map.startswith("No layer makes maps")


def test_one_sigmoid_unit_tells_both_classes_when_they_have_names():
    model = keras.Sequential([keras.Input((4,)), L.Dense(1, activation="sigmoid")])
    seen = inspect.view(model, TABLE, classes=["no", "yes"], labels=[0, 1, 0, 1, 1])
    values = dict(zip(seen.inputs[0].predictions[0].names, seen.inputs[0].predictions[0].values, strict=True))
    assert values["yes"] == pytest.approx(float(model(TABLE)[0, 0]), abs=1e-3)
    assert values["yes"] + values["no"] == pytest.approx(1, abs=1e-3)
    assert seen.inputs[0].label == "no"
    assert inspect.view(model, TABLE).inputs[0].predictions[0].names == ("class 1",)


@pytest.mark.parametrize(
    ("labels", "names", "explained", "label"),
    [
        ([254e3, 181999.5, 303e3, 16650.0, 9e4], ("value",), "the value", "2.54e+05"),
        ([254000, 182000, 303000, 16650, 9], ("value",), "the value", "2.54e+05"),
        ([1, 0, 1, 0, 0], ("class 1",), "class 1", "class 1"),
        ([0.9, 0.1, 0.9, 0.1, 0.1], ("class 1",), "class 1", "0.9"),  # smoothed
    ],
)
def test_a_sigmoid_that_is_asked_for_values_tells_no_class(labels, names, explained, label):
    model = keras.Sequential([keras.Input((4,)), L.Dense(1, activation="sigmoid")])
    first = inspect.view(model, TABLE, labels=np.array(labels)).inputs[0]
    assert (first.predictions[0].names, first.explained, first.label) == (names, explained, label)
    assert first.predictions[0].probabilities == (names != ("value",))


def test_class_numbers_of_a_softmax_stay_classes():
    model = keras.Sequential([keras.Input((4,)), L.Dense(3, activation="softmax")])
    first = inspect.view(model, TABLE, labels=np.array([2, 0, 1, 2, 0])).inputs[0]
    assert first.label == "class 2" and first.explained.startswith("class ")


def test_values_that_are_not_finite_are_counted_and_do_no_harm():
    model = sequential()
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    view = inspect.view(model, IMAGES)
    assert view.layers[0].n_nonfinite == view.layers[0].n_channels
    assert not np.isfinite(unpack(json.loads(encoded(view))).layers[0].mean).any()


def test_a_view_fits_into_the_bytes_that_it_may_take():
    keras.utils.set_random_seed(0)
    stack = [L.Conv2D(12, 1, name=f"conv{i}") for i in range(6)]
    model = keras.Sequential([keras.Input((24, 24, 3)), *stack, L.BatchNormalization(name="norm")])
    noise = np.random.default_rng(0).normal(size=(4, 24, 24, 3)).astype("float32")
    views = {most: inspect.view(model, noise, max_bytes=most) for most in (1_000_000, 90_000, 65_000, 44_000)}
    sizes = {most: len(encoded(view)) for most, view in views.items()}
    assert all(size <= most for most, size in sizes.items())
    assert list(sizes.values()) == sorted(sizes.values(), reverse=True)
    assert [len(view.layer("conv0").channels) for view in views.values()] == [12, 8, 7, 1]
    assert views[1_000_000].layer("norm").shades is not None
    assert views[65_000].layer("norm").missing == "left out, for room: what reads it shows nearly the same"
    assert views[65_000].layer("conv5").shades is not None
    assert views[44_000].notes == ("5 of 7 layers have no pictures: there is no room for so many",)
    assert views[44_000].layer("conv5").missing == "left out: there are more layers than there is room for"


def test_time_is_bounded_and_what_it_costs_is_said(model):
    view = inspect.view(model, IMAGES, seconds=1e-6)
    (part,) = view.parts
    assert view.layers[0].shades is not None
    assert len(view.inputs) == 1
    assert "1 of 3 inputs are drawn: one takes" in view.notes[0]
    assert "beyond the 1e-06 s given" in part.no_saliency
    assert "beyond the 1e-06 s given" in part.no_class_map


def test_statistics_are_over_more_inputs_than_are_drawn(model):
    many = np.random.default_rng(0).uniform(size=(30, 12, 12, 3)).astype("float32")
    view = inspect.view(model, many, n_drawn=2)
    assert (len(view.inputs), view.n_rows) == (2, 30)
    outputs = inspect.layer_outputs(model, many)["conv1"]
    np.testing.assert_allclose(view.layer("conv1").mean, outputs.mean((0, 1, 2)), rtol=1e-3, atol=1e-6)


def test_layers_asked_for_are_drawn_alone(model):
    view = inspect.view(model, IMAGES, layers=["pool"])
    assert [layer.name for layer in view.layers if layer.shades is not None] == ["pool"]
    assert view.layer("conv1").missing == "not among the layers that were asked for"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": ["conv9"]}, "has no layer `conv9`. Its layers are: `conv1`"),
        ({"names": ["one"]}, "`names` parameter must hold a name for each of 3 rows. Got 1"),
        ({"labels": [0, 1]}, "`labels` parameter must hold a label for each of 3 rows. Got 2"),
        ({"top": 0}, "`top` parameter of view must be a positive number. Got 0"),
        ({"max_bytes": True}, "`max_bytes` parameter of view must be a positive number. Got True"),
    ],
)
def test_what_cannot_be_is_refused(model, arguments, message):
    with pytest.raises(FlatlineError, match=message.replace(".", r"\.")):
        inspect.view(model, IMAGES, **arguments)


def test_data_that_the_model_does_not_take_are_refused(model):
    with pytest.raises(FlatlineError, match=r"Got rows of shape \(4,\), and the model raised"):
        inspect.view(model, TABLE)


def test_pooling_takes_means_and_keeps_what_is_small():
    values = np.arange(10.0)[None, :]
    np.testing.assert_allclose(pooled(values, 1, 3), [[1, 4, 7.5]])
    assert pooled(values, 1, 10) is values


def test_shades_say_what_black_and_white_are():
    values = np.array([[[[0.0, 1.0]], [[-2.0, np.nan]]]])
    shades = shaded(values)
    assert shades.pictures[0, :, 0].tolist() == [[0, 255], [0, 0]]
    assert (shades.low.tolist(), shades.high.tolist()) == ([0, -2], [1, -2])
    alike = shaded(values, alike=True)
    assert (alike.low.tolist(), alike.high.tolist()) == ([-2, -2], [1, 1])


def test_a_packed_view_that_is_damaged_is_no_view(seen):
    told = json.loads(encoded(seen))
    layer = told["layers"][0]
    for damage in ({"name": 3}, {"channels": [1]}, {"form": "maps!"}, {"shades": layer["shades"] | {"png": "AAAA"}}):
        with pytest.raises((ValueError, TypeError, LookupError)):
            unpack(told | {"layers": [layer | damage]})
    assert same(unpack(told | {"unknown": 1}), seen)
    assert same(replace(seen), seen)
