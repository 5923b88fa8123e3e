"""The range test on a problem with a known answer, and the user's world as it was before."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import flatline
from flatline.measure import rate_range
from flatline.measure.rate_range import has_diverged
from tests.test_untouched import MAKERS, X, Y, world

RNG = np.random.default_rng(1)
INPUTS = RNG.normal(size=(512, 1)).astype("float32")


def line(optimizer=None, loss="mse"):
    """y = 3 x by one weight without a bias, from 0: gradient descent is known in closed form."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(optimizer or keras.optimizers.SGD(0.5), loss)
    return model


def curve(model, x=INPUTS, y=3 * INPUTS, **given):
    return flatline.lr_range(model, x, y, **{"verbose": 0, "fit_args": {"batch_size": 512}, **given})


def test_losses_are_those_of_gradient_descent_in_closed_form():
    # On the whole set, h = mean(x²): w ← w − 2 r h (w − 3), and the loss is h (w − 3)².
    found = curve(line(), lowest=1e-3, highest=0.4, n_steps=40)
    h = float(np.mean(INPUTS.astype("float64") ** 2))
    np.testing.assert_allclose(found.rate, np.geomspace(1e-3, 0.4, 40), rtol=1e-6)
    missing = 3.0 * np.concatenate([[1.0], np.cumprod(1 - 2 * found.rate[:-1] * h)])
    np.testing.assert_allclose(found.loss, h * missing**2, rtol=1e-3, atol=1e-6)


def test_descent_at_the_suggested_rate_converges():
    # Above 1/h it does not: |1 − 2 r h| is 1 there.
    noise = RNG.normal(size=INPUTS.shape).astype("float32")  # or the weight would be 3 exactly, and stay so
    found = curve(line(), y=3 * INPUTS + noise)
    h = float(np.mean(INPUTS.astype("float64") ** 2))
    assert 0.01 / h < found.suggested < 1 / h
    assert len(found.rate) < 200  # the loss ran away, and the test ended


def test_the_rate_in_use_does_not_matter_but_is_told():
    fast, slow = curve(line(keras.optimizers.SGD(5.0))), curve(line(keras.optimizers.SGD(1e-6)))
    assert (fast.current, slow.current) == (5.0, pytest.approx(1e-6))
    np.testing.assert_array_equal(fast.loss, slow.loss)
    assert fast.suggested == slow.suggested


def test_a_schedule_gives_way_and_is_put_back():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.25, 10, 0.5)
    model = line(keras.optimizers.SGD(schedule))
    found = curve(model)
    np.testing.assert_array_equal(found.loss, curve(line()).loss)
    assert found.current == 0.25
    assert model.optimizer._learning_rate is schedule
    model.fit(INPUTS, INPUTS, verbose=0)


def test_a_rate_that_is_a_number_can_be_set_afterwards():
    model = line()
    kept = [id(v) for v in model.optimizer.variables]
    curve(model)
    assert [id(v) for v in model.optimizer.variables] == kept
    model.optimizer.learning_rate = 0.125
    assert float(model.optimizer.learning_rate) == 0.125


@pytest.mark.parametrize("name", MAKERS)
def test_no_trace_is_left(name):
    keras.utils.set_random_seed(3)
    model = MAKERS[name]()
    before = world(model)
    flatline.lr_range(model, X, Y, n_steps=40, verbose=0)
    after = world(model)
    assert {key for key in before if before[key] != after[key]} == set()


@pytest.mark.parametrize("name", MAKERS)
def test_training_afterwards_is_the_same_to_the_bit(name):
    def weights(*, tried):
        keras.utils.clear_session()
        keras.utils.set_random_seed(4)
        model = MAKERS[name]()
        if tried:
            flatline.lr_range(model, X, Y, n_steps=40, verbose=0)
        model.fit(X, Y, epochs=2, verbose=0)
        return [v.numpy().tobytes() for v in model.variables]

    assert weights(tried=True) == weights(tried=False)


def test_pipelines_and_arrays_alike():
    pipeline = tf.data.Dataset.from_tensor_slices((INPUTS, 3 * INPUTS)).batch(512)
    assert curve(line(), pipeline, None).suggested == pytest.approx(curve(line()).suggested, rel=0.3)


def test_weights_of_rows_count():
    # Half of the rows say 3, the others −3; only the first count, with weight 2.
    sign = np.where(np.arange(512) < 256, 3.0, -3.0)[:, None].astype("float32")
    weight = np.where(np.arange(512) < 256, 2.0, 0.0)
    found = curve(line(), y=sign * INPUTS, fit_args={"batch_size": 512, "sample_weight": weight})
    assert found.suggested is not None
    assert curve(line(), y=sign * INPUTS).smoothed.min() > 5  # without weights: they cancel, 0 is the best weight


def test_weights_of_classes_count():
    classifier = MAKERS["functional"]()
    plain = flatline.lr_range(classifier, X, Y, n_steps=40, verbose=0)
    weighted = flatline.lr_range(classifier, X, Y, n_steps=40, verbose=0, fit_args={"class_weight": {0: 10.0, 1: 10.0}})
    np.testing.assert_allclose(weighted.loss[0], 10 * plain.loss[0], rtol=1e-4)


def test_units_that_are_dead_get_no_rate():
    hidden = keras.layers.Dense(4, "relu", bias_initializer=keras.initializers.Constant(-100.0))
    model = keras.Sequential([keras.Input((6,)), hidden, keras.layers.Dense(1, "sigmoid", use_bias=False)])
    model.compile("adam", "binary_crossentropy")
    found = flatline.lr_range(model, X, Y, verbose=0)
    assert found.suggested is None
    assert "the rate is not the problem" in found.reason


def test_an_optimizer_that_divides_by_the_rate():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.Ftrl(0.1), "mse")
    found = curve(model)  # at rate 0 its first step leaves no numbers
    assert np.all(np.isfinite(found.smoothed))


def test_a_step_that_takes_long_leaves_time_for_fewer(monkeypatch):
    monkeypatch.setattr(rate_range, "SECONDS", 1e-9)
    found = curve(line(), lowest=1e-7, highest=1e-3)
    assert len(found.rate) == rate_range.FEWEST_STEPS
    assert (found.rate[0], found.rate[-1]) == (pytest.approx(1e-7), pytest.approx(1e-3))


class OwnStep(keras.Model):
    def __init__(self):
        super().__init__()
        self.layer = keras.layers.Dense(1)

    def call(self, x):
        return self.layer(x)

    def train_step(self, data):
        return {"loss": 0.0}


def own_step():
    model = OwnStep()
    model.compile("sgd", "mse")
    return model


def frozen():
    model = line()
    model.trainable = False
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: curve("model"), "`model` parameter of lr_range must be a keras.Model"),
        (lambda: curve(own_step()), "`model` parameter of lr_range must train by the train_step of keras.Model"),
        (lambda: curve(frozen()), "no gradient reaches any weight"),
        (
            lambda: curve(line(), INPUTS[:, :, None, None, None], 3 * INPUTS),
            "lr_range must be data that `model` can be",
        ),
        (lambda: curve(line(), y=None), "`y` parameter of lr_range must be the targets"),
        (lambda: curve(line(), y=INPUTS[:5]), "of lr_range must"),
        (lambda: curve(line(loss="sparse_categorical_crossentropy"), y=np.full(512, 9)), "raises"),
        (lambda: curve(line(), y=np.full((512, 1), np.nan)), "the loss is no number before the first step"),
        (lambda: curve(line(), lowest=0), "`lowest` parameter of lr_range must be a positive number. Got 0"),
        (lambda: curve(line(), lowest=2.0, highest=1.0), "`highest` parameter of lr_range must be above `lowest`, 2"),
        (lambda: curve(line(), highest=float("inf")), "`highest` parameter"),
        (lambda: curve(line(), n_steps=5), "`n_steps` parameter of lr_range must be an int, at least 20. Got 5"),
        (lambda: curve(line(), seed=-1), "`seed` parameter"),
        (lambda: curve(line(), verbose="loud"), "`verbose` parameter"),
        (lambda: curve(line(), fit_args=[1]), "`fit_args` parameter of lr_range must be a dict"),
        (lambda: curve(line(), fit_args={"epoch": 1}), "epoch"),
    ],
)
def test_what_cannot_be_tried_is_a_one_line_error(call, message):
    with pytest.raises(flatline.FlatlineError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value) and "check_setup must" not in str(raised.value)


@pytest.mark.parametrize(
    ("losses", "gone"),
    [
        ([*[2.0] * 10, np.nan], True),
        ([*[2.0] * 10, np.inf], True),
        ([*[2.0] * 10, *[9.0] * 5], True),  # 4.5 × the lowest
        ([*[2.0] * 10, *[7.9] * 5], False),  # 3.95 ×
        ([*[2.0] * 10, 30.0, *[2.0] * 9], False),  # a single hard batch, passed
        ([*[2.0] * 10, *[0.1] * 10, *[1.9] * 5], False),  # 19 ×, but less than at first
        ([*[-2.0] * 10, *[3.0] * 5], False),  # negative: further up than three times its size would be 4
        ([*[-2.0] * 10, *[4.5] * 5], True),
        ([2.0, 50.0], False),  # too few to say
    ],
)
def test_when_a_loss_has_run_away(losses, gone):
    assert has_diverged(np.array(losses)) is gone
