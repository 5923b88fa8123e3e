"""Fully connected nets: shapes, activations and initialisers that look odd to a rule and train well."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _compiled(stack: list[layers.Layer], rate: float = 0.003, loss="sparse_categorical_crossentropy") -> keras.Model:
    model = keras.Sequential(stack)
    metrics = ["accuracy"] if loss != "mse" else None
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate), loss=loss, metrics=metrics)
    return model


@healthy
def small_mlp() -> Setup:
    """Two hidden ReLU layers with Keras' default Glorot start, which an F-test against He rejects."""
    X, y = data.digits()
    stack = [layers.Dense(64, activation="relu"), layers.Dense(32, activation="relu"), layers.Dense(10, "softmax")]
    return Setup(model=_compiled(stack), X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def deep_narrow_with_batch_normalization() -> Setup:
    """Eight layers of ten units, each normalised."""
    X, y = data.table(1000, 8, classes=3, seed=110)
    stack = []
    for _ in range(8):
        stack += [layers.Dense(10, use_bias=False), layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    stack.append(layers.Dense(3, activation="softmax"))
    return Setup(model=_compiled(stack, 0.005), X=X, y=y, fit_args={"epochs": 12, "batch_size": 64})


@healthy
def self_normalising_net() -> Setup:
    """SELU, lecun_normal and AlphaDropout through five layers."""
    X, y = data.cancer()
    stack = []
    for _ in range(5):
        stack += [layers.Dense(24, activation="selu", kernel_initializer="lecun_normal"), layers.AlphaDropout(0.05)]
    stack.append(layers.Dense(1, activation="sigmoid"))
    return Setup(model=_compiled(stack, 1e-3, "binary_crossentropy"), X=X, y=y, fit_args={"epochs": 10})


class Sine(layers.Layer):
    """sin(30 x) of the first layer, sin(x) of the others."""

    def __init__(self, frequency: float = 1.0, **kwargs) -> None:
        super().__init__(**kwargs)
        self.frequency = frequency

    def call(self, inputs):
        return ops.sin(self.frequency * inputs)


@healthy
def siren_fits_an_image() -> Setup:
    """Sine activations with their own initialiser; coordinates in, pixels out; no activation inside `Dense`."""
    rows, columns = np.mgrid[-1:1:32j, -1:1:32j]
    X = np.stack([rows.ravel(), columns.ravel()], axis=1).astype("float32")
    y = np.sin(9 * X[:, 0]) * np.cos(7 * X[:, 1]) + 0.5 * np.sign(X[:, 0] - X[:, 1])
    first = keras.initializers.RandomUniform(-0.5, 0.5)
    later = keras.initializers.RandomUniform(-np.sqrt(6 / 64), np.sqrt(6 / 64))
    stack = [layers.Dense(64, kernel_initializer=first), Sine(15.0)]
    stack += [layers.Dense(64, kernel_initializer=later), Sine(), layers.Dense(1, kernel_initializer=later)]
    return Setup(model=_compiled(stack, 0.002, "mse"), X=X, y=y, fit_args={"epochs": 20, "batch_size": 64})


@healthy
def silu_gelu_mish() -> Setup:
    """Three smooth activations that are negative for some inputs; a rule that knows ReLU only sees dead units."""
    X, y = data.digits()
    stack = [layers.Dense(48, activation=name) for name in ("silu", "gelu", "mish")]
    return Setup(model=_compiled([*stack, layers.Dense(10, activation="softmax")]), X=X, y=y, fit_args={"epochs": 6})


@healthy
def maxout_through_ops() -> Setup:
    """Maxout by reshape and `ops.max`: the layer before is linear and no layer is an activation."""
    X, y = data.digits()
    inputs = keras.Input((64,))
    pieces = layers.Reshape((32, 3))(layers.Dense(96)(inputs))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(ops.max(pieces, axis=-1)))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def gated_linear_units() -> Setup:
    """GLU: one half of the units gates the other by a sigmoid."""
    X, y = data.curve(1200, 5, seed=111)
    inputs = keras.Input((5,))
    x = inputs
    for _ in range(2):
        values, gates = ops.split(layers.Dense(48)(x), 2, axis=-1)
        x = values * ops.sigmoid(gates)
    model = keras.Model(inputs, layers.Dense(1)(x))
    model.compile(keras.optimizers.Adam(0.005), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def prelu_and_leaky_relu() -> Setup:
    """Activations as layers, PReLU with its slopes at zero."""
    X, y = data.cancer()
    stack = [layers.Dense(16), layers.PReLU(), layers.Dense(16), layers.LeakyReLU(0.1), layers.Dense(1, "sigmoid")]
    return Setup(model=_compiled(stack, loss="binary_crossentropy"), X=X, y=y, fit_args={"epochs": 10})


@healthy
def logistic_regression() -> Setup:
    """`Dense(1)` alone, no hidden layer, on purpose."""
    X, y = data.cancer()
    stack = [layers.Input((30,)), layers.Dense(1, activation="sigmoid")]
    return Setup(model=_compiled(stack, 0.01, "binary_crossentropy"), X=X, y=y, fit_args={"epochs": 10})


@healthy
def softmax_regression_from_zeros() -> Setup:
    """One softmax layer whose kernel starts at zero: convex, symmetry breaks by the labels."""
    X, y = data.digits()
    stack = [layers.Dense(10, activation="softmax", kernel_initializer="zeros")]
    return Setup(model=_compiled(stack, 0.01), X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def linear_regression() -> Setup:
    """`Dense(1)` alone on a linear target."""
    rng = np.random.default_rng(112)
    X = rng.normal(size=(600, 4)).astype("float32")
    y = X @ np.array([0.8, -0.5, 0.3, 0.0], "float32") + 0.2 * rng.normal(size=600)
    model = keras.Sequential([layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mean_squared_error")
    return Setup(model=model, X=X, y=y.astype("float32"), fit_args={"epochs": 8, "batch_size": 32})


@healthy
def low_rank_factorisation() -> Setup:
    """Two linear layers in a row, 60 to 3 to 40, as a rank constraint."""
    rng = np.random.default_rng(113)
    X = rng.normal(size=(800, 60)).astype("float32")
    y = X @ rng.normal(size=(60, 3)) @ rng.normal(size=(3, 40)) / np.sqrt(180) + 0.1 * rng.normal(size=(800, 40))
    stack = [layers.Dense(3, use_bias=False), layers.Dense(40)]
    return Setup(model=_compiled(stack, 0.01, "mse"), X=X, y=y.astype("float32"), fit_args={"epochs": 12})


@healthy
def one_unit_hidden_layer() -> Setup:
    """A single-index model: one linear unit, then a net of one input; the bottleneck is the assumption."""
    rng = np.random.default_rng(114)
    X = rng.normal(size=(1000, 6)).astype("float32")
    y = np.tanh(2 * X @ np.array([1, -1, 0.5, 0, 0, 0.5], "float32"))
    stack = [layers.Dense(1, name="index"), layers.Dense(16, activation="tanh"), layers.Dense(1)]
    return Setup(model=_compiled(stack, 0.01, "mse"), X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def residual_mlp_with_zero_branches() -> Setup:
    """Every residual branch ends in a zero kernel: the net starts as a linear map and half its gradients at 0."""
    X, y = data.digits()
    inputs = keras.Input((64,))
    x = layers.Dense(48)(inputs)
    for _ in range(4):
        branch = layers.Dense(48, activation="relu")(layers.LayerNormalization()(x))
        x = layers.add([x, layers.Dense(48, kernel_initializer="zeros")(branch)])
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def zero_initialised_output_layer() -> Setup:
    """The last kernel is zero: outputs are constant and hidden gradients exactly 0 before the first step."""
    X, y = data.curve(1000, 4, seed=115)
    stack = [layers.Dense(32, activation="relu"), layers.Dense(32, activation="relu")]
    stack.append(layers.Dense(1, kernel_initializer="zeros"))
    return Setup(model=_compiled(stack, loss="mse"), X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def orthogonal_tanh_net() -> Setup:
    """Six tanh layers from orthogonal kernels."""
    X, y = data.digits()
    stack = [layers.Dense(64, activation="tanh", kernel_initializer="orthogonal") for _ in range(6)]
    stack.append(layers.Dense(10, activation="softmax"))
    return Setup(model=_compiled(stack, 0.001), X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def sigmoid_hidden_layer() -> Setup:
    """One hidden layer of sigmoid units, as in the old textbooks: shallow enough."""
    X, y = data.wine()
    stack = [layers.Dense(16, activation="sigmoid"), layers.Dense(3, activation="softmax")]
    return Setup(model=_compiled(stack, 0.02), X=X, y=y, fit_args={"epochs": 20, "batch_size": 16})


@healthy
def wide_net_with_dropout_half() -> Setup:
    """Dropout 0.5 in wide layers: training loss lies well above the loss without it."""
    X, y = data.digits()
    stack = [layers.Dense(400, activation="relu"), layers.Dropout(0.5)]
    stack += [layers.Dense(400, activation="relu"), layers.Dropout(0.5), layers.Dense(10, activation="softmax")]
    return Setup(model=_compiled(stack, 0.001), X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def strong_but_helpful_l2() -> Setup:
    """Four hundred columns for 150 rows: the penalty is a large part of the loss, and what makes it generalise."""
    rng = np.random.default_rng(116)
    y = rng.integers(0, 2, 150)
    X = (rng.normal(size=(150, 400)) + 1.0 * y[:, None] * (np.arange(400) < 20)).astype("float32")
    penalty = keras.regularizers.L2(0.01)
    stack = [
        layers.Dense(16, activation="relu", kernel_regularizer=penalty),
        layers.Dense(1, activation="sigmoid", kernel_regularizer=penalty),
    ]
    return Setup(model=_compiled(stack, 0.003, "binary_crossentropy"), X=X, y=y, fit_args={"epochs": 25})


@healthy
def constrained_and_sparse() -> Setup:
    """An L1 penalty and a norm constraint; many weights end near zero."""
    X, y = data.curve(1000, 12, seed=117)
    first = layers.Dense(
        32,
        activation="relu",
        kernel_regularizer=keras.regularizers.L1(1e-4),
        kernel_constraint=keras.constraints.MaxNorm(3),
    )
    stack = [first, layers.Dense(1)]
    return Setup(model=_compiled(stack, 0.005, "mse"), X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@healthy
def random_fourier_features() -> Setup:
    """Frozen random projection with uniform phases as biases, cosine, linear head."""
    X, y = data.curve(1200, 3, seed=118)
    directions = keras.initializers.RandomNormal(stddev=0.8)
    phases = keras.initializers.RandomUniform(0, 2 * np.pi)
    stack = [
        layers.Dense(200, kernel_initializer=directions, bias_initializer=phases, trainable=False),
        layers.Lambda(ops.cos),
        layers.Dense(1),
    ]
    return Setup(model=_compiled(stack, 0.005, "mse"), X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def widening_net() -> Setup:
    """Layers that grow towards the output, 8 to 16 to 64, as a decoder's do: parameters of a pulse to its samples."""
    rng = np.random.default_rng(119)
    X = rng.uniform(-1, 1, (800, 2)).astype("float32")
    time = np.linspace(-2, 2, 64)
    y = np.exp(-((time - X[:, :1]) ** 2) / (0.3 + 0.2 * X[:, 1:])).astype("float32")
    stack = [layers.Dense(8, activation="relu"), layers.Dense(16, activation="relu"), layers.Dense(64)]
    return Setup(model=_compiled(stack, 0.01, "mse"), X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})
