"""Variant: a copy of the model with some edits and its compiled step; or the user's own object, edited in place."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

from flatline import backend
from flatline.facts import Array
from flatline.fix import Edit, Fix, MapInput, MapLabels, Reinitialize, SetCompile, SetFit, SetLayer, Shuffle
from flatline.measure.preserve import preserved
from flatline.rebuild import edited


class Variant:
    """A copy of the model with some edits, and its compiled step."""

    def __init__(self, model: Any, *, compiled: bool) -> None:
        self.model = model
        self.optimizer = model.optimizer
        self.optimizer.build(model.trainable_variables)
        self.training = backend.CompiledTraining(model, self.optimizer)
        self.predict: Callable[[Any], Any] = backend.Inference(model, compiled=compiled, fixed_batch=None)
        self.logits = reads_logits(model)
        self.initial = [backend.read(variable) for variable in model.variables]
        self._optimizer_state = [backend.read(variable) for variable in self.optimizer.variables]

    @contextlib.contextmanager
    def world(self, fix: Fix) -> Iterator[None]:
        """Where the variant is trained."""
        yield

    def reset(self, weights: Sequence[Array]) -> None:
        """Start from these weights and an optimizer that has not seen a step."""
        for variable, value in zip(self.model.variables, weights, strict=True):
            variable.assign(value)
        for variable, value in zip(self.optimizer.variables, self._optimizer_state, strict=True):
            variable.assign(value)


class OwnVariant(Variant):
    """The user's own object, for models that cannot be made anew: edited and trained in place, then put back."""

    def __init__(self, model: Any, structural: Fix, *, compiled: bool) -> None:
        self._structural = structural
        with preserved(model), edited(model, structural):
            model.optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
            super().__init__(model, compiled=compiled)

    @contextlib.contextmanager
    def world(self, fix: Fix) -> Iterator[None]:
        with preserved(self.model), edited(self.model, self._structural):
            yield


def is_structural(edit: Edit) -> bool:
    """Whether an edit changes the graph; everything else is data to it."""
    if isinstance(edit, SetLayer):
        return not edit.argument.endswith("_initializer")
    if isinstance(edit, SetCompile):
        return edit.argument != "optimizer.learning_rate"
    return not isinstance(edit, SetFit | MapInput | MapLabels | Shuffle | Reinitialize)


def key(fix: Fix) -> str:
    """What fixes that share a graph have in common."""
    return repr(sorted(repr(edit) for edit in fix.edits if is_structural(edit)))


def reads_logits(model: Any) -> bool:
    """Whether an output of 0 separates two classes under the compiled loss."""
    for loss in keras.tree.flatten(model._compile_config.config.get("loss")):
        named = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
        config = loss.get_config() if isinstance(loss, keras.losses.Loss) else {}
        if config.get("from_logits") or "hinge" in str(named):
            return True
    return False
