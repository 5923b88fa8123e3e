"""`check_setup` as a user meets it: bad input in one line, warnings, selection, models and data of several kinds."""

import warnings
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import flatline
from flatline.cause import Cause

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


def classifier(**compiled: Any) -> Any:
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2, "softmax")])
    model.compile(**({"optimizer": "adam", "loss": "sparse_categorical_crossentropy"} | compiled))
    return model


class Raising(keras.Model):
    def call(self, x: Any) -> Any:
        raise RuntimeError("no such thing\nsecond line")


def raising() -> Any:
    model = Raising()
    model.compile("adam", "mse")
    return model


def half_way() -> Any:
    def rows() -> Any:
        yield X[:8], Y[:8]
        raise OSError("disk gone")

    signature = (tf.TensorSpec((None, 6), tf.float32), tf.TensorSpec((None,), tf.int64))
    return tf.data.Dataset.from_generator(rows, output_signature=signature)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: flatline.check_setup("model", X, Y),
            r"`model` parameter of check_setup must be a keras.Model.*Got .*str",
        ),
        (lambda: flatline.check_setup(keras.Sequential([keras.layers.Dense(1)]), X, Y), "must be compiled"),
        (lambda: flatline.check_setup(classifier(), X[:, :4], Y), r"must be data that `model` can be called on"),
        (lambda: flatline.check_setup(classifier(), X[:0], Y[:0]), "X parameter of check_setup must"),
        (lambda: flatline.check_setup(classifier(), X, Y[:50]), "120|50"),
        (lambda: flatline.check_setup(classifier(), X.astype(object), Y), "object"),
        (lambda: flatline.check_setup(classifier(), np.array([["a"] * 6] * 120), Y), "must be numeric"),
        (lambda: flatline.check_setup(classifier(), X, np.array(["cat", "dog"] * 60)), "y.*must be"),
        (lambda: flatline.check_setup(classifier(), X), "`y` parameter of check_setup must be the targets"),
        (lambda: flatline.check_setup(classifier(), X, Y, select=("FL999",)), "no check is called 'FL999'"),
        (lambda: flatline.check_setup(classifier(), X, Y, ignore=("softmx",)), "no check is called 'softmx'"),
        (lambda: flatline.check_setup(raising(), X, Y), "RuntimeError: no such thing"),
        (lambda: flatline.check_setup(classifier(), half_way()), "disk gone"),
        (lambda: flatline.check_setup(classifier(), (batch for batch in [(X, Y)])), "generator"),
        (lambda: flatline.check_setup(classifier(), X, Y, fit_args=[1]), "`fit_args` parameter .* must be a dict"),
        (lambda: flatline.check_setup(classifier(), X, Y, fit_args={"epoch": 3}), "epoch"),
        (lambda: flatline.check_setup(classifier(), X, Y, overfit="no"), "`overfit` parameter"),
        (lambda: flatline.check_setup(classifier(), X, Y, seed=-1), "`seed` parameter"),
        (lambda: flatline.check_setup(classifier(), X, Y, verbose="loud"), "`verbose` parameter"),
    ],
)
def test_bad_input_is_a_one_line_error(call: Any, message: str) -> None:
    with pytest.raises(flatline.FlatlineError, match=message) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_findings_are_python_warnings_even_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    model = classifier(loss="categorical_crossentropy")
    with pytest.warns(flatline.FlatlineWarning, match="FL306"):
        report = flatline.check_setup(model, X, Y, overfit=False, verbose=0)
    assert capsys.readouterr().out == ""
    assert report.causes[0] is Cause.LOSS
    assert not report.ok


def test_a_warning_turned_into_an_error_gets_through() -> None:
    model = classifier(loss="categorical_crossentropy")
    with warnings.catch_warnings():
        warnings.simplefilter("error", flatline.FlatlineWarning)
        with pytest.raises(flatline.FlatlineWarning):
            flatline.check_setup(model, X, Y, overfit=False, verbose=0)


def test_a_healthy_setup_reads_one_calm_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = flatline.check_setup(classifier(), X, Y, overfit=False)
    assert report.ok
    assert "Nothing found that would keep this network from learning" in capsys.readouterr().out


def test_selection_runs_nothing_else() -> None:
    report = flatline.check_setup(classifier(), X, Y, select=("FL1",), ignore=("FL104",), verbose=0)
    judged = {outcome.code for outcome in report.outcomes}
    assert "FL104" not in judged
    assert all(code.startswith("FL1") for code in judged)


@pytest.mark.parametrize(("split", "reason"), [(0.2, "a part of X"), (0.0, "were not given")])
def test_validation_rows_that_are_split_off_are_not_called_missing(split: float, reason: str) -> None:
    fit_args = {"validation_split": split}
    report = flatline.check_setup(classifier(), X, Y, fit_args=fit_args, select=("FL111",), verbose=0)
    assert reason in report.not_evaluated[0].reason


def test_assert_trainable() -> None:
    flatline.assert_trainable(classifier(), X, Y, overfit=False)
    with pytest.raises(AssertionError, match="FL306"):
        flatline.assert_trainable(classifier(loss="categorical_crossentropy"), X, Y, overfit=False)


class Subclassed(keras.Model):
    """Raw scores out of a subclassed model: nothing here says so by name."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.scores = keras.layers.Dense(8), keras.layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.scores(keras.ops.relu(self.hidden(x)))


def test_a_subclassed_model_on_a_pipeline_gets_as_good_a_report() -> None:
    model = Subclassed()
    model.compile("adam", "sparse_categorical_crossentropy")
    pipeline = tf.data.Dataset.from_tensor_slices((X * 3000, Y)).shuffle(120).batch(16).prefetch(1)
    with pytest.warns(flatline.FlatlineWarning):
        report = flatline.check_setup(model, pipeline, overfit=False, verbose=0)
    assert {"FL301", "FL102"} <= {finding.code for finding in report.findings}
    assert report.causes[:1] == (Cause.OUTPUT_ACTIVATION,)


def test_what_keras_raises_is_explained() -> None:
    model = classifier()
    with pytest.warns(flatline.FlatlineWarning):
        report = flatline.check_setup(model, X, np.eye(2, dtype="float32")[Y], verbose=0)
    assert Cause.LOSS in report.causes


def test_token_ids_beyond_the_embedding_are_named_not_died_of() -> None:
    model = keras.Sequential([keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    tokens = RNG.integers(0, 40, size=(80, 5))
    with pytest.warns(flatline.FlatlineWarning, match="FL109"):
        report = flatline.check_setup(model, tokens, (tokens[:, 0] > 20).astype("int64"), verbose=0)
    assert Cause.DATA in report.causes


class Warming(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate.assign(0.01 * (epoch + 1))


@pytest.mark.parametrize("callback", [Warming(), keras.callbacks.LearningRateScheduler(lambda epoch: 0.01)])
def test_a_rate_that_a_callback_sets_is_not_judged(callback: Any) -> None:
    model = classifier(optimizer=keras.optimizers.Adam(1e-9))
    report = flatline.check_setup(model, X, Y, fit_args={"epochs": 20, "callbacks": [callback]}, verbose=0)
    assert report.ok
    assert any("sets the learning rate" in outcome.reason for outcome in report.not_evaluated)
