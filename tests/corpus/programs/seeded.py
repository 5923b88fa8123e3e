"""An image classifier with the bugs that UMLAUT's study seeded."""

import keras
from keras import layers

from tests.corpus import data
from tests.corpus.case import Setup, program


def _image_net(hidden: str, dropout: float) -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            layers.Conv2D(16, 3, activation=hidden),
            layers.Conv2D(16, 3, activation=hidden),
            layers.MaxPooling2D(),
            layers.Dropout(dropout),
            layers.Conv2D(32, 3, activation=hidden),
            layers.Conv2D(32, 3, activation=hidden),
            layers.MaxPooling2D(),
            layers.Dropout(dropout),
            layers.Flatten(),
            layers.Dense(64, hidden),
            layers.Dense(64, hidden),
            layers.Dropout(dropout),
            layers.Dense(4),
        ]
    )


@program(causes="activation learning_rate", equivalent="data optimizer")
def um_b(fixed: bool) -> Setup:
    """Every layer linear and Adam with learning rate -1000; the validation data are training data."""
    X, y = data.textures(600, channels=3, classes=4)
    model = _image_net("relu" if fixed else "linear", 0.1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.001 if fixed else -1000.0), loss, metrics=["accuracy"])
    held_out = data.textures(200, channels=3, classes=4, seed=1) if fixed else (X, y)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32, "validation_data": held_out})


@program(
    causes="activation dropout input_scale learning_rate output_activation",
    equivalent="data loss optimizer",
)
def um_example(fixed: bool) -> Setup:
    """All of the seeded bugs at once."""
    X, y = data.textures(600, channels=3, classes=4)
    if fixed:
        model = _image_net("relu", 0.1)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.001), loss, metrics=["accuracy"])
    else:
        X = X * 255
        model = _image_net("linear", 0.8)
        model.compile(keras.optimizers.Adam(-1000.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})
