"""The training function of a small model: for the steps that are sampled it has a graph of its own.

A condition in the graph that is never taken costs little, but it holds on to gradients and outputs, which slowed a step
of 2 ms by 5 %. Small models are therefore traced twice, and all steps but the sampled ones run through the graph that
Keras would have made. To trace a large model again takes seconds, and there the condition costs 1 to 2 %
(`python -m tests.benchmarks.overhead`).

Random operations of TensorFlow itself (`tf.random.normal`) keep their state with the node of the graph: two graphs
would draw other numbers than one. Keras' own layers never use them, so only models made of these alone have two.
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
    parts = model._flatten_layers()
    one = model.distribute_strategy.num_replicas_in_sync == 1
    # XLA compiles for seconds; an eager step has no graph.
    graph = not (model.jit_compile or model.run_eagerly)
    return one and graph and len(parts) <= SMALL and all(map(_is_keras, (*parts, *_losses(model))))


def optimizers_of(model: Any) -> list[Any]:
    """Optimizers among the attributes of a model: a GAN has two, and Keras knows of neither."""
    return [value for value in vars(model).values() if isinstance(value, keras.optimizers.Optimizer)]


def _is_keras(part: Any) -> bool:
    kind = part if callable(part) and hasattr(part, "__qualname__") else type(part)
    return kind.__module__.startswith("keras.") and not isinstance(part, keras.layers.Lambda)


def _losses(model: Any) -> list[Any]:
    """Losses and metrics that are not called by their names."""
    given = [getattr(model, name, None) for name in ("_compile_loss", "_compile_metrics")]
    names = ("_user_loss", "_user_metrics", "_user_weighted_metrics")
    flat = keras.tree.flatten([getattr(each, name, None) for each in given if each is not None for name in names])
    inner = [getattr(each, "fn", None) or getattr(each, "_fn", None) for each in flat]
    return [each for each in (*flat, *inner) if each is not None and not isinstance(each, str)]


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
