"""The layers of a model as a graph: what reads what, and which layers no path from input to output avoids."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from flatline.facts import LayerFacts, ModelFacts
from flatline.layers import MERGING


@dataclass(frozen=True, kw_only=True)
class LayerGraph:
    """What reads what among the layers of a model.

    Parameters
    ----------
    layers : mapping of str to LayerFacts
        By name, in call order.
    consumers : mapping of str to tuple of str
        Names of the layers that read a layer's output.
    entries : frozenset of str
        Layers that read the model's input, or a tensor that no known layer made (code between layers): a path may
        begin there.
    """

    layers: Mapping[str, LayerFacts]
    consumers: Mapping[str, tuple[str, ...]]
    entries: frozenset[str]

    @classmethod
    def of(cls, model: ModelFacts) -> "LayerGraph":
        """Build the graph of a model."""
        layers = {layer.name: layer for layer in model.layers}
        consumers: dict[str, list[str]] = {name: [] for name in layers}
        for layer in layers.values():
            for source in layer.inputs:
                if source in consumers:
                    consumers[source].append(layer.name)
        return cls(
            layers=layers,
            consumers={name: tuple(readers) for name, readers in consumers.items()},
            entries=frozenset(name for name, layer in layers.items() if _is_entry(layer, layers)),
        )

    def sources(self, layer: LayerFacts) -> tuple[LayerFacts, ...]:
        """Return the known layers whose output a layer reads."""
        return tuple(self.layers[name] for name in layer.inputs if name in self.layers)

    def below(self, layer: LayerFacts, passes: Callable[[LayerFacts], bool] = lambda _: True) -> tuple[LayerFacts, ...]:
        """Return the layers on all ways down, each way up to and including the first that `passes` refuses."""
        return self._walk(self.consumers[layer.name], lambda name: self.consumers[name], passes)

    def above(self, layer: LayerFacts, passes: Callable[[LayerFacts], bool] = lambda _: True) -> tuple[LayerFacts, ...]:
        """Return the same on all ways up."""
        return self._walk(layer.inputs, lambda name: self.layers[name].inputs, passes)

    def is_inescapable(self, layer: LayerFacts) -> bool:
        """Whether all that the outputs below a layer know of the input has gone through it; False where not known."""
        ends = {one.name for one in self.below(layer) if one.is_output}
        if not ends:
            return False
        starts = [name for name in self.layers if name in self.entries and name != layer.name]
        around = self._walk(starts, lambda name: self.consumers[name], lambda one: one.name != layer.name)
        return not any(one.name in ends for one in around)

    def _walk(
        self,
        start: Iterable[str],
        step: Callable[[str], Iterable[str]],
        passes: Callable[[LayerFacts], bool],
    ) -> tuple[LayerFacts, ...]:
        met: dict[str, LayerFacts] = {}
        waiting = [name for name in start if name in self.layers]
        while waiting:
            name = waiting.pop(0)
            if name in met:
                continue
            met[name] = self.layers[name]
            if passes(met[name]):
                waiting += [other for other in step(name) if other in self.layers and other not in met]
        return tuple(met.values())


def _is_entry(layer: LayerFacts, known: Mapping[str, LayerFacts]) -> bool:
    if layer.reads_model_input or not layer.inputs or any(name not in known for name in layer.inputs):
        return True
    # A merging layer with one known source has another that code between layers made.
    return layer.kind in MERGING and len(layer.inputs) < 2
