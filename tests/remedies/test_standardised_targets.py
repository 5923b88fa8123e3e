import numpy as np
import pytest

from flatline.facts import Task
from flatline.fix import MapLabels
from flatline.remedies.standardised_targets import standardised_targets
from tests.checks import make
from tests.remedies.try_out import fixes

PRICES = np.random.default_rng(0).normal(200, 50, 100)


def regression(y, **given):
    usual = {"task": Task.REGRESSION, "squash": "linear", "declared": "linear", "loss": "mean_squared_error"}
    target = make.array(y, name="y")
    return make.head(
        **{**usual, "output_shape": (1,), "units": 1, "encoding": "values", "n_classes": None, "target": target} | given
    )


@pytest.mark.parametrize(
    ("head", "proposes"),
    [
        (regression(PRICES), True),
        (regression(PRICES[:, None], loss="huber"), True),
        (regression(PRICES - 200), True),
        (regression(PRICES / 1e6), True),
        (regression((PRICES - 200) / 50 + 5), True),
        (regression((PRICES - 200) / 50), False),
        (regression(PRICES, task=Task.RECONSTRUCTION), False),  # the inputs would have to follow
        (regression(np.full(100, 7.0)), False),  # a constant
        (regression(PRICES, squash="softmax", declared="softmax"), True),  # beside another activation
        (regression(PRICES, loss="poisson"), False),  # wants counts
        (regression(PRICES, loss="mean_squared_logarithmic_error"), False),
        (regression(PRICES, output_shape=(3,), units=3), False),
        (make.head(), False),
    ],
)
def test_table(head, proposes):
    expected = [(MapLabels(how="standardize"),)] if proposes else []
    assert [fix.edits for fix in fixes(standardised_targets, make.objective(head))] == expected


def test_several_outputs_are_left_alone():
    assert not fixes(standardised_targets, make.objective(regression(PRICES), regression(PRICES)))
