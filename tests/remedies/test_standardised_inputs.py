import numpy as np
import pytest

from flatline.entry import STANDARDISE
from flatline.fix import MapInput
from flatline.maps import fit_inputs, mapped
from flatline.remedies.standardised_inputs import standardised_inputs
from tests.checks import make
from tests.remedies.try_out import fixes

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (50, 8, 8, 1)).astype("uint8")
STANDARD = [(MapInput(how="standardize"),)]
BYTES = [(MapInput(how="rescale", factor=1 / 255),)]
EMBEDDED = make.model(
    make.layer("embedding", kind="Embedding", kernel_shape=(100, 8), activation=None),
    make.layer("dense"),
    make.layer("dense_1"),
)
RESCALED = make.model(make.layer("rescaling", kind="Rescaling", kernel_shape=()), make.layer("dense"))
MASKED = make.model(make.layer("masking", kind="Masking", kernel_shape=()), make.layer("dense"))
FLATTENED = make.model(make.layer("flatten", kind="Flatten", kernel_shape=()), make.layer("dense"))


@pytest.mark.parametrize(
    ("X", "model", "expected"),
    [
        (make.ROWS * [1, 1, 1, 1, 5000], make.model(), STANDARD),
        (make.ROWS + 3, make.model(), STANDARD),
        (1e-4 * make.ROWS, make.model(), STANDARD),
        (PIXELS, FLATTENED, BYTES),
        (PIXELS.reshape(50, 64), make.model(), BYTES),
        (PIXELS * 0.9, FLATTENED, BYTES),
        (PIXELS / 255, FLATTENED, STANDARD),
        (PIXELS.astype("int16") - 120, FLATTENED, STANDARD),
        (PIXELS.reshape(50, 64) * 0.9, make.model(), STANDARD),  # no bytes, and no image that one could tell
        (PIXELS[:, :2, :2].reshape(50, 4), make.model(), STANDARD),
        (4 * np.round(RNG.uniform(size=(50, 5))) + 3, make.model(), STANDARD),
        (RNG.uniform(0, 200, (50, 5)), make.model(), STANDARD),  # a table, whatever its range
        (make.ROWS, make.model(), []),
        (np.c_[make.ROWS, np.ones(len(make.ROWS))], make.model(), []),  # a constant column cannot be standardised
        (np.round(RNG.uniform(size=(50, 5))), make.model(), []),  # marks of 0 and 1
        (RNG.integers(0, 100, (50, 7)), EMBEDDED, []),  # token numbers
        (PIXELS, RESCALED, []),
        (make.ROWS + 3, MASKED, []),
        ([make.array(make.ROWS + 3), make.array(make.ROWS)], make.model(), []),  # two inputs
        (make.array(make.ROWS + 3, dtype="object"), make.model(), []),
    ],
)
def test_table(X, model, expected):
    assert [fix.edits for fix in fixes(standardised_inputs, make.data(X), model)] == expected


@pytest.mark.parametrize("X", [make.ROWS * [1, 0, 2, 3, 5000], PIXELS / 255, make.ROWS[:, 0]])
def test_the_code_does_what_the_edit_does(X):
    names = {"np": np, "X": X}
    exec(STANDARDISE, names)
    edit = fit_inputs(MapInput(how="standardize"), X)
    assert np.allclose(names["X"], mapped(X, (edit,)), rtol=1e-5, atol=1e-5)
