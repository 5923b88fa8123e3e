"""A call has so many seconds in all: short trainings get what is left, and are left out where that is too little."""

import keras
import numpy as np
import pytest

from flatline import backend
from flatline.facts import OptimizerFacts, RehearsalFacts, TinySubsetFacts
from flatline.measure import everything
from flatline.measure.budget import EVALUATED_ROWS, FEWEST_EVALUATED, Budget
from tests.measure.test_setup import CLASSES, VALUES, D, X, look


def test_no_time_left_is_said_and_nothing_is_trained(monkeypatch):
    monkeypatch.setattr(everything, "TOTAL_SECONDS", 0.0)
    model = keras.Sequential([keras.Input((5,)), D(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    facts = look(model, X, CLASSES, train=True)
    assert facts[RehearsalFacts].startswith("0 of 0 s were left")
    assert facts[TinySubsetFacts].startswith("0 of 0 s were left")
    assert facts[OptimizerFacts].update_ratio > 0


def test_a_training_is_left_out_when_its_steps_are_too_long():
    budget = Budget(25.0)
    assert budget.why_not(12.0, steps=10, batch=32) is None
    budget.expect(row=0.1, eager=1.0, traced=0.0)
    assert budget.why_not(12.0, steps=10, batch=32).startswith("a training step takes about 3.2 s")
    assert budget.why_not(12.0, steps=3, batch=32) is None
    assert budget.n_evaluated() == FEWEST_EVALUATED


def test_a_step_costs_what_was_measured_and_less_on_fewer_rows():
    budget = Budget(25.0)
    assert budget.n_evaluated() == EVALUATED_ROWS
    budget.learn(step=0.5, batch=32, overhead=1.0)
    assert budget.step(32) == budget.step(64) == 0.5
    assert budget.step(16) == 0.25
    budget.learn(step=None, batch=16, overhead=3.0)  # one step only: its time is that of the trace
    assert budget.step(32) == 0.5
    assert budget.left() <= 25.0 - 3.0


@pytest.mark.parametrize("cell", [{"activation": "relu"}, {"recurrent_dropout": 0.3}, {"go_backwards": True}])
def test_loops_through_a_graph_equal_their_slow_twins(cell):
    layers = [keras.layers.Masking(), keras.layers.LSTM(4, return_sequences=True, **cell), keras.layers.GRU(3), D(1)]
    model = keras.Sequential([keras.Input((30, 2)), *layers])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(6, 30, 2)).astype("float32")
    x[:2, 20:] = 0  # masked
    y, found = VALUES[:6], []
    for graph in (False, True):
        keras.utils.set_random_seed(0)
        for seed in (layer.seed_generator for layer in model._flatten_layers() if hasattr(layer, "seed_generator")):
            seed.state.assign([0, 0])
        if graph:
            with backend.graph_loops():
                found.append(backend.forward_backward(model, *backend.to_tensors((x, y)), None))
        else:
            found.append(backend.forward_backward(model, *backend.to_tensors((x, y)), None))
    (_, loss, _, gradients), (_, twin, _, others) = found
    assert loss == pytest.approx(twin, rel=1e-5)
    for one, other in zip(gradients, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_the_first_step_is_that_of_the_optimizer_and_is_undone():
    model = keras.Sequential([keras.Input((5,)), D(1, name="last")])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    kernel = model.layers[0].kernel
    before = kernel.numpy()
    ratio = look(model, X, VALUES)[OptimizerFacts].update_ratios["last"]
    model.fit(X, VALUES, batch_size=len(X), verbose=0)
    assert ratio == pytest.approx(np.linalg.norm(kernel.numpy() - before) / np.linalg.norm(before), rel=1e-3)


def test_any_number_of_steps_and_rows_shares_one_trace():
    model = keras.Sequential([keras.Input((5,)), D(1)])
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    training = backend.CompiledTraining(model, model.optimizer)
    predict = backend.Inference(model, compiled=True, fixed_batch=None)
    for n in (1, 4, 2):
        training.run(*backend.to_tensors((X, VALUES)), None, np.zeros((n, 8), "int32"))
        assert predict(X[:n]).shape == (n, 1)
    assert training._steps.experimental_get_tracing_count() == 1
    assert predict._predict.experimental_get_tracing_count() == 1
