"""Inputs of tables and texts: scales, encodings and dtypes that are right as they are."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


def _classifier(*front: layers.Layer, classes: int = 2, width: int = 24, rate: float = 0.003) -> keras.Model:
    model = keras.Sequential(
        [*front, layers.Dense(width, activation="relu"), layers.Dense(classes, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@healthy
def z_scored_columns() -> Setup:
    """Columns of mean 0 and deviation 1 leave [-1, 1]: UMLAUT calls them not normalised."""
    X, y = data.wine()
    return Setup(model=_classifier(classes=3), X=X, y=y, fit_args={"epochs": 15, "batch_size": 16})


@healthy
def training_half_scaled_by_whole() -> Setup:
    """One half of a scaled table: its means are near 0 and its deviations near 1, but not exactly."""
    X, y = data.cancer()
    return Setup(model=_classifier(), X=X[:280], y=y[:280], fit_args={"epochs": 12, "batch_size": 16})


@healthy
def min_max_scaled_columns() -> Setup:
    """Columns scaled to [0, 1], so all inputs are positive."""
    X, y = data.cancer()
    X = (X - X.min(0)) / (X.max(0) - X.min(0))
    return Setup(model=_classifier(rate=0.01), X=X, y=y, fit_args={"epochs": 12, "batch_size": 16})


@healthy
def raw_columns_normalised_in_the_model() -> Setup:
    """Raw columns from 1e-3 to 4e3 with an adapted `Normalization` in front."""
    X, y = data.cancer(scaled=False)
    scale = layers.Normalization()
    scale.adapt(X)
    return Setup(model=_classifier(scale), X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def raw_columns_into_batch_normalization() -> Setup:
    """Raw columns whose scaling is left to a `BatchNormalization` as first layer."""
    X, y = data.cancer(scaled=False)
    front = layers.BatchNormalization(momentum=0.9, epsilon=1e-6)
    return Setup(model=_classifier(front), X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@healthy
def log_scaled_counts() -> Setup:
    """Counts up to thousands as log(1 + n): skewed, all non-negative, up to 9."""
    rng = np.random.default_rng(30)
    y = rng.integers(0, 2, 900)
    visits = rng.lognormal(2.5 + 0.8 * y[:, None] * (np.arange(6) < 3), 1.0, (900, 6)).astype("int64")
    X = np.log1p(visits).astype("float32")
    return Setup(model=_classifier(rate=0.005), X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@healthy
def one_hot_columns() -> Setup:
    """Three categorical fields one-hot encoded: most cells are 0, columns are tied to each other."""
    rng = np.random.default_rng(31)
    fields = rng.integers(0, [4, 6, 12], (1200, 3))
    y = ((fields[:, 0] % 2) ^ (fields[:, 1] > 2)).astype("int64")
    X = np.concatenate([data.one_hot(fields[:, i], n) for i, n in enumerate((4, 6, 12))], axis=1)
    return Setup(model=_classifier(), X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def multi_hot_bag_of_words() -> Setup:
    """Multi-hot bags of words from token ids, built by the model's own `CategoryEncoding`."""
    X, y = data.sentences(800, 30, 300)
    front = (layers.Input((30,), dtype="int32"), layers.CategoryEncoding(300, output_mode="multi_hot"))
    return Setup(model=_classifier(*front), X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def sparse_columns() -> Setup:
    """Ninety-five percent zeros: an input rule on standard deviations or quantiles sees nothing but 0."""
    rng = np.random.default_rng(32)
    X = (rng.uniform(size=(1200, 200)) < 0.05) * rng.exponential(1.0, (1200, 200))
    y = (X[:, :100].sum(1) > X[:, 100:].sum(1)).astype("int64")
    return Setup(model=_classifier(), X=X.astype("float32"), y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def mostly_constant_columns() -> Setup:
    """A few constant columns among many, here the border pixels of raw digits."""
    X, y = data.digits()
    X = np.concatenate([X, np.zeros((len(X), 3), "float32"), np.ones((len(X), 2), "float32")], axis=1)
    return Setup(model=_classifier(classes=10, width=48), X=X, y=y, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def float16_inputs() -> Setup:
    """float16 columns, stored small; Keras casts."""
    X, y = data.wine()
    return Setup(model=_classifier(classes=3), X=X.astype("float16"), y=y, fit_args={"epochs": 15, "batch_size": 16})


@healthy
def float64_inputs() -> Setup:
    """float64 columns and float64 targets, NumPy's default."""
    X, y = data.curve(1000, 5, seed=30)
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003), "mse")
    X, y = X.astype("float64"), y.astype("float64")
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def int64_inputs() -> Setup:
    """Questionnaire answers 1..5 as int64: small integers are features here, not tokens."""
    rng = np.random.default_rng(33)
    X = rng.integers(1, 6, (1000, 8))
    y = (X[:, :4].sum(1) > X[:, 4:].sum(1)).astype("int64")
    return Setup(model=_classifier(), X=X, y=y, fit_args={"epochs": 15, "batch_size": 32})


@healthy
def uint8_flags() -> Setup:
    """Yes-or-no answers as uint8, labels as uint8 too; y is the majority of the first seven."""
    rng = np.random.default_rng(34)
    X = rng.uniform(size=(1000, 12)) < 0.5
    return Setup(
        model=_classifier(rate=0.005),
        X=X.astype("uint8"),
        y=(X[:, :7].sum(1) > 3).astype("uint8"),
        fit_args={"epochs": 12, "batch_size": 32},
    )


@healthy
def token_ids_into_embedding() -> Setup:
    """Integer ids up to 499: far outside any scaled range, and right for an `Embedding`."""
    X, y = data.sentences()
    model = keras.Sequential(
        [layers.Embedding(500, 16), layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def token_ids_masked() -> Setup:
    """Zero-padded ids with `mask_zero=True`; a third of all cells is 0 and means nothing."""
    X, y = data.sentences(700, 24, 300, classes=3, seed=1)
    front = (layers.Embedding(300, 16, mask_zero=True), layers.GlobalAveragePooling1D())
    return Setup(model=_classifier(*front, classes=3, rate=0.01), X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def float_token_ids() -> Setup:
    """Ids that passed through a float array (as `np.genfromtxt` yields them) and are exact."""
    X, y = data.sentences(700, 20, 300, seed=2)
    front = (layers.Embedding(300, 12), layers.Flatten())
    return Setup(
        model=_classifier(*front, rate=0.005), X=X.astype("float32"), y=y, fit_args={"epochs": 12, "batch_size": 32}
    )


@healthy
def hashed_shop_ids() -> Setup:
    """Categorical ids of a large range hashed into 64 buckets by the model."""
    rng = np.random.default_rng(35)
    shops = rng.integers(10_000, 99_999, 40)
    row = rng.integers(0, 40, 1200)
    front = (layers.Input((1,), dtype="int64"), layers.Hashing(64), layers.Embedding(64, 8), layers.Flatten())
    y = (shops[row] % 2).astype("int64")
    return Setup(model=_classifier(*front, rate=0.01), X=shops[row][:, None], y=y, fit_args={"epochs": 12})


class ForgetMissing(layers.Layer):
    """Replace missing readings by 0 and append which ones were missing."""

    def call(self, readings):
        missing = ops.isnan(readings)
        filled = ops.where(missing, ops.zeros_like(readings), readings)
        return ops.concatenate([filled, ops.cast(missing, readings.dtype)], axis=-1)


@healthy
def missing_values_handled_in_front() -> Setup:
    """NaN on purpose: the first layer replaces each and tells the net where it was."""
    X, y = data.cancer()
    X = np.where(np.random.default_rng(36).uniform(size=X.shape) < 0.1, np.nan, X).astype("float32")
    return Setup(model=_classifier(ForgetMissing()), X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def missing_time_steps_masked() -> Setup:
    """Sequences whose missing tail is NaN, turned into the mask value by a `Lambda` in front of `Masking`."""
    X, y = data.signals(400, 32, 2, seed=37)
    X = X.copy()
    X[::3, 24:] = np.nan
    front = (
        layers.Lambda(lambda x: ops.where(ops.isnan(x), -9.0 * ops.ones_like(x), x)),
        layers.Masking(-9.0),
        layers.GRU(16),
    )
    return Setup(model=_classifier(*front, rate=0.01), X=X, y=y, fit_args={"epochs": 8, "batch_size": 16})


@healthy
def sequences_padded_with_zeros() -> Setup:
    """Series of unequal length padded with zeros, half of every batch, no mask."""
    X, y = data.signals(500, 48, 3, seed=38)
    ends = np.random.default_rng(38).integers(20, 49, 500)
    X = X * (np.arange(48)[:, None] < ends[:, None, None])
    front = (layers.Conv1D(16, 5, activation="relu"), layers.GlobalMaxPooling1D())
    return Setup(model=_classifier(*front, classes=3, rate=0.01), X=X, y=y, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def sixty_rows() -> Setup:
    """Very small data: sixty rows, four steps an epoch."""
    X, y = data.wine()
    model = _classifier(classes=3, width=8, rate=0.02)
    return Setup(model=model, X=X[:60], y=y[:60], fit_args={"epochs": 20, "batch_size": 16})


@healthy
def five_thousand_columns() -> Setup:
    """Very wide data: 5,000 columns of gene expression for 120 rows."""
    rng = np.random.default_rng(39)
    y = rng.integers(0, 2, 120)
    X = rng.normal(size=(120, 5000)) + 0.8 * y[:, None] * (np.arange(5000) < 60)
    model = keras.Sequential(
        [layers.Dense(16, activation="relu"), layers.Dropout(0.3), layers.Dense(1, activation="sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X.astype("float32"), y=y, fit_args={"epochs": 10, "batch_size": 16})


@healthy
def tiny_units_rescaled() -> Setup:
    """Readings of 1e-6 (metres in micrometre work) brought to size by a `Rescaling` layer."""
    X, y = data.curve(1000, 3, seed=40)
    model = keras.Sequential([layers.Rescaling(1e6), layers.Dense(32, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.005), "mse")
    return Setup(model=model, X=X * 1e-6, y=y, fit_args={"epochs": 12, "batch_size": 32})
