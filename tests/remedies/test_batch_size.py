import pytest

from flatline.remedies.batch_size import batch_size
from tests.checks import make
from tests.remedies.try_out import fixes


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (64, 32),
        (200, 32),
        (100_000, 32),  # all 200 rows in one
        (1, 8),
        (4, 32),
        (32, None),
        (63, None),
        (5, None),
        (None, None),
    ],
)
def test_table(given, wanted):
    found = [fix.edits[0].value for fix in fixes(batch_size, make.plan(batch_size=given), make.data())]
    assert found == ([wanted] if wanted else [])


def test_without_data():
    assert fixes(batch_size, make.plan(batch_size=64))[0].edits[0].value == 32
    assert fixes(batch_size, make.plan(batch_size=2))[0].edits[0].value == 16


def test_rows_that_cannot_be_counted():
    assert fixes(batch_size, make.plan(batch_size=2), make.data(n_rows=None))


def test_few_rows_are_one_batch_already():
    tiny = make.data(make.ROWS[:40], make.CLASSES[:40])
    assert not fixes(batch_size, make.plan(batch_size=64), tiny)
    assert not fixes(batch_size, make.plan(batch_size=4), make.data(make.ROWS[:4], make.CLASSES[:4]))


def test_a_pipeline_brings_its_batches():
    assert not fixes(batch_size, make.plan(batch_size=64), make.data(source="tf.data", batch_size=64))
