"""The training function of a small model: for the steps that are sampled it has a graph of its own.

A condition in the graph that is never taken costs little, but it holds on to gradients and outputs, which slowed a step
of 2 ms by 5 %. Small models are therefore traced twice, and all steps but the sampled ones run through the graph that
Keras would have made. To trace a large model again takes seconds, and there the condition is not felt.
"""

from collections.abc import Callable
from typing import Any, Protocol, Self

import keras

SMALL = 20  # layers; a model of so many is traced in half a second, and the steps of a larger one take 10 ms or more


class Sampler(Protocol):
    """Whoever wants to see some of the steps."""

    @property
    def armed(self) -> bool:
        """Whether the next step is one of them."""


def may_be_separate(model: Any) -> bool:
    """Whether the sampled steps of a model can have a graph of their own, for about a second."""
    plain = type(model).make_train_function is keras.Model.make_train_function
    one = model.distribute_strategy.num_replicas_in_sync == 1
    # XLA compiles for seconds; an eager step has no graph.
    return plain and one and not (model.jit_compile or model.run_eagerly) and len(model._flatten_layers()) <= SMALL


class TrainFunction:
    """What Keras calls for each step: its own function, or another that has been traced while a step was sampled."""

    def __init__(self, sampler: Sampler, plain: Callable[..., Any], sampled: Callable[..., Any]) -> None:
        self._sampler, self._plain, self._sampled = sampler, plain, sampled

    @classmethod
    def of(cls, model: Any, sampler: Sampler) -> Self:
        """Make both, of which neither is traced before it is called; what Keras has made and traced is kept."""
        model.make_train_function()
        plain = model.train_function
        model.make_train_function(force=True)
        return cls(sampler, plain, model.train_function)

    def __call__(self, iterator: Any) -> Any:
        """Take a step."""
        return (self._sampled if self._sampler.armed else self._plain)(iterator)
