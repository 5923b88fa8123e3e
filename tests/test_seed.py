"""The case that started the project, from the report to a network that learns: nothing is changed by hand."""

import warnings

import numpy as np
import pytest

import flatline
from flatline import demo

BUDGET = 30  # seconds
EPOCHS = 3  # as many as the demonstration trains its corrected network for
LEARNS = 0.9  # accuracy; the larger class alone is 0.54 of the pictures


def trained(model, X, y, **fit_args):
    model.fit(X, y, **{**fit_args, "epochs": EPOCHS, "verbose": 0})
    return float(np.mean(model.predict(X, verbose=0).argmax(-1) == y.argmax(-1)))


@pytest.mark.slow
def test_the_seed_program_is_cured_by_what_diagnose_found():
    X, y = demo.photographs()
    assert trained(demo.network(), X, y, batch_size=demo.BATCH) < LEARNS  # as its author had it
    model = demo.network()
    before = [weight.numpy() for weight in model.weights]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", flatline.FlatlineWarning)
        diagnosis = flatline.diagnose(
            model, X, y, fit_args={"epochs": 10, "batch_size": demo.BATCH}, budget=BUDGET, verbose=0
        )

    assert diagnosis.experiment is not None and diagnosis.experiment.confirmed, diagnosis.to_markdown()
    assert diagnosis.scope["seconds"] <= 1.2 * BUDGET  # a run that is under way is not cut off
    assert flatline.Cause.OUTPUT_ACTIVATION in diagnosis.causes or flatline.Cause.LOSS_FUNCTION in diagnosis.causes
    setup = diagnosis.apply()
    assert trained(setup.model, setup.X, setup.y, batch_size=setup.fit_args["batch_size"]) >= LEARNS
    assert all(np.array_equal(value, weight.numpy()) for value, weight in zip(before, model.weights, strict=True))
