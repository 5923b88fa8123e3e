"""Another learning rate.

The rate is the argument that decides most often whether a network trains at all (Bengio 2012, arXiv 1206.5533,
section 3.1.1: "the single most important hyper-parameter"), and the right one lies anywhere on a logarithmic scale.
So factors of 3, 10 and 100 are tried both ways. They share one compiled step and cost nothing but their runs.
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.facts import OptimizerFacts
from flatline.fix import Fix, SetCompile
from flatline.registry import remedy

FACTORS = (10.0, 0.1, 100.0, 0.01, 3.0, 1 / 3)


@remedy(cause=Cause.LEARNING_RATE)
def another_rate(optimizer: OptimizerFacts) -> Iterator[Fix]:
    """Multiply and divide the rate by 3, 10 and 100."""
    if optimizer.scheduled or not optimizer.learning_rate > 0:
        return
    for factor in FACTORS:
        rate = float(f"{optimizer.learning_rate * factor:.3g}")
        yield Fix(
            title=f"use `learning_rate={rate:g}`",
            edits=(SetCompile(argument="optimizer.learning_rate", value=rate),),
            snippet=f"model.optimizer.learning_rate = {rate:g}",
        )
