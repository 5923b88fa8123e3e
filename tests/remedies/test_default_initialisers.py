import pytest

from flatline.fix import Reinitialize, SetLayer
from flatline.remedies.default_initialisers import default_initialisers
from tests.checks import make
from tests.remedies.try_out import fixes

RELU = (SetLayer(layer="a", argument="kernel_initializer", value="he_normal"), Reinitialize(layers=("a",)))
GLOROT = (SetLayer(layer="a", argument="kernel_initializer", value="glorot_uniform"), Reinitialize(layers=("a",)))
BIAS = (SetLayer(layer="a", argument="bias_initializer", value="zeros"), Reinitialize(layers=("a",)))
ALL = (Reinitialize(layers=("a", "out")),)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (make.layer("a", initializer="RandomNormal"), [RELU]),
        (make.layer("a", initializer="Zeros", weight_norm=0.0, activation="tanh"), [GLOROT]),
        (make.layer("a", config={"bias_initializer": "Ones"}), [BIAS]),
        (make.layer("a", weight_norm=0.0), [ALL]),  # set to zero by hand
        (make.layer("a", identical_units=1.0), [ALL]),
        (make.layer("a", weight_norm=2000.0), [ALL]),
        (make.layer("a", kind="LSTM", weight_norm=0.0), [ALL]),
        (make.layer("a"), []),
        (make.layer("a", initializer=None), []),
        (make.layer("a", initializer="Zeros", weight_norm=0.0, kind="Embedding", activation=None), []),  # to stay zero
        (make.layer("a", kernel_shape=(1, 4), weight_norm=60.0), []),  # four weights may be anything
        (make.layer("a", initializer="HeUniform", config={"bias_initializer": "Zeros"}), []),
        (make.layer("a", initializer="OrthogonalInitializer"), []),
        (make.layer("a", weight_norm=float("nan"), identical_units=float("nan")), []),  # not measured
        (make.layer("a", config={"bias_initializer": "Ones", "use_bias": False}), []),
        (make.layer("a", initializer="RandomNormal", trainable=False), []),
        (make.layer("a", initializer="RandomNormal", nested_in=("model", "inner")), []),
        (make.layer("a", initializer="RandomUniform", kind="Embedding", activation=None), []),  # its default
    ],
)
def test_table(layer, expected):
    model = make.model(layer, make.layer("out", activation="softmax"))
    assert [fix.edits for fix in fixes(default_initialisers, model)] == expected
