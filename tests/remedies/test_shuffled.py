import pytest

from flatline.fix import SetFit, Shuffle
from flatline.remedies.shuffled import shuffled
from tests.checks import make
from tests.remedies.try_out import fixes

SORTED = make.data(label_order=0.99)
KEPT = [(Shuffle(), SetFit(argument="shuffle", value=True))]


@pytest.mark.parametrize(
    ("data", "plan", "expected"),
    [
        (make.data(), make.plan(shuffle=False), KEPT),
        (SORTED, make.plan(validation_split=0.2), [(Shuffle(),)]),
        (SORTED, make.plan(), []),  # fit shuffles
        (make.data(), make.plan(validation_split=0.2), []),
        (make.data(label_order=0.99, label_order_is_known=False), make.plan(validation_split=0.2), []),
        (make.data(source="tf.data"), make.plan(shuffle=False), []),
    ],
)
def test_table(data, plan, expected):
    assert [fix.edits for fix in fixes(shuffled, data, plan)] == expected


def test_order_means_something_to_a_stateful_network():
    stateful = make.model(make.layer("lstm", kind="LSTM", config={"units": 16, "stateful": True}), make.layer("out"))
    assert fixes(shuffled, make.data(), make.plan(shuffle=False), make.model())
    assert not fixes(shuffled, make.data(), make.plan(shuffle=False), stateful)
