import numpy as np
import pytest

from flatline.fix import Safety, SetCompile
from flatline.rates import default_rate, rate_at, rounded, set_rate
from tests.detectors import make


def test_the_rate_is_that_of_the_step():
    updates = make.updates({"dense": 1.0}, n=4, every=10, rate=[0.1, np.nan, 0.3, 0.4])
    assert rate_at(make.run(), updates) == 0.4
    assert rate_at(make.run(), updates, 20) == 0.3
    assert rate_at(make.run(), updates, 19) == 0.1
    assert rate_at(make.run(learning_rate=7.0), None) == 7.0
    assert rate_at(make.run(learning_rate=7.0), make.updates({"dense": 1.0}, rate=np.nan)) == 7.0


def test_a_rate_is_rounded_to_one_digit():
    assert [rounded(rate) for rate in (0.0123, 0.96, 4.7e-5)] == [0.01, 1.0, 5e-5]


def test_the_fix_sets_the_rate():
    (fix,) = set_rate(make.run(), 0.0123, than=1.0)
    assert fix.edits == (SetCompile(argument="optimizer.learning_rate", value=0.01),)
    assert fix.title == "set the learning rate to 0.01"
    assert fix.snippet == "optimizer = keras.optimizers.Adam(learning_rate=0.01)"
    assert fix.safety is Safety.UNSAFE


@pytest.mark.parametrize(
    ("given", "than", "title"),
    [
        ({"scheduled": True}, 1.0, "multiply the schedule of the learning rate by 0.01, to 0.01 at that step"),
        ({"scheduled": True}, 0.0, "raise the schedule of the learning rate to some 0.01"),
        ({"custom_train_step": True}, 1.0, "set the learning rate of the optimizer that moves these weights to 0.01"),
    ],
)
def test_where_it_cannot_be_set_it_is_advice(given, than, title):
    (fix,) = set_rate(make.run(**given), 0.0123, than=than)
    assert (fix.title, fix.safety, fix.edits) == (title, Safety.ADVICE, ())


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf, 200.0])
def test_no_fix_without_a_rate(rate):
    assert set_rate(make.run(), rate, than=1.0) == ()


def test_defaults_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for name in ("SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adagrad", "Adamax"):
        optimizer = getattr(keras.optimizers, name)()
        assert default_rate(make.run(optimizer=name)) == pytest.approx(float(optimizer.learning_rate))
