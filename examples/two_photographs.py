"""Why does this network not learn?

Two classes of pictures are cut from the two photographs that come with scikit-learn, and a small convolutional network
is to tell them apart. It never does: after the first epoch the loss stays at exactly the same value.

Run it with `python examples/two_photographs.py`. The only line that belongs to flatline is `flatline.check_setup(…)`.
"""

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_sample_images
from sklearn.utils import shuffle

import flatline

keras.utils.set_random_seed(3)

# 287 crops of 128 × 128 pixels, 131 of a temple and 156 of a flower, halved to keep the example quick.
rng = np.random.default_rng(0)
temple, flower = load_sample_images().images
crops = []
for photograph, count in ((temple, 131), (flower, 156)):
    for _ in range(count):
        top, left = rng.integers(photograph.shape[0] - 128), rng.integers(photograph.shape[1] - 128)
        crops.append(photograph[top : top + 128, left : left + 128])
X = np.array(crops, dtype="float32")
X = X.reshape(287, 64, 2, 64, 2, 3).mean(axis=(2, 4))
y = keras.utils.to_categorical([0] * 131 + [1] * 156)


def build(activation=None, initializer="glorot_uniform"):
    model = keras.Sequential(
        [
            keras.Input((64, 64, 3)),
            layers.Conv2D(32, 5, padding="same", activation="relu", kernel_initializer=initializer),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 5, padding="same", activation="relu", kernel_initializer=initializer),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2, activation=activation),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(), metrics=["accuracy"])
    return model


def train(model, X, y, epochs):
    for epoch in range(epochs):
        X, y = shuffle(X, y, random_state=epoch)
        history = model.fit(X, y, epochs=1, batch_size=32, verbose=0).history
        print(f"epoch {epoch + 1}: loss {history['loss'][0]:.4f}, accuracy {history['accuracy'][0]:.3f}")


model = build()

# One line, before training. It prints what is wrong and which line to change, and leaves the model as it was.
flatline.check_setup(model, X, y, fit_args={"epochs": 10, "batch_size": 32})

print("\nAs it is:")
train(model, X, y, epochs=3)

print("\nWith the advice taken (softmax, pixels divided by 255, He initialisation):")
train(build(activation="softmax", initializer="he_normal"), X / 255, y, epochs=3)
