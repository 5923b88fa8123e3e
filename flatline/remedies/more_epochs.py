"""Ten times as many epochs.

A network that has made a few hundred steps may just not be there yet, however right everything else is; a flat start
can be long. Costs a run of ten times the length, and nothing else; early stopping ends it where it has become too many.

Source: Y. Bengio 2012, arXiv 1206.5533, section 3.1.1 (the number of iterations, by early stopping); A. Saxe,
J. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", ICLR
2014, arXiv 1312.6120 (long plateaus, then rapid learning).
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.facts import PlanFacts
from flatline.fix import Fix, SetFit
from flatline.registry import remedy

FACTOR = 10  # 1
ENOUGH = 20_000  # steps; 20 epochs of 60,000 rows: who has learnt nothing by then lacks something else


@remedy(cause=Cause.EPOCHS)
def more_epochs(plan: PlanFacts) -> Iterator[Fix]:
    """Multiply the epochs of the plan by ten."""
    if not plan.given or plan.epochs is None or (plan.n_steps is not None and plan.n_steps >= ENOUGH):
        return
    epochs = FACTOR * plan.epochs
    yield Fix(
        title=f"train for {epochs} epochs instead of {plan.epochs}",
        edits=(SetFit(argument="epochs", value=epochs),),
        snippet=f"model.fit(X, y, epochs={epochs})",
    )
