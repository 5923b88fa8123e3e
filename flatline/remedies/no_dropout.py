"""No dropout, or half as much.

Dropout hides units at random in each step: small networks on few rows may have too few left to learn from, and the
noise covers a weak signal. Without any, the network shows whether it can learn the training rows at all. All rates are
set to zero at once; where one is above a half, halving those is tried as well. Costs one run each.

Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, 2014,
figure 9 and appendix A.4 (rates of 0.2 to 0.5, and more units or a larger rate of learning with them).
"""

from collections.abc import Iterator, Mapping

from flatline.cause import Cause
from flatline.editable import editable, listed_layers, set_layers
from flatline.facts import LayerFacts, ModelFacts
from flatline.fix import Fix
from flatline.layers import DROPOUT, RECURRENT
from flatline.registry import remedy

HIGH = 0.5  # 1; exclusive: the largest rate that Srivastava et al. use


@remedy(cause=Cause.DROPOUT)
def no_dropout(model: ModelFacts) -> Iterator[Fix]:
    """Set dropout rates to zero; halve those above a half."""
    rates = {layer.name: found for layer in editable(model) if (found := _rates(model, layer))}
    if not rates:
        return
    dropped = tuple(layer for layer in model.layers if layer.name in rates)
    deleted = [f"`{layer.name}`" for layer in dropped if layer.kind in DROPOUT]
    yield set_layers(
        f"train without dropout ({listed_layers(dropped)})",
        {name: dict.fromkeys(found, 0.0) for name, found in rates.items()},
        model,
        note=f"# or delete the layers {', '.join(deleted)}" if deleted else "",
    )
    high = {name: {key: rate / 2 for key, rate in found.items() if rate > HIGH} for name, found in rates.items()}
    high = {name: changes for name, changes in high.items() if changes}
    if high:
        yield set_layers("halve the dropout rates above 0.5", high, model)


def _rates(model: ModelFacts, layer: LayerFacts) -> Mapping[str, float]:
    """Rates above zero by argument; those of recurrent layers are fixed once the layer exists."""
    arguments: tuple[str, ...] = ("rate",) if layer.kind in DROPOUT else ()
    if layer.kind in RECURRENT and model.kind != "subclassed":
        arguments = ("dropout", "recurrent_dropout")
    return {name: float(layer.config[name]) for name in arguments if (layer.config.get(name) or 0) > 0}
