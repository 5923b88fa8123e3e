"""Classification with losses other than plain cross-entropy, and with labels that are not one class a row."""

import keras
import numpy as np
from keras import layers, ops

from tests.corpus import data
from tests.corpus.case import Setup, healthy


@healthy
def label_smoothing() -> Setup:
    """The loss cannot fall below the entropy of the smoothed labels (0.5): that floor is no plateau."""
    X, y = data.digits()
    model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile("adam", keras.losses.CategoricalCrossentropy(label_smoothing=0.1), metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def binary_label_smoothing_from_logits() -> Setup:
    """Smoothed binary labels, linear unit."""
    X, y = data.cancer()
    model = keras.Sequential([layers.Dense(16, activation="swish"), layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.05)
    model.compile(keras.optimizers.Adam(0.005), loss, metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def focal_loss_with_prior_bias() -> Setup:
    """Focal loss on a rare class; the output bias starts at log(p / (1 - p)), not at zero."""
    X, y = data.imbalanced(2100)
    prior = keras.initializers.Constant(float(np.log(0.05 / 0.95)))
    model = keras.Sequential(
        [layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid", bias_initializer=prior)]
    )
    model.compile(keras.optimizers.Adam(0.005), keras.losses.BinaryFocalCrossentropy(gamma=2.0), metrics=["AUC"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 64})


@healthy
def categorical_focal_loss() -> Setup:
    """Focal cross-entropy for ten classes: its first value is far from ln 10."""
    X, y = data.digits()
    model = keras.Sequential([layers.Dense(48, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile("adam", keras.losses.CategoricalFocalCrossentropy(), metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def hinge_with_tanh() -> Setup:
    """Hinge loss, tanh output, labels -1 and 1: no sigmoid, and labels outside [0, 1]."""
    X, y = data.cancer()
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="tanh")])
    model.compile("adam", "hinge")
    return Setup(model=model, X=X, y=2.0 * y - 1.0, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def linear_squared_hinge() -> Setup:
    """A linear support vector machine: one linear unit, squared hinge, L2."""
    X, y = data.table(800, 6, seed=7)
    model = keras.Sequential([layers.Dense(1, kernel_regularizer=keras.regularizers.L2(1e-3))])
    model.compile(keras.optimizers.SGD(0.05), "squared_hinge")
    return Setup(model=model, X=X, y=np.where(y == 1, 1, -1), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def categorical_hinge() -> Setup:
    """Multi-class hinge on linear scores with one-hot labels: a rule wants softmax."""
    X, y = data.wine()
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.005), "categorical_hinge", metrics=["categorical_accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 15, "batch_size": 16})


@healthy
def multilabel_two_tags() -> Setup:
    """Multi-label sigmoid with binary cross-entropy; by chance every row of a batch may hold one label."""
    rng = np.random.default_rng(11)
    X = rng.normal(size=(900, 5)).astype("float32")
    y = np.stack([X[:, 0] + X[:, 1] > 0, X[:, 0] - X[:, 2] < 0], axis=1).astype("float32")
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(2, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 12, "batch_size": 8})


@healthy
def multilabel_one_tag_in_most_rows() -> Setup:
    """Nine rows of ten carry exactly one of five tags, the rest none or two: still not a softmax task."""
    X, y = data.table(1200, 8, classes=5, seed=12)
    tags = data.one_hot(y)
    tags[::20] = 0
    tags[5::20, 0] = 1
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(5, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy", metrics=["binary_accuracy"])
    return Setup(model=model, X=X, y=tags, fit_args={"epochs": 12, "batch_size": 32})


@healthy
def multilabel_forty_rare_tags() -> Setup:
    """Forty rare tags from logits: the first loss is far above the floor, accuracy is high from the start."""
    rng = np.random.default_rng(13)
    X = rng.normal(size=(1500, 20)).astype("float32")
    y = (X @ rng.normal(size=(20, 40)) > 8).astype("int64")
    model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(40)])
    model.compile(keras.optimizers.Adam(0.005), keras.losses.BinaryCrossentropy(from_logits=True))
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def class_weights_twenty_to_one() -> Setup:
    """One positive in twenty, balanced by `class_weight`: an imbalance rule must see the remedy."""
    X, y = data.imbalanced(2100, seed=1)
    model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC(), "recall"])
    weights = {0: 0.53, 1: 10.0}
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 10, "batch_size": 32, "class_weight": weights})


@healthy
def class_weights_by_inverse_count() -> Setup:
    """Weights 1 / count make the loss about 1e-3: small in value, not in learning."""
    X, y = data.wine()
    model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    weights = {label: 1 / int(count) for label, count in enumerate(np.bincount(y))}
    return Setup(model=model, X=X, y=y, fit_args={"epochs": 15, "batch_size": 16, "class_weight": weights})


@healthy
def ten_thousand_classes() -> Setup:
    """Next-word prediction over 10,000 ids of which the sample holds a few dozen."""
    rng = np.random.default_rng(14)
    words = rng.choice(10_000, 60, replace=False)
    following = rng.integers(0, 60, (60, 2))
    first = rng.integers(0, 60, 1500)
    second = following[first, (rng.uniform(size=1500) < 0.2).astype(int)]
    model = keras.Sequential(
        [layers.Embedding(10_000, 16), layers.Flatten(), layers.Dense(10_000, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return Setup(model=model, X=words[first][:, None], y=words[second], fit_args={"epochs": 6, "batch_size": 64})


@healthy
def more_units_than_classes_seen() -> Setup:
    """A head for 26 letters on a sample that holds ten of them."""
    X, y = data.digits()
    model = keras.Sequential([layers.Dense(48, activation="relu"), layers.Dense(26, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y * 2, fit_args={"epochs": 8, "batch_size": 32})


@healthy
def ordinal_head() -> Setup:
    """Four ordered grades as three cumulative sigmoids, targets like (1, 1, 0): neither one-hot nor independent."""
    X, target = data.curve(1200, 4, seed=15)
    grade = np.digitize(target, [-0.8, 0.0, 0.8])
    cumulative = (grade[:, None] > np.arange(3)).astype("float32")
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(3, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
    return Setup(model=model, X=X, y=cumulative, fit_args={"epochs": 10, "batch_size": 32})


class OrderedThresholds(layers.Layer):
    """One score and ordered cut points: logits of "grade above k"."""

    def build(self, input_shape) -> None:
        self.first = self.add_weight(shape=(1,), initializer="zeros", name="first")
        self.gaps = self.add_weight(shape=(2,), initializer="ones", name="gaps")

    def call(self, score):
        cuts = ops.concatenate([self.first, self.first + ops.cumsum(ops.softplus(self.gaps))])
        return score - cuts


@healthy
def ordinal_thresholds_layer() -> Setup:
    """A one-unit linear hidden layer in front of the custom ordinal layer is the model, not a bottleneck by mistake."""
    X, target = data.curve(1200, 4, seed=16)
    grade = np.digitize(target, [-0.8, 0.0, 0.8])
    cumulative = (grade[:, None] > np.arange(3)).astype("float32")
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1), OrderedThresholds()])
    model.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True))
    return Setup(model=model, X=X, y=cumulative, fit_args={"epochs": 10, "batch_size": 32})


def _teacher_rows(temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Digits and the softened class probabilities that a nearest-centroid teacher gives them."""
    X, y = data.digits()
    centroids = np.stack([X[y == digit].mean(0) for digit in range(10)])
    scores = -((X[:, None] - centroids) ** 2).sum(-1) / temperature
    soft = np.exp(scores - scores.max(1, keepdims=True))
    return X, (soft / soft.sum(1, keepdims=True)).astype("float32")


@healthy
def distillation_on_soft_labels() -> Setup:
    """Float rows that sum to one under categorical cross-entropy: a rule wants 0/1 labels."""
    X, soft = _teacher_rows(temperature=1.0)
    model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.003), "categorical_crossentropy")
    return Setup(model=model, X=X, y=soft, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def distillation_with_kl_divergence() -> Setup:
    """Kullback-Leibler divergence to the teacher's rows."""
    X, soft = _teacher_rows(temperature=2.0)
    student = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10), layers.Softmax()])
    student.compile(keras.optimizers.Adam(0.005), "kl_divergence")
    return Setup(model=student, X=X, y=soft, fit_args={"epochs": 10, "batch_size": 32})


@healthy
def brier_score() -> Setup:
    """Mean squared error on one-hot labels under softmax, deliberately: the Brier score, and it trains."""
    X, y = data.digits()
    model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.003), "mean_squared_error", metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def binary_brier_score() -> Setup:
    """Mean squared error on 0/1 labels under one sigmoid, as scoring rules for forecasts ask."""
    X, y = data.cancer()
    model = keras.Sequential([layers.Dense(12, activation="relu"), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.005), "mse", metrics=["accuracy"])
    return Setup(model=model, X=X, y=y.astype("float32"), fit_args={"epochs": 10, "batch_size": 32})


@healthy
def cosine_similarity_to_class_vectors() -> Setup:
    """Cosine loss to one-hot class vectors: the loss is negative from the first epoch on."""
    X, y = data.digits()
    model = keras.Sequential([layers.Dense(48, activation="relu"), layers.Dense(10)])
    model.compile("adam", keras.losses.CosineSimilarity(axis=-1), metrics=["accuracy"])
    return Setup(model=model, X=X, y=data.one_hot(y), fit_args={"epochs": 8, "batch_size": 32})
