"""Whether training under the monitor gives the same weights to the bit: `python -m tests.benchmarks.bitwise`.

Op determinism is on, except for XLA, which it would switch off. Each set-up is trained three times from the same seeds:
without the monitor, again without, and with it at `overhead=0.5`, so that most steps are sampled. Where the first two
differ, the third proves nothing, and the table says so.
"""

import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.config import disable_op_determinism

import flatline
from flatline.logs import GradientLog

layers = keras.layers
RNG = np.random.default_rng(0)
X = RNG.normal(size=(512, 12)).astype("float32")
IMAGES = RNG.uniform(0, 255, size=(256, 16, 16, 3)).astype("float32")
Y = RNG.integers(0, 3, 512)
LOSS = "sparse_categorical_crossentropy"


def dense(*inside: Any, **compiled: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((12,)), layers.Dense(24, "tanh"), *inside, layers.Dense(16, "relu"), layers.Dense(3, "softmax")]
    )
    model.compile(**({"optimizer": "adam", "loss": LOSS} | compiled))
    return model


def images() -> Any:
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.RandomFlip(),
            layers.RandomRotation(0.1),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax"),
        ]
    )
    model.compile("adam", LOSS)
    return model


class OwnStep(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = layers.Dense(16, "relu"), layers.Dense(3, "softmax")

    def call(self, x: Any) -> Any:
        return self.last(self.first(x))

    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, self(x, training=True)))
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return {"loss": loss}


def own_step() -> Any:
    model = OwnStep()
    model.compile("adam")
    return model


class Noise(layers.Layer):
    """Draws numbers whose state is kept with the node of the graph."""

    def call(self, x: Any) -> Any:
        return x + tf.random.normal(tf.shape(x), stddev=0.1)


class Adversaries(keras.Model):
    """A GAN: two networks, two optimizers, and noise drawn in the step."""

    def __init__(self) -> None:
        super().__init__()
        self.judge = keras.Sequential([keras.Input((12,)), layers.Dense(16, "relu"), layers.Dense(1)])
        self.maker = keras.Sequential([keras.Input((4,)), layers.Dense(16, "relu"), layers.Dense(12)])

    def compile(self, of_judge: Any, of_maker: Any) -> None:
        super().compile()
        self.of_judge, self.of_maker = of_judge, of_maker

    def train_step(self, x: Any) -> Any:
        n = tf.shape(x)[0]
        noise = tf.random.normal((n, 4))
        with tf.GradientTape(persistent=True) as tape:
            made = self.maker(noise)
            real, false = self.judge(x), self.judge(made)
            judged = tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(false))
            fooled = tf.reduce_mean(tf.nn.softplus(-false))
        for network, optimizer, loss in ((self.judge, self.of_judge, judged), (self.maker, self.of_maker, fooled)):
            optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)
        return {"loss": judged}


def adversaries() -> Any:
    model = Adversaries()
    model.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    return model


def recurrent() -> Any:
    model = keras.Sequential([keras.Input((4, 3)), layers.LSTM(8, dropout=0.2), layers.Dense(3, "softmax")])
    model.compile("rmsprop", LOSS)
    return model


def mixed() -> Any:
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        return dense()
    finally:
        keras.mixed_precision.set_global_policy("float32")


def unsupervised(model: Any, monitor: Any) -> None:
    model.fit(X, epochs=3, verbose=0, callbacks=[monitor] if monitor else [])


def fit(x: Any, **given: Any) -> Callable[[Any, Any], None]:
    def train(model: Any, monitor: Any) -> None:
        model.fit(x, Y[: len(x)], epochs=3, verbose=0, callbacks=[monitor] if monitor else [], **given)

    return train


def many_fits(model: Any, monitor: Any) -> None:
    if monitor:
        monitor = flatline.watch(model, verbose=0, overhead=0.5)
    for _ in range(3):
        model.fit(X, Y, verbose=0)


def batches(model: Any, monitor: Any) -> None:
    if monitor:
        flatline.watch(model, verbose=0, overhead=0.5)
    for start in range(0, 512, 32):
        model.train_on_batch(X[start : start + 32], Y[start : start + 32])


def tape(model: Any, monitor: Any) -> None:
    @tf.function
    def take(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, model(x, training=True)))
        model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    for start in range(0, 512, 32):
        x, y = tf.constant(X[start : start + 32]), tf.constant(Y[start : start + 32])
        if monitor:
            with monitor.step(model, x, y) as step:
                step.loss = take(x, y)
        else:
            take(x, y)


ROWS = X.reshape(512, 4, 3)
CASES: dict[str, tuple[Callable[[], Any], Callable[[Any, Any], None]]] = {
    "Adam": (dense, fit(X)),
    "dropout": (lambda: dense(layers.Dropout(0.3)), fit(X)),
    "BatchNormalization": (lambda: dense(layers.BatchNormalization()), fit(X)),
    "augmentation, convolution": (images, fit(IMAGES)),
    "steps_per_execution=4": (lambda: dense(layers.Dropout(0.3), steps_per_execution=4), fit(X)),
    "run_eagerly": (lambda: dense(layers.Dropout(0.3), run_eagerly=True), fit(X)),
    "penalty and class weights": (
        lambda: dense(layers.Dense(8, kernel_regularizer="l2")),
        fit(X, class_weight={0: 1.0, 1: 2.0, 2: 0.5}),
    ),
    "mixed_float16, loss scaling": (mixed, fit(X)),
    "gradient accumulation": (lambda: dense(optimizer=keras.optimizers.Adam(gradient_accumulation_steps=4)), fit(X)),
    "own train_step, subclassed": (own_step, fit(X)),
    "GAN, two optimizers, tf.random": (adversaries, unsupervised),
    "layer that calls tf.random": (lambda: dense(Noise()), fit(X)),
    "LSTM with dropout": (recurrent, fit(ROWS)),
    "many calls of fit, watched": (lambda: dense(layers.Dropout(0.3)), many_fits),
    "train_on_batch, watched": (lambda: dense(layers.Dropout(0.3)), batches),
    "GradientTape in tf.function": (lambda: dense(layers.Dropout(0.3)), tape),
    "XLA (without op determinism)": (lambda: dense(layers.Dropout(0.3), jit_compile=True), fit(X)),
}


def trained(name: str, monitor: Any) -> list[Any]:
    build, train = CASES[name]
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    model = build()
    keras.utils.set_random_seed(1)
    train(model, monitor)
    return list(model.get_weights())


def main() -> int:
    warnings.simplefilter("ignore")
    tf.config.experimental.enable_op_determinism()
    failed = 0
    for name in CASES:
        if name.startswith("XLA"):
            disable_op_determinism()
        plain, again = trained(name, None), trained(name, None)
        monitor = flatline.FlatlineMonitor(verbose=0, overhead=0.5)
        watched = trained(name, monitor)
        same = [all(np.array_equal(a, b) for a, b in zip(plain, other, strict=True)) for other in (again, watched)]
        verdict = "not reproducible by itself" if not same[0] else "equal to the bit" if same[1] else "DIFFERENT"
        log = monitor.record.logs()[GradientLog]
        samples = "" if isinstance(log, str) else f"{len(log)} sampled steps"
        print(f"{name:<32}{verdict:<28}{samples}", flush=True)
        failed += same[0] and not same[1]
    return failed


if __name__ == "__main__":
    sys.exit(main())
