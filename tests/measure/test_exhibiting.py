"""What the first layers receive, the first rows and the answers, of set-ups and of runs of every kind."""

import dataclasses
import json
import warnings
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import flatline
from flatline.exhibits import (
    QUANTILES,
    SHOWS_DATA,
    Confusion,
    FirstBatch,
    LabelCounts,
    Predictions,
    ReceivedInputs,
    TargetValues,
)
from flatline.facts import ModelFacts, Task
from flatline.measure.answers import Asked, answer_facts
from flatline.measure.everything import measure
from flatline.measure.exhibiting import _run_exhibits, exhibit
from flatline.measure.recorder import Recorder
from flatline.records.events import exhibit_event, to_line
from flatline.records.packed_exhibits import unpacked
from tests.records.samples import same

L = keras.layers
RNG = np.random.default_rng(0)
TABLE = (RNG.normal(size=(120, 3)) * [1, 50, 0.01] + [5, 0, 0]).astype("float32")
CLASSES = RNG.integers(0, 3, 120)
IMAGES = RNG.integers(0, 256, size=(120, 5, 5, 3)).astype("uint8")
IDS = RNG.integers(0, 40, size=(120, 10))


def look(model: Any, x: Any, y: Any, *, train: bool = False, **fit_args: Any) -> dict[type, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(
            measure(
                model, x, y, validation_data=None, fit_args=fit_args, seed=0, say=lambda _: None,
                why_no_training=lambda _: None if train else "not asked for",
            ).facts
        )  # fmt: skip


def network(*layers: Any, loss: str = "sparse_categorical_crossentropy") -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(list(layers))
    model.compile("adam", loss)
    return model


def quantiles(array: Any) -> Any:
    columns = np.asarray(array, "float64").reshape(-1, array.shape[-1])
    return np.stack([np.quantile(column[np.isfinite(column)], QUANTILES) for column in columns.T])


def assert_is(spread: Any, array: Any) -> None:
    np.testing.assert_allclose(spread.quantiles, quantiles(array), rtol=1e-4, atol=1e-5)


def head() -> tuple[Any, ...]:
    return L.Dense(3, "softmax", name="head")


# ── set-ups ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_images_are_seen_after_rescaling_and_before_they_are_flattened():
    facts = look(network(keras.Input((5, 5, 3)), L.Rescaling(1 / 255), L.Flatten(), head()), IMAGES, CLASSES)
    received, batch = facts[ReceivedInputs], facts[FirstBatch]
    assert_is(received.before[0], IMAGES)
    assert_is(received.after[0], IMAGES.reshape(120, -1) / 255)
    assert (received.after[0].name, received.training) == ("head", True)
    assert [name.split("_")[0] for name in received.after[0].through] == ["rescaling", "flatten"]
    (part,), (labels,) = batch.parts, batch.labels.values()
    assert (part.form, part.shape, len(part.values), batch.in_order) == ("image", (5, 5, 3), 16, False)
    assert (part.black, part.white) == (pytest.approx(IMAGES.min() / 255), pytest.approx(IMAGES.max() / 255))
    rows = [int(np.argmin(np.abs(IMAGES / 255 - part.values[i] / 255).sum((1, 2, 3)))) for i in range(16)]
    assert labels == tuple(str(CLASSES[row]) for row in rows)  # each with its own label


def test_a_table_is_seen_after_normalisation():
    normalise = L.Normalization(name="normalise")
    normalise.adapt(TABLE)
    facts = look(network(keras.Input((3,)), normalise, head()), TABLE, CLASSES)
    (before,), (after,) = facts[ReceivedInputs].before, facts[ReceivedInputs].after
    assert_is(before, TABLE)
    assert_is(after, (TABLE - TABLE.mean(0)) / TABLE.std(0))
    assert after.through == ("normalise",) and facts[FirstBatch].parts[0].form == "table"
    assert facts[LabelCounts].heads[0].count.tolist() == np.bincount(CLASSES).tolist()
    assert facts[Confusion] == "not asked for" and Predictions not in facts and TargetValues not in facts


def test_numbers_of_tokens_are_known_as_such():
    model = network(keras.Input((10,)), L.Embedding(40, 4, name="words"), L.GlobalAveragePooling1D(), head())
    facts = look(model, IDS, CLASSES)
    (after,), (part,) = facts[ReceivedInputs].after, facts[FirstBatch].parts
    assert_is(after, IDS)
    assert (after.name, after.lookup, part.form) == ("words", 40, "tokens")


def test_every_input_is_followed_to_the_layer_that_receives_it():
    image, table = keras.Input((5, 5, 3), name="image"), keras.Input((3,), name="table")
    seen = L.Conv2D(2, 3, name="conv")(L.Rescaling(1 / 255)(image))
    both = L.Concatenate()([L.GlobalAveragePooling2D()(seen), L.Dense(4, name="hidden")(table)])
    model = keras.Model([image, table], {"kind": L.Dense(3, "softmax")(both), "value": L.Dense(1)(both)})
    model.compile("adam", {"kind": "sparse_categorical_crossentropy", "value": "mse"})
    y = {"kind": CLASSES, "value": TABLE[:, 0] * 2}
    facts = look(model, {"image": IMAGES.astype("float32"), "table": TABLE}, y)
    received = facts[ReceivedInputs]
    assert [spread.name for spread in received.before] == ["image", "table"]
    after = {spread.name: spread for spread in received.after}
    assert set(after) == {"conv", "hidden"}
    assert_is(after["conv"], IMAGES / 255)
    assert_is(after["hidden"], TABLE)
    assert list(facts[FirstBatch].labels) == ["kind", "value"]
    assert facts[TargetValues].heads[0].mean == pytest.approx(2 * TABLE[:, 0].mean(), rel=1e-4)


def test_a_pipeline_is_seen_after_its_map():
    data = tf.data.Dataset.from_tensor_slices((TABLE, CLASSES)).map(lambda x, y: (x / 10, y)).batch(16)
    facts = look(network(keras.Input((3,)), head()), data, None)
    assert_is(facts[ReceivedInputs].before[0], TABLE / 10)
    batch = facts[FirstBatch]
    assert batch.in_order and next(iter(batch.labels.values())) == tuple(str(label) for label in CLASSES[:16])
    np.testing.assert_allclose(batch.parts[0].values, TABLE[:16] / 10, rtol=1e-6)


def test_augmentation_and_batch_statistics_act_as_in_training():
    layers = L.BatchNormalization(name="norm"), L.Dropout(0.5, seed=0), head()
    after = look(network(keras.Input((3,)), *layers), TABLE, CLASSES)[ReceivedInputs].after[0]
    assert 0.5 < after.rms < 2 and after.quantiles[1, 3] == 0  # normalised; half of it dropped


def test_layers_that_augment_are_named():
    layers = L.Rescaling(1 / 255), L.RandomFlip(name="flip"), L.Conv2D(2, 3), L.Dropout(0.5), L.Flatten(), head()
    facts = look(network(keras.Input((5, 5, 3)), *layers), IMAGES, CLASSES)
    assert facts[FirstBatch].training and facts[FirstBatch].random == ("flip",)
    plain = look(network(keras.Input((3,)), L.BatchNormalization(), head()), TABLE, CLASSES)
    assert plain[FirstBatch].random == ()


class Operations(keras.Model):
    """Divides by an operation that is no layer, and has labels of no use."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = L.Dense(4, name="hidden"), L.Dense(3, "softmax")

    def call(self, x: Any) -> Any:
        return self.out(self.hidden(x / 50.0))


def test_what_an_operation_makes_is_followed_to_the_first_layer_only():
    model = Operations()
    model.compile("adam", "sparse_categorical_crossentropy")
    (after,) = look(model, TABLE, CLASSES)[ReceivedInputs].after
    assert_is(after, TABLE / 50)
    assert (after.name, after.through) == ("hidden", ())


class Autoencoding(Operations):
    """Has a training step of its own, without labels."""

    def train_step(self, data: Any) -> dict[str, Any]:
        return {"loss": keras.ops.mean(self(data)) * 0}


def test_a_training_step_of_the_users_own_leaves_the_answers_untold():
    model = Autoencoding()
    model.compile("adam")
    facts = look(model, TABLE, None)
    assert_is(facts[ReceivedInputs].after[0], TABLE / 50)
    assert facts[FirstBatch].labels == {} and not {LabelCounts, Confusion, Predictions} & facts.keys()


def test_rows_that_are_nan_are_counted_and_left_out():
    spoilt = TABLE.copy()
    spoilt[:60, 1] = np.nan
    facts = look(network(keras.Input((3,)), head()), spoilt, CLASSES)
    (after,) = facts[ReceivedInputs].after
    assert after.n_nonfinite == 60
    assert_is(after, spoilt)
    assert facts[FirstBatch].parts[0].n_nonfinite.sum() > 0


def test_a_model_that_cannot_be_called_says_so():
    facts = look(network(keras.Input((5,)), head()), TABLE, CLASSES)
    assert "the model raised" in facts[ReceivedInputs] and facts[FirstBatch] == facts[ReceivedInputs]


def test_what_goes_wrong_here_is_no_concern_of_the_measurement(monkeypatch):
    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("flatline.measure.receiving.Receiving._note", fail)
    facts = look(network(keras.Input((3,)), head()), TABLE, CLASSES)
    assert isinstance(facts[ModelFacts], ModelFacts) and "ZeroDivisionError" in facts[FirstBatch]
    monkeypatch.setattr("flatline.measure.exhibiting.target_facts", fail)
    assert (
        look(network(keras.Input((3,)), head()), TABLE, CLASSES)[FirstBatch] == "measuring it raised ZeroDivisionError"
    )


def test_the_rehearsal_tells_what_it_has_taught():
    x = np.eye(3, dtype="float32")[CLASSES]
    model = network(keras.Input((3,)), L.Dense(1), loss="mse")
    model.optimizer.learning_rate = 0.05
    facts = look(model, x, 2.0 * CLASSES, train=True, epochs=50)
    found = facts[Predictions]
    assert (
        found.r2 > 0.9
        and found.rehearsed
        and found.n_steps >= 60
        and found.mean == pytest.approx(2 * CLASSES.mean(), abs=0.2)
    )
    assert found.n == found.true.size <= 120


# ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Any:
    """One recorded run: a monitor that has seen `fit` to its end, and its directory."""
    directory = tmp_path_factory.mktemp("run") / "run"
    images = np.where(np.arange(3)[:, None, None, None] == CLASSES, 200, 20).T.reshape(120, 1, 1, 3) + 0 * IMAGES
    model = network(keras.Input((5, 5, 3)), L.Rescaling(1 / 255), L.Flatten(), L.Dropout(0.2, seed=1), head())
    model.optimizer.learning_rate = 0.01
    monitor = flatline.FlatlineMonitor(run_dir=directory, verbose=0)
    model.fit(images.astype("float32"), CLASSES, epochs=10, batch_size=16, verbose=0, callbacks=[monitor])
    return monitor, directory, images


def test_a_run_keeps_what_its_network_receives_and_answers_in_the_end(run):
    monitor, _, images = run
    facts = monitor.report.facts
    (after,), batch, confusion = facts[ReceivedInputs].after, facts[FirstBatch], facts[Confusion]
    assert (after.rms == pytest.approx(np.sqrt(np.mean((images / 255) ** 2)), rel=0.02)) and not batch.training
    assert [name.startswith("dropout") for name in batch.random] == [
        True
    ]  # which did nothing here, and would in training
    assert (confusion.accuracy, confusion.n_steps, confusion.rehearsed) == (1.0, monitor._recorder.n_steps, False)
    brightest = batch.parts[0].values[:, 0, 0].argmax(-1)
    assert batch.labels["output_0"] == tuple(map(str, brightest)) and batch.in_order
    assert monitor.record.spent["explaining"] > 0 and monitor.record.missing == ()


def test_it_is_read_back_without_keras_as_it_was(run):
    monitor, directory, _ = run
    record = flatline.load_run(directory)
    assert set(record.exhibits) == {ReceivedInputs, FirstBatch, LabelCounts, Confusion}
    assert same(dict(record.exhibits), dict(monitor.record.exhibits))


def test_looking_once_more_moves_nothing(run, monkeypatch):
    recorder: Recorder = run[0]._recorder
    monkeypatch.setattr(recorder.spending, "may", lambda kind: True)
    before = [variable.numpy() for variable in recorder.model.variables]
    exhibit(recorder)
    for variable, value in zip(recorder.model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert recorder.spending.spent["probe"] > 0


def test_rows_that_are_no_fair_sample_are_shown_with_their_labels_too(run, monkeypatch):
    recorder: Recorder = run[0]._recorder
    monkeypatch.setattr(recorder.record, "_facts", dataclasses.replace(recorder.record.facts, heads=()))
    assert _run_exhibits(recorder)[Confusion].accuracy == 1.0


def test_later_calls_of_fit_are_looked_at_within_the_budget_only(monkeypatch, run):
    monitor, calls = run[0], []
    monkeypatch.setattr("flatline.measure.exhibiting._run_exhibits", lambda recorder: calls.append(1) or {})
    recorder: Recorder = monitor._recorder
    monkeypatch.setattr(recorder.spending, "may", lambda kind: False)
    monitor._finish("finished")
    assert not calls


def test_a_network_that_takes_batches_of_one_size_is_given_them(run, monkeypatch):
    recorder: Recorder = run[0]._recorder
    sizes = []
    monkeypatch.setattr("flatline.measure.exhibiting.fixed_batch", lambda model: 32)
    monkeypatch.setattr("flatline.backend.call", lambda model, x, training: sizes.append(len(x)) or model(x))
    assert _run_exhibits(recorder)[Confusion].n == 32 and sizes == [32]


def test_a_run_with_a_training_step_of_its_own_says_why_there_is_nothing():
    model = Autoencoding()
    model.compile("adam")
    recorder = flatline.FlightRecorder(data=(TABLE, CLASSES))
    model.fit(TABLE[:16], verbose=0, callbacks=[recorder])
    assert "train_step" in recorder.record.exhibits[FirstBatch]


MANY_ANSWERS = ((Task.MULTICLASS, (4000,)), (Task.REGRESSION, (1,)))


def test_what_is_kept_takes_no_more_than_200_kB():
    many = 40
    inputs = [keras.Input((64, 64, 3)) for _ in range(3)]
    flat = [L.Dense(2)(L.Flatten()(x)) for x in inputs]
    both = L.Concatenate()(flat)
    model = keras.Model(inputs, [L.Dense(1500, "softmax")(both), L.Dense(1500, "softmax")(both), L.Dense(500)(both)])
    model.compile("adam", ["sparse_categorical_crossentropy", "sparse_categorical_crossentropy", "mse"])
    x = [RNG.uniform(size=(many, 64, 64, 3)).astype("float32") for _ in inputs]
    y = [RNG.integers(0, 1500, many), RNG.integers(0, 1500, many), RNG.normal(size=(many, 500)).astype("float32")]
    facts = look(model, x, y)
    heads = [Asked(name="out", task=task, y=np.arange(4000.0), shape=shape) for task, shape in MANY_ANSWERS]
    facts |= answer_facts(heads, [np.eye(4000)[::-1], RNG.normal(size=(4000, 1))], n_steps=1, rehearsed=True)
    sizes = {kind.__name__: len(to_line(exhibit_event(kind, facts[kind]))) for kind in SHOWS_DATA if kind in facts}
    assert len(sizes) == 6 and 100_000 < sum(sizes.values()) < 200_000
    for kind in SHOWS_DATA:
        told = json.loads(to_line(exhibit_event(kind, facts[kind])))["is"]
        assert same(unpacked(kind.__name__, told), (kind, facts[kind]))
