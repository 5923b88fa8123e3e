"""What one look at a set-up sees: behaviour of outputs, layers and losses, for models of every kind."""

import warnings
from typing import Any

import keras
import numpy as np
import pytest

from flatline.facts import ModelFacts, ObjectiveFacts, RehearsalFacts, Task
from flatline.measure.everything import measure

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 5)).astype("float32")
CLASSES = (X[:, 0] > 0).astype("int64") + (X[:, 1] > 0)
VALUES = (2 * X[:, 0] + X[:, 1]).astype("float32")


def look(model: Any, x: Any, y: Any, *, train: bool = False, **fit_args: Any) -> dict[type, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        why = None if train else "not asked for"
        return dict(
            measure(
                model, x, y, validation_data=None, fit_args=fit_args, why_no_training=lambda _: why, seed=0,
                say=lambda _: None,
            ).facts
        )  # fmt: skip


def head_of(*last: Any, loss: str = "mse", y: Any = VALUES, x: Any = X) -> Any:
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Dense(6, "relu"), *last])
    model.compile("sgd", loss)
    return look(model, x, y)[ObjectiveFacts].heads[0]


class Functionless(keras.Model):
    """Softmax through an operation, in a model without a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.last = keras.layers.Dense(6), keras.layers.Dense(3)

    def call(self, x: Any) -> Any:
        return keras.ops.softmax(self.last(keras.ops.relu(self.inner(x))))


class Halving(keras.regularizers.Regularizer):
    """A penalty of the user's own."""

    def __call__(self, x: Any) -> Any:
        return 0.5 * keras.ops.sum(x)

    def get_config(self) -> dict[str, Any]:
        return {}


D = keras.layers.Dense


@pytest.mark.parametrize(
    ("last", "squash"),
    [
        ((D(1),), "linear"),
        ((D(1, "sigmoid"),), "sigmoid"),
        ((D(1, "tanh"),), "tanh"),
        ((D(1, "relu"),), "relu"),
        ((D(1, "softplus"),), "positive"),
        ((D(1, "exponential"),), "positive"),
        ((D(3, "softmax"),), "softmax"),
        ((D(3), keras.layers.Softmax()), "softmax"),
        ((D(1, "softmax"),), "constant"),
        ((D(1, name="softmax"),), "linear"),  # names are only names
    ],
)
def test_outputs_are_known_by_what_they_do(last, squash):
    units = last[0].units
    y = VALUES if units == 1 else np.tile(VALUES[:, None], units)
    assert head_of(*last, y=y).squash == squash


def test_a_subclassed_model_is_seen_like_any_other():
    model = Functionless()
    model.compile("sgd", "sparse_categorical_crossentropy")
    facts = look(model, X, CLASSES)
    (head,) = facts[ObjectiveFacts].heads
    assert (head.squash, head.task, head.n_classes) == ("softmax", Task.MULTICLASS, 3)
    assert [layer.kind for layer in facts[ModelFacts].layers] == ["Dense", "Dense"]


@pytest.mark.parametrize(
    ("loss", "y", "units", "task"),
    [
        ("sparse_categorical_crossentropy", CLASSES, 3, Task.MULTICLASS),
        ("categorical_crossentropy", np.eye(3, dtype="float32")[CLASSES], 3, Task.MULTICLASS),
        ("binary_crossentropy", (CLASSES > 0).astype("int64"), 1, Task.BINARY),
        ("binary_crossentropy", CLASSES, 1, Task.MULTICLASS),
        ("binary_crossentropy", (RNG.uniform(size=(200, 4)) < 0.4).astype("float32"), 4, Task.MULTILABEL),
        ("mse", VALUES, 1, Task.REGRESSION),
        ("mse", X, 5, Task.RECONSTRUCTION),
        (lambda y, p: keras.ops.mean(p), CLASSES, 1, Task.UNKNOWN),
    ],
)
def test_tasks(loss, y, units, task):
    assert head_of(D(units), loss=loss, y=y).task is task


def test_scale_is_measured_behind_the_models_own_preprocessing():
    pixels = RNG.uniform(0, 255, size=(40, 8, 8, 3)).astype("float32")
    model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), D(1)])
    model.compile("sgd", "mse")
    convolution = look(model, pixels, VALUES[:40])[ModelFacts].layers[1]
    assert convolution.kind == "Conv2D"
    assert convolution.input_rms == pytest.approx(np.sqrt(np.mean((pixels / 255) ** 2)), rel=0.02)


def test_gradients_and_dead_units_against_a_slow_twin():
    import tensorflow as tf

    model = keras.Sequential(
        [keras.Input((5,)), D(6, "relu", bias_initializer=keras.initializers.Constant(-0.5)), D(1)]
    )
    model.compile("sgd", "mse")
    first = look(model, X[:100], VALUES[:100])[ModelFacts].layers[0]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(X[:100])[:, 0] - VALUES[:100]) ** 2)
    expected = np.linalg.norm(tape.gradient(loss, model.layers[0].kernel))
    assert first.gradient_norm == pytest.approx(expected, rel=1e-4)
    active = X[:100] @ model.layers[0].kernel.numpy() - 0.5 > 0
    assert first.dead_share == pytest.approx(np.mean(~active.any(0)))


def test_several_outputs_keep_their_losses_and_targets():
    inputs = keras.Input((5,))
    hidden = D(6, "relu")(inputs)
    model = keras.Model(inputs, {"size": D(1, name="size")(hidden), "kind": D(3, "softmax", name="kind")(hidden)})
    model.compile(
        "sgd", {"size": "mse", "kind": "sparse_categorical_crossentropy"}, loss_weights={"size": 2.0, "kind": 1.0}
    )
    heads = {head.name: head for head in look(model, X, {"size": VALUES, "kind": CLASSES})[ObjectiveFacts].heads}
    assert heads["size"].loss == "mean_squared_error"
    assert heads["size"].weight == 2.0
    assert heads["size"].null == pytest.approx(VALUES.var(), rel=1e-3)
    assert heads["kind"].task is Task.MULTICLASS
    assert heads["kind"].n_classes == 3
    assert heads["size"].target.name == "size"


def test_the_rehearsal_says_how_far_training_comes():
    model = keras.Sequential([keras.Input((5,)), D(16, "relu"), D(3, "softmax")])
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    rehearsal = look(model, X, CLASSES, train=True, epochs=30)[RehearsalFacts]
    assert rehearsal.progress() > 0.6
    assert list(rehearsal.arms) == ["as is"]


def test_a_rate_a_thousand_times_too_small_is_outrun_by_larger_ones():
    model = keras.Sequential([keras.Input((5,)), D(16, "relu"), D(3, "softmax")])
    model.compile(keras.optimizers.Adam(2e-4), "sparse_categorical_crossentropy")
    rehearsal = look(model, X, CLASSES, train=True, epochs=20)[RehearsalFacts]
    assert rehearsal.progress() < 0.4
    assert rehearsal.progress("rate ×100") > 0.6


def test_layers_tell_the_classes_of_their_regularizers_and_initialisers():
    bound = D(6, kernel_regularizer="l2", bias_initializer="ones", activity_regularizer=Halving())
    model = keras.Sequential([keras.Input((5,)), bound, D(1)])
    model.compile("sgd", "mse")
    first, last = look(model, X, VALUES)[ModelFacts].layers
    assert first.config["kernel_regularizer"] == "L2"
    assert first.config["activity_regularizer"] == "Halving"
    assert first.config["bias_initializer"] == "Ones"
    assert last.config["kernel_regularizer"] is None
    assert last.config["bias_initializer"] == "Zeros"


def test_modes_are_not_compared_by_the_size_of_an_output_of_next_to_nothing():
    def gap(bias: float) -> float:
        last = keras.layers.Dense(
            1, "sigmoid", kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(bias)
        )
        model = keras.Sequential([keras.Input((5,)), last, keras.layers.GaussianNoise(0.1)])
        model.compile("sgd", "mse")
        return look(model, X, VALUES)[ModelFacts].mode_gap

    assert np.isnan(gap(-60.0))
    assert 0.1 < gap(0.0) < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_a_sigmoid_of_features_that_are_the_same_for_all_samples_is_no_constant(seed):
    years = (2000 + RNG.normal(size=(200, 1))).astype("float32")
    start = keras.initializers.GlorotUniform(seed=seed)
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(16, "relu", kernel_initializer=start), D(1, "sigmoid")]
    )
    model.compile("sgd", "mse")
    assert look(model, years, VALUES)[ObjectiveFacts].heads[0].squash == "sigmoid"
