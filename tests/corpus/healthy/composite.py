"""Several inputs and outputs, nested and shared layers, custom layers, autoencoders of tables."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


@healthy
def two_outputs_loss_dict() -> Setup:
    """A class and a number from one trunk; losses, weights and targets as dicts by output name."""
    X, y = data.table(1000, 6, seed=80)
    amount = X[:, 0] - X[:, 1] * X[:, 2]
    inputs = keras.Input((6,), name="features")
    trunk = layers.Dense(32, activation="relu")(inputs)
    label = layers.Dense(1, activation="sigmoid", name="label")(trunk)
    value = layers.Dense(1, name="value")(trunk)
    model = keras.Model(inputs, {"label": label, "value": value})
    model.compile(
        optimizer=keras.optimizers.Adam(0.005),
        loss={"label": "binary_crossentropy", "value": "mse"},
        loss_weights={"label": 1.0, "value": 0.2},
        metrics={"label": ["accuracy"], "value": ["mae"]},
    )
    targets = {"label": y, "value": amount.astype("float32")}
    return Setup(model=model, X=X, y=targets, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def three_outputs_as_lists() -> Setup:
    """Outputs of different kinds in lists: two classifiers and a regression; the weights differ a hundredfold."""
    X, y = data.digits()
    inputs = keras.Input((64,))
    x = layers.Dense(64, activation="relu")(inputs)
    outputs = [
        layers.Dense(10, activation="softmax", name="digit")(x),
        layers.Dense(1, activation="sigmoid", name="odd")(x),
        layers.Dense(1, name="ink")(x),
    ]
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer="adam",
        loss=["sparse_categorical_crossentropy", "binary_crossentropy", "mse"],
        loss_weights=[1.0, 0.5, 0.01],
    )
    ink = X.sum(1, keepdims=True)
    return Setup(model=model, X=X, y=[y, y % 2, ink], fit_args={"epochs": 8, "batch_size": 32})


@healthy
def auxiliary_classifier() -> Setup:
    """A second head half-way up, the same target for both, weight 0.3."""
    X, y = data.digits()
    inputs = keras.Input((64,))
    early = layers.Dense(48, activation="relu")(inputs)
    late = layers.Dense(48, activation="relu")(early)
    heads = [layers.Dense(10, activation="softmax", name=name)(x) for name, x in (("final", late), ("early", early))]
    model = keras.Model(inputs, heads)
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss=[loss, loss], loss_weights=[1.0, 0.3], metrics=[["accuracy"], ["accuracy"]])
    return Setup(model=model, X=X, y=[y, y], fit_args={"epochs": 8, "batch_size": 32})


@healthy
def image_and_table_inputs() -> Setup:
    """An image and a few columns as two inputs in a dict; the columns alone do not decide."""
    images, direction = data.textures(400, classes=2, seed=81)
    rng = np.random.default_rng(81)
    columns = rng.normal(size=(400, 3)).astype("float32")
    y = direction ^ (columns[:, 0] > 0)
    picture, table = keras.Input((24, 24, 1), name="picture"), keras.Input((3,), name="table")
    x = layers.Conv2D(8, 5, strides=2, activation="relu")(picture)
    x = layers.GlobalMaxPooling2D()(x)
    x = layers.Dense(24, activation="relu")(layers.Concatenate()([x, layers.Dense(8, activation="relu")(table)]))
    model = keras.Model([picture, table], layers.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    inputs = {"picture": images, "table": columns}
    return Setup(model=model, X=inputs, y=y, fit_args={"epochs": 15, "batch_size": 16})


@healthy
def matrix_factorisation() -> Setup:
    """User and item embeddings whose dot product is the rating: no activation anywhere, biases as embeddings."""
    rng = np.random.default_rng(82)
    users, items = rng.integers(0, 60, 3000), rng.integers(0, 40, 3000)
    taste, kind = rng.normal(size=(60, 2)), rng.normal(size=(40, 2))
    rating = (taste[users] * kind[items]).sum(1) + 0.5 * taste[users, 0] + 0.2 * rng.normal(size=3000)
    user, item = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
    dot = layers.Dot(axes=2)([layers.Embedding(60, 4)(user), layers.Embedding(40, 4)(item)])
    outputs = layers.Flatten()(dot + layers.Embedding(60, 1)(user) + layers.Embedding(40, 1)(item))
    model = keras.Model([user, item], outputs)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    X = [users[:, None], items[:, None]]
    return Setup(model=model, X=X, y=rating.astype("float32"), fit_args={"epochs": 12, "batch_size": 64})


@healthy
def wide_and_deep() -> Setup:
    """A linear path around a deep one."""
    X, y = data.curve(1200, 6, seed=83)
    inputs = keras.Input((6,))
    deep = layers.Dense(24, activation="relu")(layers.Dense(24, activation="relu")(inputs))
    outputs = layers.Add()([layers.Dense(1, name="wide")(inputs), layers.Dense(1, name="deep")(deep)])
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.003), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def nested_models() -> Setup:
    """A model in a model in a model; flattening only the top level sees one layer."""
    X, y = data.digits()
    inner = keras.Sequential([layers.Dense(48, activation="relu"), layers.Dense(32, activation="relu")], name="inner")
    inputs = keras.Input((64,))
    body = keras.Model(inputs, layers.Dense(32, activation="relu")(inner(inputs)), name="body")
    model = keras.Sequential([layers.Input((64,)), body, layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def one_layer_applied_three_times() -> Setup:
    """A shared hidden layer, applied three times in a row."""
    X, y = data.digits()
    inputs = keras.Input((64,))
    again = layers.Dense(48, activation="tanh")
    x = layers.Dense(48)(inputs)
    for _ in range(3):
        x = again(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def lambda_features() -> Setup:
    """`Lambda` layers for feature crosses."""
    X, y = data.curve(1000, 4, seed=84)
    model = keras.Sequential(
        [
            layers.Lambda(lambda x: ops.concatenate([x, x[:, :1] * x[:, 1:], ops.sin(x)], axis=1)),
            layers.Dense(24, activation="relu"),
            layers.Dense(1),
            layers.Lambda(lambda x: 2.0 * x),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


class RadialBasis(layers.Layer):
    """Gaussian bumps around learned centres; the width starts at a constant."""

    def __init__(self, units: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape) -> None:
        self.centres = self.add_weight(shape=(self.units, input_shape[-1]), initializer="random_normal")
        self.width = self.add_weight(shape=(self.units,), initializer="ones")

    def call(self, inputs):
        distance = ops.sum((inputs[:, None, :] - self.centres) ** 2, axis=-1)
        return ops.exp(-distance * ops.abs(self.width) * 0.3)


@healthy
def radial_basis_layer() -> Setup:
    """A custom layer without kernel, bias or activation, all weights of its width equal at the start."""
    X, y = data.curve(1000, 3, seed=85)
    model = keras.Sequential([RadialBasis(40), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


class Regressor(keras.Model):
    """A subclassed model that takes and returns dicts."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = layers.Dense(16, activation="relu"), layers.Dense(16, activation="relu")
        self.head = layers.Dense(1)

    def call(self, inputs):
        return self.head(ops.concatenate([self.left(inputs["left"]), self.right(inputs["right"])], axis=-1))


@healthy
def subclassed_with_dict_inputs() -> Setup:
    """Two inputs by name into a subclassed model that is not built before `fit`."""
    X, y = data.curve(1000, 4, seed=86)
    model = Regressor()
    model.compile(keras.optimizers.Adam(0.005), "mse")
    inputs = {"left": X[:, :3], "right": X}
    return Setup(model=model, X=inputs, y=y, fit_args={"epochs": 15, "batch_size": 32})


@healthy
def autoencoder_linear_bottleneck() -> Setup:
    """Sigmoid outputs and binary cross-entropy on [0, 1] pixels, two linear units in the middle on purpose."""
    X, _ = data.digits()
    model = keras.Sequential(
        [
            layers.Dense(48, activation="relu"),
            layers.Dense(4, name="code"),
            layers.Dense(48, activation="relu"),
            layers.Dense(64, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    return Setup(model=model, X=X, y=X, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def autoencoder_of_a_standardised_table() -> Setup:
    """Linear output and squared error on z-scored columns; the target is the input."""
    X, _ = data.cancer()
    model = keras.Sequential(
        [layers.Dense(16, activation="tanh"), layers.Dense(5), layers.Dense(16, activation="tanh"), layers.Dense(30)]
    )
    model.compile(keras.optimizers.Adam(0.005), "mse")
    return Setup(model=model, X=X, y=X, fit_args={"epochs": 15, "batch_size": 32})


@healthy
def principal_components_by_gradient() -> Setup:
    """A linear autoencoder: no activation at all, which is the point."""
    X, _ = data.wine()
    model = keras.Sequential([layers.Dense(3, use_bias=False), layers.Dense(13, use_bias=False)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    return Setup(model=model, X=X, y=X, fit_args={"epochs": 20, "batch_size": 32})
