"""Why does this training loop stop learning after its first steps?

A loop of one's own, with `GradientTape`: digits with their raw values from 0 to 16, ReLU, and a learning rate that
throws the weights so far that most units are zero for every digit from then on. A unit that is zero for all passes no
gradient on, and cannot come back.

Run it with `python examples/own_loop.py`. Two lines belong to flatline: `with monitor.step(…)` and `monitor.finish()`.
"""

import keras
import tensorflow as tf
from sklearn.datasets import load_digits

import flatline

digits, names = load_digits(return_X_y=True)
batches = tf.data.Dataset.from_tensor_slices((digits.astype("float32"), names)).shuffle(1797, seed=0).batch(32)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def build():
    keras.utils.set_random_seed(0)
    relu = {"activation": "relu", "kernel_initializer": "he_normal"}
    layers = [keras.layers.Dense(64, **relu), keras.layers.Dense(32, **relu), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((64,)), *layers])


def train(rate, epochs=10):
    model, optimizer = build(), keras.optimizers.SGD(rate)

    @tf.function
    def update(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
        return value

    monitor = flatline.FlatlineMonitor()
    for _ in range(epochs):
        for x, y in batches:
            with monitor.step(model, x, y, optimizer=optimizer, loss=loss) as step:
                step.loss = update(x, y)
    monitor.finish()
    right = tf.reduce_mean(tf.cast(tf.argmax(model(digits), axis=1) == names, "float32"))
    print(f"\nlearning rate {rate}: {float(right):.0%} of the digits named right\n")


train(rate=0.5)
train(rate=0.01)
