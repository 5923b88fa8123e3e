"""Why does this network name digits no better than by chance?

A `tf.data` pipeline shuffles its images and, apart from them, its labels: every picture gets the label of another one.
No error is raised, and nothing in the model is wrong.

Run it with `python examples/pairs_apart.py`. `flatline.watch(model)` is the only line that is needed to hear of it
while the network trains; `flatline.check_setup` asks further.
"""

import keras
import tensorflow as tf
from sklearn.datasets import load_digits

import flatline

digits, names = load_digits(return_X_y=True)
digits = (digits / 16).astype("float32")


def apart():
    images = tf.data.Dataset.from_tensor_slices(digits).shuffle(len(digits), seed=1)
    labels = tf.data.Dataset.from_tensor_slices(names).shuffle(len(digits), seed=2)
    return tf.data.Dataset.zip(images, labels).batch(32)


def together():
    images, labels = tf.data.Dataset.from_tensor_slices(digits), tf.data.Dataset.from_tensor_slices(names)
    return tf.data.Dataset.zip(images, labels).shuffle(len(digits), seed=1).batch(32)


def build():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((64,)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


print("Trained under watch:\n")
model = build()
flatline.watch(model)
history = model.fit(apart(), epochs=15, verbose=0).history
print(f"\naccuracy {history['accuracy'][-1]:.2f}, where guessing has 0.10\n")

print("A flat loss is a symptom. Short trainings ask for the cause:\n")
flatline.check_setup(build(), apart(), fit_args={"epochs": 15})

print("\nWith one shuffle, after the zip:")
history = build().fit(together(), epochs=15, verbose=0).history
print(f"accuracy {history['accuracy'][-1]:.2f}")
