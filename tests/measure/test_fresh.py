"""Initial weights drawn from a seed: by layer, so that networks that share a layer share its weights."""

import keras
import numpy as np
import pytest
from keras import layers

from flatline.measure.fresh import draw, kept_layers


def network(*inside, shape=(6,)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *inside])


def small() -> keras.Model:
    return network(layers.Dense(8, name="a"), layers.Dense(8, name="b"), layers.Dense(3, name="out"))


def recurrent() -> keras.Model:
    return network(
        layers.LSTM(4, return_sequences=True, name="first"),
        layers.LSTM(4, return_sequences=True, name="second"),
        layers.Bidirectional(layers.LSTM(4), name="both"),
        shape=(5, 4),
    )


def drawn(model, seed=0, **given) -> dict:
    """Values by path, below the model's name."""
    values = draw(model, seed, **given)
    return {variable.path: value for variable, value in zip(model.variables, values, strict=True)}


def end(values, path):
    """The value of the one variable whose path ends so."""
    (found,) = [value for name, value in values.items() if name.endswith(path)]
    return found


def as_it_is(model) -> dict:
    return {variable.path: keras.ops.convert_to_numpy(variable).copy() for variable in model.variables}


def set_by_hand(layer) -> None:
    layer.set_weights([np.full(weight.shape, 0.3, weight.dtype) for weight in layer.get_weights()])


def test_networks_that_share_a_layer_share_its_weights():
    inputs = keras.Input((6,))
    hidden = layers.BatchNormalization()(layers.Dense(8, name="a")(inputs))
    other = keras.Model(inputs, layers.Dense(5, name="out")(layers.Dense(8, name="b")(hidden)))
    one, two = drawn(small()), drawn(other)
    for name in ("a/kernel", "b/kernel", "b/bias"):
        np.testing.assert_array_equal(end(one, name), end(two, name))
    assert end(one, "out/kernel").shape != end(two, "out/kernel").shape


def test_another_seed_and_another_layer_give_other_weights():
    model = network(layers.Dense(6, name="a"), layers.Dense(6, name="b"))
    one, other = drawn(model), drawn(model, 1)
    assert not np.array_equal(end(one, "a/kernel"), end(other, "a/kernel"))
    assert not np.array_equal(end(one, "a/kernel"), end(one, "b/kernel"))
    for path, value in drawn(model).items():
        np.testing.assert_array_equal(value, one[path])


def test_the_model_stays_as_it_is_and_weights_are_as_its_initialisers_draw():
    model = network(layers.Dense(200, kernel_initializer=keras.initializers.RandomNormal(1.0, 0.2), name="a"))
    before = as_it_is(model)
    found = drawn(model)
    for path, value in as_it_is(model).items():
        np.testing.assert_array_equal(value, before[path])
    kernel = end(found, "a/kernel")
    assert kernel.mean() == pytest.approx(1.0, abs=0.03) and kernel.std() == pytest.approx(0.2, abs=0.02)
    assert not end(found, "a/bias").any()


def test_variables_of_one_layer_differ():
    model = network(layers.BatchNormalization(gamma_initializer="he_normal", beta_initializer="he_normal", name="norm"))
    found = drawn(model)
    assert end(found, "gamma").any() and not np.array_equal(end(found, "gamma"), end(found, "beta"))


def test_seeds_of_dropout_follow_the_seed():
    model = network(layers.Dense(4), layers.Dropout(0.5))
    one, same, other = (end(drawn(model, seed), "seed_generator_state") for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_an_lstm_starts_with_its_forget_gate_open():
    biases = [value for path, value in drawn(recurrent()).items() if path.endswith("bias")]
    assert len(biases) == 4
    for bias in biases:
        np.testing.assert_array_equal(bias, np.repeat([0.0, 1.0, 0.0, 0.0], 4))
    (bias,) = [value for path, value in drawn(network(layers.LSTM(4, unit_forget_bias=False), shape=(5, 4))).items()
               if path.endswith("bias")]  # fmt: skip
    assert not bias.any()


def test_cells_of_one_name_in_several_layers_start_from_weights_of_their_own():
    kernels = [value for path, value in drawn(recurrent()).items() if path.endswith("/kernel")]
    assert len(kernels) == 4
    assert len({kernel.tobytes() for kernel in kernels}) == 4


def test_another_initialiser():
    given = {("a", "kernel_initializer"): "ones", ("a", "bias_initializer"): "ones"}
    found = drawn(small(), initializers=given)
    assert (end(found, "a/kernel") == 1).all() and (end(found, "a/bias") == 1).all()
    np.testing.assert_array_equal(end(found, "b/kernel"), end(drawn(small()), "b/kernel"))
    kept = drawn(small(), initializers=given, kept=frozenset("ab"))
    assert (end(kept, "a/kernel") == 1).all()


def test_another_initialiser_of_a_recurrent_layer_is_that_of_its_cell():
    given = {("first", "kernel_initializer"): "ones", ("first", "recurrent_initializer"): "zeros"}
    found = drawn(recurrent(), initializers=given | {("first", "bias_initializer"): "zeros"})
    assert (end(found, "first/lstm_cell/kernel") == 1).all()
    assert not end(found, "first/lstm_cell/recurrent_kernel").any()
    np.testing.assert_array_equal(end(found, "first/lstm_cell/bias"), np.repeat([0.0, 1.0, 0.0, 0.0], 4))
    assert end(found, "second/lstm_cell/recurrent_kernel").any()


FRESH = [
    (layers.Dense(8), (6,)),
    (layers.Dense(1), (1,)),
    (layers.Dense(40, kernel_initializer="he_normal", bias_initializer="ones"), (6,)),
    (layers.Dense(8, kernel_initializer="zeros"), (6,)),
    (layers.EinsumDense("ab,bc->ac", 8, bias_axes="c"), (6,)),
    (layers.Embedding(20, 4), (6,)),
    (layers.Conv1D(4, 3), (8, 3)),
    (layers.Conv2D(4, 3), (8, 8, 3)),
    (layers.Conv2DTranspose(4, 3), (8, 8, 3)),
    (layers.DepthwiseConv2D(3), (8, 8, 3)),
    (layers.SeparableConv2D(4, 3), (8, 8, 3)),
    (layers.ConvLSTM1D(4, 3), (5, 8, 3)),
    (layers.LSTM(8), (5, 4)),
    (layers.GRU(8), (5, 4)),
    (layers.SimpleRNN(8), (5, 4)),
    (layers.Bidirectional(layers.LSTM(8)), (5, 4)),
    (layers.TimeDistributed(layers.Dense(8)), (5, 4)),
    (layers.BatchNormalization(), (6,)),
    (layers.LayerNormalization(), (6,)),
    (layers.GroupNormalization(2), (6,)),
    (layers.PReLU(), (6,)),
    (layers.Dropout(0.5), (6,)),
    (layers.GaussianNoise(0.5), (6,)),
]


@pytest.mark.parametrize(("layer", "shape"), FRESH, ids=[layer.name for layer, _ in FRESH])
def test_a_fresh_layer_is_not_kept(layer, shape):
    assert kept_layers(network(layer, shape=shape)) == frozenset()


@pytest.mark.parametrize("seed", range(20))
def test_few_weights_may_be_spread_by_chance(seed):
    keras.utils.set_random_seed(seed)
    assert kept_layers(network(layers.Dense(2), shape=(3,))) == frozenset()


def test_attention_is_not_kept():
    inputs = keras.Input((5, 8))
    tensor = layers.MultiHeadAttention(2, 4, name="one")(inputs, inputs)
    model = keras.Model(inputs, layers.MultiHeadAttention(2, 4, name="two")(tensor, tensor))
    assert kept_layers(model) == frozenset()
    found = drawn(model)
    assert not np.array_equal(end(found, "one/query/kernel"), end(found, "two/query/kernel"))


def test_frozen_layers_are_kept():
    model = small()
    model.get_layer("b").trainable = False
    kept = kept_layers(model)
    assert kept == {"b"}
    before, found = as_it_is(model), drawn(model, kept=kept)
    np.testing.assert_array_equal(end(found, "b/kernel"), end(before, "b/kernel"))
    assert not np.array_equal(end(found, "a/kernel"), end(before, "a/kernel"))


def test_a_frozen_recurrent_layer_does_not_keep_the_others():
    model = recurrent()
    model.get_layer("first").trainable = False
    kept = kept_layers(model)
    assert kept == {"first/lstm_cell"}
    before, found = as_it_is(model), drawn(model, kept=kept)
    assert np.array_equal(end(found, "first/lstm_cell/kernel"), end(before, "first/lstm_cell/kernel"))
    assert not np.array_equal(end(found, "second/lstm_cell/kernel"), end(before, "second/lstm_cell/kernel"))
    anew = drawn(model, kept=kept, anew={"first"})
    assert not np.array_equal(end(anew, "first/lstm_cell/kernel"), end(before, "first/lstm_cell/kernel"))


def test_weights_set_by_hand_are_kept():
    model = small()
    set_by_hand(model.get_layer("b"))
    assert kept_layers(model) == {"b"}
    assert np.all(end(drawn(model, kept=kept_layers(model)), "b/kernel") == np.float32(0.3))


@pytest.mark.parametrize("factor", [20, 0.05])
def test_scaled_kernels_are_kept_without_a_bias_to_tell(factor):
    model = network(layers.Dense(8, use_bias=False, name="a"), layers.Dense(8, name="b"))
    model.get_layer("a").set_weights([factor * model.get_layer("a").get_weights()[0]])
    assert kept_layers(model) == {"a"}


def test_trained_layers_are_kept_and_so_are_those_that_cannot_tell():
    model = network(layers.Embedding(20, 4, name="words"), layers.Flatten(), layers.Dense(3, name="out"))
    model.compile("adam", "mse")
    model.fit(np.zeros((8, 6)), np.ones((8, 3)), verbose=0)
    assert kept_layers(model) == {"words", "out"}


def test_pretrained_layers_within_a_new_network():
    inner = network(layers.Dense(8, name="a"), layers.BatchNormalization(name="norm"))
    inner.compile("adam", "mse")
    inner.fit(np.random.default_rng(0).normal(size=(8, 6)), np.ones((8, 8)), verbose=0)
    model = keras.Sequential([keras.Input((6,)), inner, layers.Dense(8, name="a")])
    assert kept_layers(model) == {f"{inner.name}/a", f"{inner.name}/norm"}  # not the new one of the same name


def test_an_adapted_normalization_is_kept():
    layer = layers.Normalization(name="scale")
    layer.adapt(np.arange(12.0).reshape(2, 6))
    assert kept_layers(network(layer, layers.Dense(8))) == {"scale"}
