import pytest

from flatline.facts import Task
from flatline.remedies.balanced_classes import balanced_classes
from tests.checks import make
from tests.remedies.try_out import fixes


def counted(*counts, start=0, **given):
    pairs = tuple((float(label), n) for label, n in enumerate(counts, start))
    return make.objective(make.head(class_counts=pairs, **given))


@pytest.mark.parametrize(
    ("objective", "weights"),
    [
        (counted(30, 10), {0: 0.667, 1: 2.0}),  # at the bound
        (counted(10, 0, 90), {0: 5.0, 2: 0.556}),
        (counted(90, 10, encoding="one_hot"), {0: 0.556, 1: 5.0}),
        (counted(29, 10), None),
        (counted(100), None),
        (counted(90, 10, task=Task.MULTILABEL), None),
        (counted(90, 10, output_shape=(16, 3)), None),  # steps of a sequence
        (counted(90, 10, start=-1), None),  # fit takes class numbers only
        (counted(*range(1, 120)), None),  # a vocabulary
    ],
)
def test_table(objective, weights):
    found = [fix.edits[0].value for fix in fixes(balanced_classes, make.data(), objective, make.plan())]
    assert found == ([weights] if weights else [])


def test_what_is_weighted_already():
    assert fixes(balanced_classes, make.data(), counted(90, 10))
    assert not fixes(balanced_classes, make.data(has_sample_weight=True), counted(90, 10))
    assert not fixes(balanced_classes, make.data(), counted(90, 10), make.plan(class_weight={0: 1.0}))
    two = make.head(class_counts=((0.0, 90), (1.0, 10)))
    assert not fixes(balanced_classes, make.data(), make.objective(two, two))
