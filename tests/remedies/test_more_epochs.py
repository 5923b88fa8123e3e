import pytest

from flatline.remedies.more_epochs import more_epochs
from tests.checks import make
from tests.remedies.try_out import titles


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (make.plan(), ["train for 200 epochs instead of 20"]),
        (make.plan(epochs=1, steps_per_epoch=None), ["train for 10 epochs instead of 1"]),
        (make.plan(epochs=20, steps_per_epoch=999), ["train for 200 epochs instead of 20"]),
        (make.plan(epochs=20, steps_per_epoch=1000), []),  # 20,000 steps: at the bound
        (make.plan(epochs=None), []),
        (make.plan(given=False), []),
        (make.plan(given=False, epochs=1), []),  # what fit does when nothing is said
    ],
)
def test_table(plan, expected):
    assert titles(more_epochs, plan) == expected
