"""The null model against closed forms."""

import keras
import numpy as np
import pytest

from flatline.measure.null import null_loss, perfect_loss, perfect_output

RNG = np.random.default_rng(0)
Y01 = (RNG.uniform(size=400) < 0.2).astype("float32")
CLASSES = RNG.choice(3, 400, p=[0.5, 0.3, 0.2])
VALUES = RNG.normal(5, 2, 400).astype("float32")
PRIOR = np.bincount(CLASSES) / 400
ENTROPY = float(-(PRIOR * np.log(PRIOR)).sum())
P = float(Y01.mean())
BINARY_ENTROPY = float(-(P * np.log(P) + (1 - P) * np.log(1 - P)))


@pytest.mark.parametrize(
    ("loss", "y", "shape", "logits", "expected"),
    [
        (keras.losses.BinaryCrossentropy(), Y01, (1,), False, BINARY_ENTROPY),
        (keras.losses.BinaryCrossentropy(from_logits=True), Y01, (1,), True, BINARY_ENTROPY),
        (keras.losses.SparseCategoricalCrossentropy(), CLASSES, (3,), False, ENTROPY),
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), CLASSES, (3,), True, ENTROPY),
        (keras.losses.CategoricalCrossentropy(), np.eye(3, dtype="float32")[CLASSES], (3,), False, ENTROPY),
        (keras.losses.MeanSquaredError(), VALUES, (1,), False, float(VALUES.var())),
        (keras.losses.MeanAbsoluteError(), VALUES, (1,), False, float(np.abs(VALUES - np.median(VALUES)).mean())),
    ],
)
def test_null_loss_of_the_usual_losses(loss, y, shape, logits, expected):
    column = y.reshape(-1, 1) if shape == (1,) else y
    assert null_loss(loss, column, shape, from_logits=logits, known=True) == pytest.approx(expected, rel=1e-3)


def test_other_losses_are_minimised_numerically():
    def quartic(y, output):
        return keras.ops.mean((y - output) ** 4, axis=-1)

    grid = np.linspace(0, 10, 2001)
    best = min(float(((VALUES - c) ** 4).mean()) for c in grid)
    found = null_loss(quartic, VALUES.reshape(-1, 1), (1,), from_logits=False, known=False)
    assert found == pytest.approx(best, rel=0.02)


def test_null_loss_does_not_depend_on_the_order_of_rows():
    loss, order = keras.losses.SparseCategoricalCrossentropy(), RNG.permutation(400)
    one, other = (null_loss(loss, y, (3,), from_logits=False, known=True) for y in (CLASSES, CLASSES[order]))
    assert one == pytest.approx(other, rel=1e-6)


def test_a_loss_that_gives_nan_has_no_null():
    def broken(y, output):
        return output * float("nan")

    assert np.isnan(null_loss(broken, VALUES.reshape(-1, 1), (1,), from_logits=False, known=True))


def test_perfect_loss_under_label_smoothing_is_its_entropy():
    rows = np.eye(3, dtype="float32")[CLASSES]
    smooth = keras.losses.CategoricalCrossentropy(label_smoothing=0.1, from_logits=True)
    q = np.array([0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3])
    right = perfect_output(rows, (3,), classes=True)
    found = perfect_loss(smooth, rows, right, from_logits=True, classes=True)
    assert found == pytest.approx(float(-(q * np.log(q)).sum()), rel=1e-3)


def test_perfect_output_needs_fitting_shapes():
    assert perfect_output(VALUES, (2,), classes=False) is None
    assert perfect_output(np.array([0, 3]), (3,), classes=True) is None
