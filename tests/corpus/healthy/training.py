"""Optimizers, rates and schedules under which training goes well."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _digits_under(optimizer, *, epochs: int = 6, batch_size: int = 32, width: int = 48, **compile_args) -> Setup:
    X, y = data.digits()
    model = keras.Sequential([layers.Dense(width, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], **compile_args)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": epochs, "batch_size": batch_size})


def _curve_under(optimizer, *, loss="mse", seed: int = 130, activation: str = "relu", **fit_args) -> Setup:
    X, y = data.curve(1000, 4, seed=seed)
    model = keras.Sequential([layers.Dense(32, activation=activation), layers.Dense(1)])
    model.compile(optimizer=optimizer, loss=loss)
    return Setup(model=model, X=X, y=y[:, None], fit_args={"epochs": 12, "batch_size": 32, **fit_args})


@healthy
def adam_at_two_hundredths() -> Setup:
    """Adam at 0.02: above UMLAUT's limit of 0.01."""
    return _digits_under(keras.optimizers.Adam(0.02))


@healthy
def adamw_with_weight_decay() -> Setup:
    """Decoupled weight decay, biases excluded."""
    optimizer = keras.optimizers.AdamW(learning_rate=0.003, weight_decay=0.01)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return _digits_under(optimizer)


@healthy
def sgd_with_momentum() -> Setup:
    """SGD at 0.1 with momentum 0.9."""
    return _digits_under(keras.optimizers.SGD(0.1, momentum=0.9))


@healthy
def sgd_at_rate_one() -> Setup:
    """SGD at 1.0 on a tiny tanh net that likes it."""
    X, y = data.wine()
    model = keras.Sequential([layers.Dense(6, activation="tanh"), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 89})


@healthy
def rmsprop_default() -> Setup:
    """RMSprop by name."""
    return _digits_under("rmsprop")


@healthy
def lion_small_rate() -> Setup:
    """Lion at 3e-4: every step has the same size."""
    return _digits_under(keras.optimizers.Lion(3e-4), epochs=10, batch_size=16)


@healthy
def adadelta_at_rate_one() -> Setup:
    """Adadelta at 1.0, the rate of its paper."""
    return _digits_under(keras.optimizers.Adadelta(1.0), epochs=8)


@healthy
def adagrad_at_one_tenth() -> Setup:
    """Adagrad at 0.1: the effective rate only shrinks."""
    return _curve_under(keras.optimizers.Adagrad(0.1))


@healthy
def nadam_with_moving_average() -> Setup:
    """Nadam with an exponential moving average of the weights swapped in at the end of each epoch."""
    return _curve_under(keras.optimizers.Nadam(0.005, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=30))


@healthy
def exponential_decay() -> Setup:
    """The rate falls to a hundredth within the run: late steps hardly move the weights."""
    rate = keras.optimizers.schedules.ExponentialDecay(0.02, decay_steps=80, decay_rate=0.5)
    return _digits_under(keras.optimizers.Adam(rate), epochs=8)


@healthy
def cosine_decay_to_zero() -> Setup:
    """A cosine schedule that ends at exactly 0."""
    rate = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=340)
    return _digits_under(keras.optimizers.SGD(rate, momentum=0.9))


@healthy
def linear_warm_up() -> Setup:
    """The first rate is 0 and the first steps near it: early on nothing moves."""
    rate = keras.optimizers.schedules.CosineDecay(0.0, 500, warmup_target=0.01, warmup_steps=120)
    return _digits_under(keras.optimizers.Adam(rate), epochs=8)


@keras.saving.register_keras_serializable(package="tests")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """The transformer's schedule: a linear rise, then 1 / sqrt(step)."""

    def __call__(self, step):
        step = ops.cast(step, "float32") + 1.0
        return 0.2 * 32**-0.5 * ops.minimum(step**-0.5, step * 100.0**-1.5)

    def get_config(self) -> dict:
        return {}


@healthy
def custom_schedule() -> Setup:
    """A schedule of one's own; the rate cannot be read as a number."""
    return _digits_under(keras.optimizers.Adam(InverseSquareRoot(), beta_2=0.98), epochs=8)


@healthy
def schedule_by_callback() -> Setup:
    """The compiled rate is 1e-6; a `LearningRateScheduler` sets the real one before the first epoch."""
    warm_up = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 * min(1.0, (epoch + 1) / 3))
    setup = _curve_under(keras.optimizers.Adam(1e-6), seed=131)
    setup.fit_args["callbacks"] = [warm_up]
    return setup


@healthy
def loss_that_rises_first_under_warm_up() -> Setup:
    """Continues a trained net and warms up to a large rate: the loss rises for some epochs, then falls far below."""
    setup = _digits_under(keras.optimizers.Adam(0.003), epochs=9)
    setup.model.fit(setup.X, setup.y, epochs=5, batch_size=32, verbose=0)
    rate = keras.optimizers.schedules.CosineDecay(0.0, 400, warmup_target=0.1, warmup_steps=120)
    setup.model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return setup


@healthy
def slow_and_steady() -> Setup:
    """A small rate: the loss falls a little every epoch, never five percent in ten steps."""
    return _digits_under(keras.optimizers.SGD(0.01), epochs=20)


@healthy
def rate_of_a_millionth_for_large_gradients() -> Setup:
    """SGD at 3e-6 on a loss scaled by 1e4: the product is what counts, the rate alone says nothing."""

    def scaled(y_true, y_pred):
        return 1e4 * ops.mean((y_true - y_pred) ** 2, axis=-1)

    return _curve_under(keras.optimizers.SGD(4e-6, momentum=0.9), loss=scaled, seed=133)


@healthy
def loss_scaled_down_a_million() -> Setup:
    """A loss times 1e-6, for which Adam's epsilon was lowered: gradients of 1e-8 train as well as any."""

    def tiny(y_true, y_pred):
        return 1e-6 * ops.mean((y_true - y_pred) ** 2, axis=-1)

    return _curve_under(keras.optimizers.Adam(0.005, epsilon=1e-15), loss=tiny, seed=134)


@healthy
def loss_scaled_up_a_thousand() -> Setup:
    """`loss_weights` of 1000: Adam does not mind."""
    X, y = data.curve(1000, 4, seed=135)
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.005), "mse", loss_weights=[1000.0])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def clipped_by_norm() -> Setup:
    """Every early gradient is longer than the norm it is clipped to."""
    return _curve_under(keras.optimizers.SGD(0.2, momentum=0.9, clipnorm=0.1), seed=136)


@healthy
def clipped_by_value_and_globally() -> Setup:
    """Clipping by value on raw targets."""
    X, y = data.diabetes()
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05, clipvalue=1.0), "mae")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 20, "batch_size": 32})


@healthy
def built_in_gradient_accumulation() -> Setup:
    """Weights move in every eighth step only."""
    optimizer = keras.optimizers.Adam(0.01, gradient_accumulation_steps=8)
    return _digits_under(optimizer, epochs=6, batch_size=8)


@healthy
def mixed_float16_with_loss_scaling() -> Setup:
    """Half precision: gradients arrive scaled, and the first scale of 2**15 may skip steps."""
    X, y = data.digits()
    half = {"dtype": keras.DTypePolicy("mixed_float16")}
    model = keras.Sequential(
        [
            layers.Input((64,)),
            layers.Dense(48, activation="relu", **half),
            layers.Dense(48, activation="relu", **half),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ]
    )
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.003))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def mixed_bfloat16() -> Setup:
    """bfloat16 without loss scaling: activations carry three digits."""
    X, y = data.curve(1000, 4, seed=137)
    hidden = [layers.Dense(32, activation="relu", dtype="mixed_bfloat16") for _ in range(2)]
    model = keras.Sequential([layers.Input((4,)), *hidden, layers.Dense(1, dtype="float32")])
    model.compile(keras.optimizers.Adam(0.003), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def several_steps_per_execution() -> Setup:
    """Callbacks see every sixteenth step."""
    return _digits_under(keras.optimizers.Adam(0.003), steps_per_execution=16)


@healthy
def compiled_by_xla() -> Setup:
    """`jit_compile=True`."""
    return _digits_under(keras.optimizers.Adam(0.003), jit_compile=True)


@healthy
def run_eagerly() -> Setup:
    """`run_eagerly=True`, left from debugging: slow, not wrong."""
    X, y = data.wine()
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", run_eagerly=True)
    return Setup(model=model, X=X, y=np.asarray(y), fit_args={"epochs": 10, "batch_size": 32})
