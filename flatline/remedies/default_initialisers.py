"""Initial weights as Keras draws them.

Weights that start at zero or all alike keep the units of a layer equal; weights drawn far too large or too small let
the signal explode or fade from layer to layer. Glorot's and He's schemes keep its size: the first for most activations,
the second for ReLU. Tried for layers whose initialiser is neither of them nor of their kin, with biases at zero; and
for all trainable layers at once, by their own initialisers, where the weights look odd although the initialisers do
not (weights that were set by hand, loaded, or trained to death). Costs one run each.

Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010;
K. He et al., "Delving Deep into Rectifiers", ICCV 2015, arXiv 1502.01852.
"""

import math
from collections.abc import Iterator

from flatline.cause import Cause
from flatline.editable import PLAIN, editable, listed_layers, set_layers
from flatline.facts import LayerFacts, ModelFacts
from flatline.fix import Fix, Reinitialize
from flatline.layers import RECTIFIERS, RECURRENT, activation, he_scale, units
from flatline.registry import remedy

MAX_IDENTICAL = 0.99  # 1; share of units that repeat another's weights, as in identical-units
USUAL_SCALE = (1e-2, 10.0)  # 1; deviation of a kernel over He's, as in initial-weights-scale
LEAST_WEIGHTS = 16  # weights; the deviation of fewer is what it is by chance
_USUAL = frozenset({"GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"})
_USUAL |= {"VarianceScaling", "Orthogonal", "OrthogonalInitializer"}


@remedy(cause=Cause.INITIALIZATION)
def default_initialisers(model: ModelFacts) -> Iterator[Fix]:
    """Start from usual initial weights."""
    trained = [layer for layer in editable(model) if layer.n_trainable]
    settings = {layer.name: _changes(layer) for layer in trained if layer.kind in PLAIN | RECURRENT}
    settings = {name: changes for name, changes in settings.items() if changes}
    if settings:
        odd = tuple(layer for layer in trained if layer.name in settings)
        changed = set_layers(f"use the default initialisers in {listed_layers(odd)}", settings, model)
        drawn = Reinitialize(layers=tuple(settings))
        yield Fix(title=changed.title, edits=(*changed.edits, drawn), snippet=changed.snippet)
    if any(_is_odd(layer) for layer in trained if layer.name not in settings):
        yield Fix(
            title="draw all weights anew",
            edits=(Reinitialize(layers=tuple(layer.name for layer in trained)),),
            snippet="model = keras.models.clone_model(model)  # the same layers, fresh weights; then compile",
        )


def _changes(layer: LayerFacts) -> dict[str, str]:
    changes: dict[str, str] = {}
    if layer.initializer is not None and layer.initializer not in _USUAL:
        changes["kernel_initializer"] = "he_normal" if activation(layer) in RECTIFIERS else "glorot_uniform"
    if layer.config.get("bias_initializer", "Zeros") != "Zeros" and layer.config.get("use_bias", True):
        changes["bias_initializer"] = "zeros"
    return changes


def _is_odd(layer: LayerFacts) -> bool:
    """Whether the weights cannot be what a usual initialiser draws."""
    if layer.initializer not in _USUAL:  # drawn anew they would be the same
        return False
    if layer.weight_norm == 0 or (layer.identical_units >= MAX_IDENTICAL and units(layer) >= 2):
        return True
    scale = he_scale(layer)
    if math.isnan(scale) or math.prod(layer.kernel_shape) < LEAST_WEIGHTS:
        return False
    return not USUAL_SCALE[0] <= scale <= USUAL_SCALE[1]
