from flatline.remedies.another_rate import another_rate
from tests.checks import make
from tests.remedies.try_out import fixes


def test_table():
    found = fixes(another_rate, make.optimizer(learning_rate=0.0010000000474974513))
    assert [fix.edits[0].value for fix in found] == [0.01, 0.0001, 0.1, 1e-5, 0.003, 0.000333]
    assert not fixes(another_rate, make.optimizer(scheduled=True))
    assert not fixes(another_rate, make.optimizer(learning_rate=0.0))
    assert not fixes(another_rate, make.optimizer(learning_rate=float("nan")))
