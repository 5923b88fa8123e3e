"""The parts that fixes of the objective are made of: what to edit, and the code that says the same for this model."""

from dataclasses import dataclass
from typing import Any

from flatline.entry import STANDARDISE_TARGETS
from flatline.facts import HeadFacts, ModelFacts, ObjectiveFacts, Task
from flatline.fix import Edit, Fix, MapInput, MapLabels, ReplaceLayer, Safety, SetCompile, SetLayer
from flatline.layers import CONVOLUTIONS, DENSE, WEIGHTED, code, written
from flatline.outputs import BINARY, place

_PURE_ACTIVATIONS = frozenset({"Softmax", "ReLU", "LeakyReLU", "ELU"})


@dataclass(frozen=True, kw_only=True)
class Change:
    """One part of a fix; `edits` is None where a program cannot make it (a user's own layer, several outputs)."""

    edits: tuple[Edit, ...] | None
    snippet: str


def fix(title: str, *changes: Change, safety: Safety = Safety.UNSAFE) -> Fix:
    """Put changes together; one that cannot be made by a program makes the whole an advice."""
    snippet = "\n".join(change.snippet for change in changes if change.snippet)
    edits: list[Edit] = []
    for change in changes:
        if change.edits is None:
            return Fix(title=title, safety=Safety.ADVICE, snippet=snippet)
        edits += change.edits
    return Fix(title=title, safety=safety, edits=tuple(edits), snippet=snippet)


def set_activation(head: HeadFacts, model: ModelFacts | None, activation: str) -> Change:
    """Give the output another last activation."""
    layer = None if model is None else model.layer(head.layer)
    if layer is not None and layer.builtin and "activation" in layer.config and layer.kind in WEIGHTED | {"Activation"}:
        edit: Edit = SetLayer(layer=layer.name, argument="activation", value=activation)
        return Change(edits=(edit,), snippet=written(layer, activation=activation))
    if layer is not None and layer.builtin and layer.kind in _PURE_ACTIVATIONS:
        edit = ReplaceLayer(layer=layer.name, kind="Activation", config={"activation": activation})
        return Change(edits=(edit,), snippet=code("Activation", f'"{activation}"', layer.name))
    if activation == "linear":
        return Change(edits=None, snippet=f"outputs = keras.layers.Dense({head.units})(features)")
    return Change(edits=None, snippet=f'outputs = keras.layers.Activation("{activation}")(outputs)')


def to_probabilities(objective: ObjectiveFacts, head: HeadFacts, model: ModelFacts | None) -> Fix:
    """Give the output the activation that its cross-entropy reads: softmax for exclusive classes, or sigmoid."""
    if is_exclusive_under_binary(head):
        return fix(
            f'use `activation="softmax"` in {at(head)}, and `categorical_crossentropy`',
            set_activation(head, model, "softmax"),
            set_loss(objective, head, "categorical_crossentropy"),
        )
    activation = "sigmoid" if head.loss in BINARY else "softmax"
    return fix(f'use `activation="{activation}"` in {at(head)}', set_activation(head, model, activation))


def is_exclusive_under_binary(head: HeadFacts) -> bool:
    """Whether a loss for independent labels is given exclusive classes, so that it has to go as well."""
    return head.loss in BINARY and head.encoding in ("one_hot", "soft") and head.task is Task.MULTICLASS


def set_units(head: HeadFacts, model: ModelFacts | None, units: int, activation: str) -> Change:
    """Give the output another number of units, and its activation with it."""
    last = None if model is None else model.layer(head.weighted_layer)
    if model is None or last is None or not last.builtin or last.kind not in DENSE | CONVOLUTIONS:
        return _advised(units, activation)
    argument = "filters" if last.kind in CONVOLUTIONS else "units"
    if argument not in last.config:
        return _advised(units, activation)
    widened: Edit = SetLayer(layer=last.name, argument=argument, value=units)
    if last.name == head.layer:
        bent: Edit = SetLayer(layer=last.name, argument="activation", value=activation)
        return Change(edits=(widened, bent), snippet=written(last, **{argument: units, "activation": activation}))
    end = model.layer(head.layer)
    after = set_activation(head, model, activation)
    snippet = f"{written(last, **{argument: units})}\n{after.snippet}"
    if end is None or end.inputs != (last.name,) or after.edits is None:
        return Change(edits=None, snippet=snippet)
    return Change(edits=(widened, *after.edits), snippet=snippet)


def _advised(units: int, activation: str) -> Change:
    return Change(edits=None, snippet=f'outputs = keras.layers.Dense({units}, activation="{activation}")(features)')


def set_loss(objective: ObjectiveFacts, head: HeadFacts, loss: str, *, from_logits: bool = False) -> Change:
    """Compile with another loss; a loss that takes logits is given as its class and arguments."""
    kind = "".join(part.title() for part in loss.split("_"))
    value: Any = {"kind": kind, "config": {"from_logits": True}} if from_logits else loss
    code = f"keras.losses.{kind}(from_logits=True)" if from_logits else f'"{loss}"'
    edit: Edit = SetCompile(argument="loss", value=value)
    alone = len(objective.heads) == 1
    code = code if alone else f'{{"{head.name}": {code}}}'
    metrics = f", metrics={list(head.metrics)!r}".replace("'", '"') if head.metrics else ""
    return Change(
        edits=(edit,) if alone else None,
        snippet=f"model.compile(optimizer=model.optimizer, loss={code}{metrics})",
    )


def map_labels(objective: ObjectiveFacts, how: str, code: str, *, classes: int = 0, factor: float = 1.0) -> Change:
    """Transform the labels; `code` says how on one line."""
    edit: Edit = MapLabels(how=how, classes=classes, factor=factor)
    return Change(edits=(edit,) if len(objective.heads) == 1 else None, snippet=code)


def standardise_labels(objective: ObjectiveFacts) -> Change:
    """Give each column of the targets mean 0 and deviation 1; the code keeps the two numbers that undo it."""
    return map_labels(objective, "standardize", STANDARDISE_TARGETS)


def map_input(objective: ObjectiveFacts, how: str, code: str, *, factor: float = 1.0) -> Change:
    """Transform the inputs together with targets that are the inputs."""
    edit: Edit = MapInput(how=how, factor=factor)
    return Change(edits=(edit,) if len(objective.heads) == 1 else None, snippet=code)


def at(head: HeadFacts) -> str:
    """Name the output's layer in a message."""
    return f"`{place(head)}`"
