"""A model compiled under a distribution strategy, as it is on one device: where short trainings run."""

from typing import Any

from flatline import backend
from flatline.errors import FlatlineError
from flatline.fix import Fix
from flatline.rebuild import rebuilt


def on_one_device(model: Any) -> Any:
    """Return the model itself, or a copy outside of its strategy; call it in a block that is `preserved`.

    The replicas of a strategy share a batch and add up their gradients, so that one device takes the same steps.

    Raises
    ------
    FlatlineError
        When the model cannot be made anew.
    """
    if not backend.is_distributed(model):
        return model
    strategy, kind = type(model.distribute_strategy).__name__, type(model).__name__
    refusal = FlatlineError(
        f"steps are tried on one device, and the {kind} compiled under a {strategy} cannot be made anew there; give it "
        "a get_config that returns all its arguments, or compile it outside of the strategy"
    )
    try:
        copy = rebuilt(model, Fix(title="on one device"))
    except FlatlineError as error:
        raise refusal from error
    if type(copy) is not type(model):
        raise refusal
    return copy
