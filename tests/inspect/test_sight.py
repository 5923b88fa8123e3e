"""The numbers of a look inside, against closed forms and slow twins; what the look leaves behind: nothing."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from flatline.inspect import sight as seen

RNG = np.random.default_rng(0)
L = keras.layers


def slow_correlation(kernels):
    """Cell by cell."""
    down, across = [], []
    for kernel in kernels:
        for i in range(kernel.shape[0]):
            for j in range(kernel.shape[1]):
                down += [(a, b) for a, b in zip(kernel[i, j], kernel[i + 1, j])] if i + 1 < kernel.shape[0] else []
                across += [(a, b) for a, b in zip(kernel[i, j], kernel[i, j + 1])] if j + 1 < kernel.shape[1] else []
    ratios = [
        sum(a * b for a, b in p) / np.sqrt(sum(a * a for a, _ in p) * sum(b * b for _, b in p)) for p in (down, across)
    ]
    return np.mean(ratios), 1 / np.sqrt(len(down) + len(across))


def test_correlation_of_kernels_is_that_of_a_slow_twin():
    kernels = RNG.normal(size=(4, 5, 3, 2))
    np.testing.assert_allclose(seen.kernel_correlation(kernels), slow_correlation(kernels), rtol=1e-12)


def test_drawn_kernels_are_within_chance_and_smooth_and_checked_ones_are_not():
    found, chance = seen.kernel_correlation(RNG.normal(size=(64, 5, 5, 3)).astype("float32"))
    assert abs(found) < 3 * chance < 0.1
    assert seen.kernel_correlation(np.ones((4, 3, 3, 1)))[0] == pytest.approx(1)
    assert seen.kernel_correlation((-1.0) ** np.indices((3, 3)).sum(0)[None, ..., None])[0] == pytest.approx(-1)


@pytest.mark.parametrize(
    "kernels", [np.zeros((4, 3, 3, 1)), np.ones((4, 1, 1, 8)), np.ones((4, 3, 8)), np.full((2, 3, 3, 1), np.nan)]
)
def test_what_has_no_neighbours_or_no_numbers_has_no_correlation(kernels):
    assert np.isnan(seen.kernel_correlation(kernels)[0])


def test_copies_are_told_whatever_their_scale_and_sign_and_constant_channels_do_not_count():
    alone = RNG.normal(size=(8, 6, 6, 3))
    copies = np.concatenate([alone, -3 * alone[..., :1] + 5, alone[..., :1] + 1e-3 * RNG.normal(size=(8, 6, 6, 1))], -1)
    dead = np.concatenate([copies, np.zeros((8, 6, 6, 4)), np.full((8, 6, 6, 1), 7.0)], -1)
    assert seen.duplicate_share(copies) == seen.duplicate_share(dead) == pytest.approx(3 / 5)
    assert seen.duplicate_share(RNG.normal(size=(8, 6, 6, 16))) == 0
    assert np.isnan(seen.duplicate_share(alone))  # of three, two alike are most
    assert np.isnan(seen.duplicate_share(np.where(dead > 1, np.nan, dead)))


def test_pixels_that_follow_each_other_are_smooth():
    noise = RNG.normal(size=(16, 12, 12, 1))
    assert abs(seen.smoothness(noise)) < 0.05
    assert seen.smoothness(noise.repeat(2, 1).repeat(2, 2)) == pytest.approx(0.5, abs=0.05)  # every second neighbour
    assert np.isnan(seen.smoothness(np.ones((4, 12, 12, 1)))) and np.isnan(seen.smoothness(noise[:, :4]))


def test_shares_of_the_frame():
    images = RNG.normal(size=(4, 16, 16, 2))
    gradient = np.zeros_like(images)
    gradient[:, 0], gradient[:, 8] = 3.0, 1.0
    deviation = np.abs(images - images.mean(0)).sum(-1)
    top, middle = deviation[:, 0].sum(-1), deviation[:, 8].sum(-1)
    ends = deviation[:, 8, [0, -1]].sum(-1)  # of the row in the middle that lie in the frame
    inner = deviation[:, 1:-1, 1:-1].sum((1, 2)) / deviation.sum((1, 2))
    saliency, variation = seen.border_shares(images, gradient)
    assert saliency == pytest.approx(np.mean((3 * top + ends) / (3 * top + middle)))
    assert variation == pytest.approx(1 - inner.mean())
    assert np.isnan(seen.border_shares(images, np.zeros_like(images))[0])


def test_classes_that_differ_along_one_direction_and_in_all_they_can():
    direction, common = RNG.normal(size=(2, 5, 1, 30))
    one = common + np.array([1.0, -2.0, 0.5, 3.0])[:, None] * direction
    assert seen.class_alignment(one) == pytest.approx(1)
    assert seen.class_alignment(np.eye(4)[None]) == pytest.approx(1 / 3)
    assert seen.class_alignment(1e-30 * np.eye(4)[None]) == pytest.approx(1 / 3)
    assert np.isnan(seen.class_alignment(np.broadcast_to(common, one.shape)))


class Draws(L.Layer):
    """Draws numbers from everything that is shared, in inference mode too."""

    def call(self, x):
        noise = keras.random.normal(keras.ops.shape(x)) + tf.random.normal(tf.shape(x)) + np.random.normal()  # noqa: NPY002
        return x + 0.01 * (noise + random.random())


@pytest.fixture(scope="module")
def looked():
    """A network of three inputs, looked into, and the states of all that is random before and after."""
    keras.utils.set_random_seed(0)
    image, table, bins = (
        keras.Input((16, 16, 1), name="image"),
        keras.Input((4,), name="table"),
        keras.Input((2,), name="bins"),
    )
    seen_ = L.Conv2D(6, 3, activation="relu", name="first")(L.Cropping2D(4)(image))
    dead = L.Dense(8, activation="relu", bias_initializer=keras.initializers.Constant(-50.0))(table)
    counted = L.Discretization(bin_boundaries=[0.0], output_mode="multi_hot")(bins)
    joined = L.Concatenate()([L.Flatten()(seen_), dead, counted])
    model = keras.Model(
        {"image": image, "table": table, "bins": bins}, L.Dense(5, activation="softmax", name="out")(joined)
    )
    x = {"image": RNG.normal(size=(32, 16, 16, 1)), "table": RNG.normal(size=(32, 4)), "bins": RNG.normal(size=(32, 2))}
    x = {name: values.astype("float32") for name, values in x.items()}
    return seen.sight(model, x, [5])


def test_what_no_output_depends_on_is_told_by_input(looked):
    found = dict(zip(looked["inputs"], looked["blind_share"], strict=True))
    assert found["table"] == 1  # through dead units
    assert found["image"] == pytest.approx(1 - 64 / 256)  # cropped away
    assert np.isnan(found["bins"])  # has no gradient, but it counts


def test_columns_are_those_of_the_layers_inputs_and_outputs(looked):
    assert looked["layers"] == ("first",) and looked["kernel_correlation"].shape == (1,)
    assert looked["class_alignment"].shape == (1,) and 1 / 3 <= looked["class_alignment"][0] < 0.99
    assert looked["n_samples"] == 32


@pytest.mark.parametrize("made", [True, False], ids=["generator is there", "generator is made by the look"])
def test_nothing_random_has_moved(made):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8, 8, 1)), Draws(), L.Conv2D(4, 3), L.Dropout(0.5), L.Flatten(), L.Dense(4)])

    def state():
        shared = keras.src.random.seed_generator.global_seed_generator().state
        values = [keras.ops.convert_to_numpy(v).copy() for v in (*model.variables, shared)]
        position = np.random.get_state()[2]  # noqa: NPY002
        return values, random.getstate(), position, tf.random.uniform(()).numpy()

    keras.utils.set_random_seed(1)
    before = state()
    keras.utils.set_random_seed(1)  # takes the generator away that layers without a seed share
    if made:
        keras.src.random.seed_generator.global_seed_generator()
    seen.sight(model, RNG.normal(size=(8, 8, 8, 1)).astype("float32"), [4])
    after = state()
    assert all(np.array_equal(a, b) for a, b in zip(before[0], after[0], strict=True))
    assert before[1:] == after[1:]
