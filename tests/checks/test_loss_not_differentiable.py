import keras
import numpy as np
import pytest

import flatline
from flatline.cause import Cause
from flatline.checks.loss_not_differentiable import loss_not_differentiable
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

NAN = float("nan")


def told(**given):
    return make.objective(make.head(**{"loss": "custom", **given}))


def test_table():
    RuleTester(loss_not_differentiable).run(
        fires=[
            row(
                told(loss_gradient=None),
                message="the loss of `dense_1` is 1.2, and its gradient by the output is missing",
                severity=Severity.ERROR,
                cause=Cause.LOSS,
                where="dense_1",
                fix="without `argmax`",
            ),
            row(told(loss_gradient=0.0), message="exactly 0 everywhere"),
            row(told(loss_gradient=0.0, perfect=NAN), message="1.2"),
            row(told(loss_gradient=None, logits_recovered=True), message="missing"),
        ],
        silent=[
            make.objective(),
            told(),
            told(loss_gradient=1e-30),  # small, not absent
            told(loss_gradient=0.0, initial=0.0),  # every margin is kept, or the loss is a dummy beside `add_loss`
            told(loss_gradient=0.0, initial=0.3, perfect=0.3),
            told(loss_gradient=0.0, squash="constant", low=1.0),  # FL302
            told(loss_gradient=0.0, loss="binary_crossentropy"),  # the output is the fault
            told(logits_recovered=True),  # the gradient goes through the scores behind the activation
        ],
        cannot_tell=[row(told(initial=NAN), message="a finite loss at initialisation")],
    )


def crossentropy_of_ones_own(y, p):
    return keras.losses.binary_crossentropy(y, p)


def wrong_answers(y, p):
    return keras.ops.mean(keras.ops.cast(keras.ops.cast(p > 0.5, "float32") != y, "float32"), axis=-1)


@pytest.mark.parametrize(
    ("activation", "loss", "n_findings"),
    [
        # Keras computes these from the logits behind the activation: so does the gradient.
        ("sigmoid", "binary_crossentropy", 0),
        ("sigmoid", crossentropy_of_ones_own, 0),
        (None, crossentropy_of_ones_own, 0),
        ("softmax", "binary_crossentropy", 0),  # one unit: FL302 says what is wrong
        ("sigmoid", wrong_answers, 1),
    ],
)
def test_the_gradient_is_found_behind_the_activation(activation, loss, n_findings):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(100, 4)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation)])
    model.compile("adam", loss)
    report = flatline.check_setup(model, x, y, select=("FL313",), overfit=False, verbose=0)
    assert len(report.findings) == n_findings
    assert len(report.passed) == 1 - n_findings
