import numpy as np

from flatline.checks.token_out_of_range import token_out_of_range
from flatline.finding import Severity
from flatline.testing import RuleTester, row
from tests.checks import make

WORDS = np.arange(1, 101).reshape(20, 5)


def embedding(low, high, rows=100, name="words", **given):
    """A table of so many rows that was asked for low to high."""
    given = {"config": {"input_dim": rows, "output_dim": 4}} | given
    return make.layer(name, kind="Embedding", kernel_shape=(rows, 4), input_min=low, input_max=high, **given)


def test_token_out_of_range():
    both = make.model(embedding(0.0, 9.0), embedding(0.0, 9.0, rows=5, name="tags", reads_model_input=True))
    RuleTester(token_out_of_range).run(
        fires=[
            row(
                make.model(embedding(1.0, 100.0)),
                message="`words` has rows 0 to 99 and is asked for row 100",
                severity=Severity.ERROR,
                where="words",
                fix="`input_dim=101`",
            ),
            row(make.model(embedding(-1.0, 50.0)), message="asked for row -1", fix="number the tokens from 0"),
            # the probe saw no such word, the scan of the array did
            row(make.data(WORDS), make.model(embedding(1.0, 80.0)), message="row 100"),
            row(make.data(WORDS), make.model(embedding(float("nan"), float("nan"))), message="row 100"),
            row(both, message="`tags` has rows 0 to 4 and is asked for row 9"),
        ],
        silent=[
            make.model(embedding(0.0, 99.0)),  # at the bound
            (make.data(WORDS), make.model(embedding(1.0, 80.0, rows=101))),
            make.model(),
            # hashed in the model: the array's numbers are not what the table is asked for
            (
                make.data(WORDS * 1000),
                make.model(make.layer("hash", kind="Hashing", kernel_shape=()), embedding(0.0, 99.0)),
            ),
            (make.data([WORDS, make.ROWS]), make.model(embedding(0.0, 98.0))),
            make.model(embedding(0.0, 98.0, config={})),  # the table itself tells its size
        ],
        cannot_tell=[
            row(make.model(embedding(float("nan"), float("nan"))), message="1 embeddings (`words`)"),
            row(make.data(), message="needs ModelFacts"),
        ],
    )
