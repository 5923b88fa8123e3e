"""What a run is, from the model and a few rows of its batches: layers, heads, and the null model's loss."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from flatline import backend
from flatline.backend.step import MAX_LAYERS, Watched
from flatline.backend.tensors import N_ENTRIES, norm
from flatline.facts import Array, HeadFacts
from flatline.logs import RunFacts, RunHead, RunLayer
from flatline.measure.calls import is_keras
from flatline.measure.compiled import pair
from flatline.measure.data import gather
from flatline.measure.heads import head_facts
from flatline.measure.model import SLOPE_SHARE, declared_activation, has_custom_train_step, model_kind
from flatline.measure.probe import quiet
from flatline.measure.setup import n_rows, rows_of

FEW = 32  # rows for the one forward pass that tells the shapes of the outputs


def owners(model: Any) -> list[tuple[Any, list[Any]]]:
    """Layers with trainable weights of their own, in order of construction; a layer of Keras owns all inside it."""
    claimed: set[int] = set()
    found = []
    for layer in model._flatten_layers():
        whole = is_keras(layer) and not isinstance(layer, keras.Model)
        mine = layer.trainable_variables if whole else getattr(layer, "_trainable_variables", [])
        fresh = [v for v in mine if id(v) not in claimed and v.trainable]
        if fresh:
            claimed.update(map(id, fresh))
            found.append((layer, fresh))
    return found


def kernel(variables: Sequence[Any]) -> Any:
    """The largest weight of two axes or more; None where there is none."""
    wide = [v for v in variables if len(v.shape) >= 2]
    return max(wide, key=lambda v: int(np.prod(v.shape)), default=None)


def watched(model: Any, trained: Sequence[Any]) -> list[Watched]:
    """Choose the layers that are sampled: those with a kernel that is trained, evenly over the depth."""
    known = {id(v) for v in trained}
    found = [(layer, kernel(mine)) for layer, mine in owners(model)]
    found = [(layer, k) for layer, k in found if id(k) in known]
    if len(found) > MAX_LAYERS:
        found = [found[i] for i in np.linspace(0, len(found) - 1, MAX_LAYERS).round().astype(int)]
    rng = np.random.default_rng(0)
    return [
        Watched(
            layer=layer,
            kernel=k,
            slope=SLOPE_SHARE.get(declared_activation(layer) or ""),
            entries=_entries(int(np.prod(k.shape)), rng),
        )
        for layer, k in found
    ]


def _entries(n: int, rng: np.random.Generator) -> Array:
    return np.arange(n) if n <= N_ENTRIES else np.sort(rng.choice(n, N_ENTRIES, replace=False))


def trained(model: Any) -> list[int]:
    """Tell the weights that are trained from others, quickly."""
    return [id(variable) for variable in model.trainable_variables]


def goes_on(model: Any, known: RunFacts | None) -> bool:
    """Whether the layers that are trained are those that were described; before it is built a model has none."""
    if known is None or not known.layers:
        return True
    return [layer.name for layer in known.layers] == [layer.name for layer, _ in owners(model)]


def carried_on(known: RunFacts, facts: RunFacts) -> RunFacts:
    """Keep of a run what its batches have told, when `fit` is called again."""
    names = ("heads", "null", "perfect", "n_null", "batch_size", "scheduled")
    return replace(facts, **{name: getattr(known, name) for name in names})


def describe(
    model: Any, optimizer: Any, planned: int | None, steps: int | None, *, known: tuple[RunLayer, ...] | None = None
) -> RunFacts:
    """State what can be known before the first batch; describing the layers takes a large model 10 ms."""
    rate = getattr(optimizer, "_learning_rate", None)
    scheduled = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    try:
        value = float(keras.ops.convert_to_numpy(optimizer.learning_rate)) if optimizer is not None else float("nan")
    except Exception:  # a schedule that needs more than the step
        value = float("nan")
    return RunFacts(
        model=model.name,
        kind=model_kind(model),
        optimizer=type(optimizer).__name__,
        layers=layers(model) if known is None else known,
        learning_rate=value,
        scheduled=scheduled,
        planned_steps=planned,
        steps_per_epoch=steps,
        custom_train_step=has_custom_train_step(model),
        accumulation=int(getattr(optimizer, "gradient_accumulation_steps", None) or 1),
    )


def layers(model: Any, begun: Sequence[RunLayer] | None = None) -> tuple[RunLayer, ...]:
    """State the layers with weights that are trained; a model that is built by its first batch has none before.

    When training has `begun`, with layers as they were stated then, how large their weights were is kept.
    """
    norms = None if begun is None else {layer.name: layer.weight_norm for layer in begun}
    outputs = {id(layer) for layer in _output_layers(model)}
    return tuple(
        RunLayer(
            name=layer.name,
            kind=type(layer).__name__,
            activation=declared_activation(layer),
            trainable=True,
            n_trainable=sum(int(np.prod(v.shape)) for v in mine),
            is_output=id(layer) in outputs,
            has_kernel=kernel(mine) is not None,
            weight_norm=_norm(kernel(mine)) if norms is None else norms.get(layer.name, float("nan")),
        )
        for layer, mine in owners(model)
    )


def _norm(weight: Any) -> float:
    return float("nan") if weight is None else float(norm(weight.value))


def _output_layers(model: Any) -> list[Any]:
    operations = getattr(model, "_operations_by_depth", None)
    made = [getattr(t, "_keras_history", (None,))[0] for t in keras.tree.flatten(getattr(model, "outputs", None) or [])]
    if operations is not None and any(layer is not None for layer in made):
        return [layer for layer in made if layer is not None]
    return list((getattr(model, "layers", None) or [])[-1:])


def larger_is_better(model: Any, name: str) -> bool:
    """Whether a quantity that `fit` reports improves by growing, as Keras' own callbacks take it."""
    name = name.removeprefix("val_")
    nested = [getattr(metric, "metrics", [metric]) for metric in model.metrics]
    for metric in (metric for metrics in nested for metric in metrics):
        if metric.name == name and getattr(metric, "_direction", None):
            return bool(metric._direction == "up")
    return name.endswith(("acc", "accuracy", "auc", "precision", "recall", "f1_score"))


def outputs_of(model: Any, x: Any) -> Any:
    """Outputs for the first few rows, which tell their shapes; not cheap for a large model."""
    with quiet(model), backend.graph_loops():
        return backend.call(model, backend.to_tensors(rows_of(x, slice(0, FEW))), training=False)


def heads(
    model: Any, live: Any, x: Any, y: Any, weight: Array | None, batch: int, loss: Any = None
) -> tuple[tuple[RunHead, ...], float, float]:
    """Return the outputs with their tasks, and the total data loss of the null model and of a perfect fit.

    Parameters
    ----------
    model : keras.Model
    live : structure of tensors
        From `outputs_of`; those of other rows serve as well.
    x, y : structure of ndarray
        Rows as the training step was given them.
    weight : ndarray of shape (n_rows,) or None
        Sample weights, class weights included: rows are drawn again in their proportion, because the best constant
        is the one for the weighted rows.
    batch : int
        Rows of a batch, for losses that are summed.
    loss : callable or None
        What a loop of the user's own minimises; by default what the model was compiled with.
    """
    factor = 1.0
    if weight is not None and np.ptp(weight) > 0 and weight.sum() > 0:
        share = np.cumsum(weight) / weight.sum()
        rows = np.searchsorted(share, (np.arange(len(weight)) + 0.5) / len(weight))
        x, y, factor = rows_of(x, rows), rows_of(y, rows), float(weight.mean())
    data = gather(x, y, fit_args={}, seconds=1.0).data
    few = slice(0, min(n_rows(x), len(keras.tree.flatten(live)[0])))
    live = rows_of(live, few)
    flat = keras.tree.flatten(live)
    predicted = [np.asarray(keras.ops.convert_to_numpy(t), "float32") for t in flat]
    nothing = [None] * len(flat)
    outputs = pair(model, live, nothing, nothing, predicted, data, rows_of(y, few), loss)
    only = keras.tree.flatten(x)
    facts = [head_facts(o, np.empty(0), np.asarray(only[0]) if len(only) == 1 else None, ()) for o in outputs]
    scored = [head for head in facts if head.loss != "unknown" and head.target is not None]
    n = min(n_rows(y), 1024)

    def total(name: str) -> float:
        scale = [batch / n if head.reduction == "sum" else 1.0 for head in scored]
        parts = [head.weight * s * getattr(head, name) for head, s in zip(scored, scale, strict=True)]
        return factor * float(sum(parts)) if parts else float("nan")

    return tuple(_head(head) for head in facts), total("null"), total("perfect")


def _head(head: HeadFacts) -> RunHead:
    counts = [count for _, count in head.class_counts]
    return RunHead(
        name=head.name,
        task=head.task.value,
        loss=head.loss,
        units=head.units,
        n_classes=head.n_classes,
        majority_share=max(counts) / sum(counts) if counts else float("nan"),
        target_std=float("nan") if head.target is None else head.target.std,
        from_logits=head.from_logits,
    )
