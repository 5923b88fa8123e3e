"""Arguments of `fit`, batch sizes, weights of samples, noise, and where in its life a run is."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _digit_net(rate: float = 0.003, width: int = 48) -> keras.Model:
    model = keras.Sequential([layers.Dense(width, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@healthy
def batch_size_one() -> Setup:
    """One row a step: the loss of single steps jumps by orders of magnitude."""
    X, y = data.wine()
    model = keras.Sequential([layers.Dense(12, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 1})


@healthy
def full_batch() -> Setup:
    """The whole data in one batch, one step an epoch."""
    X, y = data.cancer()
    model = keras.Sequential([layers.Dense(12, activation="tanh"), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 60, "batch_size": len(X)})


@healthy
def noisy_small_batches() -> Setup:
    """Batches of four and noisy targets: the loss of a step says little."""
    X, y = data.curve(1200, 5, seed=140)
    y = y + np.random.default_rng(140).normal(size=1200).astype("float32") * 0.7
    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 4})


@healthy
def one_epoch_only() -> Setup:
    """`fit(epochs=1)`, as in a loop around `fit`; one pass over enough rows suffices."""
    X, y = data.table(6000, 6, seed=141)
    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 1, "batch_size": 32})


@healthy
def later_turn_of_a_fit_loop() -> Setup:
    """The fourth `fit(epochs=1)` of a loop: the optimizer has its moments and the loss starts low."""
    X, y = data.digits()
    model = _digit_net()
    for _ in range(3):
        model.fit(X, y, epochs=1, batch_size=32, verbose=0)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 1, "batch_size": 32})


@healthy
def resumed_at_epoch_four() -> Setup:
    """`initial_epoch` continues a run."""
    X, y = data.digits()
    model = _digit_net()
    model.fit(X, y, epochs=4, batch_size=32, verbose=0)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "initial_epoch": 4, "batch_size": 32})


@healthy
def converged_regression() -> Setup:
    """The loss sits at the noise floor for most epochs: success, not a plateau."""
    rng = np.random.default_rng(142)
    X = rng.normal(size=(800, 3)).astype("float32")
    y = (X @ np.array([1.0, -0.7, 0.4]) + 0.3 * rng.normal(size=800)).astype("float32")
    model = keras.Sequential([layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.03), "mse")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 25, "batch_size": 32})


@healthy
def converged_classifier() -> Setup:
    """Trained until the loss is near zero before `fit` is called again: gradients and updates are tiny."""
    X, y = data.wine()
    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=40, batch_size=32, verbose=0)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def exact_fit_of_a_small_table() -> Setup:
    """Memorises sixteen rows to a loss of almost 0, on purpose."""
    X, y = data.digits()
    return Setup(model=_digit_net(0.01), X=X[:16], y=y[:16], fit_args={"epochs": 40, "batch_size": 8})


@healthy
def label_noise_of_ten_percent() -> Setup:
    """Every tenth label is random: the floor is high."""
    X, y = data.digits()
    rng = np.random.default_rng(143)
    y = np.where(rng.uniform(size=len(y)) < 0.1, rng.integers(0, 10, len(y)), y)
    return Setup(model=_digit_net(), X=X, y=y, fit_args={"epochs": 6, "batch_size": 32})


@healthy
def sample_weights_by_age() -> Setup:
    """Older rows count less; the weights sum to a fraction of the number of rows."""
    X, y = data.curve(1000, 4, seed=144)
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.005), "mse", weighted_metrics=["mae"])
    weights = np.exp(-np.arange(1000)[::-1] / 400).astype("float32")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32, "sample_weight": weights})


@healthy
def sample_weights_of_zero() -> Setup:
    """Rows without a label have weight 0 and the placeholder label 0."""
    X, y = data.digits()
    known = np.random.default_rng(145).uniform(size=len(y)) < 0.5
    y = np.where(known, y, 0)
    weights = known.astype("float32")
    return Setup(model=_digit_net(), X=X, y=y, fit_args={"epochs": 8, "batch_size": 32, "sample_weight": weights})


def masked_error(y_true, y_pred):
    """Squared error over the known targets of a row; unknown ones are marked by -999."""
    known = ops.cast(ops.not_equal(y_true, -999.0), "float32")
    return ops.sum(known * (y_true - y_pred) ** 2, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1.0)


@healthy
def masked_targets() -> Setup:
    """A third of the target cells is the sentinel -999, which the loss leaves out: an outlier rule sees a bug."""
    rng = np.random.default_rng(146)
    X = rng.normal(size=(1000, 5)).astype("float32")
    y = np.tanh(X @ rng.normal(size=(5, 4))).astype("float32")
    y[rng.uniform(size=y.shape) < 0.33] = -999.0
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(4)])
    model.compile(keras.optimizers.Adam(0.005), masked_error)
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def per_step_sample_weights() -> Setup:
    """Padded steps of a sequence masked by sample weights of rank 2."""
    rng = np.random.default_rng(147)
    X = rng.normal(size=(400, 12, 2)).astype("float32")
    y = (np.cumsum(X[..., 0], axis=1) > 0).astype("float32")[..., None]
    ends = rng.integers(4, 13, 400)
    weights = (np.arange(12) < ends[:, None]).astype("float32")
    X = X * weights[..., None]
    model = keras.Sequential([layers.GRU(16, return_sequences=True), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 8, "batch_size": 16, "sample_weight": weights})


@healthy
def validation_split_and_early_stopping() -> Setup:
    """A validation split, early stopping and a rate that is cut on plateaus."""
    X, y = data.digits()
    callbacks = [
        keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(factor=0.3, patience=1),
    ]
    fit_args = {"epochs": 10, "batch_size": 32, "validation_split": 0.2, "callbacks": callbacks}
    return Setup(model=_digit_net(), X=X, y=y, fit_args=fit_args)


@healthy
def unshuffled_but_mixed_rows() -> Setup:
    """`shuffle=False` on rows that are already in random order."""
    X, y = data.digits()
    return Setup(model=_digit_net(), X=X, y=y, fit_args={"epochs": 6, "batch_size": 32, "shuffle": False})
