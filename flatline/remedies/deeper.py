"""One more hidden layer before the output.

A network without a hidden layer, or with one that is narrow or linear, draws straight borders only; one more ReLU layer
can bend them. It stands directly before the output layer, as wide as the hidden layer before it and at least 64 units.
Costs one run that is slightly slower.

Source: G. Cybenko, "Approximation by superpositions of a sigmoidal function", 1989, doi:10.1007/BF02551274;
M. Leshno et al., "Multilayer feedforward networks with a nonpolynomial activation function can approximate any
function", 1993, doi:10.1016/S0893-6080(05)80131-5.
"""

from collections.abc import Iterator

from flatline.canonical import single
from flatline.cause import Cause
from flatline.editable import hidden, is_assembled, reaches
from flatline.facts import ModelFacts, ObjectiveFacts, Task
from flatline.fix import Fix, InsertLayer
from flatline.layers import units, written
from flatline.registry import remedy

LEAST, MOST = 64, 256  # units; wide enough for tables; more costs time in every step
MOST_HIDDEN = 8  # layers; deeper ones lack something else than depth (VGG, 2014, has 8 convolutions in its first form)


@remedy(cause=Cause.CAPACITY)
def deeper(model: ModelFacts, objective: ObjectiveFacts) -> Iterator[Fix]:
    """Insert a hidden `Dense` layer with ReLU before the output layer."""
    head = single(objective)
    if head is None or head.task is Task.RECONSTRUCTION or not is_assembled(model):
        return
    last, before = model.layer(head.weighted_layer), hidden(model)
    if last is None or last.kind != "Dense" or not reaches(model, last.name) or len(before) > MOST_HIDDEN:
        return
    width = min(max(LEAST, units(before[-1]) if before else 0), MOST)
    config = {"units": width, "activation": "relu", "kernel_initializer": "he_normal", "name": f"before_{last.name}"}
    line = f'keras.layers.Dense({width}, activation="relu", kernel_initializer="he_normal"),  # new'
    yield Fix(
        title=f"put one more hidden layer of {width} units before `{last.name}`",
        edits=(InsertLayer(before=last.name, kind="Dense", config=config),),
        snippet=f"{line}\n{written(last)}",
    )
