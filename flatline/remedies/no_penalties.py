"""No penalties on weights and activations.

A penalty that outweighs the data pulls all weights to zero, and the answer to a constant. Without any, the network
shows whether it can learn the training rows at all, which comes before how well it generalises. All regularizers go at
once, and the optimizer's weight decay where it is strong. Costs one run each.

Source: A. Krogh, J. Hertz, "A Simple Weight Decay Can Improve Generalization", NIPS 1991; I. Loshchilov, F. Hutter,
"Decoupled Weight Decay Regularization", ICLR 2019, arXiv 1711.05101.
"""

from collections.abc import Iterator

from flatline.cause import Cause
from flatline.editable import editable, is_assembled, listed_layers, set_layers
from flatline.facts import ModelFacts, OptimizerFacts
from flatline.fix import Fix, RemoveLayer, SetCompile
from flatline.registry import remedy

STRONG_DECAY = 0.01  # 1 / step, times the rate; Keras' AdamW has 0.004, PyTorch's 0.01


@remedy(cause=Cause.REGULARIZATION)
def no_penalties(model: ModelFacts, optimizer: OptimizerFacts | None) -> Iterator[Fix]:
    """Take all penalties out."""
    settings = {
        layer.name: {name: None for name, value in layer.config.items() if name.endswith("_regularizer") and value}
        for layer in editable(model)
    }
    settings = {name: changes for name, changes in settings.items() if changes}
    layers = tuple(layer for layer in editable(model) if layer.name in settings)
    apart = tuple(layer for layer in editable(model) if layer.kind == "ActivityRegularization" and is_assembled(model))
    if layers or apart:
        told = listed_layers((*layers, *apart))
        changed = set_layers(f"take the penalties out of {told}", settings, model)
        lines = [changed.snippet, *(f"# delete the ActivityRegularization layer `{layer.name}`" for layer in apart)]
        yield Fix(
            title=changed.title,
            edits=(*changed.edits, *(RemoveLayer(layer=layer.name) for layer in apart)),
            snippet="\n".join(filter(None, lines)),
        )
    decay = None if optimizer is None else optimizer.config.get("weight_decay")
    if optimizer is not None and isinstance(decay, int | float) and decay >= STRONG_DECAY:
        yield Fix(
            title=f"train without the weight decay of {decay:g}",
            edits=(SetCompile(argument="optimizer.weight_decay", value=0.0),),
            snippet=f"optimizer = keras.optimizers.{optimizer.kind}(learning_rate={optimizer.learning_rate:.3g}, "
            "weight_decay=0.0)",
        )
