"""Classification heads: every way of writing the output, the labels and the cross-entropy that fit together."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _sigmoid_net(columns: int) -> keras.Model:
    model = keras.Sequential(
        [layers.Input((columns,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


@healthy
def one_sigmoid_unit_flat_labels() -> Setup:
    """Integer labels of shape (n,) against outputs (n, 1): a naive shape rule sees a mismatch."""
    X, y = data.cancer()
    return Setup(model=_sigmoid_net(30), X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def one_sigmoid_unit_column_labels() -> Setup:
    """Labels as a float column (n, 1)."""
    X, y = data.table(800, 8)
    return Setup(model=_sigmoid_net(8), X=X, y=y.reshape(-1, 1).astype("float32"), fit_args={"epochs": 12})


@healthy
def one_sigmoid_unit_bool_labels() -> Setup:
    """Boolean labels, as a comparison of a column yields them; a dtype rule would object."""
    X, y = data.digits()
    return Setup(model=_sigmoid_net(64), X=X, y=y >= 5, fit_args={"epochs": 12, "batch_size": 32, "shuffle": True})


@healthy
def one_sigmoid_unit_uint8_labels() -> Setup:
    """Labels of dtype uint8, stored small."""
    X, y = data.table(1200, 6, seed=3)
    return Setup(model=_sigmoid_net(6), X=X, y=y.astype("uint8"), fit_args={"epochs": 8, "batch_size": 16})


@healthy
def one_sigmoid_unit_float_labels() -> Setup:
    """Labels 0.0 and 1.0 of shape (n,): a naive rule takes them for regression targets."""
    X, y = data.imbalanced(1500)
    X, y = X[:, :4], (X[:, 0] * X[:, 1] > 0).astype("float32")
    model = keras.Sequential()
    model.add(layers.Dense(24, activation="relu"))
    model.add(layers.Dense(24, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def two_softmax_units_one_hot() -> Setup:
    """A binary task with two softmax units; NeuraLint wants one sigmoid unit."""
    X, y = data.cancer()
    model = keras.Sequential([layers.Dense(16, activation="tanh"), layers.Dense(2, activation="softmax")])
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return Setup(model=model, X=X, y=keras.utils.to_categorical(y, 2), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def two_softmax_units_binary_crossentropy() -> Setup:
    """Softmax pair, one-hot labels, binary cross-entropy: unusual, but the mean over two mirrored units is right."""
    X, y = data.table(900, 5, seed=1)
    model = keras.Sequential([layers.Dense(12, activation="relu"), layers.Dense(2, activation="softmax")])
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.005), metrics=["categorical_accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def two_softmax_units_sparse() -> Setup:
    """Integer labels 0/1 with two softmax units and the sparse loss."""
    X, y = data.table(900, 4, seed=2)
    inputs = keras.Input((4,), name="measurements")
    x = layers.Dense(20, activation="relu")(inputs)
    outputs = layers.Dense(2, activation="softmax", name="good_bad")(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def binary_logits() -> Setup:
    """A linear unit with `from_logits=True`, the metric's threshold at 0: a rule wants the missing sigmoid."""
    X, y = data.cancer()
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0), keras.metrics.AUC(from_logits=True)],
    )
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 16})


@healthy
def categorical_logits() -> Setup:
    """Linear outputs with `from_logits=True` and one-hot labels."""
    X, y = data.wine()
    model = keras.Sequential([layers.Input((13,)), layers.Dense(16, activation="relu"), layers.Dense(3)])
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["categorical_accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 25, "batch_size": 16})


@healthy
def sparse_logits() -> Setup:
    """Linear outputs with the sparse loss from logits, its cross-entropy metric from logits too."""
    X, y = data.digits()
    model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, name="logits")])
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="nll")],
    )
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def column_of_class_indices() -> Setup:
    """Sparse labels as a column (n, 1) of float32: the last axis of size 1 is not a one-unit target."""
    X, y = data.wine()
    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y[:, None].astype("float32"), fit_args={"epochs": 20, "batch_size": 16})


@healthy
def softmax_as_activation_layer() -> Setup:
    """The head is linear and softmax is an `Activation` layer of its own."""
    X, y = data.digits()
    model = keras.Sequential()
    model.add(layers.Dense(48, input_shape=(64,)))
    model.add(layers.Activation("relu"))
    model.add(layers.Dense(10))
    model.add(layers.Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return Setup(model=model, X=X, y=keras.utils.to_categorical(y), fit_args={"epochs": 8, "batch_size": 32})


@healthy
def softmax_layer_at_the_end() -> Setup:
    """`layers.Softmax()` after a linear head."""
    X, y = data.digits()
    model = keras.Sequential(
        [layers.Dense(64), layers.BatchNormalization(), layers.ReLU(), layers.Dense(10), layers.Softmax()]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 64})


@healthy
def softmax_through_ops() -> Setup:
    """Softmax called as `keras.ops.softmax` on the functional graph: no layer carries its name."""
    X, y = data.wine()
    inputs = keras.Input((13,))
    hidden = ops.relu(layers.Dense(20)(inputs))
    model = keras.Model(inputs, ops.softmax(layers.Dense(3)(hidden), axis=-1))
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 16})


@healthy
def softmax_through_activations() -> Setup:
    """Softmax called as a function of `keras.activations` on a symbolic tensor."""
    X, y = data.table(900, 6, classes=4, seed=5)
    inputs = keras.Input((6,))
    x = keras.activations.gelu(layers.Dense(32)(inputs))
    model = keras.Model(inputs, keras.activations.softmax(layers.Dense(4)(x)))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 12, "batch_size": 32})


@healthy
def sigmoid_through_a_lambda() -> Setup:
    """The sigmoid hides in a `Lambda`; the layer before it is linear."""
    X, y = data.cancer()
    model = keras.Sequential([layers.Dense(8, activation="elu"), layers.Dense(1), layers.Lambda(ops.sigmoid)])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


class FlatteningDigits(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = layers.Dense(64, activation="relu")
        self.scores = layers.Dense(10)

    def call(self, images):
        return ops.softmax(self.scores(self.hidden(ops.reshape(images, (-1, 64)))))


@healthy
def softmax_in_a_subclassed_model() -> Setup:
    """Softmax inside `call`: the graph shows a linear last layer only."""
    X, y = data.digits()
    model = FlatteningDigits()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X.reshape(-1, 8, 8), y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def softmax_after_a_float32_cast() -> Setup:
    """Half-precision body, softmax in float32, as the mixed-precision guide asks for."""
    X, y = data.digits()
    inputs = keras.Input((64,))
    x = layers.Dense(64, activation="relu", dtype="mixed_float16")(inputs)
    x = layers.Dense(10, dtype="mixed_float16")(x)
    outputs = layers.Activation("softmax", dtype="float32")(ops.cast(x, "float32"))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(2e-3))
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 5, "batch_size": 32})


@healthy
def sigmoid_units_with_categorical_metric() -> Setup:
    """One sigmoid a class, one-hot rows and binary cross-entropy: one-versus-rest, deliberately not a softmax."""
    X, y = data.wine()
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(3, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["categorical_accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 15, "batch_size": 16})


@healthy
def rare_class_first_in_order() -> Setup:
    """Rows sorted by class, but `fit` shuffles: an unshuffled look at the data sees one class a batch."""
    X, y = data.wine()
    order = np.argsort(y, kind="stable")
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X[order], y=y[order], fit_args={"epochs": 12, "batch_size": 16, "shuffle": True})
