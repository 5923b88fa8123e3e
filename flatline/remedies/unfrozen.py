"""All layers trainable.

A frozen layer hands on what it was made to, random features in a fresh network, and features of another task in a
borrowed one. It is frozen on purpose in transfer learning, and by oversight when `trainable=False` is left over. Tried
for all frozen layers of the model itself; a frozen model within it stays. Costs one run that is slower.

Source: J. Yosinski et al., "How transferable are features in deep neural networks?", NIPS 2014, arXiv 1411.1792
(fine-tuned features do better than frozen ones, the more so the less the tasks resemble each other).
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.editable import editable, listed_layers
from flatline.facts import ModelFacts
from flatline.fix import Fix, SetLayer
from flatline.registry import remedy


@remedy(cause=Cause.TRAINABLE)
def unfrozen(model: ModelFacts) -> Iterator[Fix]:
    """Let frozen layers train."""
    frozen = tuple(layer for layer in editable(model) if layer.n_weights and not layer.trainable)
    if not frozen:
        return
    names = ", ".join(f'"{layer.name}"' for layer in frozen)
    yield Fix(
        title=f"let {listed_layers(frozen)} train",
        edits=tuple(SetLayer(layer=layer.name, argument="trainable", value=True) for layer in frozen),
        snippet=f"for name in [{names}]:\n    model.get_layer(name).trainable = True  # then compile again",
    )
