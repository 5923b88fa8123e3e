"""What a network began a run with, so that it can begin again: layers as they were given, all others drawn anew."""

from typing import Any

from flatline import backend
from flatline.errors import FlatlineError
from flatline.facts import Array
from flatline.measure.fresh import draw, kept_layers, owned
from flatline.measure.preserve import preserved


class Beginning:
    """Made before the first step; later nobody can tell a pretrained layer from one that this run has trained.

    Parameters
    ----------
    model : keras.Model
        Left as it is, random state included.

    Notes
    -----
    One pass over the weights. Copies only what cannot be drawn again: pretrained layers that are going to be trained.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        with preserved():  # an initialiser of the user's own may draw from any generator
            self._kept = kept_layers(model)
        self._values: dict[int, Array] = {
            id(variable): backend.read(variable)
            for path, layer, variable in owned(model)
            if layer.trainable and path in self._kept
        }

    @property
    def kept(self) -> frozenset[str]:
        """Layers that are never drawn anew: those that were pretrained then, and those that are frozen."""
        return self._kept | {path for path, layer, _ in owned(self._model) if not layer.trainable}

    def restore(self, seed: int) -> None:
        """Set weights as the run may have begun with, and an optimizer that has not seen a step.

        Undoing it is the caller's: in `preserved(model)`.
        """
        model = self._model
        if not model.compiled or model.optimizer is None:
            raise FlatlineError("the model is not compiled with its loss and optimizer")
        drawn = draw(model, seed, kept=self.kept)
        for variable, value in zip(model.variables, drawn, strict=True):
            variable.assign(self._values.get(id(variable), value))
        model.optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
