import pytest

from flatline.remedies.standard_optimizer import standard_optimizer
from tests.checks import make
from tests.remedies.try_out import titles

BOTH = ["use Adam with `learning_rate=0.001`", "use Adam with `learning_rate=0.01`"]


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (make.optimizer(kind="SGD", learning_rate=0.01), BOTH),
        (make.optimizer(kind="Adam", scheduled=True), BOTH),
        (make.optimizer(config={"clipnorm": 1e-5}), BOTH),
        (make.optimizer(config={"beta_1": 0.0}), BOTH),
        (make.optimizer(config={"epsilon": 10.0}), BOTH),
        (make.optimizer(learning_rate=1e-6), BOTH),  # out of reach of the factors of another-rate
        (make.optimizer(learning_rate=1e-5), BOTH[1:]),
        (make.optimizer(), []),  # 0.001 as it is, 0.01 among the factors of another-rate
        (make.optimizer(learning_rate=0.0010000000474974513), []),  # as float32 keeps it
        (make.optimizer(learning_rate=1.0), BOTH[:1]),
    ],
)
def test_table(optimizer, expected):
    assert titles(standard_optimizer, optimizer) == expected
