"""Adam at a usual rate.

Adam scales each weight's step by the gradients that it has seen, so that one rate serves layers and problems of very
different scale; 0.001 is what its authors found good. Trying it answers whether the optimizer or its settings are to
blame, of which there are many: a momentum of 0.999, clipping at 1e-5, a schedule that begins at 0. A second try at 0.01
covers small networks on few rows. Costs one run each; a rate that `another_rate` tries already is left to it.

Source: D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv 1412.6980, algorithm 1.
"""

import math
from collections.abc import Iterator

from flatline.cause import Cause
from flatline.facts import OptimizerFacts
from flatline.fix import Fix, SetCompile
from flatline.registry import remedy
from flatline.remedies.another_rate import FACTORS

RATES = (1e-3, 1e-2)  # 1; the authors' proposal, and ten times that
DEFAULTS = {"beta_1": 0.9, "beta_2": 0.999}  # of Keras; the authors' proposal
LARGEST_EPSILON = 1e-4  # 1; above, the step no longer scales with the gradients of a usual size
_LIMITS = ("clipnorm", "clipvalue", "global_clipnorm", "weight_decay")


@remedy(cause=Cause.OPTIMIZER)
def standard_optimizer(optimizer: OptimizerFacts) -> Iterator[Fix]:
    """Train with Adam as Keras sets it up."""
    for rate in RATES:
        if _is_standard(optimizer) and _is_tried(optimizer.learning_rate, rate):
            continue
        yield Fix(
            title=f"use Adam with `learning_rate={rate:g}`",
            edits=(SetCompile(argument="optimizer", value={"kind": "Adam", "config": {"learning_rate": rate}}),),
            snippet=f"optimizer = keras.optimizers.Adam(learning_rate={rate:g})  # for model.compile",
        )


def _is_standard(optimizer: OptimizerFacts) -> bool:
    if optimizer.kind != "Adam" or optimizer.scheduled:
        return False
    config = optimizer.config
    usual = all(math.isclose(config.get(name, value), value) for name, value in DEFAULTS.items())
    return usual and (config.get("epsilon") or 0.0) <= LARGEST_EPSILON and not any(config.get(one) for one in _LIMITS)


def _is_tried(rate: float, wanted: float) -> bool:
    """Whether it is the rate as it is, or one of those that `another_rate` makes of it; rates are kept in float32."""
    return any(math.isclose(rate * factor, wanted, rel_tol=1e-2) for factor in (1.0, *FACTORS))
