"""Models made anew with a fix's edits: rebuilt from their configuration, or edited in place where there is none."""

import contextlib
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from flatline.errors import FlatlineError
from flatline.fix import Fix, InsertLayer, Reinitialize, RemoveLayer, ReplaceLayer, SetCompile, SetLayer
from flatline.measure.fresh import draw

LayerEdit = SetLayer | ReplaceLayer | InsertLayer | RemoveLayer
LAYER_EDITS = (SetLayer, ReplaceLayer, InsertLayer, RemoveLayer)


def edits_of(fix: Fix) -> tuple[tuple[LayerEdit, ...], tuple[SetCompile, ...]]:
    """The edits of layers and of compile arguments."""
    layers = tuple(e for e in fix.edits if isinstance(e, SetLayer | ReplaceLayer | InsertLayer | RemoveLayer))
    return layers, tuple(e for e in fix.edits if isinstance(e, SetCompile))


def is_assembled(model: Any) -> bool:
    """Whether a model is Sequential or Functional, so that single layers can be taken out and put in."""
    return isinstance(model, keras.Sequential) or hasattr(model, "_operations")


def rebuilt(model: Any, fix: Fix, rows: Any = None) -> Any:
    """Return a new compiled model with the edits; layers that none touches start from the weights they have here.

    Parameters
    ----------
    model : keras.Model
        Compiled; stays as it is.
    fix : Fix
        Its edits of layers and compile arguments are made.
    rows : structure of ndarray
        A few rows, which a subclassed model is built by.

    Raises
    ------
    FlatlineError
        When the model cannot be made anew, saying which part; or an edit matches nothing.
    """
    edits, settings = edits_of(fix)
    _require_targets(model, edits)
    if isinstance(model, keras.Sequential):
        copy = _sequential(model, edits)
    elif is_assembled(model):
        copy = _functional(model, edits)
    else:
        copy = _subclassed(model, rows)
        edit_layers(copy, edits)
        _draw(copy, _drawn_anew(fix))
    _copy_weights(model, copy, fresh=_drawn_anew(fix))
    copy.compile(**compile_arguments(model, settings))
    return copy


@contextlib.contextmanager
def edited(model: Any, fix: Fix) -> Iterator[Any]:
    """The user's own model with the edits made in place, inside a block that the caller puts everything back after."""
    edits, settings = edits_of(fix)
    _require_targets(model, edits)
    edit_layers(model, edits)
    if settings:
        model.compile(**compile_arguments(model, settings))
    yield model


def _require_targets(model: Any, edits: Sequence[LayerEdit]) -> None:
    names = [layer.name for layer in model.layers]
    for edit in edits:
        target = edit.before if isinstance(edit, InsertLayer) else edit.layer
        if target not in names:
            raise FlatlineError(f"no layer of the model is called {target!r}; its layers are {', '.join(names)}")


# ── in place ────────────────────────────────────────────────────────────────────────────────────────────────────


def edit_layers(model: Any, edits: Sequence[LayerEdit]) -> None:
    """Set attributes of layers that exist already; what only a constructor can do is refused."""
    for edit in edits:
        if not isinstance(edit, SetLayer):
            raise FlatlineError(
                f"layers of a subclassed model cannot be put in or taken out mechanically; edit {type(model).__name__} "
                "as the fix shows"
            )
        _set(model.get_layer(edit.layer), edit.argument, edit.value)


def _set(layer: Any, argument: str, value: Any) -> None:
    if argument.endswith("_initializer"):
        setattr(layer, argument, keras.initializers.get(value))
    elif argument.endswith("_regularizer"):
        setattr(layer, argument, keras.regularizers.get(value))
        for variable in layer.variables:
            if f"{variable.name}_regularizer" == argument:
                variable.regularizer = keras.regularizers.get(value)
    elif argument == "activation" and hasattr(layer, "activation"):
        layer.activation = keras.activations.get(value)
    elif argument in ("rate", "trainable") and hasattr(layer, argument):
        setattr(layer, argument, value)
    else:
        raise FlatlineError(f"`{argument}` of layer {layer.name!r} cannot be set on a layer that exists already")


# ── anew ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _layer(kind: str, config: Mapping[str, Any], name: str | None = None) -> Any:
    found = getattr(keras.layers, kind, None)
    if found is None:
        raise FlatlineError(f"keras.layers has no layer called {kind!r}")
    return found(**({"name": name} if name else {}), **config)


def _renewed(layer: Any, edits: Sequence[LayerEdit]) -> Any:
    """The layer itself anew from its config, with what the edits say of it."""
    if isinstance(layer, keras.layers.Lambda):  # its config holds the function's bytes, which Keras refuses to read
        return keras.layers.Lambda(
            layer.function, output_shape=layer._output_shape, mask=layer.mask, arguments=layer.arguments,
            name=layer.name, dtype=layer.dtype_policy,
        )  # fmt: skip
    if not isinstance(layer, keras.layers.Layer):  # an operation of keras.ops holds nothing that could be shared
        return layer
    config, kind, trainable = layer.get_config(), type(layer), layer.trainable
    for edit in edits:
        if isinstance(edit, SetLayer) and edit.layer == layer.name:
            if edit.argument == "trainable":
                trainable = bool(edit.value)
            elif edit.argument not in config:
                raise FlatlineError(f"layer {layer.name!r} has no argument {edit.argument!r}")
            else:
                config = {**config, edit.argument: edit.value}
        elif isinstance(edit, ReplaceLayer) and edit.layer == layer.name:
            return _layer(edit.kind, edit.config, layer.name)
    try:
        copy = kind.from_config(config)
    except Exception as error:  # whatever a user's class raises
        raise FlatlineError(
            f"layer {layer.name!r} cannot be made anew: {kind.__name__}.from_config raised {type(error).__name__}; "
            "give the class a get_config that returns all its arguments"
        ) from error
    copy.trainable = trainable
    if isinstance(layer, keras.Model):  # parts of it may be frozen one by one
        for old, new in zip(layer._flatten_layers(), copy._flatten_layers(), strict=False):
            if not trainable or not old.trainable:
                new.trainable = old.trainable if trainable == layer.trainable else trainable
    return copy


def _sequential(model: Any, edits: Sequence[LayerEdit]) -> Any:
    removed = {edit.layer for edit in edits if isinstance(edit, RemoveLayer)}
    layers: list[Any] = []
    for layer in model.layers:
        layers += [_layer(e.kind, e.config) for e in edits if isinstance(e, InsertLayer) and e.before == layer.name]
        if layer.name not in removed:
            layers.append(_renewed(layer, edits))
    shape = model.input_shape if model.built else None
    inputs = [keras.Input(batch_shape=shape, dtype=model.inputs[0].dtype)] if shape and model.inputs else []
    return keras.Sequential([*inputs, *layers], name=model.name)


def _functional(model: Any, edits: Sequence[LayerEdit]) -> Any:
    removed = {edit.layer for edit in edits if isinstance(edit, RemoveLayer)}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        for edit in edits:
            if isinstance(edit, InsertLayer) and edit.before == layer.name:
                args = (_layer(edit.kind, edit.config)(args[0]), *args[1:])
        return args[0] if layer.name in removed else layer(*args, **kwargs)

    if not edits and type(model) is not keras.Model and type(model).__name__ != "Functional":
        raise FlatlineError(f"{type(model).__name__} is a subclass of a functional model and cannot be made anew")
    return keras.models.clone_model(model, clone_function=lambda layer: _renewed(layer, edits), call_function=call)


def _subclassed(model: Any, rows: Any) -> Any:
    kind = type(model)
    try:
        copy = kind.from_config(model.get_config())
        if rows is not None:
            copy(keras.tree.map_structure(lambda array: array[:2], rows))
    except Exception as error:  # whatever a user's class raises
        raise FlatlineError(
            f"a subclassed model without a configuration cannot be made anew ({kind.__name__}.from_config raised "
            f"{type(error).__name__}); edit {kind.__name__} as the fix shows, or give it a get_config"
        ) from error
    if [tuple(w.shape) for w in copy.weights] != [tuple(w.shape) for w in model.weights]:
        raise FlatlineError(f"{kind.__name__}.from_config makes another network; edit {kind.__name__} as the fix shows")
    copy.set_weights(model.get_weights())
    for old, new in zip(model._flatten_layers(), copy._flatten_layers(), strict=False):
        if old.trainable != new.trainable:
            new.trainable = old.trainable
    return copy


def _drawn_anew(fix: Fix) -> frozenset[str]:
    """Layers that are to start from other weights: those told so, and those with another initialiser."""
    told = {name for edit in fix.edits if isinstance(edit, Reinitialize) for name in edit.layers}
    initial = (e.layer for e in fix.edits if isinstance(e, SetLayer) and e.argument.endswith("_initializer"))
    return frozenset((*told, *initial))


def _draw(model: Any, names: frozenset[str]) -> None:
    """Draw these layers of a model that is built already, by the initialisers they have now."""
    for layer in model.layers:
        if layer.name in names:
            values = draw(layer, random.getrandbits(31))  # which keras.utils.set_random_seed makes repeatable
            for variable, value in zip(layer.variables, values, strict=True):
                variable.assign(value)


def _copy_weights(source: Any, target: Any, *, fresh: frozenset[str]) -> None:
    kept = {layer.name: layer for layer in source.layers}
    for layer in target.layers:
        other = kept.get(layer.name)
        if other is None or layer.name in fresh:
            continue
        if [w.shape for w in other.weights] == [w.shape for w in layer.weights]:
            layer.set_weights(other.get_weights())


# ── compile ─────────────────────────────────────────────────────────────────────────────────────────────────────


def compile_arguments(model: Any, settings: Sequence[SetCompile]) -> dict[str, Any]:
    """Arguments of `compile` with the edits: optimizer and metrics are new objects, so that none is shared."""
    arguments = dict(model._compile_config.config)
    optimizer = arguments["optimizer"]
    optimizer = keras.optimizers.get(optimizer) if isinstance(optimizer, str) else optimizer
    config = optimizer.get_config()
    for edit in settings:
        if edit.argument.startswith("optimizer."):
            argument = edit.argument.removeprefix("optimizer.")
            if argument not in config:
                raise FlatlineError(f"optimizer {type(optimizer).__name__} has no argument {argument!r}")
            config = {**config, argument: edit.value}
        elif edit.argument == "optimizer":
            optimizer = _made(keras.optimizers, edit.value)
            config = optimizer.get_config()
        elif edit.argument in arguments:
            arguments[edit.argument] = _made(keras.losses, edit.value) if edit.argument == "loss" else edit.value
        else:
            raise FlatlineError(f"compile has no argument {edit.argument!r}; it has {', '.join(arguments)}")
    for name in ("metrics", "weighted_metrics"):
        if arguments.get(name) is not None:
            arguments[name] = keras.tree.map_structure(_own, arguments[name])
    return {**arguments, "optimizer": type(optimizer).from_config(config)}


def _own(metric: Any) -> Any:
    """A metric object of its own: two models must not count into one."""
    if not isinstance(metric, keras.Metric):
        return metric
    with contextlib.suppress(Exception):  # a user's metric without a configuration is shared
        return type(metric).from_config(metric.get_config())
    return metric


def _made(module: Any, value: Any) -> Any:
    """A loss or optimizer by name, or from {"kind": class, "config": arguments}."""
    if isinstance(value, Mapping) and "kind" in value:
        return getattr(module, value["kind"])(**value.get("config", {}))
    return value
