"""Batches of 32 rows.

Large batches make few steps out of an epoch: with all rows in one batch, 20 epochs are 20 steps. Batches of one or a
few rows have gradients that are mostly noise at the same rate. Tried: 32 where there are 64 or more, eight times as
many where there are four or fewer. Costs one run.

Source: D. Masters, C. Luschi, "Revisiting Small Batch Training for Deep Neural Networks", 2018, arXiv 1804.07612
(between 2 and 32); Y. Bengio 2012, arXiv 1206.5533, section 3.1.1 ("32 is a good default value").
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.facts import DataFacts, PlanFacts
from flatline.fix import Fix, SetFit
from flatline.registry import remedy

USUAL = 32  # rows; Bengio 2012, and Keras' default
LARGE = 64  # rows; twice as many steps from here on
SMALL = 4  # rows
FACTOR = 8  # 1; three doublings: 1 … 4 become 8 … 32


@remedy(cause=Cause.BATCH_SIZE)
def batch_size(plan: PlanFacts, data: DataFacts | None) -> Iterator[Fix]:
    """Cut large batches down to 32 rows, and make tiny ones larger."""
    if plan.batch_size is None or (data is not None and data.source != "arrays"):
        return  # a pipeline brings its batches along
    rows = data.n_rows if data is not None else None
    present = plan.batch_size if rows is None else min(plan.batch_size, rows)
    wanted = USUAL if present >= LARGE else FACTOR * present if plan.batch_size <= SMALL else present
    if wanted != present and (rows is None or present < rows or wanted < present):
        yield Fix(
            title=f"use `batch_size={wanted}`",
            edits=(SetFit(argument="batch_size", value=wanted),),
            snippet=f"model.fit(X, y, batch_size={wanted})",
        )
