"""Inputs that are made for a unit."""

import keras
import numpy as np
import pytest

from flatline import inspect
from flatline.errors import FlatlineError
from tests.inspect.models import IMAGES, KINDS, TOKENS, sequential, subclassed, tokens

L = keras.layers


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return sequential()


def straight(kernel):
    model = keras.Sequential([keras.Input((6, 6, 1)), L.Flatten(), L.Dense(1)])
    model.layers[-1].kernel.assign(np.reshape(kernel, (36, 1)))
    return model


def test_the_score_rises_for_each_target(model):
    scores = []
    made = inspect.activation_maximization(
        model, target=[0, 1, 2], steps=30, on_step=lambda step, x, score: scores.append(score)
    )
    assert made.shape == (3, 12, 12, 3) and made.dtype == "float32"
    assert made.min() >= 0 and made.max() <= 1
    assert len(scores) == 30 and np.all(scores[-1] > scores[0] + 0.1)
    assert np.asarray(model(made)).argmax(-1).tolist() == [0, 1, 2]


def test_without_priors_each_pixel_goes_where_the_unit_wants_it():
    kernel = np.where(np.arange(36) % 5 < 2, 1.0, -1.0).reshape(6, 6)
    made = inspect.activation_maximization(
        straight(kernel), value_range=(0, 255), steps=30, rate=0.1, tv_weight=0, norm_weight=0, jitter=0
    )
    np.testing.assert_allclose(made[0, :, :, 0], np.where(kernel > 0, 255, 0))


def test_priors_make_it_smooth_and_less_extreme():
    kernel = np.where(np.add.outer(np.arange(6), np.arange(6)) % 2, 1.0, -1.0)

    def made(**given):
        options = {"steps": 25, "rate": 0.05, "tv_weight": 0, "norm_weight": 0, "jitter": 0, **given}
        return inspect.activation_maximization(straight(kernel), **options)[0, :, :, 0]

    def roughness(image):
        return np.abs(np.diff(image, axis=0)).mean() + np.abs(np.diff(image, axis=1)).mean()

    assert roughness(made(tv_weight=0.5)) < 0.7 * roughness(made())
    assert np.abs(made(norm_weight=2.0) - 0.5).mean() < 0.49 < np.abs(made() - 0.5).mean()


def test_it_begins_where_it_is_told_and_channels_come_first_or_last(model):
    first = []
    inspect.activation_maximization(
        model, target=[0, 1], start=IMAGES[:1], steps=1, on_step=lambda step, x, score: first.append(x)
    )
    np.testing.assert_array_equal(first[0], IMAGES[[0, 0]])
    make, x = KINDS["channels_first"]
    made = inspect.activation_maximization(make(), layer="conv", target=[0, 4], steps=3)
    assert made.shape == (2, *x.shape[1:])
    assert inspect.activation_maximization(subclassed(), target=0, shape=(12, 12, 3), steps=2).shape == (1, 12, 12, 3)


def test_the_seed_decides_and_time_ends_it(model):
    once, again = (inspect.activation_maximization(model, target=0, steps=3, seed=4) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    steps = []
    inspect.activation_maximization(
        model, target=0, steps=10_000, max_seconds=0.0, on_step=lambda step, x, score: steps.append(step)
    )
    assert len(steps) <= 1


@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        (sequential, {"target": 9}, r"units of the output, 0 to 2\. Got 9"),
        (sequential, {"layer": "conv9"}, "has no layer `conv9`"),
        (sequential, {"value_range": (1, 0)}, r"\(smallest, largest\)\. Got \(1, 0\)"),
        (subclassed, {"target": 0}, "`shape` parameter must be the shape of one row"),
        (tokens, {"target": 0, "start": TOKENS[:1]}, "Tokens cannot be made"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_said(make, given, message):
    with pytest.raises(FlatlineError, match=message):
        inspect.activation_maximization(make(), **given)
