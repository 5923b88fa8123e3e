"""Recipe: all that is needed to train again, and what a fix edits. Applying a fix makes a new recipe."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras
import numpy as np

from flatline.errors import FlatlineError
from flatline.fix import (
    Fix,
    InsertLayer,
    MapInput,
    MapLabels,
    RemoveLayer,
    ReplaceLayer,
    SetCompile,
    SetFit,
    SetLayer,
    Shuffle,
)

LayerEdit = SetLayer | ReplaceLayer | InsertLayer | RemoveLayer


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A compiled model, its data and the arguments of `fit`.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    X, y : array-like or list or dict of them
        Training data.
    fit_args : dict
        Keyword arguments of `fit`.
    """

    model: Any
    X: Any
    y: Any = None
    fit_args: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, fix: Fix) -> "Recipe":
        """Return a new recipe with the fix's edits; this one, its model and its data stay as they are.

        Layers that an edit does not touch start from the weights they have here.

        Raises
        ------
        FlatlineError
            When an edit matches nothing, or cannot be made mechanically on this model or these data.
        """
        if not fix.edits:
            raise FlatlineError(f"{fix.title!r} cannot be applied mechanically; it is advice")
        recipe = self
        layers = tuple(e for e in fix.edits if isinstance(e, SetLayer | ReplaceLayer | InsertLayer | RemoveLayer))
        settings = tuple(e for e in fix.edits if isinstance(e, SetCompile))
        if layers or settings:
            recipe = dataclasses.replace(recipe, model=_edited_model(self.model, layers, settings))
        for edit in fix.edits:
            if isinstance(edit, SetFit):
                recipe = dataclasses.replace(recipe, fit_args={**recipe.fit_args, edit.argument: edit.value})
            elif isinstance(edit, MapInput):
                recipe = dataclasses.replace(recipe, X=_mapped(recipe.X, partial(_map_input, edit)))
            elif isinstance(edit, MapLabels):
                recipe = dataclasses.replace(recipe, y=_mapped(recipe.y, partial(_map_labels, edit)))
            elif isinstance(edit, Shuffle):
                recipe = _shuffled(recipe)
        return recipe


# ── data ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _mapped(structure: Any, change: Callable[[Any], Any]) -> Any:
    leaves = keras.tree.flatten(structure)
    if structure is None or not all(hasattr(leaf, "__array__") for leaf in leaves):
        raise FlatlineError("this fix maps arrays; map the data set itself, e.g. with tf.data.Dataset.map")
    return keras.tree.map_structure(lambda leaf: change(np.asarray(leaf)), structure)


def _map_input(edit: MapInput, array: Any) -> Any:
    if edit.how == "rescale":
        return (array.astype("float32") * edit.factor + edit.offset).astype("float32")
    if edit.how == "standardize":
        return _standardised(array)
    raise FlatlineError(f"MapInput.how must be 'standardize' or 'rescale'. Got {edit.how!r}.")


def _standardised(array: Any) -> Any:
    axes = tuple(range(array.ndim - 1)) if array.ndim > 1 else (0,)
    values = array.astype("float64")
    finite = np.where(np.isfinite(values), values, np.nan)
    std = np.nanstd(finite, axis=axes)
    return ((values - np.nanmean(finite, axis=axes)) / np.where(std > 0, std, 1)).astype("float32")


def _map_labels(edit: MapLabels, y: Any) -> Any:
    maps: dict[str, Callable[[], Any]] = {
        "integers": lambda: y.argmax(-1).astype("int64"),
        "one_hot": lambda: np.eye(edit.classes or int(y.max()) + 1, dtype="float32")[
            y.reshape(len(y), -1)[:, 0].astype(int) if y.ndim <= 2 else y.astype(int)
        ],
        "zero_one": lambda: (y > (y.min() + y.max()) / 2).astype("float32"),
        "from_zero": lambda: (y - y.min()).astype(y.dtype),
        "standardize": lambda: _standardised(y),
        "rescale": lambda: (y.astype("float32") * edit.factor).astype("float32"),
    }
    if edit.how not in maps:
        raise FlatlineError(f"MapLabels.how must be one of {', '.join(maps)}. Got {edit.how!r}.")
    mapped = maps[edit.how]()
    if edit.how == "rescale" and y.dtype.kind in "fiu" and np.allclose(mapped, np.round(mapped), atol=1e-4):
        return np.round(mapped).astype("int64") if edit.factor > 1 else mapped
    return mapped


def _shuffled(recipe: Recipe) -> Recipe:
    leaves = keras.tree.flatten(recipe.X)
    order = np.random.default_rng(0).permutation(len(leaves[0]))
    y = None if recipe.y is None else _mapped(recipe.y, lambda array: array[order])
    return dataclasses.replace(
        recipe,
        X=_mapped(recipe.X, lambda array: array[order]),
        y=y,
        fit_args={**recipe.fit_args, "shuffle": recipe.fit_args.get("shuffle", True)},
    )


# ── model ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _edited_model(model: Any, edits: tuple[LayerEdit, ...], settings: tuple[SetCompile, ...]) -> Any:
    if not isinstance(model, keras.Sequential) and not hasattr(model, "_operations"):
        raise FlatlineError(
            f"a subclassed model cannot be rebuilt mechanically; edit {type(model).__name__} as the fix shows"
        )
    names = [layer.name for layer in model.layers]
    for edit in edits:
        target = edit.before if isinstance(edit, InsertLayer) else edit.layer
        if target not in names:
            raise FlatlineError(f"no layer of the model is called {target!r}; its layers are {', '.join(names)}")
    copy = _sequential(model, edits) if isinstance(model, keras.Sequential) else _functional(model, edits)
    _copy_weights(model, copy)
    copy.compile(**_compile_arguments(model, settings))
    return copy


def _layer(kind: str, config: dict[str, Any], name: str | None = None) -> Any:
    found = getattr(keras.layers, kind, None)
    if found is None:
        raise FlatlineError(f"keras.layers has no layer called {kind!r}")
    return found(**({"name": name} if name else {}), **config)


def _renewed(layer: Any, edits: tuple[LayerEdit, ...]) -> Any:
    """The layer itself anew from its config, with what the edits say of it."""
    config, kind = layer.get_config(), type(layer)
    for edit in edits:
        if isinstance(edit, SetLayer) and edit.layer == layer.name:
            if edit.argument not in config:
                raise FlatlineError(f"layer {layer.name!r} has no argument {edit.argument!r}")
            config = {**config, edit.argument: edit.value}
        elif isinstance(edit, ReplaceLayer) and edit.layer == layer.name:
            return _layer(edit.kind, edit.config, layer.name)
    return kind.from_config(config)


def _sequential(model: Any, edits: tuple[LayerEdit, ...]) -> Any:
    removed = {edit.layer for edit in edits if isinstance(edit, RemoveLayer)}
    layers: list[Any] = []
    for layer in model.layers:
        layers += [_layer(e.kind, e.config) for e in edits if isinstance(e, InsertLayer) and e.before == layer.name]
        if layer.name not in removed:
            layers.append(_renewed(layer, edits))
    copy = keras.Sequential(layers, name=model.name)
    if model.built:
        copy.build(model.input_shape)
    return copy


def _functional(model: Any, edits: tuple[LayerEdit, ...]) -> Any:
    removed = {edit.layer for edit in edits if isinstance(edit, RemoveLayer)}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        for edit in edits:
            if isinstance(edit, InsertLayer) and edit.before == layer.name:
                args = (_layer(edit.kind, edit.config)(args[0]), *args[1:])
        return args[0] if layer.name in removed else layer(*args, **kwargs)

    return keras.models.clone_model(model, clone_function=lambda layer: _renewed(layer, edits), call_function=call)


def _copy_weights(source: Any, target: Any) -> None:
    kept = {layer.name: layer for layer in source.layers}
    for layer in target.layers:
        other = kept.get(layer.name)
        if other is not None and [w.shape for w in other.weights] == [w.shape for w in layer.weights]:
            layer.set_weights(other.get_weights())


def _compile_arguments(model: Any, settings: tuple[SetCompile, ...]) -> dict[str, Any]:
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
    return {**arguments, "optimizer": type(optimizer).from_config(config)}


def _made(module: Any, value: Any) -> Any:
    """A loss or optimizer by name, or from {"kind": class, "config": arguments}."""
    if isinstance(value, Mapping) and "kind" in value:
        return getattr(module, value["kind"])(**value.get("config", {}))
    return value
